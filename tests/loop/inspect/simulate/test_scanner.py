"""The simulated scanner sees what camera and projector both reach, errs as it says, and its scans lie on the part."""

from pathlib import Path

import igl
import manifold3d
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.loop.inspect.shapes import disc, mesh_of

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.reading import read_mesh, read_scan
from vehiclenest.loop.inspect.simulate.scanner import Optics, Scan, any_motion, fixture_motion, scan, turntable, views_for
from vehiclenest.loop.inspect.simulate.wear_and_tear import broken, dent, together, truth, wear_round
from vehiclenest.loop.inspect.simulate.writing import write_ply

EXACT = Optics(points=60_000, noise_mm=0.0, mixed=0.0, outliers=0.0)
UP, DOWN = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, -1.0]])


def away(mesh: Mesh, made: Scan) -> NDArray[np.float64]:
    points = move(made.pose, made.points.astype(np.float64))
    kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    return np.asarray(igl.signed_distance(points, mesh.vertices, mesh.triangles.astype(np.int64), kind)[0])


def cup() -> Mesh:
    """A cube of 40 mm with a shaft of 10 mm that is 35 mm deep."""
    shaft = manifold3d.Manifold.cylinder(36, 5, 5, 64).translate((0, 0, -15))
    return mesh_of(manifold3d.Manifold.cube((40, 40, 40), True) - shaft, 4.0)


def test_a_scan_without_error_lies_on_the_part_in_any_pose() -> None:
    made = scan(disc(), turntable(), motion=any_motion(3), optics=EXACT)
    assert len(made.points) == pytest.approx(60_000, rel=0.05)
    assert np.abs(away(disc(), made)).max() < 2e-4  # single precision, 400 mm from the origin
    assert set(np.unique(made.view)) == set(range(16))
    assert (np.diff(made.view) >= 0).all()
    assert 0.6 < made.coverage < 1


@pytest.mark.parametrize("name", ["turbineblade.ply", "42400-IDGH.stl"])
def test_scans_of_real_parts_lie_on_them(data_folder: Path, name: str) -> None:
    mesh = read_mesh(data_folder / "parts" / name)
    made = scan(mesh, turntable(), optics=EXACT)
    assert np.abs(away(mesh, made)).max() < 1e-6 * mesh.diagonal_mm + 1e-4


def test_what_only_one_of_the_two_reaches_is_not_measured() -> None:
    def floor(made: Scan) -> NDArray[np.bool_]:
        return np.abs(made.points[:, 2] + 15) < 0.1

    straight = scan(cup(), UP, optics=Optics(points=40_000, noise_mm=0, parallax_deg=2.0))
    assert floor(straight).sum() > 50
    slanting = scan(cup(), UP, optics=Optics(points=40_000, noise_mm=0, parallax_deg=40.0))
    assert floor(slanting).sum() == 0
    below = scan(cup(), DOWN, optics=EXACT)
    assert below.points[:, 2].max() < -19.9
    assert below.coverage == pytest.approx(1600 / cup().area_mm2, abs=0.02)


def test_noise_is_as_wide_across_every_face_as_said() -> None:
    made = scan(disc(), turntable(), optics=Optics(points=60_000, noise_mm=0.02, mixed=0, outliers=0), seed=1)
    off = away(disc(), made)
    assert np.std(off) == pytest.approx(0.02, rel=0.05)
    assert abs(np.mean(off)) < 1e-3
    astray = scan(disc(), turntable(), optics=Optics(points=60_000, noise_mm=0, mixed=0, outliers=0.01), seed=1)
    assert np.mean(np.abs(away(disc(), astray)) > 1e-3) == pytest.approx(0.01, rel=0.15)


def test_pixels_beside_a_step_mix_near_and_far() -> None:
    clean, mixed = (
        scan(disc(), UP, optics=Optics(points=60_000, noise_mm=0, mixed=share, outliers=0), seed=2) for share in (0, 0.5)
    )
    moved = np.linalg.norm(clean.points - mixed.points, axis=1)
    assert 0.0005 < np.mean(moved > 0.01) < 0.05
    assert moved.max() <= 1.0 + 1e-4


def test_a_face_that_slants_makes_no_step() -> None:
    cube = mesh_of(manifold3d.Manifold.cube((40, 40, 40), True), 4.0)
    view = np.array([[1.0, 0.0, 0.35]]) / np.hypot(1, 0.35)
    clean, mixed = (scan(cube, view, optics=Optics(points=8_000, noise_mm=0, mixed=share, outliers=0)) for share in (0, 1))
    inside = (clean.points[:, 2] > 19.99) & (np.abs(clean.points[:, :2]).max(axis=1) < 17)
    assert inside.sum() > 500
    assert np.array_equal(clean.points[inside], mixed.points[inside])


def test_damage_moves_points_along_the_normal() -> None:
    hit = dent(np.array([75.0, 30, 20]), UP[0], depth_mm=0.5, diameter_mm=8.0)
    made = scan(disc(), UP, displacement=together([hit]), optics=EXACT)
    assert made.displacement.min() == pytest.approx(-0.5, abs=0.02)
    np.testing.assert_allclose(away(disc(), made), made.displacement, atol=2e-3)


def test_the_same_seed_makes_the_same_scan() -> None:
    first, again, other = (scan(disc(), UP, optics=Optics(points=20_000), seed=seed).points for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_views_on_one_side_show_what_was_asked_for(seed: int) -> None:
    views = views_for(disc(), 0.5, seed)
    assert scan(disc(), views, optics=EXACT).coverage >= 0.48
    assert len(views) == 1 or scan(disc(), views[:-1], optics=EXACT).coverage < 0.52
    with pytest.raises(InputError, match="can be seen at all"):
        views_for(cup(), 0.999, seed)


def test_a_fixture_leaves_a_part_near_its_place() -> None:
    for seed in range(20):
        made = fixture_motion(seed)
        assert np.abs(made[:3, 3]).max() <= 5
        assert np.degrees(np.arccos((np.trace(made[:3, :3]) - 1) / 2)) <= 3.0001


def test_a_written_scan_is_read_again(tmp_path: Path) -> None:
    made = scan(disc(), UP, optics=Optics(points=20_000))
    write_ply(tmp_path / "scan.ply", made.points)
    assert np.array_equal(read_scan(tmp_path / "scan.ply"), made.points)


def test_nothing_seen_is_said() -> None:
    turned_away = Mesh(np.array([[0.0, 0, 0], [0, 10, 0], [10, 0, 0]]), np.array([[0, 1, 2]], dtype=np.int32))
    with pytest.raises(InputError, match="nothing of the part"):
        scan(turned_away, UP, optics=EXACT)


def test_a_worn_journal_loses_what_it_is_said_to() -> None:
    mesh = mesh_of(manifold3d.Manifold.cylinder(60, 20, 20, 256), 3.0)
    mark = wear_round(np.array([0.0, 0, 30]), UP[0], radius_mm=20, length_mm=40, depth_mm=0.1)
    assert truth(mesh, mark).volume_mm3 == pytest.approx(0.1 * 2 * np.pi * 20 * 40, rel=0.03)
    uneven = wear_round(np.array([0.0, 0, 30]), UP[0], radius_mm=20, length_mm=40, depth_mm=0.1, uneven=1.0)
    assert truth(mesh, uneven).volume_mm3 == pytest.approx(0.05 * 2 * np.pi * 20 * 40, rel=0.03)


def test_a_piece_broken_off_a_corner_is_gone() -> None:
    rest, volume = broken(disc(), np.array([0.0, 100, 20]), 6.0)
    assert 0.2 * 4 / 3 * np.pi * 6**3 < volume < 0.3 * 4 / 3 * np.pi * 6**3
    rest.checked("rest")
    made = scan(rest, UP, optics=EXACT)
    assert away(disc(), made).min() < -1
