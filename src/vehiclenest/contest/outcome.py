"""What follows from rankings: who goes on, who gets which prize, who is recommended, and the running order from a lot."""

from collections.abc import Iterable

from vehiclenest.contest.model import Phase
from vehiclenest.contest.ranking import lot, rank
from vehiclenest.contest.state import State


def running_order(state: State, stage: str, group: str, seed: str) -> list[str]:
    """Return the entries of a group in the order of their lots."""
    entries: Iterable[str] = state.stage(stage).entries.get(state.group(group).id, ())
    return sorted(entries, key=lambda entry: lot(f"{state.contest_id}/{stage}/{group}/{seed}", entry))


def advancing(state: State, stage: str) -> dict[str, list[str]]:
    """Return who goes on from a stage, by group, best first; who shares the last place goes on too."""
    return {group: rank(state, stage, group).through() for group in state.stage(stage).entries}


def prizes(state: State) -> dict[str, dict[str, list[str]]]:
    """Return who gets which prize, by group; who shares the last place of a prize gets it too, and takes it from nobody."""
    last = list(state.stages)[-1]
    found: dict[str, dict[str, list[str]]] = {}
    for group in state.groups.values():
        rows = (
            [row for row in rank(state, last, group.id).rows if row.place is not None]
            if group.id in state.stage(last).entries
            else []
        )
        found[group.id] = {}
        before = 0
        for prize in group.prizes:
            upto = before + prize.places
            found[group.id][prize.id] = [row.entry for row in rows if row.place is not None and before < row.place <= upto]
            before = upto
    return found


def recommended(state: State) -> dict[str, list[str]]:
    """Return who is recommended to the national list, by group: the best of the last stage, once it is finalized."""
    last = list(state.stages)[-1]
    stage = state.stage(last)
    if stage.phase is not Phase.FINALIZED:
        return {group: [] for group in state.groups}
    return {
        group.id: [
            row.entry for row in rank(state, last, group.id).rows if row.place is not None and row.place <= group.recommend
        ]
        for group in state.groups.values()
        if group.id in stage.entries
    }
