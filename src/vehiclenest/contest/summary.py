"""Where a contest stands, as one plain object for a reader: stages, clock, progress, refusals."""

from typing import Any

from vehiclenest.contest.model import StageState
from vehiclenest.contest.state import State
from vehiclenest.contest.view import Reader, Role, progress

_LAST = 20  # refusals shown


def summary(state: State, reader: Reader, stage: str | None = None) -> dict[str, Any]:
    """Return where the contest stands; of one stage, or of all.

    Raises
    ------
    NotFoundError
        Where there is no such stage.
    """
    stages = {stage: state.stage(stage)} if stage else state.stages
    found: dict[str, Any] = {
        "contest": state.contest_id,
        "events": state.seq,
        "head": state.head,
        "entries": {group: sum(entry.group == group for entry in state.entries.values()) for group in state.groups},
        "judges": len(state.judges),
        "stages": {name: _stage(state, name, each, reader) for name, each in stages.items()},
        "awards": {group: {prize: list(entries) for prize, entries in prizes.items()} for group, prizes in state.awards.items()},
    }
    if reader.role is Role.ORGANISER:
        found["refused"] = len(state.refusals)
        found["last_refused"] = [
            {"event": refusal.seq, "kind": refusal.kind, "author": refusal.author, "reason": refusal.reason}
            for refusal in state.refusals[-_LAST:]
        ]
    return found


def _stage(state: State, name: str, stage: StageState, reader: Reader) -> dict[str, Any]:
    found: dict[str, Any] = {
        "phase": stage.phase.value,
        "scoreboard": stage.scoreboard,
        "scheme": stage.config.scheme,
        "entries": {group: len(entries) for group, entries in stage.entries.items()},
        "order": {group: list(order) for group, order in stage.order.items()},
        "seed": dict(stage.lot),
        "showing": {
            group: {"entry": showing.entry, "phase": showing.phase.value, "since": showing.since.isoformat()}
            for group, showing in stage.showing.items()
        },
    }
    whole = progress(state, name)
    if reader.role is Role.ORGANISER:
        found["progress"] = whole
    elif reader.role is Role.JUDGE and reader.id in whole:
        found["progress"] = {reader.id: whole[reader.id]}
    return found
