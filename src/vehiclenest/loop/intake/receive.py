"""A declared vehicle → a `Vehicle`: classified, with its mass, what it is made of and where it is damaged."""

from dataclasses import replace
from pathlib import Path

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.quantities import Quantity
from vehiclenest.loop.intake.classify import classify
from vehiclenest.loop.intake.composition import hazardous_fractions, structure
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.intake.mass import VehicleMass, vehicle_mass
from vehiclenest.loop.records import Damage, Fraction, Vehicle, scaled

COVERAGE = 2.0  # expanded uncertainty: about 95 % (JCGM 100:2008, 6.3.3)
_BURNT_OUT_ZONES = 4  # of 8; a fire that reached fewer may have left tank and lines whole


def receive(declared: Declared, site: Path | None = None) -> Vehicle:
    """Return the vehicle that a row declares.

    Raises
    ------
    InputError
        For what is no land vehicle, for a mass that cannot be, and where weighed and curb mass contradict each other by more than
        their instruments allow (then something is missing from the vehicle, or a figure is wrong).
    """
    vehicle = classify(declared, site)
    mass = vehicle_mass(declared, vehicle, site)
    fractions, fraction_names, fraction_flags = hazardous_fractions(
        vehicle, declared.year, mass.expected.value, declared.battery_code, site
    )
    if _burnt_out(declared.damage):
        mass, fractions = _after_fire(mass, fractions)
        fraction_flags += (
            "burnt out: fluids and air bags taken as consumed; burnt plastic and rubber are still counted as such",
        )
    difference = mass.booked.value - mass.expected.value
    allowed = COVERAGE * (mass.booked.uncertainty**2 + mass.expected.uncertainty**2) ** 0.5
    if abs(difference) > allowed:
        raise InputError(
            f"weighed {mass.booked.value:g} kg and curb mass {mass.expected.value:g} kg differ by {difference:+.0f} kg, beyond the "
            f"{allowed:.0f} kg that weighbridge and type mass allow",
            expected="weigh again, or leave curb_mass_kg empty where parts are missing from the vehicle",
            where=Where(field="weighed_mass_kg"),
        )
    hazardous = sum(fraction.mass_kg for fraction in fractions)
    light = mass.expected.value - hazardous
    if light <= 0:
        raise InputError(
            f"{mass.expected.value:g} kg is less than the fluids and batteries of a {vehicle.body}",
            expected=f"above {hazardous:.0f} kg",
            where=Where(field="weighed_mass_kg"),
        )
    substances, structure_names = structure(vehicle, light, site)
    exact = light / sum(substances.values())  # the table's shares sum to 1 only to its own decimals
    low, high = mass.booked.interval()
    return Vehicle(
        reference=declared.reference,
        vin=declared.vin,
        make=declared.make,
        model=declared.model,
        year=declared.year,
        category=vehicle.category,
        body=vehicle.body,
        powertrain=vehicle.powertrain,
        mass_kg=mass.booked.value,
        mass_basis=mass.basis,
        mass_uncertainty_kg=mass.booked.uncertainty,
        mass_interval_kg=(max(low, 0.0), high),
        mass_source=mass.source,
        expected_mass_kg=mass.expected.value,
        expected_uncertainty_kg=mass.expected.uncertainty,
        structure=scaled(substances, exact),
        fractions=fractions,
        damage=declared.damage,
        mileage_km=declared.mileage_km,
        battery_code=declared.battery_code,
        received_at=declared.received_at,
        place_of_origin=declared.place_of_origin,
        flags=(*declared.flags, *vehicle.flags, *fraction_flags),
        unverified=tuple(dict.fromkeys((*declared.unverified, *mass.unverified, *fraction_names, *structure_names))),
    )


def _burnt_out(damage: tuple[Damage, ...]) -> bool:
    return len({item.zone for item in damage if item.cause == "burn"}) >= _BURNT_OUT_ZONES


def _after_fire(mass: VehicleMass, fractions: tuple[Fraction, ...]) -> tuple[VehicleMass, tuple[Fraction, ...]]:
    """Return what a fire left: fluids and air bags are gone, from an estimated mass too; a weighbridge weighed without them."""
    left = tuple(fraction for fraction in fractions if not (fraction.bulk or fraction.name == "air_bags"))
    lost = sum(fraction.mass_kg for fraction in fractions) - sum(fraction.mass_kg for fraction in left)
    if mass.basis == "estimated":
        mass = replace(mass, booked=_less(mass.booked, lost), expected=_less(mass.expected, lost))
    elif mass.expected is not mass.booked:  # weighed, and compared with the type's curb mass
        mass = replace(mass, expected=_less(mass.expected, lost))
    return mass, left


def _less(mass: Quantity, lost: float) -> Quantity:
    return Quantity(mass.value - lost, mass.unit, mass.uncertainty)
