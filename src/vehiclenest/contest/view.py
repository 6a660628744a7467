"""Who may see what: organiser, judge, team and public each see the part of the contest that is theirs.

The organiser sees all. A judge sees his own scores, and those of others once the stage is closed. A team sees the scores of its own entry
once the stage is finalized. The public sees the scoreboard: live, frozen, thawed or finalized. A stage that is not `live` shows the
public nothing before it is finalized.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vehiclenest.contest.log import Event
from vehiclenest.contest.model import Kind, Phase, Score, StageState
from vehiclenest.contest.ranking import Ranking, rank
from vehiclenest.contest.state import State


class Role(StrEnum):
    """In which part somebody looks at the contest."""

    ORGANISER = "organiser"
    JUDGE = "judge"
    TEAM = "team"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: a role, and which judge or which entry's team."""

    role: Role
    id: str = ""


_CLOSED = frozenset({Phase.CLOSED, Phase.FINALIZED})
_FOR_ALL = frozenset(
    {Kind.CREATED, Kind.ENTRY, Kind.DRAWN, Kind.OPENED, Kind.CLOCK, Kind.FROZEN, Kind.CLOSED, Kind.THAWED, Kind.FINALIZED,
     Kind.ADVANCED, Kind.AWARDED}
)  # fmt: skip


def scoreboard(state: State, stage_id: str, group: str, reader: Reader) -> Ranking | None:
    """Return the ranking that a reader may see now, None where there is none for him yet.

    Raises
    ------
    NotFoundError
        Where there is no such stage or group.
    ConflictError
        Where the scheme refuses the scores there are.
    """
    stage = state.stage(stage_id)
    if reader.role is Role.ORGANISER or (reader.role is Role.JUDGE and stage.phase in _CLOSED):
        return rank(state, stage_id, group)
    if reader.role is Role.JUDGE or stage.scoreboard == "none":
        return None
    return rank(state, stage_id, group, stage.frozen_seq if stage.scoreboard == "frozen" else None)


def scores(state: State, stage_id: str, reader: Reader) -> list[Score]:
    """Return the scores of a stage that count and that a reader may see, in the order of the plan."""
    stage = state.stage(stage_id)
    found = (stage.score(entry, judge) for entry, judges in stage.plan.items() for judge in judges)
    return [score for score in found if score and _may_see_score(stage, score.entry, score.judge, reader)]


def _may_see_score(stage: StageState, entry: str, judge: str, reader: Reader) -> bool:
    if reader.role is Role.JUDGE:
        return judge == reader.id or stage.phase in _CLOSED
    if reader.role is Role.TEAM:
        return entry == reader.id and stage.phase is Phase.FINALIZED
    return reader.role is Role.ORGANISER


def progress(state: State, stage_id: str) -> dict[str, dict[str, Any]]:
    """Return for each judge of a stage how many entries he has, how many he scored and which are missing; for the organiser."""
    stage = state.stage(stage_id)
    found: dict[str, dict[str, Any]] = {}
    for entry, judges in stage.plan.items():
        for judge in judges:
            row = found.setdefault(judge, {"assigned": 0, "scored": 0, "missing": []})
            row["assigned"] += 1
            if stage.score(entry, judge):
                row["scored"] += 1
            else:
                row["missing"].append(entry)
    return dict(sorted(found.items()))


def feed(events: Iterable[Event], state: State, reader: Reader, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield what a reader may see of events with numbers above `after`, in order: the last number seen is where to go on.

    Of a score that he may not see, the public and teams learn that it arrived, unless the scoreboard is frozen or hidden.
    """
    for event in events:
        if event.seq > after and (seen := visible(event, state, reader)) is not None:
            yield {"seq": event.seq, "time": event.received, **seen}


def visible(event: Event, state: State, reader: Reader) -> dict[str, Any] | None:
    """Return the kind and data of an event as a reader may see them, None where it is not for him."""
    kind, data = Kind(event.kind), event.data
    if reader.role is Role.ORGANISER or kind in _FOR_ALL:
        return {"kind": kind.value, "author": event.author, "data": dict(data)}
    if kind in {Kind.SCORE, Kind.CORRECTION}:
        return _visible_score(event, state, reader)
    return {"kind": kind.value, "author": event.author, "data": mine} if (mine := _own_part(kind, data, reader)) else None


def _visible_score(event: Event, state: State, reader: Reader) -> dict[str, Any] | None:
    data = event.data
    stage = state.stage(data["stage"])
    if _may_see_score(stage, data["entry"], data["judge"], reader):
        return {"kind": event.kind, "author": event.author, "data": dict(data)}
    hidden = stage.scoreboard == "none" or (stage.scoreboard == "frozen" and event.seq > (stage.frozen_seq or 0))
    if reader.role is Role.JUDGE or hidden:
        return None
    return {"kind": "score_arrived", "data": {"stage": data["stage"], "entry": data["entry"]}}


def _own_part(kind: Kind, data: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """Return what concerns one judge of a plan, a conflict or a refusal; empty for anybody else."""
    if reader.role is not Role.JUDGE:
        return {}
    if kind is Kind.ASSIGNED:
        mine = [entry for entry, judges in data["plan"].items() if reader.id in judges]
        return {"stage": data["stage"], "group": data["group"], "entries": mine} if mine else {}
    who = data.get("judge") if kind is Kind.CONFLICT else data.get("author")
    return dict(data) if who == reader.id else {}
