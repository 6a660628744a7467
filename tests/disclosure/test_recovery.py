"""Recovery rates against a vehicle whose rates can be worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from vehiclenest.core.verdict import Verdict, at_least
from vehiclenest.disclosure import in_scope, recovery_rates, targets
from vehiclenest.ledger.balance import VehicleFate


def vehicle(category: str = "M1", mass_kg: float = 1000.0, **shares: float) -> VehicleFate:
    """Shares by ``end`` or ``end__stream``."""
    keyed = {(name.partition("__")[0], name.partition("__")[2].replace("_", " ")): share for name, share in shares.items()}
    return VehicleFate(1, "V", "a car", {"category": category}, mass_kg, keyed, Decimal(0), 0.0)


def test_reuse_and_remanufacture_and_recycling_make_the_first_rate_and_energy_recovery_adds_to_the_second() -> None:
    rates = recovery_rates(
        [vehicle(reuse=0.1, remanufacture=0.15, recycle=0.6, regenerate=0.02, energy_recovery=0.08, dispose=0.05)]
    )
    assert rates.recycling_rate == pytest.approx(0.87)
    assert rates.recovery_rate == pytest.approx(0.95)


def test_fuel_counts_on_neither_side() -> None:
    rates = recovery_rates([vehicle(recycle=0.8, dispose=0.1, reuse__fuel=0.1)])
    assert rates.weight_kg == pytest.approx(900.0)
    assert rates.recycling_rate == pytest.approx(0.8 / 0.9)


@pytest.mark.parametrize("end", ["stock", "second_life", "dispose", "lost", "unaccounted"])
def test_what_is_not_recovered_yet_or_at_all_counts_as_weight_only(end: str) -> None:
    shares = {("recycle", ""): 0.9, (end, ""): 0.1}
    rates = recovery_rates([replace(vehicle(), shares=shares)])
    assert (rates.recycling_rate, rates.recovery_rate) == (pytest.approx(0.9), pytest.approx(0.9))


def test_a_batch_is_weighed_by_mass_not_by_heads() -> None:
    rates = recovery_rates([vehicle(mass_kg=3000, recycle=1.0), vehicle(mass_kg=1000, dispose=1.0)])
    assert rates.recycling_rate == pytest.approx(0.75)
    assert rates.vehicles == 2


def test_targets_are_85_and_95_percent_and_are_met_at_exactly_that() -> None:
    assert targets() == (0.85, 0.95)
    exact = recovery_rates([vehicle(recycle=0.85, energy_recovery=0.10, dispose=0.05)])
    assert exact.recycling_verdict is Verdict.MET
    below = recovery_rates([vehicle(recycle=0.84, energy_recovery=0.10, dispose=0.06)])
    assert (below.recycling_verdict, below.recovery_verdict) == (Verdict.NOT_MET, Verdict.NOT_MET)


@pytest.mark.parametrize("category", ["N2", "N3", "M2", "M3", "L3", "L7", "O2", ""])
def test_what_the_directive_does_not_cover_is_not_assessed(category: str) -> None:
    other = vehicle(category, recycle=1.0)
    assert not in_scope(other)
    assert recovery_rates([other]).recycling_verdict is Verdict.NOT_ASSESSED
    assert recovery_rates([vehicle(recycle=1.0), other]).recycling_verdict is Verdict.NOT_ASSESSED


def test_no_vehicle_gives_no_rate_and_no_verdict() -> None:
    rates = recovery_rates([])
    assert (rates.recycling_rate, rates.recovery_rate) == (None, None)
    assert rates.recovery_verdict is Verdict.NOT_ASSESSED


def test_the_table_is_by_stream_and_use() -> None:
    rates = recovery_rates(
        [vehicle(recycle__ferrous_scrap=0.7, reuse__metal_components=0.2, energy_recovery__shredder_light_fraction=0.1)]
    )
    assert rates.table["ferrous scrap"] == {"recycling": pytest.approx(700.0)}
    assert rates.used("reuse") == pytest.approx(200.0)


def test_a_missing_figure_or_threshold_is_not_assessed() -> None:
    assert at_least(None, 0.5) is Verdict.NOT_ASSESSED
    assert at_least(0.5, None) is Verdict.NOT_ASSESSED
