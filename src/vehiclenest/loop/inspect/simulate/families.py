"""The catalogue of simulated parts: 13 families of 16 near-duplicates each, as watertight meshes (dimensions in families.toml)."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from vehiclenest.core.errors import NotFoundError
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.simulate import cast, turned
from vehiclenest.loop.inspect.simulate.solids import Solid

_BUILDERS: dict[str, Callable[[Mapping[str, float]], Solid]] = {
    "disc": turned.disc,
    "drum": turned.drum,
    "caliper": cast.caliper,
    "alternator": cast.alternator,
    "starter": cast.starter,
    "crankshaft": turned.crankshaft,
    "connecting_rod": cast.connecting_rod,
    "camshaft": turned.camshaft,
    "gear": turned.gear,
    "turbo_wheel": turned.turbo_wheel,
    "pump": cast.pump,
    "knuckle": cast.knuckle,
    "cylinder_head": cast.cylinder_head,
}
FAMILIES = tuple(_BUILDERS)


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A part of the catalogue: dimensions in mm, degrees or counts, as families.toml names them."""

    id: str
    family: str
    material: str
    tolerance_mm: float
    dimensions: Mapping[str, float]


_NOTHING: dict[str, float] = {}


@cache
def parts() -> tuple[PartSpec, ...]:
    """Return every part of the catalogue, family by family, in the order of ids ("disc-01a" … "cylinder_head-08b")."""
    table: dict[str, Any] = tomllib.loads(
        files("vehiclenest.loop.inspect.simulate").joinpath("families.toml").read_text(encoding="utf-8")
    )
    return tuple(
        PartSpec(
            f"{family}-{number:02}{letter}", family, row["material"], row["tolerance_mm"], _sum(row["base"][0], change, more)
        )
        for family, row in ((family, table[family]) for family in FAMILIES)
        for number, change in enumerate(row["numbers"], 1)
        for letter, more in (("a", _NOTHING), ("b", row["b"][0]))
    )


def spec(part_id: str) -> PartSpec:
    """Return a part of the catalogue.

    Raises
    ------
    NotFoundError
        Where the catalogue holds no such part.
    """
    for part in parts():
        if part.id == part_id:
            return part
    raise NotFoundError(
        f"no simulated part is called {part_id!r}",
        expected=f"a family ({', '.join(FAMILIES)}), a number and a letter: 'disc-07b'",
    )


def build(part_id: str, edge_mm: float | None = None) -> Mesh:
    """Return the mesh of a part; with `edge_mm`, its edges are split until they are about that long.

    Raises
    ------
    NotFoundError
        Where the catalogue holds no such part.
    """
    part = spec(part_id)
    solid = _BUILDERS[part.family](part.dimensions)
    return mesh_of(solid if edge_mm is None else solid.refine_to_length(edge_mm))


def mesh_of(solid: Solid) -> Mesh:
    """Return a solid as a mesh."""
    mesh: Any = solid.to_mesh64()
    return Mesh(np.array(mesh.vert_properties[:, :3], dtype=np.float64), np.array(mesh.tri_verts, dtype=np.int32))


def _sum(*tables: Mapping[str, float]) -> dict[str, float]:
    """Return the first table with what the others add to it."""
    first, *others = tables
    return {name: float(value + sum(other.get(name, 0) for other in others)) for name, value in first.items()}
