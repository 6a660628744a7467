"""Grade of a part after the Automotive Recyclers Association: body by damage units, mechanical by mileage; a damaged zone downgrades.

A ≤ 1 unit, B ≤ 2, C more. Mechanical: A up to 60,000 miles or 15,000 miles a year, B above both, C above 200,000 miles. X is what fire,
flood or contamination reached, or what is damaged beyond use: it is never sold as a part.
"""

from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.loop.records import Damage, Grade, Vehicle

_YIELDS = Path(__file__).with_name("yields.toml")
_SPOILS: dict[str, frozenset[str]] = {
    "burn": frozenset({"body", "mechanical", "electrical", "interior", "catalyst", "tyre", "scrap"}),
    "flood": frozenset({"electrical", "interior"}),
    "contamination": frozenset({"interior"}),
}
_WORSE: dict[Grade, Grade] = {"A": "B", "B": "C", "C": "C", "X": "X"}


def grade(kind: str, zones: tuple[str, ...], vehicle: Vehicle, site: Path | None = None) -> tuple[Grade, str]:
    """Return a part's grade and the reason for it.

    Parameters
    ----------
    kind
        body, mechanical, electrical, interior, catalyst, tyre, or scrap (never graded above C).
    zones
        Where the part sits in the vehicle.
    vehicle
        Its damage, mileage and age decide.
    site
        Folder of the site's own settings.
    """
    limits = load_table(_YIELDS, site)["grading"]
    here = [damage for damage in vehicle.damage if damage.zone in zones]
    for damage in here:
        if kind in _SPOILS.get(damage.cause, ()):
            return "X", f"{damage.cause} in {damage.zone}"
    units = sum(damage.units for damage in here)
    where = ", ".join(dict.fromkeys(damage.zone for damage in here))
    if units >= limits.number("destroyed"):
        return "X", f"{units:g} damage units at {where}"
    if kind == "scrap":
        return "C", "taken for its material"
    if kind in {"body", "interior"}:
        reason = f"{units:g} damage units" + (f" at {where}" if where else "")
        if units <= limits.number("grade_a"):
            return "A", reason
        return ("B" if units <= limits.number("grade_b") else "C"), reason
    found, reason = _by_mileage(vehicle, limits.number("mileage_a"), limits.number("yearly_a"), limits.number("mileage_c"))
    if any(damage.cause == "mechanical" for damage in here):
        return "C", f"mechanical damage; {reason}"
    if units > limits.number("damaged_zone"):
        return _worse(found), f"downgraded for {_units(here)} damage units at {where}; {reason}"
    return found, reason


def _units(damage: list[Damage]) -> str:
    return f"{sum(item.units for item in damage):g}"


def _worse(found: Grade) -> Grade:
    return _WORSE[found]


def _by_mileage(vehicle: Vehicle, mileage_a: float, yearly_a: float, mileage_c: float) -> tuple[Grade, str]:
    if vehicle.mileage_km is None:
        return "B", "mileage unknown"
    years = max(vehicle.received_at.year - vehicle.year, 1)
    reason = f"{vehicle.mileage_km:,.0f} km in {years} years"
    if vehicle.mileage_km > mileage_c:
        return "C", reason
    return ("A" if vehicle.mileage_km <= mileage_a or vehicle.mileage_km / years <= yearly_a else "B"), reason
