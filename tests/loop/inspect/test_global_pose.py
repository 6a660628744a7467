"""A scan of half a part finds its pose from nowhere, also where a wrong one fits almost as well."""

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.align import all_refined, costs, distinct, moved_by, refined
from vehiclenest.loop.inspect.coarse import CoarseField
from vehiclenest.loop.inspect.descriptor import facets
from vehiclenest.loop.inspect.global_pose import Learnt, find_pose
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.pairs import keys_of, table
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.symmetry import undone

from .parts import half_scan, part
from .shapes import Array, motion

UNTOLD = 1e-4  # scores that differ by less say nothing


def error_mm(mesh: Mesh, learnt: Learnt, found: Array, truth: Array) -> float:
    return learnt.symmetry.difference_mm(found, truth, mesh.vertices)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["drum", "crankshaft", "camshaft", "rod", "ring", "even drum", "cube", "wedge"])
def test_half_a_part_finds_its_pose(name: str, seed: int) -> None:
    mesh, learnt = part(name)
    points, truth = half_scan(mesh, seed)
    starts = find_pose(points, learnt)
    errors = [error_mm(mesh, learnt, start.pose, truth) for start in starts if start.score >= starts[0].score - UNTOLD]
    assert min(errors) < 0.5
    assert len(errors) == 1 or name == "drum"  # the hole that alone tells the positions of the drum may be cut away


def test_poses_come_best_first_and_the_best_says_how_well_it_fits() -> None:
    mesh, learnt = part("crankshaft")
    points, _ = half_scan(mesh, 1, share=0.6)
    starts = find_pose(points, learnt)
    assert [start.score for start in starts] == sorted((start.score for start in starts), reverse=True)
    assert starts[0].score == pytest.approx(1 - starts[0].misfit_mm / 0.3)
    assert 0.014 < starts[0].misfit_mm < 0.03  # mean of |noise|, and 3 % outliers clipped at 0.3 mm
    assert starts[0].coverage == pytest.approx(0.6, abs=0.08)


def test_wear_on_one_side_leaves_the_right_pose() -> None:
    mesh, learnt = part("camshaft")
    points, truth = half_scan(mesh, 3, share=0.7)
    home = move(truth, points.astype(np.float64))
    _, outward = learnt.surface.nearest(home)
    worn = home - 0.3 * outward * (home[:, 2:] > 200)
    best = find_pose(move(undone(truth[None])[0], worn), learnt)[0]
    assert error_mm(mesh, learnt, best.pose, truth) < 0.005 * mesh.diagonal_mm


def test_the_same_scan_gives_the_same_poses() -> None:
    mesh, learnt = part("rod")
    points, _ = half_scan(mesh, 2)
    first, second = find_pose(points, learnt), find_pose(points, learnt)
    assert [start.score for start in first] == [start.score for start in second]
    np.testing.assert_array_equal(first[0].pose, second[0].pose)


def test_a_part_comes_back_from_its_arrays_and_finds_the_same() -> None:
    mesh, learnt = part("rod")
    points, _ = half_scan(mesh, 5)
    again = Learnt.stored(learnt.surface, learnt.coarse, learnt.arrays())
    np.testing.assert_array_equal(find_pose(points, again)[0].pose, find_pose(points, learnt)[0].pose)


def test_few_points_are_refused() -> None:
    with pytest.raises(InputError, match="299 points"):
        find_pose(np.zeros((299, 3)), part("rod")[1])


def test_a_scan_of_something_else_fits_badly() -> None:
    points, _ = half_scan(part("camshaft")[0], 1)
    assert find_pose(points, part("wedge")[1])[0].score < 0.5


def test_points_that_lie_on_one_line_still_get_an_answer() -> None:
    line = np.linspace(0, 90, 2_000)[:, None] * np.array([1.0, 0.2, 0.1])
    assert len(find_pose(line, part("wedge")[1])) > 0


def test_the_coarse_field_agrees_with_exact_distances() -> None:
    mesh, learnt = part("wedge")
    chance = np.random.default_rng(1)
    points = chance.uniform(mesh.low - 5, mesh.high + 5, (5_000, 3))
    exact = learnt.surface.distance(points)
    off = np.abs(learnt.coarse.distance(points) - exact)
    assert np.median(off) < 0.01 * learnt.coarse.step
    assert off.max() < learnt.coarse.step
    outside = mesh.high + np.array([[500.0, 0, 0], [0, 500.0, 0]])
    assert np.all(learnt.coarse.distance(outside) > 450)


def test_the_slope_of_the_coarse_field_is_that_of_its_values() -> None:
    mesh, learnt = part("wedge")
    points = np.random.default_rng(2).uniform(mesh.low, mesh.high, (2_000, 3))
    _, slope = learnt.coarse.nearest(points)
    small = 1e-4
    for axis in range(3):
        step = np.eye(3)[axis] * small
        central = (learnt.coarse.distance(points + step) - learnt.coarse.distance(points - step)) / (2 * small)
        inside = np.abs(((points - learnt.coarse.origin) / learnt.coarse.step + 0.5) % 1 - 0.5).min(axis=1) > 1e-3
        np.testing.assert_allclose(slope[inside, axis], central[inside], atol=2e-3)


def test_alignment_brings_back_a_pose_that_is_a_little_off() -> None:
    mesh, learnt = part("wedge")
    grid = learnt.coarse.values, learnt.coarse.origin, learnt.coarse.step
    points = Samples.of(mesh, 1_000).points
    off = motion(4, 2, 3)
    widths = np.geomspace(10.0, 1.0, 10)
    back = refined(*grid, off, points, mesh.vertices.mean(axis=0), widths)
    assert np.abs(move(off, mesh.vertices) - mesh.vertices).max() > 1
    assert np.abs(move(back, mesh.vertices) - mesh.vertices).max() < 0.1
    both = all_refined(*grid, np.stack([off, np.eye(4)]), points, mesh.vertices.mean(axis=0), widths)
    np.testing.assert_array_equal(both[0], back)
    assert costs(*grid, both, points, 5.0)[0] < 0.05 < costs(*grid, off[None], points, 5.0)[0]


def test_a_small_motion_turns_about_its_middle() -> None:
    middle = np.array([10.0, 20.0, 30.0])
    pose = moved_by(np.eye(4), np.array([0, 0, np.pi / 2, 1.0, 2.0, 3.0]), middle)
    np.testing.assert_allclose(move(pose, middle[None])[0], middle + np.array([1, 2, 3]))
    np.testing.assert_allclose(move(pose, middle[None] + [1, 0, 0])[0], middle + np.array([1, 3, 3]))


def test_poses_alike_are_left_out() -> None:
    poses = np.stack([np.eye(4), motion(1, 0.1, 1), motion(90, 0, 2), np.eye(4)])
    poses[3, 0, 3] = 5.0
    assert list(distinct(poses, np.zeros(3), np.deg2rad(5), 1.0, 10)) == [0, 2, 3]
    assert list(distinct(poses, np.zeros(3), np.deg2rad(5), 1.0, 2)) == [0, 2]


def test_the_key_of_a_pair_does_not_change_with_the_pose_nor_with_the_side_of_normals() -> None:
    samples = Samples.of(part("rod")[0], 400)
    ones, others = np.arange(200), np.arange(200, 400)
    keys = keys_of(samples.points, samples.normals, ones, others)
    pose = motion(180, 300, 8)
    flips = np.random.default_rng(3).choice([-1.0, 1.0], (400, 1))
    again = keys_of(move(pose, samples.points), flips * samples.normals @ pose[:3, :3].T, ones, others)
    assert np.mean(keys == again) > 0.98  # but for those on the border of a bin
    assert len(np.unique(keys)) > 50


def test_the_table_holds_every_pair_in_the_bin_of_its_key() -> None:
    samples = Samples.of(part("rod")[0], 150)
    starts, pairs = table(samples.points, samples.normals, 40.0)
    ones, others = np.divmod(pairs.astype(np.int64), 150)
    keys = keys_of(samples.points, samples.normals, ones, others)
    assert np.all(np.diff(keys) >= 0)
    np.testing.assert_array_equal(np.bincount(keys, minlength=len(starts) - 1), np.diff(starts))
    lengths = np.linalg.norm(samples.points[:, None] - samples.points[None], axis=2)
    assert len(pairs) == np.count_nonzero(lengths >= 40.0)


def test_outliers_and_density_leave_the_facets_of_a_scan() -> None:
    mesh, learnt = part("wedge")
    points, truth = half_scan(mesh, 7, share=0.8)
    seen = facets(points, mesh.diagonal_mm)
    assert np.mean(np.abs(learnt.surface.distance(move(truth, seen.even))) > 0.2) < 0.015
    home = move(truth, seen.points)
    _, outward = learnt.surface.nearest(home)
    agree = np.abs(np.einsum("ij,ij->i", seen.normals @ truth[:3, :3].T, outward))
    assert len(home) > 300
    assert np.median(agree) > 0.99
    crowded = np.concatenate([points, np.repeat(points[:2_000], 20, axis=0)])
    assert len(facets(crowded, mesh.diagonal_mm).even) < 1.2 * len(seen.even)


def test_a_finer_coarse_field_is_nearer_to_exact() -> None:
    mesh, learnt = part("rod")
    points = Samples.of(mesh, 2_000).points
    errors = [np.abs(CoarseField.of(mesh, learnt.surface, nodes).distance(points)).mean() for nodes in (20_000, 400_000)]
    assert errors[1] < errors[0] / 2
