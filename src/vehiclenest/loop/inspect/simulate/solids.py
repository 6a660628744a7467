"""Solids that parts are put together from: rods, rings, boxes, spun profiles, gear blanks; all closed, in mm, by manifold3d."""

from collections.abc import Iterable, Sequence
from math import ceil, cos, pi, sin, sqrt, tan

import numpy as np
from manifold3d import CrossSection, Manifold, OpType

SAG_MM = 0.01  # how far a chord may lie inside its circle
INVOLUTE_POINTS = 8
Solid = Manifold
Vector = tuple[float, float, float]


def segments(radius: float) -> int:
    """Return how many sides, a multiple of four, keep a polygon within SAG_MM of its circle of a radius in mm."""
    return max(16, 4 * ceil(pi * sqrt(radius / (2 * SAG_MM)) / 4))


def rod(radius: float, height: float, *, at: Vector = (0, 0, 0), top_radius: float | None = None) -> Solid:
    """Return a cylinder, or a cone, that stands upwards on the point `at`."""
    top = radius if top_radius is None else top_radius
    return Manifold.cylinder(height, radius, top, segments(max(radius, top))).translate(at)


def lying(radius: float, length: float, *, at: Vector, along: str) -> Solid:
    """Return a cylinder that starts at a point and runs along the x or the y axis."""
    turned = (0.0, 90.0, 0.0) if along == "x" else (-90.0, 0.0, 0.0)
    return rod(radius, length).rotate(turned).translate(at)


def ring(outer: float, inner: float, height: float, *, at: Vector = (0, 0, 0)) -> Solid:
    """Return a tube that stands upwards on the point `at`."""
    return rod(outer, height, at=at) - rod(inner, height + 2, at=(at[0], at[1], at[2] - 1))


def box(size: Vector, *, at: Vector = (0, 0, 0)) -> Solid:
    """Return a box that is centred in x and y on the point `at` and stands on it."""
    return Manifold.cube(size).translate((at[0] - size[0] / 2, at[1] - size[1] / 2, at[2]))


def spun(profile: Sequence[tuple[float, float]]) -> Solid:
    """Return a profile of (radius, height), counter-clockwise, turned about the z axis."""
    return Manifold.revolve(CrossSection([np.array(profile, dtype=np.float64)]), segments(max(r for r, _ in profile)))


def plate(outline: Sequence[tuple[float, float]], thickness: float, *, twist_deg: float = 0.0) -> Solid:
    """Return a counter-clockwise outline in x and y as a plate from height 0, twisted about the z axis on its way up."""
    layers = 0 if twist_deg == 0 else 24
    return Manifold.extrude(CrossSection([np.array(outline, dtype=np.float64)]), thickness, layers, twist_deg)


def joined(solids: Iterable[Solid]) -> Solid:
    """Return the union of solids."""
    return Manifold.batch_boolean(list(solids), OpType.Add)


def hulled(*solids: Solid) -> Solid:
    """Return the convex hull around solids."""
    return Manifold.batch_hull(list(solids))


def around(solid: Solid, count: float, *, start_deg: float = 0.0) -> Solid:
    """Return `count` copies of a solid, evenly turned about the z axis."""
    whole = round(count)
    return joined(solid.rotate((0, 0, start_deg + 360 * place / whole)) for place in range(whole))


def on_circle(radius: float, angle_deg: float, height: float = 0.0) -> Vector:
    """Return the point at a radius and an angle about the z axis."""
    return radius * cos(angle_deg * pi / 180), radius * sin(angle_deg * pi / 180), height


def toothed(teeth: int, module: float, height: float, *, helix_deg: float = 0.0, pressure_deg: float = 20.0) -> Solid:
    """Return a full gear blank with involute flanks (ISO 53: addendum 1 module, dedendum 1.25 modules), standing on height 0."""
    pitch = teeth * module / 2
    pressure = pressure_deg * pi / 180
    base, tip, root = pitch * cos(pressure), pitch + module, pitch - 1.25 * module
    half = pi / (2 * teeth) + tan(pressure) - pressure
    radii = np.linspace(max(base, root), tip, INVOLUTE_POINTS)
    roll = np.sqrt((radii / base) ** 2 - 1)
    angles = half - (roll - np.arctan(roll))
    radii, angles = np.append(root, radii), np.append(angles[0] + 0.02 / teeth, angles)
    outline: list[tuple[float, float]] = []
    for tooth in range(teeth):
        middle = 2 * pi * tooth / teeth
        for side, order in ((-1, slice(None)), (1, slice(None, None, -1))):
            turned = middle + side * angles[order]
            outline.extend(zip(radii[order] * np.cos(turned), radii[order] * np.sin(turned), strict=True))
    twist = height * tan(helix_deg * pi / 180) / pitch * 180 / pi
    layers = 0 if helix_deg == 0 else 8
    return Manifold.extrude(CrossSection([np.array(outline, dtype=np.float64)]), height, layers, twist)
