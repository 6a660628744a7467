"""The table of claims: what is claimed against what was measured last, a row each."""

from collections.abc import Mapping, Sequence
from typing import Any

from vehiclenest.contest.claims.measuring import not_measured
from vehiclenest.contest.claims.model import Claim, Finding, Measurement
from vehiclenest.contest.claims.register import Register


def claim_rows(register: Register, claims: Sequence[Claim], kept: Mapping[str, Measurement]) -> list[dict[str, Any]]:
    """Return a row for each claim; a measurement of what the register claimed before it was changed does not count."""
    return [_row(register, claim, kept.get(claim.id)) for claim in claims]


def _row(register: Register, claim: Claim, kept: Measurement | None) -> dict[str, Any]:
    measured = kept if kept and _same(kept.claim, claim) else None
    finding: Finding = measured.finding if measured else not_measured(claim)
    source = register.source_of(claim)
    return {
        "claim": claim.id,
        "entry": claim.entry,
        "quantity": claim.quantity,
        "claimed": claim.claimed,
        "measured": finding.measured,
        "interval": None if finding.low is None or finding.high is None else [finding.low, finding.high],
        "unit": claim.unit,
        "conditions": finding.conditions or claim.conditions,
        "verdict": finding.verdict.value,
        "depends_on": finding.depends_on or None,
        "missing": finding.missing or None,
        "baseline": claim.baseline or None,
        "source": f"{source.title}, {source.date} [{source.tag}]",
        "unverified": list(finding.unverified),
        "measured_at": measured.time if measured else None,
        "machine": measured.machine if measured else None,
        "version": measured.version if measured else None,
    }


def _same(one: Claim, other: Claim) -> bool:
    return (one.operator, one.value, one.unit, one.quantity) == (other.operator, other.value, other.unit, other.quantity)
