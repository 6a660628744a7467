"""Places of a group in a stage: results by the stage's scheme, ties by its stated rules, ranks with their interval at the cut."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import groupby
from typing import Any

import numpy as np

from vehiclenest.contest.config import Group, TieRule
from vehiclenest.contest.model import Phase, StageState
from vehiclenest.contest.scoring import SCHEMES, Outcome, Sheet
from vehiclenest.contest.scoring.cutline import rank_intervals
from vehiclenest.contest.scoring.table import number
from vehiclenest.contest.state import State

TieKey = Callable[[str], Any]  # of an entry; the greater comes first


@dataclass(frozen=True, slots=True)
class Row:
    """One entry's place.

    Parameters
    ----------
    place
        Shared where no rule decides; None where there is no result yet.
    result
        In points, two decimals.
    scores, wanted
        Scores that count and scores that the plan asks for.
    tie
        The rule that set the entry apart from others with the same result.
    low, high
        Interval of the true rank near the cut, where the scheme knows it.
    """

    entry: str
    place: int | None
    result: Decimal | None
    scores: int
    wanted: int
    tie: str = ""
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows by place; `cut` is how many go on or get a prize, `severity` what each judge gives above the others."""

    stage: str
    group: str
    scheme: str
    cut: int
    rows: tuple[Row, ...]
    severity: Mapping[str, Decimal]
    facts: Mapping[str, float]

    def through(self) -> list[str]:
        """Return the entries within the cut; those that share its last place all are."""
        return [row.entry for row in self.rows if row.place is not None and row.place <= self.cut]


def rank(state: State, stage_id: str, group_id: str, until: int | None = None) -> Ranking:
    """Rank a group of a stage by the scores there are, up to event `until`.

    Raises
    ------
    NotFoundError
        Where there is no such stage or group.
    ConflictError
        Where the scheme refuses the sheet, with the reason.
    """
    stage, group = state.stage(stage_id), state.group(group_id)
    remembered = stage.phase is Phase.FINALIZED and until is None
    if remembered and (stage_id, group_id) in state.rankings:
        return state.rankings[stage_id, group_id]
    entries = stage.entries.get(group_id, [])
    judges = sorted({judge for entry in entries for judge in stage.plan.get(entry, ())})
    sheet = _sheet(stage, entries, judges, until)
    outcome = SCHEMES[stage.config.scheme](sheet)
    cut = stage.config.advance.get(group_id) or sum(prize.places for prize in group.prizes)
    placed = place_entries(entries, outcome, [(rule, key) for rule, key in _tie_keys(state, stage, group, until).items()])
    severity = {} if outcome.severity is None else dict(zip(judges, map(_two_decimals, outcome.severity), strict=True))
    rows = _rows(placed, stage, sheet, outcome, entries, cut)
    found = Ranking(stage_id, group_id, stage.config.scheme, cut, rows, severity, dict(outcome.facts or {}))
    if remembered:
        state.rankings[stage_id, group_id] = found
    return found


def place_entries(
    entries: Sequence[str], outcome: Outcome, ties: Sequence[tuple[str, TieKey]]
) -> list[tuple[int | None, int, str]]:
    """Return (place, number of the entry, rule that decided) by place; rules are asked only between equal results."""
    order = np.lexsort((np.arange(len(entries)), -outcome.hundredths, ~outcome.ranked))
    ranked = [int(index) for index in order if outcome.ranked[index]]
    found: list[tuple[int | None, int, str]] = []
    for _, equal in groupby(ranked, key=lambda index: int(outcome.hundredths[index])):
        begin = len(found) + 1
        found += [(begin + offset, index, rule) for offset, index, rule in _untie(list(equal), entries, ties)]
    return found + [(None, int(index), "") for index in order if not outcome.ranked[index]]


def _untie(equal: list[int], entries: Sequence[str], ties: Sequence[tuple[str, TieKey]]) -> list[tuple[int, int, str]]:
    """Return (places after the first, number of the entry, rule) of entries with the same result."""
    if len(equal) == 1 or not ties:
        return [(0, index, "") for index in equal]
    (rule, key), *others = ties
    keys = {index: key(entries[index]) for index in equal}
    found: list[tuple[int, int, str]] = []
    ordered = sorted(equal, key=lambda index: keys[index], reverse=True)
    for _, same in groupby(ordered, key=lambda index: keys[index]):
        offset, still = len(found), list(same)
        decided = rule if len(still) < len(equal) else ""
        found += [(offset + more, index, other or decided) for more, index, other in _untie(still, entries, others)]
    return found


def _sheet(stage: StageState, entries: Sequence[str], judges: Sequence[str], until: int | None) -> Sheet:
    number_of = {judge: index for index, judge in enumerate(judges)}
    rows = [
        (index, number_of[judge], score.millionths)
        for index, entry in enumerate(entries)
        for judge in stage.plan.get(entry, ())
        if (score := stage.score(entry, judge, until))
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Sheet(len(entries), len(judges), columns[0], columns[1], columns[2])


def _tie_keys(state: State, stage: StageState, group: Group, until: int | None) -> dict[TieRule, TieKey]:
    keys: dict[TieRule, TieKey] = {}
    before = state.stage_before(stage.config.id)
    for rule in stage.config.ties:
        if rule == "earlier_stage" and before:
            earlier = {row.entry: row.result or Decimal(0) for row in rank(state, before.config.id, group.id).rows}
            keys[rule] = lambda entry, earlier=earlier: earlier.get(entry, Decimal(0))
        elif rule == "heaviest_criterion":
            keys[rule] = lambda entry: _mean_mark(stage, entry, group.heaviest.id, until)
        elif rule == "lot":
            keys[rule] = lambda entry: lot(
                f"{state.contest_id}/{stage.config.id}/{group.id}/{stage.lot.get(group.id, '')}/tie", entry
            )
    return keys


def lot(seed: str, entry: str) -> str:
    """Return an entry's lot: whoever knows the published seed can draw it again."""
    return sha256(f"{seed}/{entry}".encode()).hexdigest()


def _mean_mark(stage: StageState, entry: str, criterion: str, until: int | None) -> Fraction:
    scores = [score for judge in stage.plan.get(entry, ()) if (score := stage.score(entry, judge, until))]
    return Fraction(sum((Fraction(score.marks[criterion]) for score in scores), Fraction(0)), max(len(scores), 1))


def _rows(
    placed: Sequence[tuple[int | None, int, str]],
    stage: StageState,
    sheet: Sheet,
    outcome: Outcome,
    entries: Sequence[str],
    cut: int,
) -> tuple[Row, ...]:
    count = sheet.scores_of_entry
    intervals = _intervals(placed, outcome, cut)
    return tuple(
        Row(
            entries[index],
            place,
            Decimal(int(outcome.hundredths[index])).scaleb(-2) if place is not None else None,
            int(count[index]),
            len(stage.plan.get(entries[index], ())),
            tie,
            *intervals.get(index, (None, None)),
        )
        for place, index, tie in placed
    )


def _intervals(placed: Sequence[tuple[int | None, int, str]], outcome: Outcome, cut: int) -> dict[int, tuple[int, int]]:
    """Return the intervals of the entries near the cut, by number of the entry."""
    if outcome.deviation is None:
        return {}
    window = int(number("cut_line", "window"))
    ranked = np.flatnonzero(outcome.ranked)
    near = [index for place, index, _ in placed if place is not None and cut - window < place <= cut + window]
    found = rank_intervals(outcome.value[ranked], outcome.deviation[ranked], np.searchsorted(ranked, near))
    return dict(zip(near, found, strict=True))


def _two_decimals(value: float) -> Decimal:
    return Decimal(round(float(value) * 100)).scaleb(-2)
