"""Days worked one after the other, or side by side in processes of their own where there are many vehicles."""

import gc
import multiprocessing
import os
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice

from vehiclenest.ledger import Entry, entries_of
from vehiclenest.site.day import Base, Plan
from vehiclenest.site.pulse import BatteryTest
from vehiclenest.site.settings import Settings

_MANY = 5_000  # vehicles from which starting processes pays
_DAYS_AHEAD = 2  # days a process is given beyond the one that it works on


@dataclass(frozen=True, slots=True)
class Worked:
    """A day that was worked: entries for the book, and what its events sum to.

    `money` by purpose, `kwh` by carrier, `carbon_kg` by route, `batteries` by grade.
    """

    vehicles: int
    entries: list[Entry]
    unverified: tuple[str, ...]
    expected_reuse_kg: float
    money: dict[str, Decimal]
    kwh: dict[str, float]
    carbon_kg: dict[str, float]
    batteries: dict[str, int]


def work_day(plan: Plan, settings: Settings, recorded: datetime, battery_test: BatteryTest | None = None) -> Worked:
    """Take a day's vehicles through the base."""
    base = Base(settings, battery_test=battery_test)
    events = base.work(plan)
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    kwh: defaultdict[str, float] = defaultdict(float)
    carbon: defaultdict[str, float] = defaultdict(float)
    for event in events:
        for flow in event.money:
            money[flow.purpose] += flow.money.amount
        for energy in event.energy:
            kwh[energy.carrier] += energy.kwh
        for material in event.material:
            if material.carbon_kg is not None:
                carbon[material.route or ""] += material.carbon_kg
    return Worked(
        len(plan.incoming),
        entries_of(events, recorded),
        tuple(sorted(base.unverified)),
        base.expected_reuse_kg,
        dict(money),
        dict(kwh),
        dict(carbon),
        dict(base.batteries),
    )


class Crew(ExitStack):
    """Who works the days: this process, or others for many vehicles. A context manager; enter it before the ledger is held."""

    def __init__(self, vehicles: int) -> None:
        super().__init__()
        self._processes = (os.cpu_count() or 1) if vehicles >= _MANY else 0
        self._pool: ProcessPoolExecutor | None = None
        if self._processes:
            # A fresh interpreter: a forked one would share the database's connection.
            spawn = multiprocessing.get_context("spawn")
            # They look for garbage as seldom as this process does.
            pool = ProcessPoolExecutor(self._processes, spawn, gc.set_threshold, gc.get_threshold())
            self._pool = self.enter_context(pool)

    def work(
        self, plans: Iterable[Plan], settings: Settings, recorded: datetime, battery_test: BatteryTest | None = None
    ) -> Iterator[Worked]:
        """Yield the days in order."""
        if self._pool is None:
            for plan in plans:
                yield work_day(plan, settings, recorded, battery_test)
            return
        days = iter(plans)
        pool = self._pool
        running: deque[Future[Worked]] = deque()
        for plan in islice(days, self._processes * (1 + _DAYS_AHEAD)):
            running.append(pool.submit(work_day, plan, settings, recorded, battery_test))
        while running:
            worked = running.popleft().result()
            for plan in islice(days, 1):
                running.append(pool.submit(work_day, plan, settings, recorded, battery_test))
            yield worked
