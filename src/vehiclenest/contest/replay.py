"""Replay: a log is verified event by event and adds up to a state; what follows from it is written as the same bytes each time."""

from collections.abc import Iterable
from typing import Any

import orjson

from vehiclenest.contest.config import KEEPER
from vehiclenest.contest.keys import signed_by
from vehiclenest.contest.log import Event, canonical, parse_event
from vehiclenest.contest.model import Kind, StageState
from vehiclenest.contest.outcome import recommended
from vehiclenest.contest.ranking import Ranking, rank
from vehiclenest.contest.rules import check
from vehiclenest.contest.state import State
from vehiclenest.core.errors import ConflictError, InputError, VehicleNestError


def replay(lines: Iterable[bytes], file: str | None = None, keeper: str | None = None) -> State:
    """Verify a log and return the state it adds up to.

    Parameters
    ----------
    lines
        The log's lines, without line ends.
    file
        Name of the log for the place of an error.
    keeper
        Public key that the log has to be kept with; by default the one in its first event.

    Raises
    ------
    VehicleNestError
        For the first event that is broken, with its number as the line: no event, out of order, chain, seal or signature broken, or
        nothing that could have been said then.
    """
    state = State()
    for place, line in enumerate(lines, start=1):
        try:
            event = parse_event(line)
            verify(state, event, keeper)
            state.apply(event)
        except VehicleNestError as error:
            raise InputError(f"event {place} is broken: {error.what}", expected=error.expected).at(
                file=file, line=place, field=error.where.field
            ) from error
    if state.config is None:
        raise InputError("the log is empty", expected="a log that begins with a contest").at(file=file)
    return state


def verify(state: State, event: Event, keeper: str | None = None) -> None:
    """Raise why an event cannot come next: number, time, chain, seal, signature or rule."""
    if event.seq != state.seq + 1:
        raise InputError(f"it has number {event.seq}", expected=f"{state.seq + 1}, none left out and none added")
    if event.previous != state.head:
        raise InputError("it does not follow the event before", expected=f"previous {state.head[:16]}…")
    if event.received < state.time:
        raise InputError(f"it arrived at {event.received}, before the one before", expected=f"{state.time} or later")
    key = str(event.data.get("key", "")) if event.kind == Kind.CREATED else state.keys.get(KEEPER, "")
    if keeper and key != keeper:
        raise InputError("the log is kept with another key", expected="the organiser's published key")
    if not signed_by(key, event.seal, event.message()):
        raise InputError("the keeper's seal does not match", expected="the event as it was sealed")
    check(state, event.statement, event.time)


def result(state: State) -> dict[str, Any]:
    """Return everything that follows from a log, as a plain object: rankings of judged stages, awards, recommendations."""
    config = state.config
    if config is None:
        raise InputError("there is no contest yet")
    return {
        "contest": config.id,
        "name": config.name,
        "made_up": config.made_up,
        "events": state.seq,
        "head": state.head,
        "stages": {name: _stage(state, name, stage) for name, stage in state.stages.items() if stage.entries and stage.plan},
        "awards": {group: {prize: list(entries) for prize, entries in prizes.items()} for group, prizes in state.awards.items()},
        "recommended": recommended(state),
        "refused": len(state.refusals),
    }


def result_bytes(state: State) -> bytes:
    """Return the result as the bytes of `ranking.json`."""
    return orjson.dumps(orjson.loads(canonical(result(state))), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _stage(state: State, name: str, stage: StageState) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for group in stage.entries:
        try:
            groups[group] = ranking_document(rank(state, name, group), state)
        except ConflictError as error:
            groups[group] = {"refused": error.reason}
    return {"phase": stage.phase.value, "scoreboard": stage.scoreboard, "ties": list(stage.config.ties), "groups": groups}


def ranking_document(ranking: Ranking, state: State) -> dict[str, Any]:
    """Return a ranking as a plain object; results and severities are decimals as text."""
    return {
        "scheme": ranking.scheme,
        "cut": ranking.cut,
        "rows": [
            {
                "place": row.place,
                "entry": row.entry,
                "name": state.entries[row.entry].name,
                "organisation": state.entries[row.entry].organisation,
                "province": state.entries[row.entry].province,
                "result": None if row.result is None else str(row.result),
                "scores": row.scores,
                "wanted": row.wanted,
                "tie": row.tie or None,
                "rank_interval": None if row.low is None else [row.low, row.high],
            }
            for row in ranking.rows
        ],
        "severity": {judge: str(points) for judge, points in ranking.severity.items()},
        "facts": {name: f"{value:.4g}" for name, value in ranking.facts.items()},
    }
