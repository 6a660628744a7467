"""`vnest run`: files of vehicles in, a day's (or many days') work in the ledger, and its result.

Every row ends in one of two places: its vehicle is in the ledger, or it stands among the rejected with line, field and reason.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

from vehiclenest.disclosure import Rates, in_scope, recovery_rates
from vehiclenest.ledger import Ledger, Stock
from vehiclenest.ledger.balance import Span, VehicleFate, largest_closure_error, vehicle_fates
from vehiclenest.ledger.columns import LivePiece, columns_folder, open_columns
from vehiclenest.loop.records import Route, Stream
from vehiclenest.loop.route import open_book
from vehiclenest.site.day import Progress, Tank, plan
from vehiclenest.site.pulse import BatteryTest
from vehiclenest.site.reading import Reading, Rejected, drop_known, read_files
from vehiclenest.site.settings import Settings
from vehiclenest.site.work import Crew, Worked

_ROUTES = tuple(route.value for route in Route)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did. Masses in kg, rates as fractions, money as exact decimals in `currency`, carbon in kg CO2e (negative: avoided).

    `mass_by_route_kg` is what was delivered to each route. Of the parts delivered to reuse `expected_reuse_kg` are expected to find a
    buyer; money and carbon count that chance. `mass_in_kg` is the sum of `mass_by_route_kg`, `stock_kg`, `lost_kg` and `unaccounted_kg`.
    `batteries` counts tested traction batteries by grade.
    """

    rows_read: int
    vehicles: list[VehicleFate]
    rejected: list[Rejected]
    mass_in_kg: float
    mass_by_route_kg: dict[str, float]
    expected_reuse_kg: float
    stock_kg: float
    lost_kg: float
    unaccounted_kg: float
    max_closure_error: float
    rates: Rates
    rates_all: Rates
    money: dict[str, str]
    carbon_kg: float
    carbon_by_source_kg: dict[str, float]
    energy_kwh: dict[str, float]
    estimated_mass_share: float
    events: int
    seconds: float
    unverified: list[str]
    batteries: dict[str, int] = field(default_factory=dict[str, int])

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data, for JSON."""
        return {
            "rows_read": self.rows_read,
            "processed": len(self.vehicles),
            "rejected": len(self.rejected),
            "mass_in_kg": self.mass_in_kg,
            "mass_by_route_kg": self.mass_by_route_kg,
            "expected_reuse_kg": self.expected_reuse_kg,
            "stock_kg": self.stock_kg,
            "lost_kg": self.lost_kg,
            "unaccounted_kg": self.unaccounted_kg,
            "max_closure_error": self.max_closure_error,
            "estimated_mass_share": self.estimated_mass_share,
            "recycling_rate": self.rates.recycling_rate,
            "recovery_rate": self.rates.recovery_rate,
            "recycling_verdict": self.rates.recycling_verdict.value,
            "recovery_verdict": self.rates.recovery_verdict.value,
            "rates": {
                "scope": "vehicles of the categories that 2000/53/EC covers",
                "vehicles": self.rates.vehicles,
                "weight_without_fuel_kg": self.rates.weight_kg,
                "all_vehicles_recycling_rate": self.rates_all.recycling_rate,
                "all_vehicles_recovery_rate": self.rates_all.recovery_rate,
            },
            "money": self.money,
            "carbon_kg": self.carbon_kg,
            "carbon_by_source_kg": self.carbon_by_source_kg,
            "energy_kwh": self.energy_kwh,
            "batteries": self.batteries,
            "events": self.events,
            "seconds": self.seconds,
            "unverified": self.unverified,
        }


Deliver = Callable[[Result, Iterator[bytes], Sequence[Stock]], None]


def run(
    files: Sequence[Path],
    ledger: Ledger,
    settings: Settings,
    now: datetime,
    progress: Progress,
    deliver: Deliver | None = None,
    battery_test: BatteryTest | None = None,
) -> Result:
    """Take the vehicles of files through the base and into the ledger.

    Parameters
    ----------
    files
        Salvage-lot lists or manifests.
    ledger
        Everything of this run is captured in one transaction, and nobody else writes meanwhile: all of it is booked or nothing.
    settings
        Place, the site's own figures, identity.
    now
        When vehicles came in whose rows do not say.
    progress
        Called with stage, done and total.
    deliver
        Called with the result, the events of the run and what tanks held before, when all is captured and not yet committed: if
        the files cannot be written, nothing is booked.
    battery_test
        Tests traction batteries; without one they are graded by damage and mileage alone.
    """
    started = perf_counter()
    reading = read_files(files, settings, now, progress)
    with Crew(len(reading.incoming)) as crew, ledger.writing() as book:
        drop_known(reading, book, settings)
        first = book.size() + 1
        opening = book.stock("tank")
        totals = _Totals()
        total = len(reading.incoming)
        days = plan(reading.release(), _tanks(opening), settings, str(first))
        with LivePiece(first) as live:
            for worked in crew.work(days, settings, now, battery_test):
                totals.add(worked, book.enter(worked.entries, live.add).stored)
                progress("vehicles", totals.vehicles, total)
            crew.close()  # what its processes hold is needed for the columns
            with open_columns(
                book.connection, columns_folder(ledger.url), committed=False, names=live.names, live=live, progress=progress
            ) as columns:
                span = Span(first_event=first)
                vehicles = vehicle_fates(columns, span)
                worst = largest_closure_error(columns, span)
        result = _result(reading, vehicles, settings, totals, worst, started)
        if deliver:
            deliver(result, book.bodies(first), opening)
    return result


@dataclass(slots=True)
class _Totals:
    """What the days of a run sum to."""

    events: int = 0
    vehicles: int = 0
    expected_reuse_kg: float = 0.0
    unverified: dict[str, None] = field(default_factory=dict[str, None])
    money: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    kwh: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    carbon: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    batteries: Counter[str] = field(default_factory=Counter[str])

    def add(self, day: Worked, stored: int) -> None:
        """Add a day."""
        self.events += stored
        self.vehicles += day.vehicles
        self.expected_reuse_kg += day.expected_reuse_kg
        self.unverified.update(dict.fromkeys(day.unverified))
        self.batteries.update(day.batteries)
        for purpose, amount in day.money.items():
            self.money[purpose] += amount
        for sums, of_day in ((self.kwh, day.kwh), (self.carbon, day.carbon_kg)):
            for key, value in of_day.items():
                sums[key] += value


def _tanks(opening: Sequence[Stock]) -> dict[tuple[str, str], Tank]:
    return {
        (held.attributes["code"], held.attributes["month"]): Tank(held.materials, Stream(held.stream), held.last_gain)
        for held in opening
    }


def _result(
    reading: Reading, vehicles: list[VehicleFate], settings: Settings, totals: _Totals, worst: float, started: float
) -> Result:
    ends: defaultdict[str, float] = defaultdict(float)
    for fate in vehicles:
        worst = max(worst, abs(sum(fate.shares.values()) - 1.0))
        for (end, _), share in fate.shares.items():
            ends[end] += share * fate.mass_kg
    mass_in = sum(fate.mass_kg for fate in vehicles)
    book = open_book(settings.place, settings.folder)
    carbon = dict(totals.carbon)
    if totals.kwh:
        carbon["electricity"] = totals.kwh["electricity"] * book.carbon["grid"].number("electricity")
    net = sum(totals.money.values(), Decimal(0))
    return Result(
        rows_read=reading.rows,
        vehicles=vehicles,
        rejected=sorted(reading.rejected, key=lambda row: (row.file, row.line or 0)),
        mass_in_kg=mass_in,
        mass_by_route_kg={route: ends[route] for route in _ROUTES if route in ends},
        expected_reuse_kg=totals.expected_reuse_kg,
        stock_kg=ends["stock"],
        lost_kg=ends["lost"],
        unaccounted_kg=ends["unaccounted"],
        max_closure_error=worst,
        rates=recovery_rates(fate for fate in vehicles if in_scope(fate)),
        rates_all=recovery_rates(vehicles),
        money={"currency": book.currency, "net": str(net), **{name: str(amount) for name, amount in totals.money.items()}},
        carbon_kg=sum(carbon.values()),
        carbon_by_source_kg=carbon,
        energy_kwh=dict(totals.kwh),
        estimated_mass_share=reading.estimated_kg / mass_in if mass_in else 0.0,
        batteries=dict(sorted(totals.batteries.items())),
        events=totals.events,
        seconds=perf_counter() - started,
        unverified=sorted(totals.unverified),
    )
