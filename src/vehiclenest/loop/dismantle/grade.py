"""Grade of a part after the Automotive Recyclers Association: body by damage units, mechanical by mileage; a damaged zone downgrades.

A ≤ 1 unit, B ≤ 2, C more. Mechanical: A up to 60,000 miles or 15,000 miles a year, B above both, C above 200,000 miles. X is what fire,
flood or contamination reached, or what is damaged beyond use: it is never sold as a part.
"""

from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.loop.records import Grade, Vehicle

_YIELDS = Path(__file__).with_name("yields.toml")
_SPOILS: dict[str, frozenset[str]] = {
    "burn": frozenset({"body", "mechanical", "electrical", "interior", "catalyst", "tyre", "scrap"}),
    "flood": frozenset({"electrical", "interior"}),
    "contamination": frozenset({"interior"}),
}
_WORSE: dict[Grade, Grade] = {"A": "B", "B": "C", "C": "C", "X": "X"}


def grade(  # noqa: PLR0911  # each return is a rule of the grading
    kind: str, zones: tuple[str, ...], vehicle: Vehicle, site: Path | None = None
) -> tuple[Grade, str]:
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
    extent = f"{units:g} damage units" + (f" at {', '.join(dict.fromkeys(damage.zone for damage in here))}" if here else "")
    if units >= limits.number("destroyed"):
        return "X", extent
    if kind == "scrap":
        return "C", "taken for its material"
    if kind in {"body", "interior"}:
        return _by_units(units, limits), extent
    found, reason = _by_mileage(vehicle, limits)
    if any(damage.cause == "mechanical" for damage in here):
        return "C", f"mechanical damage; {reason}"
    if units > limits.number("damaged_zone"):
        return _WORSE[found], f"downgraded for {extent}; {reason}"
    return found, reason


def _by_units(units: float, limits: Row) -> Grade:
    if units <= limits.number("grade_a"):
        return "A"
    return "B" if units <= limits.number("grade_b") else "C"


def _by_mileage(vehicle: Vehicle, limits: Row) -> tuple[Grade, str]:
    if vehicle.mileage_km is None:
        return "B", "mileage unknown"
    mileage = round(vehicle.mileage_km, 3)  # to the metre, so that 15,000 miles a year are 15,000 whatever the division left
    years = max(vehicle.received_at.year - vehicle.year, 1)
    reason = f"{mileage:,.0f} km in {years} years"
    if mileage > limits.number("mileage_c"):
        return "C", reason
    low = mileage <= limits.number("mileage_a") or round(mileage / years, 3) <= limits.number("yearly_a")
    return ("A" if low else "B"), reason
