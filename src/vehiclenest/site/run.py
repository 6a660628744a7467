"""`vnest run`: files of vehicles in, a day's (or many days') work in the ledger, and its result.

Every row ends in one of two places: its vehicle is in the ledger, or it stands among the rejected with line, field and reason.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

from vehiclenest.disclosure import Rates, in_scope, recovery_rates
from vehiclenest.ledger import Ledger, VehicleFate, largest_closure_error, vehicle_fates
from vehiclenest.loop.records import Composition, Route, Stream
from vehiclenest.loop.route import open_book
from vehiclenest.site.day import Base, Progress
from vehiclenest.site.reading import Rejected, drop_known, read_files
from vehiclenest.site.settings import Settings

_ROUTES = tuple(route.value for route in Route)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did. Masses in kg, rates as fractions, money as exact decimals in `currency`, carbon in kg CO2e (negative: avoided).

    `mass_in_kg` is the sum of `mass_by_route_kg`, `stock_kg`, `lost_kg` and `unaccounted_kg`.
    """

    rows_read: int
    vehicles: list[VehicleFate]
    rejected: list[Rejected]
    mass_in_kg: float
    mass_by_route_kg: dict[str, float]
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

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data, for JSON."""
        return {
            "rows_read": self.rows_read,
            "processed": len(self.vehicles),
            "rejected": len(self.rejected),
            "mass_in_kg": self.mass_in_kg,
            "mass_by_route_kg": self.mass_by_route_kg,
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
            "events": self.events,
            "seconds": self.seconds,
            "unverified": self.unverified,
        }


def run(files: Sequence[Path], ledger: Ledger, settings: Settings, now: datetime, progress: Progress) -> Result:
    """Take the vehicles of files through the base and into the ledger.

    Parameters
    ----------
    files
        Salvage-lot lists or manifests.
    ledger
        Everything of this run is captured in one transaction: all of it or nothing.
    settings
        Place, the site's own figures, identity.
    now
        When vehicles came in whose rows do not say.
    progress
        Called with stage, done and total.
    """
    started = perf_counter()
    reading = read_files(files, settings, now, progress)
    drop_known(reading, ledger, settings)
    base = Base(settings, str(ledger.size() + 1), _tanks(ledger))
    base.work(reading.incoming, progress)
    progress("events", 0, len(base.events))
    captured = ledger.capture(base.events)
    progress("events", len(base.events), len(base.events))
    names = {item.vehicle.reference for item in reading.incoming}
    fates = [fate for fate in vehicle_fates(ledger) if fate.reference in names] if names else []
    estimated = sum(item.vehicle.mass_kg for item in reading.incoming if item.vehicle.mass_basis == "estimated")
    rejected = sorted(reading.rejected, key=lambda row: (row.file, row.line or 0))
    return _result(reading.rows, fates, rejected, base, ledger, estimated, captured.stored, perf_counter() - started)


def _tanks(ledger: Ledger) -> dict[tuple[str, str], tuple[Composition, Stream]]:
    streams = {"FUE": Stream.FUEL, "FIL": Stream.OIL_FILTERS}
    return {
        (held.attributes["code"], held.attributes["month"]): (
            held.materials,
            streams.get(held.attributes["code"], Stream.LIQUIDS),
        )
        for held in ledger.stock("tank")
    }


def _result(
    rows: int,
    fates: list[VehicleFate],
    rejected: list[Rejected],
    base: Base,
    ledger: Ledger,
    estimated_kg: float,
    events: int,
    seconds: float,
) -> Result:
    ends: defaultdict[str, float] = defaultdict(float)
    worst = largest_closure_error(ledger)
    for fate in fates:
        worst = max(worst, abs(sum(fate.shares.values()) - 1.0))
        for (end, _), share in fate.shares.items():
            ends[end] += share * fate.mass_kg
    mass_in = sum(fate.mass_kg for fate in fates)
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    kwh: defaultdict[str, float] = defaultdict(float)
    carbon: defaultdict[str, float] = defaultdict(float)
    book = open_book(base.settings.place, base.settings.folder)
    for event in base.events:
        for flow in event.money:
            money[flow.purpose] += flow.money.amount
        for energy in event.energy:
            kwh[energy.carrier] += energy.kwh
        for material in event.material:
            if material.carbon_kg is not None:
                carbon[material.route or ""] += material.carbon_kg
    if kwh:
        carbon["electricity"] = kwh["electricity"] * book.carbon["grid"].number("electricity")
    return Result(
        rows_read=rows,
        vehicles=fates,
        rejected=rejected,
        mass_in_kg=mass_in,
        mass_by_route_kg={route: ends[route] for route in _ROUTES if route in ends},
        stock_kg=ends["stock"],
        lost_kg=ends["lost"],
        unaccounted_kg=ends["unaccounted"],
        max_closure_error=worst,
        rates=recovery_rates(fate for fate in fates if in_scope(fate)),
        rates_all=recovery_rates(fates),
        money={
            "currency": book.currency,
            "net": str(sum(money.values(), Decimal(0))),
            **{name: str(amount) for name, amount in money.items()},
        },
        carbon_kg=sum(carbon.values()),
        carbon_by_source_kg=dict(carbon),
        energy_kwh=dict(kwh),
        estimated_mass_share=estimated_kg / mass_in if mass_in else 0.0,
        events=events,
        seconds=seconds,
        unverified=list(base.unverified),
    )
