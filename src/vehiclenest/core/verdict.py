"""The words of a verdict. What no rule covers, or what lacks a figure, is `NOT_ASSESSED`: never a pass by silence."""

from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of holding a figure against a threshold of a law, a standard or a claim."""

    MET = "met"
    NOT_MET = "not met"
    NOT_ASSESSED = "not assessed"


def at_least(value: float | None, threshold: float | None) -> Verdict:
    """Return whether `value` reaches `threshold`; not assessed where either is missing."""
    if value is None or threshold is None:
        return Verdict.NOT_ASSESSED
    return Verdict.MET if value >= threshold else Verdict.NOT_MET
