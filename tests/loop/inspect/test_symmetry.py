"""Every motion that maps a part onto itself is found, and those that nearly do."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vehiclenest.loop.inspect.mesh import move
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.symmetry import EXACT_MM, Symmetry, about, rotations

from .parts import part
from .shapes import Array, motion


def turn_about(way: tuple[float, float, float], degrees: float, point: tuple[float, float, float] = (0, 0, 0)) -> Array:
    turn = Rotation.from_rotvec(np.deg2rad(degrees) * np.asarray(way, dtype=np.float64)).as_matrix()
    return about(np.asarray(point, dtype=np.float64), turn[None])[0]


@pytest.mark.parametrize(
    ("name", "order"), [("wedge", 1), ("rod", 2), ("cuboid", 4), ("even drum", 4), ("drum", 1), ("cube", 24)]
)
def test_the_group_of_a_part_is_found_whole(name: str, order: int) -> None:
    mesh, learnt = part(name)
    symmetry = learnt.symmetry
    assert symmetry.axis is None
    assert len(symmetry.rotations) == order
    np.testing.assert_allclose(symmetry.rotations[0], np.eye(4), atol=1e-12)
    points = Samples.of(mesh, 5_000, seed=9).points
    for motion_ in symmetry.rotations:
        assert np.abs(learnt.surface.distance(move(motion_, points))).max() <= EXACT_MM


def test_products_of_symmetries_are_symmetries() -> None:
    mesh, learnt = part("cube")
    symmetry = learnt.symmetry
    for first in symmetry.rotations:
        for second in symmetry.rotations:
            assert symmetry.difference_mm(first @ second, np.eye(4), mesh.vertices) <= EXACT_MM


def test_a_ring_turns_about_its_axis_and_turns_over() -> None:
    _, learnt = part("ring")
    axis = learnt.symmetry.axis
    assert axis is not None
    point, way = axis
    assert abs(way[2]) == pytest.approx(1, abs=1e-6)
    assert point == pytest.approx([0, 0, 15], abs=1e-3)
    assert len(learnt.symmetry.rotations) == 2
    assert learnt.symmetry.near_axis is None


def test_a_drum_nearly_turns_about_its_axis() -> None:
    _, learnt = part("drum")
    assert learnt.symmetry.axis is None
    assert learnt.symmetry.near_axis is not None
    assert abs(learnt.symmetry.near_axis[1][2]) == pytest.approx(1, abs=1e-3)


def test_a_crankshaft_turned_end_for_end_is_a_trap_and_no_symmetry() -> None:
    _, learnt = part("crankshaft")
    symmetry = learnt.symmetry
    assert len(symmetry.rotations) == 1
    ends = np.array([[0, 0, 0], [0, 0, 460.0]])
    turned_over = [near for near in symmetry.near if near[2, 2] < -0.99]
    assert turned_over
    assert min(np.abs(move(near, ends) - ends[::-1]).max() for near in turned_over) < 15
    assert np.all(np.diff(symmetry.near_mm) >= 0)
    assert symmetry.near_mm.min() > EXACT_MM / 10


def test_the_difference_of_poses_is_taken_modulo_symmetry() -> None:
    mesh, learnt = part("rod")
    truth = motion(180, 300, 4)
    half_turn = turn_about((1, 0, 0), 180)
    assert learnt.symmetry.difference_mm(half_turn @ truth, truth, mesh.vertices) < EXACT_MM
    assert learnt.symmetry.difference_mm(turn_about((0, 0, 1), 90) @ truth, truth, mesh.vertices) > 50
    shifted = truth.copy()
    shifted[:3, 3] += (0, 0, 0.25)
    assert learnt.symmetry.difference_mm(shifted, truth, mesh.vertices) == pytest.approx(0.25, abs=1e-2)


def test_the_difference_of_poses_of_a_ring_leaves_out_its_turns() -> None:
    mesh, learnt = part("ring")
    truth = motion(180, 300, 5)
    for degrees in (10.0, 77.0, 180.0, 301.0):
        turned = turn_about((0, 0, 1), degrees, (0, 0, 15)) @ truth
        assert learnt.symmetry.difference_mm(turned, truth, mesh.vertices) < 1e-2
    over = turn_about((1, 0, 0), 180, (0, 0, 15)) @ truth
    assert learnt.symmetry.difference_mm(over, truth, mesh.vertices) < EXACT_MM
    assert learnt.symmetry.difference_mm(turn_about((1, 0, 0), 5, (0, 0, 15)) @ truth, truth, mesh.vertices) > 2


def test_poses_alike_are_those_of_the_group() -> None:
    mesh, learnt = part("cuboid")
    truth = motion(180, 300, 6)
    alike = learnt.symmetry.alike(truth)
    assert len(alike) == 3
    assert all(learnt.symmetry.difference_mm(pose, truth, mesh.vertices) <= EXACT_MM for pose in alike)
    assert all(np.abs(pose - truth).max() > 0.1 for pose in alike)


@pytest.mark.parametrize("name", ["ring", "drum"])
def test_a_symmetry_comes_back_from_its_arrays(name: str) -> None:
    symmetry = part(name)[1].symmetry
    again = Symmetry.stored(symmetry.arrays())
    for kept, found in ((symmetry.axis, again.axis), (symmetry.near_axis, again.near_axis)):
        assert (kept is None) == (found is None)
        if kept is not None and found is not None:
            np.testing.assert_array_equal(np.stack(kept), np.stack(found))
    np.testing.assert_array_equal(symmetry.rotations, again.rotations)
    np.testing.assert_array_equal(symmetry.near, again.near)


def test_rotations_are_spread_over_all() -> None:
    turns = rotations(2_000)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), turns.shape), atol=1e-12)
    assert np.linalg.det(turns) == pytest.approx(1)
    for seed in range(50):
        wanted = motion(180, 0, seed)[:3, :3]
        nearest = np.degrees(np.arccos(np.clip((np.einsum("nij,ij->n", turns, wanted).max() - 1) / 2, -1, 1)))
        assert nearest < 22
