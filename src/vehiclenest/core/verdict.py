"""The words of a verdict. What no rule covers, or what lacks a figure, is `NOT_ASSESSED`: never a pass by silence."""

from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Literal


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


class ClaimVerdict(StrEnum):
    """Outcome of holding a technical claim against a measurement. What was not measured is never a pass."""

    HOLDS = "holds"
    FAILS = "fails"
    DEPENDS = "depends"
    CANNOT_BE_JUDGED = "cannot be judged"
    NOT_MEASURED = "not measured yet"


def claim_verdict(operator: Literal[">=", ">", "<=", "<"], claimed: float, low: float, high: float) -> ClaimVerdict:
    """Return whether a claim holds over the whole interval of its measurement, fails over all of it, or depends on where in it."""
    compare = {">=": ge, ">": gt, "<=": le, "<": lt}[operator]
    holds = {compare(low, claimed), compare(high, claimed)}
    if len(holds) > 1:
        return ClaimVerdict.DEPENDS
    return ClaimVerdict.HOLDS if holds == {True} else ClaimVerdict.FAILS
