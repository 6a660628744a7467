"""Distances are exact, or certified to be within a micrometre of that, on either side, near and far."""

from pathlib import Path

import igl
import numpy as np
import pytest

from vehiclenest.loop.inspect import cells
from vehiclenest.loop.inspect.field import CERTIFIED_MM, Field
from vehiclenest.loop.inspect.flip import without_flat
from vehiclenest.loop.inspect.mesh import Mesh

from .shapes import Array, disc, sampled


def exact(mesh: Mesh, points: Array) -> Array:
    """Return the distances that libigl gives, with the signs of its pseudonormals."""
    kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    return np.asarray(igl.signed_distance(points, mesh.vertices, mesh.triangles.astype(np.int64), kind)[0])


@pytest.fixture(scope="module")
def field() -> Field:
    return Field.of(disc())


@pytest.mark.parametrize("spread", [0.02, 0.5, 5.0, 60.0])
def test_every_distance_and_sign_is_that_of_the_exact_method(field: Field, spread: float) -> None:
    on = sampled(disc(), 20_000, seed=1)
    points = on.points + np.random.default_rng(2).normal(0, spread, on.points.shape)
    expected = exact(disc(), points)
    found = field.distance(points)
    assert np.abs(found - expected).max() <= CERTIFIED_MM
    told_apart = np.abs(expected) > CERTIFIED_MM
    assert (np.sign(found) == np.sign(expected))[told_apart].all()


def test_the_certificate_of_a_plane_holds_all_over_its_cell(field: Field) -> None:
    """Probed at the corners of cells too, where two planes differ most; the exact figure comes from the tree alone."""
    blocks = np.argwhere(field.blocks >= 0)
    chance = np.random.default_rng(3)
    number = field.blocks[tuple(blocks.T)]
    planes = np.argwhere(field.codes[number] < 0)
    chosen = planes[chance.choice(len(planes), 20_000)]
    places = np.stack(np.unravel_index(chosen[:, 1], (cells.EDGE,) * 3), axis=1)
    within = np.where(
        chance.random((len(chosen), 3)) < 0.3, chance.integers(0, 2, (len(chosen), 3)), chance.random((len(chosen), 3))
    )
    points = field.origin + (blocks[chosen[:, 0]] * cells.EDGE + places + within * 0.999999) * field.cell_mm
    assert np.abs(field.distance(points) - exact(disc(), points)).max() <= CERTIFIED_MM


def test_gradients_lead_away_from_the_surface(field: Field) -> None:
    points = sampled(disc(), 5_000, seed=4).points + np.random.default_rng(5).normal(0, 0.3, (5_000, 3))
    distances, gradients = field.nearest(points)
    feet = points - distances[:, None] * gradients
    assert np.abs(exact(disc(), feet)).max() <= CERTIFIED_MM
    assert np.linalg.norm(gradients, axis=1) == pytest.approx(1)


def test_points_outside_the_band_cost_nothing_where_only_near_ones_are_asked_for(field: Field) -> None:
    on = sampled(disc(), 2_000, seed=6)
    assert np.isinf(field.nearest(on.points + 20 * on.normals, near_only=True)[0]).any()
    within = on.points + 0.99 * field.band_mm * on.normals
    assert np.isfinite(field.nearest(within, near_only=True)[0]).mean() > 0.95  # the rest is where many triangles meet


def test_a_pose_moves_the_points_first(field: Field) -> None:
    pose = np.array([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    points = sampled(disc(), 1_000, seed=7).points
    moved = points @ pose[:3, :3].T + pose[:3, 3]
    assert field.distance(points, pose) == pytest.approx(field.distance(moved), abs=1e-6)


def test_what_is_no_number_gives_none(field: Field) -> None:
    assert np.isnan(field.distance(np.array([[np.nan, 0.0, 0.0]]))).all()
    assert field.distance(np.empty((0, 3))).shape == (0,)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["42400-IDGH.stl", "turbineblade.ply"])
def test_real_meshes_are_measured_as_exactly(data_folder: Path, name: str) -> None:
    trimesh = pytest.importorskip("trimesh")
    path = data_folder / "parts" / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    loaded = trimesh.load(path)
    mesh = without_flat(Mesh(np.asarray(loaded.vertices, np.float64), np.asarray(loaded.faces, np.int32)).checked(name))
    field = Field.of(mesh)
    on = sampled(mesh, 20_000, seed=8)
    points = on.points + np.random.default_rng(9).normal(0, mesh.diagonal_mm / 1000, on.points.shape)
    expected = exact(mesh, points)
    assert np.abs(field.distance(points) - expected).max() <= CERTIFIED_MM


def test_an_edge_of_a_facet_without_height_is_turned() -> None:
    """A tetrahedron, one of whose faces is cut by a facet of three corners on a line."""
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 0, 0]])
    triangles = np.array([[0, 2, 1], [0, 1, 4], [0, 4, 3], [4, 1, 3], [0, 3, 2], [1, 2, 3]], dtype=np.int32)
    mesh = Mesh(vertices, triangles).checked("flat")
    mended = without_flat(mesh)
    assert mended.checked("mended").volume_mm3 == pytest.approx(8 / 6)
    assert mended.areas_mm2.min() > 0.1
    points = np.random.default_rng(10).uniform(-1, 3, (2_000, 3))
    inside = (points > 0).all(axis=1) & (points.sum(axis=1) < 2)
    assert ((Field.of(mended).distance(points) < 0) == inside).all()


def test_facets_without_height_whose_corners_coincide_are_taken_out() -> None:
    """Two faces of a tetrahedron meet in a slit: an edge run through by two flat facets whose middle corners are at one place."""
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 0, 0], [1, 0, 0]])
    slit = [[0, 1, 4], [1, 0, 5]]
    triangles = np.array([[0, 2, 5], [5, 2, 1], [0, 4, 3], [4, 1, 3], [0, 3, 2], [1, 2, 3], *slit], dtype=np.int32)
    mesh = Mesh(vertices, triangles).checked("slit")
    mended = without_flat(mesh)
    assert mended.checked("mended").volume_mm3 == pytest.approx(8 / 6)
    assert len(mended.triangles) == 6
    assert mended.areas_mm2.min() > 0.1
