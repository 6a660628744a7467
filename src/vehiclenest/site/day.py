"""One run of the base: vehicles in; depolluted, dismantled, shredded and routed, day by day; events out."""

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


@dataclass(slots=True)
class Base:
    """The base during a run.

    `tanks` is what its tanks hold, by code and month; `unverified` gathers the constants that need saying; `expected_reuse_kg` is what
    of the parts handed to reuse is expected to find a buyer. `battery_test` tests traction batteries, where the base has such a test;
    `batteries` counts their grades.
    """

    settings: Settings
    serial: str
    tanks: dict[tuple[str, str], Tank]
    events: list[Event] = field(default_factory=list[Event])
    unverified: dict[str, None] = field(default_factory=dict[str, None])
    expected_reuse_kg: float = 0.0
    battery_test: BatteryTest | None = None
    batteries: Counter[str] = field(default_factory=Counter[str])
    _consignments: int = 0

    def work(self, incoming: Iterable[Incoming], progress: Progress) -> Iterator[list[Event]]:
        """Take vehicles through the base in the order they came; yield what happened, day by day."""
        days: defaultdict[date, list[Incoming]] = defaultdict(list)
        for item in incoming:
            days[item.vehicle.received_at.date()].append(item)
        total = sum(map(len, days.values()))
        done = 0
        costs = self._costs()
        for day in sorted(days):
            gathered = _Day()
            for item in sorted(days[day], key=lambda entry: (entry.vehicle.received_at, entry.vehicle.reference)):
                self._vehicle(item, gathered, costs)
                done += 1
                progress("vehicles", done, total)
            self._evening(day, gathered, costs)
            yield self.events
            self.events = []

    def _costs(self) -> Costs:
        book = open_book(self.settings.place, self.settings.folder)
        rows = {name: book.prices[name] for name in ("labour", "electricity", "purchase")}
        for row in (*rows.values(), *(self.settings.table[name] for name in self.settings.table)):
            self._note(row.unverified)
        return Costs(
            rows["labour"].number("hour"), rows["electricity"].number("kwh"), rows["purchase"].number("vehicle"), book.currency
        )

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
                key = (fraction.code, tank_month(vehicle.received_at))
                held = self.tanks.get(key, Tank({}, fraction.stream, vehicle.received_at))
                content, filled_at = merged(held.content, fraction.materials), max(held.filled_at, vehicle.received_at)
                self.tanks[key] = Tank(content, fraction.stream, filled_at)
                continue
            lot = fraction_lot(vehicle, fraction, self.settings)
            found = self._battery(vehicle, fraction, lot, depollution) if fraction.code == TRACTION_BATTERY else None
            decision = self._decide(Item(fraction.code, "fraction", fraction.materials, found))
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

    def _evening(self, day: date, gathered: _Day, costs: Costs) -> None:
        times = self.settings.table["times"]
        assert gathered.last is not None  # noqa: S101  # for the type checker: a day without vehicles is not worked
        shredding = gathered.last + timedelta(minutes=times.number("shredding_delay"))
        name = f"{day:%Y%m%d}-{self.serial}"
        campaign = shred(gathered.hulks.values(), self.settings.folder)
        self._note(campaign.unverified)
        self.events.append(shredded(gathered.hulks, campaign, name, shredding, self.settings, costs))
        for fraction in campaign.fractions:
            decision = self._decide(Item(fraction.code, "shredder", fraction.materials))
            lot = self.settings.material(fraction.code, name)
            gathered.consigned[decision.route].append(Consigned(lot, fraction.materials, decision, fraction.stream))
        self._empty_tanks(day, gathered)
        time = shredding + timedelta(minutes=times.number("shipping_delay"))
        notes = [InformationFlow(UNVERIFIED, constant) for constant in self.unverified]
        for route in sorted(gathered.consigned):
            lots = gathered.consigned[route]
            for start in range(0, len(lots), _LOTS_PER_CONSIGNMENT):
                self._consignments += 1
                serial = f"{self.serial}-{self._consignments}"
                self.events.append(shipped(lots[start : start + _LOTS_PER_CONSIGNMENT], serial, time, self.settings, notes))
                notes = []

    def _empty_tanks(self, day: date, gathered: _Day) -> None:
        """Ship a tank that is worth a lorry, and what an earlier month left; never, when days are caught up, what came in later."""
        for code, month in sorted(self.tanks):
            tank = self.tanks[code, month]
            waits = sum(tank.content.values()) < self.settings.table[code].number("pickup") and month >= f"{day:%Y%m}"
            if waits or tank.filled_at.date() > day:
                continue
            decision = self._decide(Item(code, "fraction", tank.content))
            gathered.consigned[decision.route].append(
                Consigned(self.settings.material(code, month), tank.content, decision, tank.stream)
            )
            del self.tanks[code, month]
