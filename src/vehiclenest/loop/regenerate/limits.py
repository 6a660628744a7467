"""Limits of law as checks: each with its article, the day from which it binds, the figure held against it and the verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.verdict import Verdict, at_least
from vehiclenest.loop.regenerate.outcome import Outcome
from vehiclenest.loop.regenerate.parameters import chosen

_TABLE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True, slots=True)
class Check:
    """A limit held against an outcome; `why` says what stands in the way of a verdict."""

    name: str
    law: str
    article: str
    binds_from: date | None
    limit: float | None
    unit: str
    upper: bool
    figure: float | None
    verdict: Verdict
    why: str
    unverified: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain data, for JSON."""
        return {
            "name": self.name,
            "law": self.law,
            "article": self.article,
            "from": self.binds_from.isoformat() if self.binds_from else None,
            "limit": self.limit,
            "unit": self.unit,
            "kind": "below" if self.upper else "at least",
            "figure": self.figure,
            "verdict": self.verdict.value,
            "why": self.why,
            "unverified": list(self.unverified),
        }


def checks(outcome: Outcome, day: date) -> list[Check]:
    """Hold an outcome against every limit; what does not bind on `day` yet, is pending or lacks a figure is not assessed."""
    return [_check(name, row, outcome, day) for name, row in load_table(_TABLE).items()]


def _check(name: str, row: Row, outcome: Outcome, day: date) -> Check:
    constant = row.get("most" if row.flag("below") else "least")
    binds = None if row.flag("pending") else date.fromisoformat(row.text("from"))
    figure = _figures(outcome).get(row.text("figure"))
    why = row.text("why")
    if binds is not None and binds > day:
        why = f"binds from {binds.isoformat()}"
    elif not why and figure is None:
        why = "the feed or the route has no such figure"
    verdict = Verdict.NOT_ASSESSED
    if not why and figure is not None and constant is not None:
        # What is below an upper limit is met: the same comparison, mirrored; the limit itself is not below.
        below = Verdict.MET if figure < constant.value else Verdict.NOT_MET
        verdict = below if row.flag("below") else at_least(figure, constant.value)
    return Check(
        name,
        row.text("law"),
        row.text("article"),
        binds,
        constant.value if constant else None,
        constant.unit if constant else "",
        row.flag("below"),
        figure,
        verdict,
        why,
        row.unverified,
    )


def _figures(outcome: Outcome) -> dict[str, float | None]:
    return dict(_found(outcome))


def _found(outcome: Outcome) -> Iterator[tuple[str, float | None]]:
    for element, share in outcome.recovery.items():
        yield f"recovery.{element}", share
    yield "water_reuse", outcome.water_reuse
    for metal in ("Al", "Cu"):
        yield f"feed.{metal}", outcome.feed.composition.get(metal, 0.0)
    carbonate = outcome.products().get("lithium carbonate")
    if carbonate and carbonate["t"]:
        kwh = float(outcome.accounts.energy_kwh[0])
        yield "carbonate_kgce_per_t", kwh * _coal() / carbonate["t"]


@cache
def _coal() -> float:
    return float(chosen()["plant.coal_equivalent"][0])
