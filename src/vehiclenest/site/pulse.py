"""A simulated pulse test for batteries that nobody measured: the demo's. Never used on real lots.

Age and distance give a SOH, the compact model of the battery room gives the response of such a cell, and the room then grades this
response as it would grade a measured one.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.loop.battery.compact import estimate, load_compact, simulated_response
from vehiclenest.loop.battery.disposition import grade_table, graded
from vehiclenest.loop.records import Composition, Grade, Vehicle

_TABLE = Path(__file__).with_name("pulse.toml")
_TYPES = (("phosphate", "LFP 35 Ah"), ("nickel", "NMC 2.1 Ah"))  # the learnt type whose cells stand for a chemistry
_LITHIUM = "lithium"
_PART_GRADES: dict[str, Grade] = {"A": "A", "B": "B", "C": "C", "D": "C", "E": "X"}


@dataclass(frozen=True, slots=True)
class TestedBattery:
    """A traction battery after its test: SOH in percent, the room's grade, and the grade that routing knows."""

    soh: float
    soh_low: float
    soh_high: float
    grade: str
    disposition: str
    reason: str
    part_grade: Grade
    minutes: float
    unverified: tuple[str, ...]


BatteryTest = Callable[[Vehicle, Composition, Path | None], TestedBattery | None]


def simulated_pulse_test(vehicle: Vehicle, materials: Composition, site: Path | None = None) -> TestedBattery | None:
    """Return the outcome of a simulated test of a vehicle's traction battery; None for a chemistry that was never learnt."""
    name = next((name for marker, name in _TYPES if marker in materials), None)
    if name is None or _LITHIUM not in materials:
        return None
    row = load_table(_TABLE, site)["simulated"]
    found = load_compact().types[name]
    years = max(vehicle.received_at.year - vehicle.year, 0)
    chance = random.Random(vehicle.reference).gauss(0.0, row.number("spread"))  # noqa: S311  # a simulation, no secret
    health = 100.0 - row.number("yearly_loss") * years - row.number("distance_loss") * (vehicle.mileage_km or 0.0) + chance
    soh, low, high = estimate(found, simulated_response(found, health, vehicle.reference), found.test_soc)
    table = grade_table(site)
    grade, disposition, reason = graded(table, soh, low)
    unverified = (*row.unverified, *(name for grade_row in table.values() for name in grade_row.unverified))
    reason = f"simulated pulse test: {reason}"
    return TestedBattery(soh, low, high, grade, disposition, reason, _PART_GRADES[grade], row.number("minutes"), unverified)
