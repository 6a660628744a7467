"""The regeneration room's claims in the register: its verdicts pass through, and nothing is invented where a figure is missing."""

import pytest

from vehiclenest.contest.claims.benches.regenerate import measure
from vehiclenest.contest.claims.model import Claim, Finding
from vehiclenest.contest.claims.register import read_register
from vehiclenest.core.verdict import ClaimVerdict
from vehiclenest.loop.regenerate import bundled_feed, claims


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Claim, Finding]]:
    regeneration = [claim for claim in read_register().claim if claim.bench == "regenerate"]
    return {claim.id.removeprefix("regeneration-"): (claim, measure(claim)) for claim in regeneration}


def test_labour_and_investment_have_no_public_figure_and_are_not_judged(found: dict[str, tuple[Claim, Finding]]) -> None:
    for name in ("labour", "investment"):
        finding = found[name][1]
        assert finding.verdict is ClaimVerdict.CANNOT_BE_JUDGED
        assert finding.measured is None
        assert "no public figure found" in finding.missing


def test_a_claim_on_which_boundaries_disagree_depends_on_the_boundary(found: dict[str, tuple[Claim, Finding]]) -> None:
    for name in ("energy", "reagents"):
        finding = found[name][1]
        assert finding.verdict is ClaimVerdict.DEPENDS
        assert "oxide: holds; salts: fails" in finding.depends_on


def test_figures_are_the_rooms_in_the_unit_of_the_claim(found: dict[str, tuple[Claim, Finding]]) -> None:
    claim, finding = found["carbon"]
    row = next(row for row in claims(bundled_feed("nmc622")) if (row.claim, row.boundary) == ("zero_carbon", "salts"))
    assert row.figure is not None
    assert (claim.unit, row.unit) == ("t CO2e/t", "kg")
    assert (finding.low, finding.measured, finding.high) == pytest.approx([kg / 1000 for kg in row.figure])
    assert finding.verdict is ClaimVerdict.FAILS


def test_a_difference_of_recovery_is_not_shown_as_a_ratio_of_losses(found: dict[str, tuple[Claim, Finding]]) -> None:
    assert found["lithium-loss"][1].measured is None
