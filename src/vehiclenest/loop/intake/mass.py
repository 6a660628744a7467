"""Mass of a vehicle: weighed where it was, else the type's curb mass, else estimated from body, displacement and powertrain."""

from dataclasses import dataclass
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.quantities import Quantity
from vehiclenest.loop.intake.classify import VehicleClass
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.records import Basis

_TABLE = Path(__file__).with_name("masses.toml")


@dataclass(frozen=True, slots=True)
class VehicleMass:
    """`booked` stands in the ledger; `expected` is what the parts of the vehicle should sum to. Both in kg."""

    booked: Quantity
    expected: Quantity
    basis: Basis
    source: str
    unverified: tuple[str, ...]


def vehicle_mass(declared: Declared, vehicle: VehicleClass, site: Path | None = None) -> VehicleMass:
    """Return the mass of a vehicle with its standard uncertainty, basis and source.

    Raises
    ------
    InputError
        For a declared mass that no vehicle of that body can have.
    """
    table = load_table(_TABLE, site)
    estimate, names = estimated_mass(vehicle.body, vehicle.powertrain, declared.displacement_l, site)
    for name, value in (("weighed_mass_kg", declared.weighed_mass_kg), ("curb_mass_kg", declared.curb_mass_kg)):
        lowest, highest = (estimate.value * table["plausible"].number(bound) for bound in ("lowest", "highest"))
        if value is not None and not lowest <= value <= highest:
            raise InputError(
                f"{value:g} kg is no mass of a {vehicle.body} ({vehicle.category})",
                expected=f"{lowest:.0f} to {highest:.0f} kg",
                where=Where(field=name),
            )
    instruments = table["instruments"]
    weighed = (
        None if declared.weighed_mass_kg is None else Quantity(declared.weighed_mass_kg, "kg", instruments.number("weighbridge"))
    )
    curb = (
        None
        if declared.curb_mass_kg is None
        else Quantity(declared.curb_mass_kg, "kg", declared.curb_mass_kg * instruments.number("curb"))
    )
    if weighed:
        return VehicleMass(weighed, curb or weighed, "weighed", "weighbridge", instruments.unverified)
    if curb:
        return VehicleMass(curb, curb, "estimated", "curb mass of the type", instruments.unverified)
    return VehicleMass(estimate, estimate, "estimated", f"estimate for {vehicle.powertrain} {vehicle.body}", names)


def estimated_mass(
    body: str, powertrain: str, displacement_l: float | None, site: Path | None = None
) -> tuple[Quantity, tuple[str, ...]]:
    """Return the curb mass in kg that a body and powertrain usually have, and the names of unverified constants behind it."""
    table = load_table(_TABLE, site)
    row, factor = table[body], table[powertrain]
    if powertrain == "electric" and "electric" in row:
        value = row.number("electric")
        return Quantity(value, "kg", value * row.number("spread_electric")), row.unverified
    litres = displacement_l if displacement_l and powertrain != "electric" else None
    petrol = row.number("base") + (row.number("slope") * (litres - row.number("reference")) if litres else 0.0)
    value = max(petrol, 0.4 * row.number("base")) * factor.number("factor")
    spread = row.number("spread" if litres else "spread_blind")
    return Quantity(value, "kg", value * spread), row.unverified + factor.unverified
