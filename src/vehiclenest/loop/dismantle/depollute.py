"""Depollution: everything hazardous leaves the vehicle first (2000/53/EC Annex I point 3; GB 22128)."""

from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.loop.records import Depollution, Vehicle

_YIELDS = Path(__file__).with_name("yields.toml")


def depollute(vehicle: Vehicle, site: Path | None = None) -> Depollution:
    """Return the record of a depollution that took out every hazardous fraction of the vehicle."""
    row = load_table(_YIELDS, site)["depollution"]
    return Depollution(
        reference=vehicle.reference,
        removed=vehicle.fractions,
        complete=True,
        minutes=row.number("minutes"),
        electricity_kwh=row.number("electricity"),
        unverified=row.unverified,
    )
