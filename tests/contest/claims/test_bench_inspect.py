"""The inspection room's claims: what needs real cores is not judged (its speed: tests/cli/test_contest.py)."""

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
