"""Dents, cracks, missing pieces and wear are found with their true figures, and nothing else is."""

import manifold3d
import numpy as np
import pytest
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.damage import assess_damage
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

from .scanned import NOISE_MM, Dent, draw_dents, scan_of
from .shapes import Array, disc, mesh_of, sampled

COUNT = 1_000_000
UP = np.array([0.0, 0, 1])


@pytest.fixture(scope="module")
def cells() -> SurfaceCells:
    return SurfaceCells.of(disc(3.0))


def on_top(points: Array, normals: Array) -> NDArray[np.bool_]:
    return (normals[:, 2] > 0.9) & (np.abs(points[:, 2] - 20) < 1)


def test_the_cells_share_out_the_whole_area(cells: SurfaceCells) -> None:
    assert cells.area.sum() == pytest.approx(disc(3.0).area_mm2, rel=1e-9)
    assert cells.patch_area.sum() == pytest.approx(disc(3.0).area_mm2, rel=1e-9)
    again = SurfaceCells.stored(cells.arrays())
    assert np.array_equal(again.near.to, cells.near.to)
    assert again.edge_mm == cells.edge_mm


def test_a_walk_over_the_surface_does_not_go_through_the_part(cells: SurfaceCells) -> None:
    top = int(np.argmin(np.linalg.norm(cells.planes[:, :3] - (80, 0, 20), axis=1)))
    assert (np.abs(cells.planes[cells.near.of(top), 2] - 20) < 0.1).all()


def test_dents_in_a_worn_face_are_dents_and_the_wear_is_whole(cells: SurfaceCells) -> None:
    mesh = disc(3.0)
    dents = draw_dents(cells, 6, seed=5)
    on = sampled(mesh, COUNT, 5)
    points, distances = scan_of(mesh, COUNT, 5, dents, np.where(on_top(on.points, on.normals), 0.15, 0.0))
    damage = assess_damage(cells, points, distances, tolerance_mm=0.05)
    assert len(damage.defects) == len(dents)
    for dent, _ in dents:
        near = [one for one in damage.defects if np.linalg.norm(np.array(one.centre_mm) - dent.centre) < 1]
        assert [one.kind for one in near] == ["dent"]
        assert near[0].depth_mm.value == pytest.approx(dent.depth, abs=0.02)
        assert near[0].volume_mm3.low <= dent.volume <= near[0].volume_mm3.high
    normals = mesh.doubled_normals / np.linalg.norm(mesh.doubled_normals, axis=1, keepdims=True)
    truth = 0.15 * mesh.areas_mm2[on_top(mesh.corners.mean(axis=1), normals)].sum()
    assert damage.wear_volume_mm3.value == pytest.approx(truth, rel=0.02)
    assert damage.wear_volume_mm3.low <= truth <= damage.wear_volume_mm3.high
    assert damage.greatest_wear_mm.value == pytest.approx(0.15, abs=0.01)


def test_a_sound_part_has_no_defect_and_no_wear(cells: SurfaceCells) -> None:
    points, distances = scan_of(disc(3.0), COUNT, 9, [])
    damage = assess_damage(cells, points, distances, tolerance_mm=0.05)
    assert damage.defects == ()
    assert damage.wear_volume_mm3.low <= 0
    assert any("sharp edges" in note for note in damage.notes)
    assert damage.coverage > 0.98


def test_spatter_stands_out(cells: SurfaceCells) -> None:
    points, distances = scan_of(disc(3.0), COUNT, 3, [(Dent(np.array([75.0, 30, 20]), 5.0, -0.4), UP)])
    (found,) = assess_damage(cells, points, distances, tolerance_mm=0.05).defects
    assert found.kind == "excess"
    assert found.depth_mm.value == pytest.approx(0.4, abs=0.02)


def test_a_narrow_groove_is_a_crack(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 4)
    across, along = np.abs(on.points[:, 0] - 72), np.abs(on.points[:, 1])
    groove = np.where(on_top(on.points, on.normals) & (along < 8), np.maximum(0, 0.6 * (1 - across / 0.4)), 0.0)
    points, distances = scan_of(disc(3.0), COUNT, 4, [], groove)
    (found,) = assess_damage(cells, points, distances, tolerance_mm=0.05).defects
    assert found.kind == "crack"
    assert found.volume_mm3.value == pytest.approx(0.6 * 0.4 * 16, rel=0.25)


def test_low_points_among_sound_ones_are_no_crack(cells: SurfaceCells) -> None:
    """One view's points mixed at its horizon, on a line where the other views see sound surface; fewer points tell it less surely."""
    on = sampled(disc(3.0), 2 * COUNT, 4)
    line = on_top(on.points, on.normals) & (np.abs(on.points[:, 1]) < 8) & (np.abs(on.points[:, 0] - 72) < 0.5)
    mixed = line & (np.random.default_rng(4).random(2 * COUNT) < 0.35)
    points, distances = scan_of(disc(3.0), 2 * COUNT, 4, [], np.where(mixed, 0.25, 0.0))
    found = assess_damage(cells, points, distances, tolerance_mm=0.1)
    assert [one.kind for one in found.defects if one.kind == "crack"] == []


def test_what_wear_left_is_no_excess_and_not_counted_as_worn(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 7)
    top = on_top(on.points, on.normals)
    left = np.linalg.norm(on.points - (70, 40, 20), axis=1) < 4
    points, distances = scan_of(disc(3.0), COUNT, 7, [], np.where(top & ~left, 0.25, 0.0))
    damage = assess_damage(cells, points, distances, tolerance_mm=0.1)
    assert damage.defects == ()
    mesh = disc(3.0)
    normals = mesh.doubled_normals / np.linalg.norm(mesh.doubled_normals, axis=1, keepdims=True)
    face = float(mesh.areas_mm2[on_top(mesh.corners.mean(axis=1), normals)].sum())
    assert damage.wear_volume_mm3.value == pytest.approx(0.25 * (face - 16 * np.pi), rel=0.02)


def test_a_piece_broken_off_the_face_is_missing(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 6)
    gone = on_top(on.points, on.normals) & (np.linalg.norm(on.points - (70, 40, 20), axis=1) < 9)
    points, distances = scan_of(disc(3.0), COUNT, 6, [], np.where(gone, 3.0, 0.0))
    (found,) = assess_damage(cells, points, distances, tolerance_mm=0.05).defects
    assert found.kind == "missing"
    assert found.volume_mm3.value == pytest.approx(3 * np.pi * 81, rel=0.1)


def test_stray_points_are_no_defect(cells: SurfaceCells) -> None:
    points, distances = scan_of(disc(3.0), COUNT, 8, [])
    chance = np.random.default_rng(8)
    stray = chance.random(COUNT) < 0.005
    off = np.where(stray, chance.uniform(-1, 1, COUNT), 0.0)
    points += off[:, None] * sampled(disc(3.0), COUNT, 8).normals
    assert assess_damage(cells, points, distances + off, tolerance_mm=0.05, noise_mm=NOISE_MM).defects == ()


def hollow(points: Array, normals: Array, centre: tuple[float, float, float], width: float, depth: float) -> Array:
    """Return a ball's print (n,), in mm inwards, on the face that looks up."""
    share = np.linalg.norm(points - centre, axis=1) * 2 / width
    return np.where(on_top(points, normals), depth * np.maximum(0, 1 - share**2), 0.0)


@pytest.mark.parametrize(("width", "depth"), [(4.0, 0.1), (5.0, 0.3), (9.0, 0.13), (9.0, 0.5)])
def test_the_print_of_a_ball_is_a_dent_of_its_true_depth(cells: SurfaceCells, width: float, depth: float) -> None:
    on = sampled(disc(3.0), COUNT, 12)
    points, distances = scan_of(disc(3.0), COUNT, 12, [], hollow(on.points, on.normals, (70.0, 20.0, 20.0), width, depth))
    (found,) = assess_damage(cells, points, distances, tolerance_mm=0.05).defects
    assert found.kind == "dent"
    assert found.depth_mm.value == pytest.approx(depth, abs=0.012)
    assert found.depth_mm.low <= depth <= found.depth_mm.high


def test_points_mixed_at_an_edge_are_no_defect(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 13)
    points, distances = scan_of(disc(3.0), COUNT, 13, [])
    chance = np.random.default_rng(13)
    line = on_top(on.points, on.normals) & (np.abs(on.points[:, 0] - 72) < 0.5) & (np.abs(on.points[:, 1]) < 30)
    off = np.where(line & (chance.random(COUNT) < 0.2), chance.uniform(-1, 1, COUNT), 0.0)
    damage = assess_damage(cells, points + off[:, None] * on.normals, distances + off, tolerance_mm=0.05)
    assert damage.defects == ()


def test_slight_wear_is_told_from_the_rest_of_a_pose(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 14)
    top = on_top(on.points, on.normals) & (on.points[:, 0] > 0)
    points, distances = scan_of(disc(3.0), COUNT, 14, [], np.where(top, 0.05, 0.0))
    still_off = 0.006 * on.normals[:, 2] + 4e-5 * (on.points[:, 1] * on.normals[:, 2] - on.points[:, 2] * on.normals[:, 1])
    damage = assess_damage(cells, points, distances + still_off, tolerance_mm=0.1)
    truth = 0.05 * disc(3.0).area_mm2 * top.mean()
    assert damage.wear_volume_mm3.value == pytest.approx(truth, rel=0.02)
    assert damage.wear_volume_mm3.low <= truth <= damage.wear_volume_mm3.high


def test_wear_that_runs_out_gently_is_whole(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 15)
    share = np.minimum(1, np.linalg.norm(on.points - (76, 0, 20), axis=1) / 22)
    lost = np.where(on_top(on.points, on.normals), 0.06 * (1 + np.cos(np.pi * share)) / 2, 0.0)
    points, distances = scan_of(disc(3.0), COUNT, 15, [], lost)
    damage = assess_damage(cells, points, distances, tolerance_mm=0.1)
    truth = disc(3.0).area_mm2 * float(lost.mean())
    assert damage.defects == ()
    assert damage.wear_volume_mm3.value == pytest.approx(truth, rel=0.05)
    assert damage.wear_volume_mm3.low <= truth <= damage.wear_volume_mm3.high


def test_a_hollow_wider_than_dents_is_wear_and_a_dent_in_it_a_dent(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 16)
    share = np.minimum(1, np.linalg.norm(on.points - (74, 0, 20), axis=1) / 16)
    lost = np.where(on_top(on.points, on.normals), 0.2 * (1 + np.cos(np.pi * share)) / 2, 0.0)
    pressed = hollow(on.points, on.normals, (78.0, 5.0, 20.0), 6.0, 0.3)
    points, distances = scan_of(disc(3.0), COUNT, 16, [], lost + pressed)
    damage = assess_damage(cells, points, distances, tolerance_mm=0.1)
    (found,) = damage.defects
    assert np.linalg.norm(np.array(found.centre_mm) - (78, 5, 20)) < 1
    assert found.depth_mm.low <= 0.3 <= found.depth_mm.high
    assert damage.wear_volume_mm3.value == pytest.approx(disc(3.0).area_mm2 * float(lost.mean()), rel=0.05)


def test_wear_is_whole_where_it_is_deepest(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 16)
    share = np.minimum(1, np.linalg.norm(on.points - (74, 0, 20), axis=1) / 18)
    lost = np.where(on_top(on.points, on.normals), 0.24 * (1 - share**1.2) ** 2, 0.0)
    points, distances = scan_of(disc(3.0), COUNT, 16, [], lost)
    damage = assess_damage(cells, points, distances, tolerance_mm=0.1)
    assert damage.defects == ()
    assert damage.wear_volume_mm3.value == pytest.approx(disc(3.0).area_mm2 * float(lost.mean()), rel=0.05)


def test_wear_that_ends_in_a_step_is_neither_crack_nor_dent(cells: SurfaceCells) -> None:
    on = sampled(disc(3.0), COUNT, 21)
    strip = on_top(on.points, on.normals) & (np.abs(on.points[:, 0] - 74) < 2.2) & (np.abs(on.points[:, 1]) < 12)
    rest = on_top(on.points, on.normals) & (on.points[:, 0] < -20)
    lost = np.where(strip | rest, 0.18, 0.0)
    points, distances = scan_of(disc(3.0), COUNT, 21, [], lost)
    damage = assess_damage(cells, points, distances, tolerance_mm=0.1)
    assert damage.defects == ()
    assert damage.wear_volume_mm3.value == pytest.approx(disc(3.0).area_mm2 * float(lost.mean()), rel=0.02)


def bar() -> Mesh:
    """A bar of 60 by 6 by 20 mm."""
    return mesh_of(manifold3d.Manifold.cube((60, 6, 20), True), 3.0)


def test_sound_surface_among_scattered_points_is_no_dent() -> None:
    on = sampled(bar(), 25_000, 18)
    chance = np.random.default_rng(18)
    strip = (on.normals[:, 2] > 0.9) & (np.abs(on.points[:, 0]) < 8)
    off = np.where(strip & (chance.random(25_000) < 0.35), chance.uniform(0.3, 0.8, 25_000), 0.0)
    points, distances = scan_of(bar(), 25_000, 18, [])
    damage = assess_damage(bar(), points + off[:, None] * on.normals, distances + off, tolerance_mm=0.1)
    assert [one for one in damage.defects if one.kind != "excess"] == []


def test_what_was_not_seen_is_no_more_worn_than_what_was() -> None:
    """One end of a bar is hidden but for a spot, which lies deep."""
    on = sampled(bar(), 40_000, 19)
    top, end = on.normals[:, 2] > 0.9, on.normals[:, 0] > 0.9
    spot = end & (np.linalg.norm(on.points - (30, 0, 0), axis=1) < 2)
    points, distances = scan_of(bar(), 40_000, 19, [], np.where(top, 0.1, np.where(spot, 0.7, 0.0)))
    seen = ~end | spot
    damage = assess_damage(bar(), points[seen], distances[seen], tolerance_mm=0.1)
    assert 0.1 * 60 * 6 < damage.wear_volume_mm3.value < 0.12 * (60 * 6 + 6 * 20) + 0.7 * 4 * np.pi


def test_what_does_not_match_is_refused(cells: SurfaceCells) -> None:
    with pytest.raises(InputError, match="points of shape"):
        assess_damage(cells, np.zeros((5, 3)), np.zeros(4), tolerance_mm=0.05)
    with pytest.raises(InputError, match="too few"):
        assess_damage(cells, np.zeros((5, 3)), np.zeros(5), tolerance_mm=0.05)
    with pytest.raises(InputError, match="tolerance"):
        assess_damage(cells, np.zeros((5, 3)), np.zeros(5), tolerance_mm=0)
