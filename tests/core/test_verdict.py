"""Verdicts: nothing passes by silence."""

import pytest

from vehiclenest.core.materials import MATERIALS
from vehiclenest.core.verdict import Verdict, at_least


@pytest.mark.parametrize(
    ("value", "threshold", "verdict"),
    [
        (0.85, 0.85, Verdict.MET),
        (0.849, 0.85, Verdict.NOT_MET),
        (0.0, 0.0, Verdict.MET),
        (None, 0.85, Verdict.NOT_ASSESSED),
        (0.85, None, Verdict.NOT_ASSESSED),
    ],
)
def test_a_figure_meets_its_threshold_or_not_or_is_not_assessed(
    value: float | None, threshold: float | None, verdict: Verdict
) -> None:
    assert at_least(value, threshold) is verdict


def test_every_substance_has_one_name() -> None:
    assert len(MATERIALS) == len(set(MATERIALS)) == 26
