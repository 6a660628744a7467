"""The state of a contest: what its events add up to. Applying the same events gives the same state."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vehiclenest.contest.config import KEEPER, Config, Group, Judge, as_config
from vehiclenest.contest.entries import as_entry
from vehiclenest.contest.log import NO_EVENT, Event
from vehiclenest.contest.model import (
    ClockPhase,
    Conflict,
    Entry,
    Kind,
    Phase,
    Refusal,
    Score,
    Showing,
    StageState,
    conflict_of,
)
from vehiclenest.core.errors import NotFoundError
from vehiclenest.core.time import parse_time

if TYPE_CHECKING:
    from vehiclenest.contest.ranking import Ranking


class State:
    """A contest as it stands after its events; empty before the first."""

    def __init__(self) -> None:
        self.seq = 0
        self.head = NO_EVENT
        self.time = ""
        self.config: Config | None = None
        self.keys: dict[str, str] = {}
        self.judges: dict[str, Judge] = {}
        self.groups: dict[str, Group] = {}
        self.entries: dict[str, Entry] = {}
        self.conflicts: dict[tuple[str, str], Conflict] = {}
        self.stages: dict[str, StageState] = {}
        self.awards: dict[str, dict[str, tuple[str, ...]]] = {}
        self.refusals: list[Refusal] = []
        self.rankings: dict[tuple[str, str], Ranking] = {}  # of finalized stages, which change no more

    @property
    def contest_id(self) -> str:
        """The contest's identifier, empty before it is created."""
        return self.config.id if self.config else ""

    def stage(self, identifier: str) -> StageState:
        """Return a stage; raise `NotFoundError` where there is none of that name."""
        try:
            return self.stages[identifier]
        except KeyError:
            raise NotFoundError(f"there is no stage {identifier!r}", expected=f"one of {', '.join(self.stages)}") from None

    def group(self, identifier: str) -> Group:
        """Return a group; raise `NotFoundError` where there is none of that name."""
        try:
            return self.groups[identifier]
        except KeyError:
            raise NotFoundError(f"there is no group {identifier!r}", expected=f"one of {', '.join(self.groups)}") from None

    def conflict(self, judge: str, entry: str, stage: str) -> str | None:
        """Return why a judge may not judge an entry, None where he may."""
        declared = self.conflicts.get((judge, entry))
        if declared:
            return f"declared: {declared.reason}"
        return conflict_of(self.judges[judge], self.entries[entry], self.stages[stage].config)

    def stage_before(self, identifier: str) -> StageState | None:
        """Return the stage before one, None before the first."""
        names = list(self.stages)
        place = names.index(identifier)
        return self.stages[names[place - 1]] if place else None

    def stage_after(self, identifier: str) -> StageState | None:
        """Return the stage after one, None after the last."""
        names = list(self.stages)
        place = names.index(identifier) + 1
        return self.stages[names[place]] if place < len(names) else None

    def apply(self, event: Event) -> None:
        """Take in an event that the rules allow."""
        apply = _APPLY.get(Kind(event.kind))
        if apply:
            apply(self, event)
        self.seq, self.head, self.time = event.seq, event.digest(), event.received


def weigh(group: Group, marks: Mapping[str, Decimal]) -> int:
    """Return the weighted score in millionths of a point: a whole number, since marks have two decimals and weights four."""
    return int(sum((criterion.weight * marks[criterion.id] for criterion in group.criteria), Decimal(0)).scaleb(6))


def _created(state: State, event: Event) -> None:
    config = as_config(event.data["config"])
    state.config = config
    state.keys = {KEEPER: str(event.data["key"])} | {judge.id: judge.public_key for judge in config.judges}
    state.judges = {judge.id: judge for judge in config.judges}
    state.groups = {group.id: group for group in config.groups}
    state.stages = {stage.id: StageState(stage) for stage in config.stages}
    for stage in list(state.stages.values())[:1]:
        stage.entries = {group: [] for group in state.groups}


def _entry(state: State, event: Event) -> None:
    entry = as_entry(event.data)
    state.entries[entry.id] = entry
    first = next(iter(state.stages.values()))
    first.entries[entry.group].append(entry.id)


def _conflict(state: State, event: Event) -> None:
    declared = Conflict(event.data["judge"], event.data["entry"], event.data["reason"])
    state.conflicts[declared.judge, declared.entry] = declared


def _drawn(state: State, event: Event) -> None:
    stage, group = state.stages[event.data["stage"]], event.data["group"]
    stage.order[group], stage.lot[group] = tuple(event.data["order"]), event.data["seed"]


def _assigned(state: State, event: Event) -> None:
    stage = state.stages[event.data["stage"]]
    stage.plan.update({entry: tuple(judges) for entry, judges in event.data["plan"].items()})


def _opened(state: State, event: Event) -> None:
    stage = state.stages[event.data["stage"]]
    stage.phase, stage.opened = Phase.OPEN, event.time


def _clock(state: State, event: Event) -> None:
    stage = state.stages[event.data["stage"]]
    entry = str(event.data["entry"])
    stage.showing[state.entries[entry].group] = Showing(entry, ClockPhase(event.data["phase"]), event.time)


def _score(state: State, event: Event) -> None:
    data: Mapping[str, Any] = event.data
    entry, judge = str(data["entry"]), str(data["judge"])
    marks = {name: Decimal(mark) for name, mark in data.get("marks", {}).items()}
    withdrawn = not marks
    millionths = 0 if withdrawn else weigh(state.groups[state.entries[entry].group], marks)
    at = parse_time(event.statement.at)[0]
    score = Score(
        event.seq,
        entry,
        judge,
        marks,
        millionths,
        at,
        event.time,
        event.statement.signature,
        str(data.get("reason", "")),
        withdrawn,
    )
    state.stages[data["stage"]].scores.setdefault((entry, judge), []).append(score)


def _frozen(state: State, event: Event) -> None:
    state.stages[event.data["stage"]].frozen_seq = event.seq


def _closed(state: State, event: Event) -> None:
    stage = state.stages[event.data["stage"]]
    stage.phase, stage.showing = Phase.CLOSED, {}


def _thawed(state: State, event: Event) -> None:
    state.stages[event.data["stage"]].thawed = True


def _finalized(state: State, event: Event) -> None:
    state.stages[event.data["stage"]].phase = Phase.FINALIZED


def _advanced(state: State, event: Event) -> None:
    after = state.stage_after(event.data["stage"])
    if after:
        after.entries = {group: list(entries) for group, entries in event.data["entries"].items()}


def _awarded(state: State, event: Event) -> None:
    state.awards = {
        group: {prize: tuple(entries) for prize, entries in prizes.items()} for group, prizes in event.data["awards"].items()
    }


def _refused(state: State, event: Event) -> None:
    state.refusals.append(Refusal(event.seq, event.data["kind"], event.data["author"], event.data["reason"], event.time))


_APPLY: dict[Kind, Callable[[State, Event], None]] = {
    Kind.CREATED: _created,
    Kind.ENTRY: _entry,
    Kind.CONFLICT: _conflict,
    Kind.DRAWN: _drawn,
    Kind.ASSIGNED: _assigned,
    Kind.OPENED: _opened,
    Kind.CLOCK: _clock,
    Kind.SCORE: _score,
    Kind.CORRECTION: _score,
    Kind.FROZEN: _frozen,
    Kind.CLOSED: _closed,
    Kind.THAWED: _thawed,
    Kind.FINALIZED: _finalized,
    Kind.ADVANCED: _advanced,
    Kind.AWARDED: _awarded,
    Kind.REFUSED: _refused,
}
