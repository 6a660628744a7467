"""The map says of every place what the points there say, and nothing where there are none."""

import time
from typing import Any

import manifold3d
import numpy as np
import pytest
from numpy.typing import NDArray

from vehiclenest.loop.inspect.display_mesh import clustered, display_mesh, refined
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.surface_map import histogram, surface_map

from .inspections import Scan, disc, mesh_of, scan

Array = NDArray[np.float64]


def test_refining_keeps_a_surface_closed_and_as_large() -> None:
    coarse = disc()
    fine = refined(coarse, 4.0)
    ends = fine.corners[:, [0, 1, 2]] - fine.corners[:, [1, 2, 0]]
    assert np.linalg.norm(ends, axis=2).max() <= 4.0
    assert fine.open_edges() == 0
    assert fine.area_mm2 == pytest.approx(coarse.area_mm2, rel=1e-12)
    assert fine.volume_mm3 == pytest.approx(coarse.volume_mm3, rel=1e-12)


@pytest.mark.parametrize("most", [3_000, 20_000])
def test_a_mesh_to_look_at_keeps_to_its_triangles_and_to_the_surface(most: int) -> None:
    shown = display_mesh(disc(), most)
    assert most / 4 < len(shown.triangles) <= most
    assert np.abs(shown.volume_mm3 / disc().volume_mm3 - 1) < 0.03
    step = np.sqrt(4 * disc().area_mm2 / most)
    assert np.all(shown.low >= disc().low - 1e-9)
    assert np.all(shown.high > disc().high - step)


def test_the_two_faces_of_a_thin_wall_stay_two() -> None:
    solid: Any = manifold3d.Manifold.cube((60, 60, 0.5))
    wall = refined(mesh_of(solid), 1.0)
    shown = clustered(wall, 3.0)
    inner = np.all((shown.vertices[:, :2] > 6) & (shown.vertices[:, :2] < 54), axis=1)
    heights = shown.vertices[inner, 2]
    assert np.all(np.minimum(np.abs(heights), np.abs(heights - 0.5)) < 1e-9)
    assert np.ptp(heights) == pytest.approx(0.5)


def test_every_vertex_takes_the_deviation_of_its_place() -> None:
    made = scan(400_000, noise=0.02)
    found = surface_map(disc(), made.points, made.distances, most_triangles=12_000)
    # A face worn by 0.15 mm, the other whole: the map says so away from the edges, within five standard errors of a mean.
    at = found.mesh.vertices
    radius = np.hypot(at[:, 0], at[:, 1])
    upper = (at[:, 2] > 19.99) & (radius > 62) & (radius < 78) & (at[:, 1] > 20)
    lower = (at[:, 2] < 0.01) & (radius > 62) & (radius < 95) & (at[:, 1] > 20)
    for where, truth in ((upper, -0.15), (lower, 0.0)):
        assert np.count_nonzero(where & found.covered) > 50
        off = np.abs(found.deviation_mm[where] - truth)
        assert np.nanmax(off / (0.025 / np.sqrt(found.counts[where]))) < 5


def test_what_was_not_seen_is_not_a_number_and_never_zero() -> None:
    made = scan(400_000, noise=0.02, seen=lambda at: at[:, 0] < 20)
    found = surface_map(disc(), made.points, made.distances, most_triangles=12_000)
    far = found.mesh.vertices[:, 0] > 30
    assert np.isnan(found.deviation_mm[far]).all()
    assert not found.covered[far].any()
    assert found.covered[found.mesh.vertices[:, 0] < 10].mean() > 0.98


def test_outliers_hardly_move_a_vertex() -> None:
    made = scan(300_000, noise=0.02)
    clean = surface_map(disc(), made.points, made.distances, most_triangles=6_000)
    wild = made.distances.copy()
    chosen = np.random.default_rng(3).random(len(wild)) < 0.05
    wild[chosen] += 4.0
    dirty = surface_map(disc(), made.points, wild, most_triangles=6_000)
    many = clean.counts > 40
    assert np.abs(dirty.deviation_mm - clean.deviation_mm)[many].mean() < 0.005  # a plain mean would move by 0.2 mm


def test_points_that_are_no_numbers_are_left_out() -> None:
    made = scan(50_000, noise=0.02)
    distances, points = made.distances.copy(), made.points.copy()
    distances[::7], points[::11, 1] = np.nan, np.inf
    found = surface_map(disc(), points, distances)
    assert found.counts.sum() == np.count_nonzero(np.isfinite(distances) & np.isfinite(points).all(axis=1))


def test_a_scan_of_no_points_covers_nothing() -> None:
    found = surface_map(disc(), np.empty((0, 3)), np.empty(0))
    assert not found.covered.any()
    assert found.histogram.counts.sum() == 0


def test_the_histogram_holds_every_point_once() -> None:
    distances = np.random.default_rng(1).normal(0.01, 0.02, 100_000)
    distances[:40], distances[40:100] = -3.0, 7.0
    found = histogram(distances)
    assert found.counts.sum() + found.below + found.above == 100_000
    assert found.below >= 40
    assert found.above >= 60
    expected, _ = np.histogram(distances, found.edges_mm)
    assert np.abs(expected - found.counts).sum() <= 4  # a point on an edge may fall to either side


def test_two_million_points_take_seconds() -> None:
    made: Scan = scan(2_000_000, noise=0.02)
    part: Mesh = disc()
    spent: list[float] = []
    for _ in range(2):
        start = time.perf_counter()
        surface_map(part, made.points, made.distances)
        spent.append(time.perf_counter() - start)
    assert min(spent) < 8  # 2 s on a machine of two cores that does nothing else
