"""A declared vehicle → a `Vehicle`: classified, with its mass, what it is made of and where it is damaged."""

from pathlib import Path

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.intake.classify import classify
from vehiclenest.loop.intake.composition import hazardous_fractions, structure
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.intake.mass import vehicle_mass
from vehiclenest.loop.records import Vehicle, scaled

COVERAGE = 2.0  # expanded uncertainty: about 95 % (JCGM 100:2008, 6.3.3)


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
    difference = mass.booked.value - mass.expected.value
    allowed = COVERAGE * (mass.booked.uncertainty**2 + mass.expected.uncertainty**2) ** 0.5
    if abs(difference) > allowed:
        raise InputError(
            f"weighed {mass.booked.value:g} kg and curb mass {mass.expected.value:g} kg differ by {difference:+.0f} kg, beyond the "
            f"{allowed:.0f} kg that weighbridge and type mass allow",
            expected="weigh again, or leave curb_mass_kg empty where parts are missing from the vehicle",
            where=Where(field="weighed_mass_kg"),
        )
    fractions, fraction_names, fraction_flags = hazardous_fractions(
        vehicle, declared.year, mass.expected.value, declared.battery_code, site
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
