"""A day at the base: vehicles in; depolluted, dismantled, shredded and routed; events out.

Days depend on each other only through the tanks, which are planned beforehand: so they can be worked side by side.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from vehiclenest.ledger import UNVERIFIED, Event, InformationFlow
from vehiclenest.loop.dismantle import depollute, dismantle, grade, shred
from vehiclenest.loop.intake import family_of
from vehiclenest.loop.records import (
    TRACTION_BATTERY,
    Composition,
    Decision,
    Depollution,
    Fraction,
    Grade,
    Item,
    Route,
    Stream,
    Vehicle,
    merged,
)
from vehiclenest.loop.route import decide, open_book
from vehiclenest.site.battery import battery_tested
from vehiclenest.site.events import (
    HULK,
    Consigned,
    Costs,
    costs_of,
    depolluted,
    dismantled,
    fraction_lot,
    received,
    shipped,
    shredded,
    tank_month,
)
from vehiclenest.site.pulse import BatteryTest
from vehiclenest.site.settings import Settings

_LOTS_PER_CONSIGNMENT = 500
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A vehicle with the row that declared it."""

    vehicle: Vehicle
    file: str
    line: int


@dataclass(slots=True)
class _Day:
    """What a day gathers until its evening."""

    hulks: dict[str, Composition] = field(default_factory=dict[str, Composition])
    consigned: defaultdict[str, list[Consigned]] = field(default_factory=lambda: defaultdict(list))
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tank:
    """Content of a tank and the time of its last filling."""

    content: Composition
    stream: Stream
    filled_at: datetime


TankKey = tuple[str, str]  # code of the fraction, month


@dataclass(frozen=True, slots=True)
class Plan:
    """A day's work: vehicles in the order they came, the tanks that leave in the evening, and what its lots and papers are numbered by."""

    day: date
    incoming: tuple[Incoming, ...]
    leaving: dict[TankKey, Tank]
    run: str
    number: int


def plan(incoming: Iterable[Incoming], tanks: dict[TankKey, Tank], settings: Settings, run: str) -> Iterator[Plan]:
    """Yield the days of a run in order.

    Parameters
    ----------
    incoming
        Vehicles in any order.
    tanks
        What tanks hold before; they are filled and emptied as the days are planned.
    settings
        Says when a tank is worth a lorry.
    run
        What tells this run's lots and papers from another's.
    """
    days: defaultdict[date, list[Incoming]] = defaultdict(list)
    for item in incoming:
        days[item.vehicle.received_at.date()].append(item)
    for number, day in enumerate(sorted(days)):
        vehicles = sorted(days.pop(day), key=lambda item: (item.vehicle.received_at, item.vehicle.reference))
        for item in vehicles:
            _fill(tanks, item.vehicle)
        yield Plan(day, tuple(vehicles), _leaving(tanks, day, settings), run, number)


def _fill(tanks: dict[TankKey, Tank], vehicle: Vehicle) -> None:
    month = tank_month(vehicle.received_at)
    for fraction in vehicle.fractions:
        if fraction.bulk:
            held = tanks.get((fraction.code, month), Tank({}, fraction.stream, vehicle.received_at))
            content, filled_at = merged(held.content, fraction.materials), max(held.filled_at, vehicle.received_at)
            tanks[fraction.code, month] = Tank(content, fraction.stream, filled_at)


def _leaving(tanks: dict[TankKey, Tank], day: date, settings: Settings) -> dict[TankKey, Tank]:
    """Take out tanks that are worth a lorry, and what an earlier month left; never, when days are caught up, what came in later."""
    leaving: dict[TankKey, Tank] = {}
    for code, month in sorted(tanks):
        tank = tanks[code, month]
        waits = sum(tank.content.values()) < settings.table[code].number("pickup") and month >= f"{day:%Y%m}"
        if not waits and tank.filled_at.date() <= day:
            leaving[code, month] = tanks.pop((code, month))
    return leaving


@dataclass(slots=True)
class Base:
    """The base during a day.

    `tanks` is what its tanks hold, by code and month; `unverified` gathers the constants that need saying; `expected_reuse_kg` is what
    of the parts handed to reuse is expected to find a buyer. `battery_test` tests traction batteries, where the base has such a test;
    `batteries` counts their grades.
    """

    settings: Settings
    events: list[Event] = field(default_factory=list[Event])
    unverified: dict[str, None] = field(default_factory=dict[str, None])
    expected_reuse_kg: float = 0.0
    battery_test: BatteryTest | None = None
    batteries: Counter[str] = field(default_factory=Counter[str])

    def work(self, plan: Plan) -> list[Event]:
        """Take a day's vehicles through the base; return what happened."""
        costs = self._costs()
        gathered = _Day()
        for item in plan.incoming:
            self._vehicle(item, gathered, costs)
        self._evening(plan, gathered, costs)
        return self.events

    def _costs(self) -> Costs:
        prices = open_book(self.settings.place, self.settings.folder).prices
        rows = [prices[name] for name in ("labour", "electricity", "purchase")]
        for row in (*rows, *(self.settings.table[name] for name in self.settings.table)):
            self._note(row.unverified)
        return costs_of(self.settings)

    def _note(self, names: Iterable[str]) -> None:
        self.unverified.update(dict.fromkeys(names))

    def _decide(self, item: Item) -> Decision:
        decision = decide(item, self.settings.place, self.settings.folder)
        self._note(decision.unverified)
        return decision

    def _vehicle(self, item: Incoming, day: _Day, costs: Costs) -> None:
        vehicle, settings = item.vehicle, self.settings
        depollution = depollute(vehicle, settings.folder)
        teardown = dismantle(vehicle, depollution, family_of(vehicle.body), settings.folder)
        for record in (vehicle, depollution, teardown):
            self._note(record.unverified)
        torn_down = dismantled(vehicle, teardown, settings, costs)
        self.events += [
            *received(vehicle, f"{item.file[-200:]} line {item.line}", settings, costs),
            *depolluted(vehicle, depollution, settings, costs),
            torn_down,
        ]
        day.last = max(day.last or torn_down.time, torn_down.time)
        self._fractions(vehicle, depollution, day)
        for part in teardown.components:
            decision = self._decide(Item(part.code, "component", part.materials, part.grade, part.assembly))
            if decision.route is Route.REUSE:
                self.expected_reuse_kg += part.mass_kg * decision.expected_share
            lot = settings.thing(f"{vehicle.reference}-{part.code}")
            day.consigned[decision.route].append(Consigned(lot, part.materials, decision, part.stream))
        day.hulks[settings.thing(f"{vehicle.reference}-{HULK}")] = teardown.hulk

    def _fractions(self, vehicle: Vehicle, depollution: Depollution, day: _Day) -> None:
        for fraction in depollution.removed:
            if fraction.bulk:
                continue
            lot = fraction_lot(vehicle, fraction, self.settings)
            found = self._battery(vehicle, fraction, lot, depollution) if fraction.code == TRACTION_BATTERY else None
            decision = self._decide(Item(fraction.code, "fraction", fraction.materials, found))
            if decision.route in self.settings.own_routes:
                continue
            day.consigned[decision.route].append(Consigned(lot, fraction.materials, decision, fraction.stream))

    def _battery(self, vehicle: Vehicle, battery: Fraction, lot: str, depollution: Depollution) -> Grade:
        """Return the grade of a traction battery: by damage and mileage, and where it is sound by its test."""
        found = grade("electrical", ("underbody",), vehicle, self.settings.folder)[0]
        tested = (
            self.battery_test(vehicle, battery.materials, self.settings.folder) if self.battery_test and found != "X" else None
        )
        if tested is None:
            return found
        self._note(tested.unverified)
        self.batteries[tested.grade] += 1
        self.events.append(battery_tested(vehicle, lot, tested, depollution, self.settings))
        return tested.part_grade

    def _evening(self, plan: Plan, gathered: _Day, costs: Costs) -> None:
        times = self.settings.table["times"]
        assert gathered.last is not None  # noqa: S101  # for the type checker: a day without vehicles is not planned
        shredding = gathered.last + timedelta(minutes=times.number("shredding_delay"))
        name = f"{plan.day:%Y%m%d}-{plan.run}"
        campaign = shred(gathered.hulks.values(), self.settings.folder)
        self._note(campaign.unverified)
        self.events.append(shredded(gathered.hulks, campaign, name, shredding, self.settings, costs))
        for fraction in campaign.fractions:
            self._consign(gathered, Item(fraction.code, "shredder", fraction.materials), name, fraction.stream)
        for (code, month), tank in plan.leaving.items():
            self._consign(gathered, Item(code, "fraction", tank.content), month, tank.stream)
        time = shredding + timedelta(minutes=times.number("shipping_delay"))
        notes = [InformationFlow(UNVERIFIED, constant) for constant in sorted(self.unverified)]
        consignments = 0
        for route in sorted(gathered.consigned):
            lots = gathered.consigned[route]
            for start in range(0, len(lots), _LOTS_PER_CONSIGNMENT):
                consignments += 1
                serial = f"{plan.run}-{plan.number}-{consignments}"
                self.events.append(shipped(lots[start : start + _LOTS_PER_CONSIGNMENT], serial, time, self.settings, notes))
                notes = []

    def _consign(self, gathered: _Day, item: Item, lot: str, stream: Stream) -> None:
        decision = self._decide(item)
        gathered.consigned[decision.route].append(
            Consigned(self.settings.material(item.code, lot), item.materials, decision, stream)
        )
