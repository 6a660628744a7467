"""What a screen shows of a group in a stage, as one plain object for a page and for its script alike."""

from datetime import UTC, datetime
from typing import Any

from vehiclenest.contest.model import Phase, StageState
from vehiclenest.contest.state import State
from vehiclenest.contest.view import Reader, Role, scoreboard
from vehiclenest.core.errors import ConflictError


def board(state: State, stage_id: str, group_id: str, reader: Reader) -> dict[str, Any]:
    """Return scoreboard, stage clock and, for the organiser, who has scored, as a reader may see them.

    Keys: `seq` of the last event in it, `now` (UTC), `phase`, `scoreboard` (none, live, frozen, thawed or finalized), `rows` (None where
    the reader sees no ranking; `refused` says why there can be none), `cut`, `showing` (entry, phase, since, seconds of the clock) and
    `panel`. Results are texts with two decimals.

    Raises
    ------
    NotFoundError
        Where there is no such stage or group.
    """
    stage = state.stage(stage_id)
    state.group(group_id)
    found: dict[str, Any] = {
        "seq": state.seq,
        "now": datetime.now(UTC).isoformat(),
        "phase": stage.phase.value,
        "scoreboard": stage.scoreboard,
        "rows": None,
        "refused": None,
        "cut": 0,
        "showing": _showing(state, stage, group_id),
        "panel": _panel(state, stage, group_id) if reader.role is Role.ORGANISER else None,
    }
    if not stage.entries.get(group_id) or stage.phase is Phase.PLANNED:
        return found
    try:
        ranking = scoreboard(state, stage_id, group_id, reader)
    except ConflictError as error:
        return {**found, "refused": error.reason}
    if ranking is not None:
        found["cut"] = ranking.cut
        found["rows"] = [
            {
                "place": row.place,
                "entry": row.entry,
                **names(state, row.entry),
                "result": None if row.result is None else f"{row.result:.2f}",
                "scores": row.scores,
                "wanted": row.wanted,
                "through": row.place is not None and row.place <= ranking.cut,
            }
            for row in ranking.rows
        ]
    return found


def names(state: State, entry: str) -> dict[str, str]:
    """Return the name of an entry in both languages."""
    known = state.entries[entry]
    return {"name": known.name, "name_zh": known.name_zh or known.name}


def running_order(stage: StageState, group_id: str) -> tuple[str, ...]:
    """Return the entries of a group as they come: as drawn, or as registered before the draw."""
    return stage.order.get(group_id) or tuple(stage.entries.get(group_id, ()))


def next_entry(stage: StageState, group_id: str) -> str | None:
    """Return the entry after the one that was on last; None after the last."""
    order, showing = running_order(stage, group_id), stage.showing.get(group_id)
    place = order.index(showing.entry) + 1 if showing else 0
    return order[place] if place < len(order) else None


def _showing(state: State, stage: StageState, group_id: str) -> dict[str, Any] | None:
    showing = stage.showing.get(group_id)
    if showing is None:
        return None
    seconds = {"talk": stage.config.talk_seconds, "questions": stage.config.questions_seconds}.get(showing.phase.value)
    return {
        "entry": showing.entry,
        **names(state, showing.entry),
        "phase": showing.phase.value,
        "since": showing.since.isoformat(),
        "seconds": seconds,
    }


def _panel(state: State, stage: StageState, group_id: str) -> list[dict[str, Any]]:
    """Return for each judge of a group how many of his entries he scored, and whether the one that is on."""
    showing = stage.showing.get(group_id)
    panel: dict[str, dict[str, Any]] = {}
    for entry in stage.entries.get(group_id, ()):
        for judge in stage.plan.get(entry, ()):
            row = panel.setdefault(
                judge, {"judge": judge, "name": state.judges[judge].name, "assigned": 0, "scored": 0, "on": None, "missing": []}
            )
            scored = stage.score(entry, judge) is not None
            row["assigned"] += 1
            row["scored"] += scored
            if not scored:
                row["missing"].append(entry)
            if showing and showing.entry == entry:
                row["on"] = scored
    return [panel[judge] for judge in sorted(panel)]
