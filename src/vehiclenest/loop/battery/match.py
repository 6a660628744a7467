"""Second-life packs out of graded modules: as much usable capacity as the modules can give, within the limits of spread.

A pack of S groups in series, each of P modules in parallel, gives what its weakest group gives: S · min over groups of Σ q, with q a
module's capacity after the self-discharge between two balancings. The task is to choose packs so that the sum over packs is largest,
every pack within the limits.

Method, a greedy with a bound:

1. Modules are cut into strata within the limits of open-circuit voltage and resistance (a sorted list is cut where a window exceeds
   its limit), each stratum sorted by q and cut into windows of S · P: packs of like modules.
2. Inside a pack of P = 2 the largest is paired with the smallest and so on, which maximises the smallest sum of pairs (exchange
   argument: in any other pairing two pairs can be re-crossed without lowering the smaller sum). For other P the modules are dealt
   largest first to the group with the least (LPT).
3. What a stratum leaves is matched again over coarser strata until no pack fits; then local search: a module of a weakest group is
   exchanged for a left-over one of the same stratum where that raises the pack.

The bound: drop the limits and let every group give what it holds. No choice of n packs gives more than the n · S · P modules with the
largest q hold together, since S · min ≤ Σ. The gap is 1 − found/bound, with n the most packs that the modules can make; it is
therefore proven against every other way of matching, whatever its limits.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.constants import ConstantTable, load_table
from vehiclenest.core.errors import InputError

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
_TABLE = Path(__file__).with_name("match.toml")
_EXCHANGES = 20_000  # of the local search, at most
_PASSES = 4


@dataclass(frozen=True, slots=True)
class Modules:
    """Graded modules: capacity in Ah, resistance in mohm, open-circuit voltage in V, self-discharge in % a month; shape (modules,)."""

    names: tuple[str, ...]
    capacity: Array
    resistance: Array
    open_circuit: Array
    self_discharge: Array

    def __len__(self) -> int:
        return len(self.capacity)


@dataclass(frozen=True, slots=True)
class Layout:
    """`series` groups of `parallel` modules."""

    series: int
    parallel: int

    @property
    def modules(self) -> int:
        """How many modules a pack takes."""
        return self.series * self.parallel


@dataclass(frozen=True, slots=True)
class Matching:
    """Packs found: `packs` of shape (packs, series, parallel) holds numbers of modules.

    `usable_ah` is the capacity of each pack, `found_ah` the sum of series · usable over the packs, `bound_ah` what no matching can
    exceed, `gap` = 1 − found/bound.
    """

    layout: Layout
    packs: Indices
    usable_ah: Array
    found_ah: float
    bound_ah: float
    excluded: int
    unverified: tuple[str, ...]

    @property
    def gap(self) -> float:
        """Proven distance from the best that could be, as a fraction."""
        return 1.0 - self.found_ah / self.bound_ah if self.bound_ah else 0.0


def parse_layout(text: str) -> Layout:
    """Read a layout such as 15S2P.

    Raises
    ------
    InputError
        For anything else.
    """
    series, mark, rest = text.strip().upper().partition("S")
    parallel = rest.removesuffix("P")
    if not (mark and rest.endswith("P") and series.isdecimal() and parallel.isdecimal()) or not int(series) or not int(parallel):
        raise InputError(f"{text!r} is no layout of a pack", expected="for example 15S2P: 15 groups in series of 2 in parallel")
    layout = Layout(int(series), int(parallel))
    if layout.modules > 1000:  # noqa: PLR2004  no pack has more modules
        raise InputError(f"{text!r} has {layout.modules} modules", expected="at most 1000 a pack")
    return layout


def usable(modules: Modules, site: Path | None = None) -> Array:
    """Return what each module still gives, in Ah, after the self-discharge between two balancings."""
    standing = load_table(_TABLE, site)["use"].number("standing")
    return modules.capacity * (1.0 - np.clip(modules.self_discharge / 100.0 * standing, 0.0, 1.0))


def match(modules: Modules, layout: Layout, limit: int | None = None, site: Path | None = None) -> Matching:
    """Build packs out of modules; `limit` is the most packs wanted, those with the most capacity."""
    table = load_table(_TABLE, site)
    amounts = usable(modules, site)
    allowed = np.flatnonzero(modules.self_discharge <= table["limits"].number("self_discharge"))
    chosen: list[Indices] = []
    left = allowed
    for coarse in range(_PASSES):
        made, left = _windows(modules, amounts, left, layout, table, coarse)
        chosen += made
    members = np.array(chosen, dtype=np.int64).reshape(-1, layout.modules)
    packs = grouped(amounts, members, layout)
    packs = exchanged(modules, amounts, packs, left, layout, table)
    sums = amounts[packs].sum(axis=2).min(axis=1) if len(packs) else np.empty(0)
    order = np.argsort(-sums, kind="stable")[:limit]
    most = min(len(modules) // layout.modules, limit if limit is not None else len(modules))
    best = np.sort(amounts)[::-1][: most * layout.modules].sum()
    return Matching(
        layout,
        packs[order],
        sums[order],
        float(layout.series * sums[order].sum()),
        float(best),
        len(modules) - len(allowed),
        _unverified(table),
    )


def _unverified(table: ConstantTable) -> tuple[str, ...]:
    return tuple(name for row in ("limits", "use", "cell") for name in table[row].unverified)


def _windows(
    modules: Modules, amounts: Array, left: Indices, layout: Layout, table: ConstantTable, coarse: int
) -> tuple[list[Indices], Indices]:
    """Cut modules into strata and these into packs; return the packs and what is left. Strata shift from pass to pass."""
    limits = table["limits"]
    shift = coarse / _PASSES
    made: list[Indices] = []
    rest: list[Indices] = []
    for by_voltage in _strata(modules.open_circuit, left, limits.number("open_circuit"), shift, relative=False):
        for stratum in _strata(modules.resistance, by_voltage, limits.number("resistance"), shift, relative=True):
            ordered = stratum[np.argsort(-amounts[stratum], kind="stable")]
            start = 0
            while start + layout.modules <= len(ordered):
                window = ordered[start : start + layout.modules]
                if _spread(modules.capacity[window]) <= limits.number("capacity"):
                    made.append(window)
                    start += layout.modules
                else:
                    rest.append(window[:1])
                    start += 1
            rest.append(ordered[start:])
    return made, np.concatenate(rest) if rest else np.empty(0, dtype=np.int64)


def _spread(values: Array) -> float:
    return float((values.max() - values.min()) / values.mean())


def _strata(values: Array, among: Indices, limit: float, shift: float, *, relative: bool) -> list[Indices]:
    """Cut modules, sorted by a value, into runs whose spread stays within the limit; runs are laid evenly over the whole range."""
    if not len(among):
        return []
    ordered = among[np.argsort(values[among], kind="stable")]
    sorted_values = values[ordered]
    scale = np.log(sorted_values) if relative else sorted_values
    # (largest - smallest)/mean <= limit holds where the ratio stays below (2 + limit)/(2 - limit), the mean being no less than the middle.
    width = np.log1p(limit / (1.0 + limit)) if relative else limit
    number = np.floor((scale - scale[0]) / width + shift).astype(np.int64)
    return np.split(ordered, np.flatnonzero(np.diff(number)) + 1)


def grouped(amounts: Array, members: Indices, layout: Layout) -> Indices:
    """Return the members of each pack in groups: folded for two in parallel, dealt largest first otherwise."""
    ordered = np.take_along_axis(members, np.argsort(-amounts[members], axis=1, kind="stable"), axis=1)
    if layout.parallel <= 2:  # noqa: PLR2004  a fold makes pairs
        folded = ordered.reshape(-1, layout.parallel, layout.series)
        if layout.parallel == 2:  # noqa: PLR2004
            folded = np.stack([folded[:, 0], folded[:, 1, ::-1]], axis=1)
        return np.ascontiguousarray(folded.transpose(0, 2, 1))
    packs = np.empty((len(ordered), layout.series, layout.parallel), dtype=np.int64)
    sums = np.zeros((len(ordered), layout.series))
    filled = np.zeros((len(ordered), layout.series), dtype=np.int64)
    row = np.arange(len(ordered))
    for column in range(layout.modules):
        group = np.argmin(np.where(filled < layout.parallel, sums, np.inf), axis=1)
        packs[row, group, filled[row, group]] = ordered[:, column]
        sums[row, group] += amounts[ordered[:, column]]
        filled[row, group] += 1
    return packs


def exchanged(modules: Modules, amounts: Array, packs: Indices, left: Indices, layout: Layout, table: ConstantTable) -> Indices:
    """Local search: exchange the smallest module of a weakest group for a left-over one that raises the pack within the limits."""
    if not len(packs) or not len(left):
        return packs
    spare = list(left[np.argsort(amounts[left], kind="stable")])
    found = packs.copy()
    for number in np.argsort(amounts[packs].sum(axis=2).min(axis=1))[:_EXCHANGES]:
        members = found[number].ravel()
        weakest = members[np.argmin(amounts[members])]
        for position in range(len(spare) - 1, -1, -1):
            candidate = spare[position]
            if amounts[candidate] <= amounts[weakest]:
                break
            changed = np.where(members == weakest, candidate, members)
            if not within_limits(modules, changed, table):
                continue
            regrouped = grouped(amounts, changed[None], layout)[0]
            if amounts[regrouped].sum(axis=1).min() > amounts[found[number]].sum(axis=1).min():
                found[number] = regrouped
                spare[position] = weakest
                spare.sort(key=lambda module: amounts[module])
                break
    return found


def within_limits(modules: Modules, members: Indices, table: ConstantTable | None = None) -> bool:
    """Return whether the modules of one pack keep to the limits of spread."""
    limits = (table or load_table(_TABLE))["limits"]
    voltages = modules.open_circuit[members]
    return bool(
        _spread(modules.capacity[members]) <= limits.number("capacity")
        and _spread(modules.resistance[members]) <= limits.number("resistance")
        and voltages.max() - voltages.min() <= limits.number("open_circuit") + 1e-12
        and modules.self_discharge[members].max() <= limits.number("self_discharge")
    )
