"""What a vehicle consists of: hazardous fractions by powertrain, and the structure that is left by substance."""

from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.identifiers import parse_battery_code
from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop.intake.classify import VehicleClass
from vehiclenest.loop.records import Composition, Fraction, Powertrain, Stream, scaled

_FRACTIONS = Path(__file__).with_name("fractions.toml")
_STRUCTURE = Path(__file__).with_name("composition.toml")
_FAMILIES = {
    "motorcycle": "motorcycle", "atv": "motorcycle", "side_by_side": "motorcycle",
    "trailer": "trailer", "truck": "heavy", "tractor": "heavy", "bus": "heavy",
}  # fmt: skip
_CHEMISTRIES = {"A": "chemistry_nickel_metal_hydride", "B": "chemistry_iron_phosphate", "E": "chemistry_ternary"}


def family_of(body: str) -> str:
    """Return which family of composition and teardown a body belongs to: car, heavy, motorcycle or trailer."""
    return _FAMILIES.get(body, "car")


def hazardous_fractions(
    vehicle: VehicleClass, year: int, mass_kg: float, battery_code: str | None, site: Path | None = None
) -> tuple[tuple[Fraction, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the hazardous fractions of a vehicle, the unverified constants behind them, and what was assumed."""
    fractions, names = _by_table(family_of(vehicle.body), vehicle.powertrain, year, site)
    row = load_table(_FRACTIONS, site)["traction_battery"]
    share = row.number(vehicle.powertrain) if vehicle.powertrain in row else 0.0
    if not share:
        flags = (f"battery code given, but {vehicle.powertrain} has no traction battery: not used",) if battery_code else ()
        return fractions, names, flags
    letter = parse_battery_code(battery_code).chemistry if battery_code else ""
    flags = ()
    chemistry = _CHEMISTRIES.get(letter)
    if chemistry is None:
        nickel = vehicle.powertrain is Powertrain.HYBRID and year <= row.number("nickel_until")
        chemistry = "chemistry_nickel_metal_hydride" if nickel else "chemistry_ternary"
        flags = (f"traction battery taken as {chemistry.removeprefix('chemistry_')}",)
    cells = load_table(_FRACTIONS, site)[chemistry]
    return (
        (*fractions, _fraction("traction_battery", row, mass_kg * share, cells)),
        names + row.unverified + cells.unverified,
        flags,
    )


@lru_cache(maxsize=4096)
def _by_table(family: str, powertrain: Powertrain, year: int, site: Path | None) -> tuple[tuple[Fraction, ...], tuple[str, ...]]:
    found: list[Fraction] = []
    names: list[str] = []
    for name, row in load_table(_FRACTIONS, site).items():
        if powertrain not in row.words("powertrains") or family not in row or year < row.number("from_year", 0.0):
            continue
        found.append(_fraction(name, row, row.number(family), row))
        names += row.unverified
    return tuple(found), tuple(names)


def _fraction(name: str, row: Row, mass_kg: float, materials: Row) -> Fraction:
    split = {material: materials.number(material) * mass_kg for material in MATERIALS if material in materials}
    return Fraction(row.text("code"), name, Stream(row.text("stream")), row.flag("bulk"), split, row.text("treatment"))


def structure(vehicle: VehicleClass, mass_kg: float, site: Path | None = None) -> tuple[Composition, tuple[str, ...]]:
    """Return the substances of `mass_kg` of structure, and the unverified constants behind them."""
    family = family_of(vehicle.body)
    if family != "trailer":
        family += "_electric" if vehicle.powertrain is Powertrain.ELECTRIC else "_combustion"
    row = load_table(_STRUCTURE, site)[family]
    return scaled({material: row.number(material) for material in row}, mass_kg), row.unverified
