"""Dismantling: a depolluted vehicle → graded components and the hulk that is left."""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import ConflictError, SettingsError, Where
from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop.dismantle.grade import grade
from vehiclenest.loop.records import Component, Composition, Depollution, Stream, Teardown, Vehicle

_COMPONENTS = Path(__file__).with_name("components.toml")
_YIELDS = Path(__file__).with_name("yields.toml")


@dataclass(frozen=True, slots=True)
class _Part:
    """A row of the component table, ready for use: kg of each substance per kg of structure."""

    code: str
    name: str
    stream: Stream
    kind: str
    zones: tuple[str, ...]
    assembly: str
    split: tuple[tuple[str, float], ...]
    minutes: float
    unverified: tuple[str, ...]


def dismantle(vehicle: Vehicle, depollution: Depollution, family: str, site: Path | None = None) -> Teardown:
    """Take a depolluted vehicle apart.

    Parameters
    ----------
    vehicle
        As received.
    depollution
        The record of its depollution: without a complete one nothing is dismantled (2000/53/EC Annex I; GB 22128).
    family
        car, heavy, motorcycle or trailer.
    site
        Folder of the site's own settings.

    Raises
    ------
    ConflictError
        Where the depollution is another vehicle's or not complete.
    SettingsError
        Where a part of the table is not fully described, or the parts hold more of a substance than the vehicle has.
    """
    if depollution.reference != vehicle.reference or not depollution.complete:
        raise ConflictError(
            f"{vehicle.reference} is not depolluted",
            expected="a complete depollution of this very vehicle before it is dismantled",
        )
    structure_kg = sum(vehicle.structure.values())
    hulk = dict(vehicle.structure)
    components: list[Component] = []
    parts = _parts(family, vehicle.powertrain, vehicle.body, site)
    for part in parts:
        materials: dict[str, float] = {}
        for material, share in part.split:
            mass = share * structure_kg
            materials[material] = mass
            hulk[material] = hulk.get(material, 0.0) - mass
        found, reason = grade(part.kind, part.zones, vehicle, site)
        components.append(Component(part.code, part.name, part.stream, part.assembly, materials, found, reason, part.unverified))
    row = load_table(_YIELDS, site)["dismantling"]
    return Teardown(
        reference=vehicle.reference,
        components=tuple(components),
        hulk=_without_dust(hulk, structure_kg, family),
        minutes=sum(part.minutes for part in parts),
        electricity_kwh=row.number("electricity"),
        unverified=tuple(dict.fromkeys(name for part in parts for name in part.unverified)) + row.unverified,
    )


_DUST = 1e-13  # kg per kg of structure: what floating-point subtraction of some fifty parts can leave


def _without_dust(hulk: Composition, structure_kg: float, family: str) -> Composition:
    """Drop rounding dust of substances that went with the parts to the last gram; a real shortage is the table's fault."""
    short = {material: mass for material, mass in hulk.items() if mass < -_DUST * structure_kg}
    if short:
        material = min(short, key=lambda name: short[name])
        raise SettingsError(
            f"the parts of a {family} hold {-short[material]:.2f} kg more {material} than the vehicle", expected="smaller shares"
        )
    return {material: mass for material, mass in hulk.items() if mass > _DUST * structure_kg}


@lru_cache(maxsize=256)
def _parts(family: str, powertrain: str, body: str, site: Path | None) -> tuple[_Part, ...]:
    return tuple(
        _part(row)
        for row in load_table(_COMPONENTS, site).values()
        if family in row.words("families")
        and (not row.words("powertrains") or powertrain in row.words("powertrains"))
        and (not row.words("bodies") or body in row.words("bodies"))
    )


def _part(row: Row) -> _Part:
    share = row.number("share")
    split = tuple((material, row.number(material) * share) for material in MATERIALS if material in row)
    whole = math.fsum(row.number(material) for material in MATERIALS if material in row)
    if not math.isclose(whole, 1.0, abs_tol=1e-6):
        raise SettingsError(f"its substances sum to {whole:g}", expected="1", where=Where(field=row.name))
    stream = row.text("stream")
    if stream not in tuple(Stream):
        raise SettingsError(f"{stream!r} is no stream", expected=f"one of {', '.join(Stream)}", where=Where(field=row.name))
    return _Part(
        code=row.text("code"),
        name=row.text("name"),
        stream=Stream(stream),
        kind=row.text("kind"),
        zones=row.words("zones"),
        assembly=row.text("assembly"),
        split=split,
        minutes=row.number("minutes"),
        unverified=row.unverified,
    )
