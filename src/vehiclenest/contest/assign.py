"""Judges to entries: conflict-free, balanced and connected, by a seed.

Entries come in shuffled order. Each first takes one judge who is linked already and fresh ones besides, so that a chain of common
judges runs through all; once all are linked, each takes the least busy judges. Where conflicts left somebody busier than need be, work
moves along cost-reducing paths until none is left, which makes the largest load as small as it can be (Harvey, Ladner, Lovász and
Tamir 2006, Semi-matchings for bipartite graphs and load balancing).
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from vehiclenest.core.errors import ConflictError

_TRIES = 20  # seeds in a row before a plan counts as not to be had


@dataclass(frozen=True, slots=True)
class Plan:
    """Who judges what: judges of each entry in the order of `entries`, and how busy each judge is."""

    judges_of: tuple[tuple[str, ...], ...]
    load: Mapping[str, int]


def assign(
    entries: Sequence[str],
    judges: Sequence[str],
    judges_per_entry: int,
    may: Callable[[str, str], bool],
    seed: str,
    reserve: Sequence[str] = (),
) -> Plan:
    """Return a plan that is conflict-free, balanced and connected.

    Parameters
    ----------
    entries, judges
        Identifiers.
    judges_per_entry
        How many judges each entry gets.
    may
        Whether a judge may judge an entry: ``may(judge, entry)``.
    seed
        Decides all that is left open; the same seed gives the same plan.
    reserve
        Judges who step in only where the others may not.

    Raises
    ------
    ConflictError
        Where an entry has too few judges without a conflict, or no connected plan was found.
    """
    if not entries:
        raise ConflictError("there is no entry to assign", expected="entries in this stage and group")
    dealt = len(entries)
    for attempt in range(_TRIES):
        chance = random.Random(f"{seed}/{attempt}")  # noqa: S311  # a lot that everybody can draw again from the published seed
        plan = _Deal(judges, reserve, judges_per_entry, may, chance).deal(entries)
        dealt = _islands(plan)
        if dealt == 1:
            return _plan(entries, plan, [*judges, *reserve])
    raise ConflictError(
        f"no plan of {judges_per_entry} judges an entry connects {len(entries)} entries: {dealt} islands are left",
        expected="more judges an entry, fewer judges, or fewer conflicts",
    )


def count_islands(judges_of: Mapping[str, Sequence[str]]) -> int:
    """Return how many islands a plan falls into: entries that no chain of common judges connects."""
    return _islands(dict(judges_of))


class _Deal:
    """One pass over the entries in shuffled order."""

    def __init__(
        self,
        judges: Sequence[str],
        reserve: Sequence[str],
        judges_per_entry: int,
        may: Callable[[str, str], bool],
        chance: random.Random,
    ) -> None:
        self.judges, self.reserve, self.wanted, self.may, self.chance = judges, reserve, judges_per_entry, may, chance
        self.load: Counter[str] = Counter(dict.fromkeys(judges, 0))
        self.fresh = [(0, chance.random(), judge) for judge in judges]
        heapify(self.fresh)
        self.linked: list[tuple[int, float, str]] = []

    def deal(self, entries: Sequence[str]) -> dict[str, list[str]]:
        plan: dict[str, list[str]] = {}
        order = list(entries)
        self.chance.shuffle(order)
        for entry in order:
            plan[entry] = self._take(entry)
        dealt = {entry: list(taken) for entry, taken in plan.items()}
        self._balance(plan)
        # Balance is given up where it would cost the connection: a plan that cannot compare is worth nothing.
        return plan if _islands(plan) == 1 else dealt

    def _take(self, entry: str) -> list[str]:
        """Give an entry one linked judge, then fresh ones while there are, then the least busy."""
        taken: list[str] = []
        if self.linked and self.fresh:
            taken += self._least_busy(entry, self.linked, 1)
        taken += self._least_busy(entry, self.fresh, self.wanted - len(taken))
        taken += self._least_busy(entry, self.linked, self.wanted - len(taken), taken)
        taken += [judge for judge in self._reserves() if self.may(judge, entry)][: self.wanted - len(taken)]
        if len(taken) < self.wanted:
            raise ConflictError(
                f"entry {entry} has {len(taken)} judges without a conflict of interest, {self.wanted} are needed",
                expected="more judges, or judges from elsewhere",
            )
        for judge in taken:
            self.load[judge] += 1
            if judge not in self.reserve:
                heappush(self.linked, (self.load[judge], self.chance.random(), judge))
        return taken

    def _reserves(self) -> list[str]:
        return sorted(self.reserve, key=lambda judge: (self.load[judge], judge))

    def _least_busy(self, entry: str, heap: list[tuple[int, float, str]], count: int, besides: Sequence[str] = ()) -> list[str]:
        taken: list[str] = []
        passed: list[tuple[int, float, str]] = []
        while heap and len(taken) < count:
            found = heappop(heap)
            if found[2] not in besides and self.may(found[2], entry):
                taken.append(found[2])
            else:
                passed.append(found)
        for found in passed:
            heappush(heap, found)
        return taken

    def _balance(self, plan: dict[str, list[str]]) -> None:
        """Move work from the busiest along cost-reducing paths while there are any."""
        entries_of: dict[str, set[str]] = {judge: set() for judge in self.judges}
        for entry, taken in plan.items():
            for judge in taken:
                if judge in entries_of:
                    entries_of[judge].add(entry)
        while path := self._path(plan, entries_of):
            for giver, entry, taker in path:
                plan[entry][plan[entry].index(giver)] = taker
                entries_of[giver].remove(entry)
                entries_of[taker].add(entry)
            self.load[path[0][0]] -= 1
            self.load[path[-1][2]] += 1

    def _path(self, plan: dict[str, list[str]], entries_of: dict[str, set[str]]) -> list[tuple[str, str, str]]:
        """Find moves (giver, entry, taker) from one of the busiest judges to one who has at least two fewer; empty where none is."""
        most = max(self.load[judge] for judge in self.judges)
        if most - min(self.load[judge] for judge in self.judges) < 2:  # noqa: PLR2004  # a difference of one is balance
            return []
        came: dict[str, tuple[str, str] | None] = {judge: None for judge in self.judges if self.load[judge] == most}
        waiting = deque(came)
        unseen = [judge for judge in self.judges if judge not in came]
        while waiting:
            giver = waiting.popleft()
            for entry in sorted(entries_of[giver]):
                reached = [judge for judge in unseen if judge not in plan[entry] and self.may(judge, entry)]
                for taker in reached:
                    came[taker] = (giver, entry)
                    if self.load[taker] <= most - 2:
                        return _moves(came, taker)
                    waiting.append(taker)
                unseen = [judge for judge in unseen if judge not in came] if reached else unseen
        return []


def _moves(came: Mapping[str, tuple[str, str] | None], taker: str) -> list[tuple[str, str, str]]:
    moves: list[tuple[str, str, str]] = []
    while step := came[taker]:
        moves.append((step[0], step[1], taker))
        taker = step[0]
    return moves[::-1]


def _islands(plan: Mapping[str, Sequence[str]]) -> int:
    parent: dict[str, str] = {}

    def root(judge: str) -> str:
        while (above := parent.setdefault(judge, judge)) != judge:
            parent[judge] = parent[above]
            judge = above
        return judge

    empty = 0
    for taken in plan.values():
        empty += not taken
        for judge in taken[1:]:
            parent[root(judge)] = root(taken[0])
        for judge in taken[:1]:
            root(judge)
    return empty + sum(1 for judge in parent if root(judge) == judge)


def _plan(entries: Sequence[str], plan: Mapping[str, Sequence[str]], judges: Sequence[str]) -> Plan:
    order = {judge: place for place, judge in enumerate(judges)}
    judges_of = tuple(tuple(sorted(plan[entry], key=order.__getitem__)) for entry in entries)
    load = Counter(judge for taken in judges_of for judge in taken)
    return Plan(judges_of, {judge: load[judge] for judge in judges})
