"""What damage takes off, against volumes worked out by hand."""

import numpy as np
import pytest

from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.simulate.families import mesh_of
from vehiclenest.loop.inspect.simulate.solids import box
from vehiclenest.loop.inspect.simulate.wear_and_tear import corrosion, crack, dent, spatter, together, truth, wear

UP = np.array([0.0, 0, 1])
TOP = np.array([0.0, 0, 10])


@pytest.fixture(scope="module")
def plate() -> Mesh:
    return mesh_of(box((60, 40, 10)).refine_to_length(3))


def test_a_dent_takes_the_volume_of_its_cosine_profile(plate: Mesh) -> None:
    found = truth(plate, dent(TOP, UP, depth_mm=0.3, diameter_mm=8))
    assert found.volume_mm3 == pytest.approx(0.3 * np.pi * 16 * (0.5 - 2 / np.pi**2), rel=1e-3)
    assert found.area_mm2 == pytest.approx(np.pi * 16, rel=0.01)


def test_a_crack_takes_half_of_width_times_depth_times_length_and_its_two_ends(plate: Mesh) -> None:
    found = truth(plate, crack(np.array([[-5.0, 0, 10], [5, 0, 10]]), UP, width_mm=0.4, depth_mm=1))
    assert found.volume_mm3 == pytest.approx(0.4 / 2 * 10 + np.pi * 0.2**2 / 3, rel=0.01)


def test_wear_takes_its_depth_off_the_whole_face_and_nothing_off_another(plate: Mesh) -> None:
    found = truth(plate, wear(TOP, UP, depth_mm=0.15))
    assert found.volume_mm3 == pytest.approx(60 * 40 * 0.15, rel=1e-9)
    x = np.linspace(-20, 20, 400_001)
    uneven = 60 * np.mean(0.15 * (1 - 0.4 * (1 - np.cos(2 * np.pi * x / 300)) / 2)) * 40
    assert truth(plate, wear(TOP, UP, depth_mm=0.15, uneven=0.4)).volume_mm3 == pytest.approx(uneven, rel=0.04)
    assert truth(plate, wear(TOP, UP, depth_mm=0.15, uneven=0.4)).volume_mm3 < found.volume_mm3


def test_the_other_side_of_a_thin_wall_keeps_its_shape() -> None:
    points = np.array([[0.0, 0, 10], [0, 0, 9.5]])
    moved = dent(TOP, UP, depth_mm=0.3, diameter_mm=8).displacement(points, np.array([UP, -UP]))
    assert moved == pytest.approx([-0.3, 0])


def test_pits_go_in_and_spatter_comes_out_as_far_as_said(plate: Mesh) -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-8, 8, (200_000, 2)), np.full(200_000, 10.0)])
    normals = np.tile(UP, (len(points), 1))
    rust = corrosion(TOP, UP, radius_mm=7, depth_mm=0.4, pits=30, seed=1)
    beads = spatter(TOP, UP, radius_mm=5, height_mm=0.8, beads=4, seed=1)
    for mark, sign, extreme in ((rust, -1, 0.4), (beads, 1, 0.8)):
        moved = sign * mark.displacement(points, normals)
        assert moved.min() == 0
        assert moved.max() == pytest.approx(extreme, rel=0.02)
        assert truth(plate, mark).volume_mm3 == pytest.approx(moved.mean() * 256, rel=0.02)


def test_a_dent_in_a_worn_face_is_as_deep_below_it() -> None:
    moved = together([wear(TOP, UP, depth_mm=0.15), dent(TOP, UP, depth_mm=0.3, diameter_mm=8)])
    assert moved(np.array([TOP, TOP + 10 * np.eye(3)[0]]), np.array([UP, UP])) == pytest.approx([-0.45, -0.15])
