"""What the claims of the one-step route are worth: Monte Carlo over the ranges of all parameters, at three boundaries.

Both routes are solved for the same draws. A claim holds at a boundary from a probability of 0.95, fails up to
0.05 and cannot be judged in between: what is missing is then a narrower range of the figure that drives it most. Claims whose figure
nobody publishes cannot be judged at all. Where the boundaries disagree the claim depends on the boundary. What drives a claim is
Spearman's rank correlation of each drawn parameter with the claim's margin.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.accounts import BOUNDARIES, Accounts, Boundary, accounts, recovery
from vehiclenest.loop.regenerate.feed import Feed
from vehiclenest.loop.regenerate.money import CAPITAL_MISSING, LABOUR_MISSING
from vehiclenest.loop.regenerate.outcome import solve
from vehiclenest.loop.regenerate.parameters import Values, chosen, drawn, parameters
from vehiclenest.loop.regenerate.plant import Finish
from vehiclenest.loop.regenerate.stream import Array

_TABLE = Path(__file__).with_name("claims.toml")
_DRIVERS = 8
_LARGEST_LOSS = -100.0  # a hundred times what the other route uses, or no product at all
_SAME_PRODUCT = 0.5
_FEWEST, _MOST = 100, 200_000
Progress = Callable[[str, int, int], None]


class Standing(StrEnum):
    """What a claim is found to be."""

    HOLDS = "holds"
    FAILS = "fails"
    DEPENDS = "depends on the boundary"
    UNKNOWN = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Row:
    """A claim at a boundary, or at all of them (`boundary` is ``all``).

    `figure` is the median of what the claim is about with its 5th and 95th percentile: a saving as fraction, a difference of recovery,
    or kg CO2 per t; `drivers` are parameters with their rank correlation, the strongest first.
    """

    claim: str
    says: str
    boundary: str
    probability: float | None
    verdict: Standing
    missing: str
    figure: tuple[float, float, float] | None = None
    unit: str = ""
    drivers: tuple[tuple[str, float], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data, for JSON."""
        low, middle, high = self.figure or (None, None, None)
        return {
            "claim": self.claim,
            "says": self.says,
            "boundary": self.boundary,
            "probability": self.probability,
            "verdict": self.verdict.value,
            "missing": self.missing,
            "figure": {"median": middle, "p5": low, "p95": high, "unit": self.unit},
            "drivers": [{"parameter": name, "rank_correlation": value} for name, value in self.drivers],
        }


@dataclass(frozen=True, slots=True)
class _Sample:
    """Both routes at one boundary, all runs."""

    hydro: Accounts
    one_step: Accounts
    hydro_lithium: Array
    one_step_lithium: Array
    per_lithium: bool


def claims(feed: Feed, runs: int = 10_000, seed: int = 1, progress: Progress | None = None) -> list[Row]:
    """Hold every claim against a feed.

    Parameters
    ----------
    feed
        What both routes treat; the parameters that its file sets are not drawn.
    runs, seed
        How many draws, and what they start from.
    progress
        Called with stage, done and total.

    Raises
    ------
    InputError
        For a number of runs that says nothing or does not end, a feed without lithium, or boiling water in any draw.
    """
    if not _FEWEST <= runs <= _MOST:
        raise InputError(f"{runs} runs", expected=f"from {_FEWEST} to {_MOST}")
    if not any("Li" in name for name in feed.amounts):
        raise InputError(f"{feed.name} holds no lithium", expected="a black mass with a cathode material")
    values = drawn(runs, seed, feed.parameters)
    samples = _samples(feed, values, progress or (lambda _stage, _done, _total: None))
    rows: list[Row] = []
    for claim in load_table(_TABLE):
        if claim != "rule":
            at = [_row(claim, boundary, samples[boundary], values) for boundary in BOUNDARIES]
            rows += [*at, _overall(at)]
    return rows


def _samples(feed: Feed, values: Values, progress: Progress) -> Mapping[Boundary, _Sample]:
    found: dict[Boundary, _Sample] = {}
    finishes: tuple[Finish, ...] = ("oxide", "salts")
    for done, finish in enumerate(finishes):
        progress("solving", 2 * done, 4)
        hydro = solve(feed, "hydro", finish, values)
        progress("solving", 2 * done + 1, 4)
        one_step = solve(feed, "one-step", finish, values)
        lithium = recovery(hydro, "Li"), recovery(one_step, "Li")
        inside: tuple[Boundary, ...] = ("oxide",) if finish == "oxide" else ("lithium", "salts")
        for boundary in inside:
            found[boundary] = _Sample(
                accounts(hydro, boundary, values), accounts(one_step, boundary, values), *lithium, boundary == "lithium"
            )
    progress("solving", 4, 4)
    return found


def _row(claim: str, boundary: Boundary, sample: _Sample, values: Values) -> Row:
    says = load_table(_TABLE)[claim].text("says")
    if claim in _MISSING:
        return Row(claim, says, boundary, None, Standing.UNKNOWN, _MISSING[claim](values))
    figure, unit, margin = _FIGURES[claim](sample)
    probability = float(np.mean(margin >= 0))
    drivers = tuple(_drivers(margin, values))
    rule = load_table(_TABLE)["rule"]
    verdict, missing = Standing.UNKNOWN, ""
    if probability >= rule.number("holds"):
        verdict = Standing.HOLDS
    elif probability <= rule.number("fails"):
        verdict = Standing.FAILS
    else:
        missing = _narrower(drivers)
    low, middle, high = (float(value) for value in np.percentile(figure, [5, 50, 95]))
    return Row(claim, says, boundary, probability, verdict, missing, (low, middle, high), unit, drivers)


def _overall(rows: list[Row]) -> Row:
    verdicts = {row.verdict for row in rows}
    verdict = verdicts.pop() if len(verdicts) == 1 else Standing.DEPENDS
    missing = "; ".join(dict.fromkeys(row.missing for row in rows if row.missing)) if verdict is Standing.UNKNOWN else ""
    return Row(rows[0].claim, rows[0].says, "all", None, verdict, missing)


def _saving(sample: _Sample, hydro: Array, one_step: Array, wanted: float) -> tuple[Array, str, Array]:
    """Return the saving, and by how much it exceeds what is wanted.

    In the lithium circuit the saving is per tonne of lithium carbonate, else per tonne of black mass. A route that brings less than
    half of the other's lithium saves nothing: it does not make the product.
    """
    yields = np.maximum(sample.one_step_lithium, 1e-9) / sample.hydro_lithium if sample.per_lithium else np.ones(1)
    saving = np.maximum(1 - one_step / hydro / yields, _LARGEST_LOSS)
    makes = sample.one_step_lithium >= _SAME_PRODUCT * sample.hydro_lithium
    return saving, "1", np.where(makes, saving - wanted, _LARGEST_LOSS)


def _gain(sample: _Sample) -> tuple[Array, str, Array]:
    gain = sample.one_step_lithium - sample.hydro_lithium
    return gain, "1", gain


def _wanted(claim: str) -> float:
    return load_table(_TABLE)[claim].number("saving")


def _emission(sample: _Sample, *without: str) -> tuple[Array, str, Array]:
    carbon = sample.one_step.total_carbon_kg
    for source in without:
        carbon = carbon - sample.one_step.carbon_kg[source]
    return carbon, "kg", -carbon


_FIGURES: Mapping[str, Callable[[_Sample], tuple[Array, str, Array]]] = {
    "lithium_loss": _gain,
    "energy": lambda sample: _saving(sample, sample.hydro.energy_kwh, sample.one_step.energy_kwh, _wanted("energy")),
    "reagents": lambda sample: _saving(sample, sample.hydro.reagent_kg, sample.one_step.reagent_kg, _wanted("reagents")),
    "zero_carbon": _emission,
    "zero_carbon_clean_energy": lambda sample: _emission(sample, "electricity", "fuel"),
}


def _labour_missing(_values: Values) -> str:
    published = float(chosen()["hydro_plant.labour"][0])
    return f"{LABOUR_MISSING}; the claim would hold below {published * (1 - _wanted('labour')):,.0f} CNY per t of cell"


def _capital_missing(_values: Values) -> str:
    published = float(chosen()["hydro_plant.equipment"][0])
    return f"{CAPITAL_MISSING}; the claim would hold below {published * (1 - _wanted('equipment')):,.0f} CNY per t of cell"


_MISSING: Mapping[str, Callable[[Values], str]] = {"labour": _labour_missing, "equipment": _capital_missing}


def _narrower(drivers: tuple[tuple[str, float], ...]) -> str:
    name = drivers[0][0]
    constant = parameters()[name]
    unit = "" if constant.unit == "1" else f" {constant.unit}"
    return f"a narrower range of {name} than {constant.low:g} to {constant.high:g}{unit} ({constant.source.title})"


def _drivers(margin: Array, values: Values) -> Iterator[tuple[str, float]]:
    """Yield the parameters that a margin depends on most, with Spearman's rank correlation.

    What lies within three standard deviations of what chance gives (1 / √runs) is left out.
    """
    if np.ptp(margin) == 0:
        return
    ranks = _ranks(margin)
    chance = 3 / np.sqrt(margin.size)
    found = ((name, float(np.corrcoef(ranks, _ranks(drawn_))[0, 1])) for name, drawn_ in values.items() if drawn_.size > 1)
    yield from sorted((entry for entry in found if abs(entry[1]) > chance), key=lambda entry: -abs(entry[1]))[:_DRIVERS]


def _ranks(figures: Array) -> Array:
    """Return ranks, equal figures in their order: draws are continuous, so that ties do not matter."""
    ranks = np.empty(figures.size)
    ranks[np.argsort(figures, kind="stable")] = np.arange(figures.size)
    return ranks
