"""The inspection room's claims: speed is measured where it can be, and what needs real cores is not judged."""

import pytest

from vehiclenest.contest.claims.benches.inspect import measure
from vehiclenest.contest.claims.register import read_register
from vehiclenest.core.verdict import ClaimVerdict

CLAIMS = {claim.id: claim for claim in read_register().claim if claim.bench == "inspect"}


@pytest.mark.parametrize("name", ["inspection-speed", "identification-accuracy"])
def test_what_needs_real_cores_is_not_judged(name: str) -> None:
    finding = measure(CLAIMS[name])
    assert finding.verdict is ClaimVerdict.CANNOT_BE_JUDGED
    assert finding.measured is None
    assert finding.missing


@pytest.mark.slow
def test_speed_is_measured_from_a_fixture_and_from_any_pose() -> None:
    claim = CLAIMS["scan-throughput"]
    finding = measure(claim)
    assert finding.low is not None
    assert finding.high is not None
    assert 1e4 < finding.low <= finding.high < 1e9
    assert "simulated" in finding.conditions
    expected = {ClaimVerdict.HOLDS: finding.low >= 1.9e6, ClaimVerdict.FAILS: finding.high < 1.9e6}
    assert expected.get(finding.verdict, finding.low < 1.9e6 <= finding.high)
