"""A scan finds its reference to micrometres, worn or not; what cannot be told is said."""

import manifold3d
import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import move
from vehiclenest.loop.inspect.reference import Part, Reference
from vehiclenest.loop.inspect.register import Datum, noise_of, register

from .shapes import Array, disc, mesh_of, motion, ring, sampled

NOISE_MM = 0.02
COUNT = 200_000


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.learn(disc(), Part("disc"))


def scanned(wear: Array | float = 0.0, seed: int = 0) -> Array:
    """Return points of a scan of the disc that lies in place, its surface `wear` mm too low."""
    on = sampled(disc(), COUNT, seed)
    off = np.random.default_rng(seed).normal(0, NOISE_MM, COUNT) - wear
    return on.points + off[:, None] * on.normals


def error_mm(reference: Reference, found: Array, truth: Array) -> float:
    """Return how far the pose leaves the corners of the part from where they are."""
    return float(np.linalg.norm(move(found @ truth, reference.mesh.vertices) - reference.mesh.vertices, axis=1).max())


@pytest.mark.parametrize("seed", range(5))
def test_a_scan_in_a_fixture_is_aligned_to_micrometres(reference: Reference, seed: int) -> None:
    truth = motion(3, 5, seed)
    pose = register(reference, move(truth, scanned(seed=seed)).astype(np.float32))
    assert pose.converged
    assert pose.notes == ()
    assert error_mm(reference, pose.matrix, truth) < 0.002
    assert len(pose.free) == 0
    assert pose.rms_mm == pytest.approx(NOISE_MM, rel=0.2)


def test_wear_of_a_third_of_the_surface_does_not_pull_the_pose(reference: Reference) -> None:
    on = sampled(disc(), COUNT)
    radius = np.hypot(on.points[:, 0], on.points[:, 1])
    worn = (on.normals[:, 2] > 0.9) & (radius > 60)  # the friction ring, seen from the hat's side
    assert 0.2 < worn.mean() < 0.4
    truth = motion(3, 5, 11)
    pose = register(reference, move(truth, scanned(np.where(worn, 0.15, 0.0))))
    assert pose.converged
    assert error_mm(reference, pose.matrix, truth) < 0.005


def test_the_covariance_says_how_far_the_pose_is_off(reference: Reference) -> None:
    errors: list[Array] = []
    for seed in range(6):
        truth = motion(1, 1, seed)
        pose = register(reference, move(truth, scanned(seed=seed)))
        middle = (reference.mesh.low + reference.mesh.high) / 2
        off = move(pose.matrix @ truth, middle[None])[0] - middle
        errors.append(off / np.sqrt(np.diag(pose.covariance)[3:]))
    assert 0.5 < np.sqrt(np.mean(np.square(errors))) < 2.0


def test_a_face_worn_all_over_cannot_be_told_from_the_pose_and_a_datum_settles_it() -> None:
    block = mesh_of(manifold3d.Manifold.cube((60, 50, 20)), 4.0)
    reference = Reference.learn(block, Part("block"))
    on = sampled(block, COUNT)
    worn = on.normals[:, 2] > 0.9
    points = on.points + (np.random.default_rng(0).normal(0, NOISE_MM, COUNT) - 0.2 * worn)[:, None] * on.normals
    truth = motion(1, 1, 3)
    scan = move(truth, points)
    pose = register(reference, scan)
    assert any("wear and pose cannot be told apart" in note and "give a datum" in note for note in pose.notes)
    centres = np.array([[10, 10, 0], [50, 10, 0], [30, 40, 0], [15, 0, 10], [45, 0, 10], [0, 25, 10]], dtype=np.float64)
    settled = register(reference, scan, datum=Datum(centres, 4.0))
    assert settled.notes == ()
    assert error_mm(reference, settled.matrix, truth) < 0.015


def test_a_datum_that_was_not_scanned_or_fixes_too_little_is_said(reference: Reference) -> None:
    with pytest.raises(InputError, match=r"datum 1 at .* holds 0 points"):
        register(reference, scanned(), datum=Datum(np.array([[0.0, 0, 500]]), 2.0))
    with pytest.raises(InputError, match="leaves a motion free"):
        register(reference, scanned(), datum=Datum(np.array([[80.0, 0, 0], [-80, 0, 0], [0, 80, 0]]), 5.0))


def test_a_ring_may_turn_and_that_is_said() -> None:
    reference = Reference.learn(ring(), Part("ring"))
    pose = register(reference, move(motion(1, 1, 4), sampled(ring(), 50_000).points))
    assert len(pose.free) == 1
    turning = pose.free[0] / np.linalg.norm(pose.free[0])
    assert abs(turning[2]) == pytest.approx(1, abs=1e-3)


def test_another_part_does_not_pass_for_this_one(reference: Reference) -> None:
    pose = register(reference, sampled(ring(), 50_000).points)
    assert not pose.converged
    assert any("check" in note for note in pose.notes)


def test_noise_is_measured_beside_wear_and_pose(reference: Reference) -> None:
    assert noise_of(reference, scanned(0.1), np.eye(4)) == pytest.approx(NOISE_MM, rel=0.15)
