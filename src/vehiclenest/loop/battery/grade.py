"""Pulse tests → SOH with its interval, grade and disposition. Safety rules first, then the range of what was learnt, then the SOH.

Several tests of one cell (same Mat, Qn and ID) are combined: the mean of their SOH, with an interval that narrows as far as their errors
are their own. A cell that one test rejects is rejected. Tests are graded in chunks; what is kept of each until the end is 25 bytes and
its identity on disk.
"""

import csv
import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from vehiclenest.loop.battery.disposition import grade_table, graded
from vehiclenest.loop.battery.health import domain_values, estimator
from vehiclenest.loop.battery.model import Array, HealthModel, SocMode, TypeModel, type_key
from vehiclenest.loop.battery.pulse import resistances
from vehiclenest.loop.battery.reading import Chunk
from vehiclenest.loop.battery.safety import rejections, safety_columns, safety_table

_MOST_REASONS = 2000
_BEYOND = 10.0  # percent of SOC: no estimate further from the learnt range
_DOMAIN_NAMES = ("rested voltage", "ohmic resistance", "polarisation", "ohmic resistance at the end", "relaxation")
_GRADED, _RETEST, _REJECTED = 0, 1, 2
COLUMNS = ("file", "line", "ID", "Mat", "Qn", "SOC", "tests", "soh", "soh_low", "soh_high", "grade", "disposition", "reason")


@dataclass(frozen=True, slots=True)
class GradedTest:
    """One test as graded. SOH in percent, None for a retest; `tests` is how many of the cell's were combined."""

    file: str
    line: int
    cell: str
    chemistry: str
    nominal_ah: str
    soc: str
    tests: int
    soh: float | None
    soh_low: float | None
    soh_high: float | None
    grade: str
    disposition: str
    reason: str

    def cells(self) -> tuple[str, ...]:
        """Return the test as text, in the order of `COLUMNS`."""
        numbers = ("" if value is None else f"{value:.2f}" for value in (self.soh, self.soh_low, self.soh_high))
        head = (self.file, str(self.line), self.cell, self.chemistry, self.nominal_ah, self.soc, str(self.tests))
        return (*head, *numbers, self.grade, self.disposition, self.reason)


@dataclass(slots=True)
class _Columns:
    """What is kept of every test in memory."""

    keys: list[np.ndarray] = field(default_factory=list[np.ndarray])
    soh: list[Array] = field(default_factory=list[Array])
    kinds: list[np.ndarray] = field(default_factory=list[np.ndarray])
    states: list[np.ndarray] = field(default_factory=list[np.ndarray])


class Grading:
    """Grades tests chunk by chunk (`add`); `rows` gives them back, each with what its cell's tests say together."""

    def __init__(self, model: HealthModel, mode: SocMode, site: Path | None = None) -> None:
        self.mode: SocMode = mode
        self.table = grade_table(site)
        self.safety = safety_table(site)
        self.types = list(model.types.values())
        self._number = {found.key: number for number, found in enumerate(self.types)}
        self._estimates = [estimator(found, mode) for found in self.types]
        self._largest = [float(resistances(found.voltages)["on"].mean(axis=1).max()) for found in self.types]
        self._columns = _Columns()
        self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115  # closed by __exit__
        self._writer = csv.writer(self._spool)
        self.counts: Counter[str] = Counter()
        self.retests = 0
        self.retest_reasons: Counter[str] = Counter()  # the common ones: a file may hold millions of different faults
        self.unmeasured: set[str] = set(safety_columns(self.safety))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._spool.close()

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns of numbers that the input has to have."""
        return ("SOC",) if self.mode == "known" else ()

    @property
    def optional(self) -> tuple[str, ...]:
        """Columns that are used where the input has them."""
        return (*(() if self.mode == "known" else ("SOC",)), *safety_columns(self.safety))

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of unverified figures behind the grades."""
        return tuple(name for table in (self.table, self.safety) for row in table.values() for name in row.unverified)

    def add(self, chunk: Chunk) -> None:
        """Grade the tests of a chunk."""
        count = len(chunk)
        kinds = np.array(
            [self._kind(mat, qn) for mat, qn in zip(chunk.text["Mat"], chunk.text["Qn"], strict=True)], dtype=np.int32
        )
        reasons = list(chunk.reasons)
        soh = np.full(count, np.nan)
        states = np.full(count, _RETEST, dtype=np.int8)
        rejected = self._rejected(chunk, kinds)
        for number, reason in enumerate(rejected):
            if reason:
                states[number], reasons[number] = _REJECTED, reason
        for number, cell in enumerate(chunk.text["ID"]):
            if not cell and not reasons[number]:
                reasons[number] = "ID is empty; the name of the cell"
        for number in np.flatnonzero(kinds < 0):
            if not reasons[number]:
                reasons[number] = self._never_learnt(chunk.text["Mat"][number], chunk.text["Qn"][number])
        soc = chunk.numbers.get("SOC", np.full(count, np.nan))
        clear = np.array([not reason for reason in reasons])
        for kind in sorted({int(kind) for kind in kinds[kinds >= 0]}):
            rows = np.flatnonzero((kinds == kind) & clear)
            rows = self._within(self.types[kind], chunk.voltages, soc, rows, reasons)
            if len(rows):
                soh[rows] = self._estimates[kind](chunk.voltages[rows], soc[rows])
                states[rows] = _GRADED
                self._plausible(soh, states, rows, reasons)
        keys = np.array([_key(kind, cell) for kind, cell in zip(kinds, chunk.text["ID"], strict=True)], dtype=np.uint64)
        self._columns.keys.append(keys)
        self._columns.soh.append(soh)
        self._columns.kinds.append(kinds)
        self._columns.states.append(states)
        socs = chunk.text.get("SOC") or [""] * count
        self._writer.writerows(
            zip(
                [chunk.file] * count,
                chunk.lines,
                chunk.text["ID"],
                chunk.text["Mat"],
                chunk.text["Qn"],
                socs,
                reasons,
                strict=True,
            )
        )
        self.retests += int((states == _RETEST).sum())
        self.retest_reasons.update(reason for reason, state in zip(reasons, states, strict=True) if state == _RETEST)
        if len(self.retest_reasons) > _MOST_REASONS:
            self.retest_reasons = Counter(dict(self.retest_reasons.most_common(_MOST_REASONS // 2)))

    def rows(self) -> Iterator[GradedTest]:
        """Yield every test in the order they came, and count grades in `counts`."""
        if not self._columns.keys:
            return
        held = self._columns
        keys, soh, kinds, states = (np.concatenate(part) for part in (held.keys, held.soh, held.kinds, held.states))
        _, cell = np.unique(keys, return_inverse=True)
        done = states == _GRADED
        count = np.bincount(cell, done)
        mean = np.bincount(cell, np.where(done, soh, 0.0)) / np.maximum(count, 1)
        unsafe = np.bincount(cell, states == _REJECTED) > 0
        self._spool.seek(0)
        for number, row in enumerate(csv.reader(self._spool)):
            place = cell[number]
            found = self._row(
                row, int(states[number]), int(kinds[number]), int(count[place]), float(mean[place]), bool(unsafe[place])
            )
            self.counts[found.grade] += 1
            yield found

    def _row(self, row: list[str], state: int, kind: int, count: int, mean: float, unsafe: bool) -> GradedTest:
        file, line, cell, chemistry, nominal, soc, reason = row
        head = (file, int(line), cell, chemistry, nominal, soc)
        if state == _REJECTED or unsafe:
            why = reason if state == _REJECTED else "another test of this cell broke a safety rule"
            return GradedTest(*head, count, None, None, None, "X", "reject for safety", why)
        if state == _RETEST:
            return GradedTest(*head, count, None, None, None, "retest", "retest", reason)
        half = float(self.types[kind].widths[self.mode].of(count))
        low, high = max(mean - half, 0.0), mean + half
        grade, disposition, why = graded(self.table, mean, low)
        together = f"{count} tests combined: " if count > 1 else ""
        return GradedTest(*head, count, mean, low, high, grade, disposition, together + why)

    def _kind(self, chemistry: str, nominal: str) -> int:
        return self._number.get(_type_name(chemistry, nominal), -1)

    def _never_learnt(self, chemistry: str, nominal: str) -> str:
        return (
            f"the model never learned {chemistry[:40] or 'no Mat'} of {nominal[:20] or 'unknown'} Ah; {', '.join(self._number)}"
        )

    def _rejected(self, chunk: Chunk, kinds: np.ndarray) -> list[str]:
        count = len(chunk)
        measured = {name: chunk.numbers.get(name, np.full(count, np.nan)) for name in safety_columns(self.safety)}
        self.unmeasured -= {name for name, values in measured.items() if not np.isnan(values).all()}
        ratio = resistances(chunk.voltages)["on"].mean(axis=1) / np.array([*self._largest, np.nan])[kinds]
        found = [""] * count
        chemistries = np.array(chunk.text["Mat"])
        for chemistry in np.unique(chemistries):
            rows = np.flatnonzero(chemistries == chemistry)
            part = {name: values[rows] for name, values in measured.items()}
            for row, reason in zip(
                rows, rejections(self.safety, str(chemistry), chunk.voltages[rows, 0], ratio[rows], part), strict=True
            ):
                found[row] = reason
        return found

    def _within(self, model: TypeModel, voltages: Array, soc: Array, rows: np.ndarray, reasons: list[str]) -> np.ndarray:
        """Return the tests that lie where the model holds; the others get their reason."""
        if not len(rows):
            return rows
        values = domain_values(voltages[rows])
        outside = (values < model.domain_low) | (values > model.domain_high)
        for number in np.flatnonzero(outside.any(axis=1)):
            name = _DOMAIN_NAMES[int(np.flatnonzero(outside[number])[0])]
            reasons[rows[number]] = f"the {name} of the response is unlike anything learned of {model.key}"
        if self.mode == "known":
            low, high = float(model.soc.min()), float(model.soc.max())
            for row in rows:
                reasons[row] = reasons[row] or _wrong_soc(float(soc[row]), low, high)
        return np.array([row for row in rows if not reasons[row]], dtype=np.int64)

    def _plausible(self, soh: Array, states: np.ndarray, rows: np.ndarray, reasons: list[str]) -> None:
        low, high = self.table["plausible"].number("least"), self.table["plausible"].number("bound")
        for row in rows[(soh[rows] < low) | (soh[rows] > high)]:
            reasons[row] = f"the estimate {soh[row]:.0f} % is no plausible SOH; {low:g} to {high:g} %"
            states[row] = _RETEST


def _wrong_soc(soc: float, low: float, high: float) -> str:
    if np.isnan(soc):
        return "SOC is missing; percent, or --soc unknown"
    if low - _BEYOND <= soc <= high + _BEYOND and not 0.0 < soc < 1.0:
        return ""
    if 0.0 < soc <= 1.0:
        return f"SOC is {soc:g}: a fraction? percent"
    return f"SOC is {soc:g} %; learned from {low:g} to {high:g} %, usable {_BEYOND:g} points beyond"


@lru_cache(maxsize=4096)
def _type_name(chemistry: str, nominal: str) -> str:
    try:
        return type_key(chemistry, float(nominal))
    except ValueError:
        return ""


def _key(kind: int, cell: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind}|{cell}".encode(), digest_size=8).digest())
