"""Fine registration of a scan to its reference: from a start within reach of the surface to micrometres.

Gauss–Newton on signed distances with Tukey's biweight (Beaton and Tukey 1974), whose width follows the spread of the inliers: worn
and dented surface gets no weight, so it does not pull the pose. First on the coarse field, then on exact distances.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Points, move
from vehiclenest.loop.inspect.model import Pose
from vehiclenest.loop.inspect.reference import Reference

_TUKEY = 4.685  # of the standard deviation: 95 % efficiency on normal noise (Beaton and Tukey 1974)
_MAD = 1.4826  # from the median of sizes to the standard deviation of normal noise
_LEAST_SCALE_MM = 2e-3
_COARSE_POINTS, _POINTS, _FINAL_POINTS = 20_000, 24_000, 120_000
_STEPS = 30
_STILL_MM = 5e-5  # a step that moves no part by more is the last
_NEARLY_STILL_MM = 1e-3  # … of an alignment that another one follows
_RUN = 8  # points that follow each other in the scan are taken together: what lies side by side is looked up quickly
_FREE = (
    2e-4  # of the mean: facets of a round part move along their normals by less (squared) when it turns; nothing fixes it then
)
_ENOUGH_INLIERS = 0.3
_RIVAL_SHARE = 0.15  # of the points beside the pose before a second pose is looked for among them
_RIVAL_SUPPORT = 0.8  # of the inliers of the pose: so many for another one make it a rival
_RIVAL_MM = 0.01
_BESIDE = 3.0  # times the noise
_NARROWING = 0.7
_TRIAL_POINTS = 8_000
_WIDE = 4.0  # times the noise
_NOISE_PAIRS = 20_000
_SAME_SIDE = 0.99
_DATUM_POINTS = 30


@dataclass(frozen=True, slots=True)
class Datum:
    """Places of the reference that alone fix the pose: centres (k, 3) of balls with a radius, in mm; each weighs the same.

    Six balls, three on one face, two on another and one on a third, are a 3-2-1 alignment; more are a best fit to datum targets.
    """

    centres: Points
    radius_mm: float


@dataclass(frozen=True, slots=True)
class _Fit:
    """Outcome of one alignment: `normal` (6, 6) are the normal equations of lengths alone, in mm² at `radius` from the middle."""

    matrix: Points
    normal: Points
    scale: float
    inliers: float
    support: float
    rms: float
    converged: bool


def register(reference: Reference, points: NDArray[np.floating], start: Points | None = None, datum: Datum | None = None) -> Pose:
    """Return the pose of a scan (n, 3) in mm that starts within about a tenth of the part from its reference.

    Parameters
    ----------
    start
        Motion (4, 4) of the scan into the reference's frame to begin with; none for a fixture that holds the part at its place.
    datum
        Where the pose is to be fixed; without it by all of the surface that is not worn.
    """
    matrix = np.eye(4) if start is None else np.array(start, dtype=np.float64)
    middle, radius = (reference.mesh.low + reference.mesh.high) / 2, reference.mesh.diagonal_mm / 4
    few, many = _thinned(points, _POINTS), _thinned(points, _FINAL_POINTS)
    rough = _coarse(reference, _thinned(few, _COARSE_POINTS), matrix, middle, radius)
    noise = noise_of(reference, points, rough.matrix)
    fit = _exact(reference, few, rough.matrix, middle, radius, rough.scale, noise, _NEARLY_STILL_MM)
    notes: list[str] = []
    rival = None
    if datum is not None:
        fit = _on_datum(reference, points, fit, datum, middle, radius)
    else:
        fit, rival = _best(reference, few, fit, rough, middle, radius, noise)
        if rival is not None:
            notes.append(rival)
        fit = _exact(reference, many, fit.matrix, middle, radius, noise, noise)
    if not fit.converged:
        notes.append("the alignment did not settle: start it nearer, or check that this is the part")
    if fit.inliers < _ENOUGH_INLIERS and datum is None:
        notes.append(f"only {fit.inliers:.0%} of the points lie on the reference: check the part, or give a datum")
    covariance, free = _certainty(fit, radius)
    return Pose(
        matrix=fit.matrix,
        covariance=covariance,
        free=free,
        ambiguous=(),
        rms_mm=fit.rms,
        coverage=float("nan"),
        converged=fit.converged and fit.inliers >= _ENOUGH_INLIERS,
        notes=tuple(notes),
        contested=rival is not None,
    )


def _thinned(points: NDArray[np.floating], count: int) -> Points:
    """Return about `count` of the points in short runs, spread over the scan and always the same ones."""
    if len(points) <= count:
        return np.ascontiguousarray(points, dtype=np.float64)
    runs = np.random.default_rng(0).choice(len(points) // _RUN, count // _RUN, replace=False)
    chosen = (np.sort(runs)[:, None] * _RUN + np.arange(_RUN)).ravel()
    return points[chosen].astype(np.float64)


def _scale(distances: NDArray[np.float64]) -> float:
    """Return the standard deviation of the inner half of the distances, as of normal noise around zero."""
    return max(_MAD * float(np.median(np.abs(distances))), _LEAST_SCALE_MM)


def _coarse(reference: Reference, points: Points, matrix: Points, middle: Points, radius: float) -> _Fit:
    """Align on the coarse field, whose error near edges is a part of its step."""
    least = reference.coarse.step / 8
    scale, shares, rms, normal = np.inf, np.zeros(2), 0.0, np.zeros((6, 6))
    for _ in range(_STEPS):
        moved = move(matrix, points)
        distances, gradients = reference.coarse.nearest(moved)
        scale = max(min(scale, _scale(distances)), least)
        normal, right, shares, rms = _equations(moved, distances, gradients, _TUKEY * scale, middle, radius)
        step = _solved(normal, right)
        matrix = _moved_by(step, middle, radius) @ matrix
        if np.abs(step).max() < least / 50:
            break
    return _Fit(matrix, normal, scale, float(shares[0]), float(shares[1]), rms, converged=True)


def _exact(
    reference: Reference,
    points: Points,
    matrix: Points,
    middle: Points,
    radius: float,
    start_scale: float,
    noise: float,
    still: float = _STILL_MM,
) -> _Fit:
    """Align on exact distances; the kernel narrows step by step down to the noise."""
    scale, shares, rms, normal, converged = start_scale, np.zeros(2), 0.0, np.zeros((6, 6)), False
    for _ in range(_STEPS):
        moved = move(matrix, points)
        distances, gradients = reference.field.nearest(moved, near_only=True)
        scale = max(noise, scale * _NARROWING)
        normal, right, shares, rms = _equations(moved, distances, gradients, _TUKEY * scale, middle, radius)
        step = _solved(normal, right)
        matrix = _moved_by(step, middle, radius) @ matrix
        if np.abs(step).max() < still and scale <= noise:
            converged = True
            break
    return _Fit(matrix, normal, scale, float(shares[0]), float(shares[1]), rms, converged)


def _on_datum(reference: Reference, points: NDArray[np.floating], fit: _Fit, datum: Datum, middle: Points, radius: float) -> _Fit:
    """Align on the datum alone: each place weighs the same however many points it has.

    Raises
    ------
    InputError
        Where a place was not scanned, or the places leave a motion free.
    """
    matrix, normal, rms, converged = fit.matrix, fit.normal, fit.rms, False
    reach = datum.radius_mm
    for _ in range(_STEPS):
        moved = move(matrix, np.asarray(points, dtype=np.float64))
        normal, right, total, weights = np.zeros((6, 6)), np.zeros(6), 0.0, 0
        for number, centre in enumerate(datum.centres):
            chosen = moved[np.linalg.norm(moved - centre, axis=1) <= reach]
            if len(chosen) < _DATUM_POINTS:
                raise InputError(
                    f"datum {number + 1} at {_place(centre)} mm holds {len(chosen)} points",
                    expected=f"scan it ({_DATUM_POINTS} points or more), or widen its radius of {reach:g} mm",
                )
            distances, gradients = reference.field.nearest(chosen)
            part, side, _, _ = _equations(chosen, distances, gradients, 1e6, middle, radius)
            normal, right = normal + part / len(chosen), right + side / len(chosen)
            total, weights = total + float(np.mean(distances**2)), weights + 1
        if np.linalg.matrix_rank(normal, tol=_FREE * np.trace(normal) / 6) < len(normal):
            raise InputError(
                "the datum leaves a motion free", expected="give three places on one face, two on a second, one on a third"
            )
        step = _solved(normal, right)
        matrix = _moved_by(step, middle, radius) @ matrix
        rms = float(np.sqrt(total / weights))
        if np.abs(step).max() < _STILL_MM:
            converged = True
            break
    count = len(datum.centres) * _DATUM_POINTS
    return _Fit(matrix, normal * count / max(np.trace(normal), 1e-12), fit.scale, fit.inliers, fit.support, rms, converged)


def _best(
    reference: Reference, points: Points, fit: _Fit, rough: _Fit, middle: Points, radius: float, noise: float
) -> tuple[_Fit, str | None]:
    """Return the pose that most of the surface is in place for, and a warning where another has nearly as much to itself.

    Where much lies beside `fit`, what is outside of it, what is inside of it, and each half of the part are tried as the unworn one.
    """
    sample = _thinned(points, _TRIAL_POINTS)
    moved = move(fit.matrix, sample)
    distances, gradients = reference.field.nearest(moved, near_only=True)
    if np.mean(np.abs(distances) > _BESIDE * noise) < _RIVAL_SHARE:
        return fit, None
    fits = [_exact(reference, sample, fit.matrix, middle, radius, noise, noise, _NEARLY_STILL_MM)]
    for side in (1.0, -1.0):
        beside = np.isfinite(distances) & (side * distances > _BESIDE * noise)
        if beside.mean() < _RIVAL_SHARE:
            continue
        normal, right, _, _ = _equations(moved[beside], distances[beside], gradients[beside], 1e6, middle, radius)
        start = _moved_by(_solved(normal, right), middle, radius) @ fit.matrix
        fits.append(_exact(reference, sample, start, middle, radius, _WIDE * noise, noise, _NEARLY_STILL_MM))
    for axis in range(3):
        for side in (1.0, -1.0):
            half = sample[side * (moved[:, axis] - middle[axis]) > 0]
            if len(half) < len(sample) * _RIVAL_SHARE:
                continue
            start = _exact(reference, half, fit.matrix, middle, radius, rough.scale, noise, _NEARLY_STILL_MM).matrix
            fits.append(_exact(reference, sample, start, middle, radius, _WIDE * noise, noise, _NEARLY_STILL_MM))
    fits.sort(key=lambda one: -one.support)
    best = fits[0]
    corners = reference.mesh.vertices[:: max(1, len(reference.mesh.vertices) // 1000)]
    for other in fits[1:]:
        apart = np.linalg.norm(move(other.matrix, corners) - move(best.matrix, corners), axis=1).max()
        if apart > _RIVAL_MM and other.support >= _RIVAL_SUPPORT * best.support:
            return best, (
                f"wear and pose cannot be told apart: {best.inliers:.0%} of the points fit this pose and {other.inliers:.0%} one that "
                f"lies {apart:.3f} mm away; give a datum on surface that does not wear"
            )
    return best, None


def noise_of(reference: Reference, points: NDArray[np.floating], matrix: Points) -> float:
    """Return the standard deviation in mm of the scanner's noise along the normal: by neighbours in the scanner's order.

    Wear and pose change slowly along the surface; where points are in no order, they are in it and the figure is too large.
    """
    step = max(1, len(points) // _NOISE_PAIRS)
    first = np.arange(0, len(points) - 1, step)
    here, gradients = reference.field.nearest(points[first], matrix, near_only=True)
    there, others = reference.field.nearest(points[first + 1], matrix, near_only=True)
    same = np.isfinite(here) & np.isfinite(there) & (np.einsum("ij,ij->i", gradients, others) > _SAME_SIDE)
    if same.sum() < _DATUM_POINTS:
        return _LEAST_SCALE_MM
    return max(_MAD * float(np.median(np.abs(here[same] - there[same]))) / np.sqrt(2), _LEAST_SCALE_MM)


def _place(point: NDArray[np.float64]) -> str:
    return ", ".join(f"{coordinate:g}" for coordinate in np.round(point, 2))


@njit(cache=True)
def _equations(
    points: Points, distances: NDArray[np.float64], gradients: Points, limit: float, middle: Points, radius: float
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64], float]:
    """Return the normal equations (6, 6), their right side (6,), the shares of inliers and of support, the weighted rms distance, mm.

    Support is what Tukey's loss saves against leaving all points out: an inlier counts the more the nearer it lies.

    Unknowns: rotation about `middle` times `radius`, and translation, all in mm.
    """
    normal, right, row = np.zeros((6, 6)), np.zeros(6), np.empty(6)
    inliers, support, weights, squares = 0, 0.0, 0.0, 0.0
    for i in range(len(points)):
        if not abs(distances[i]) < limit:
            continue
        share = distances[i] / limit
        weight = (1 - share * share) ** 2
        x, y, z = (points[i, 0] - middle[0]) / radius, (points[i, 1] - middle[1]) / radius, (points[i, 2] - middle[2]) / radius
        gx, gy, gz = gradients[i, 0], gradients[i, 1], gradients[i, 2]
        row[0], row[1], row[2] = y * gz - z * gy, z * gx - x * gz, x * gy - y * gx
        row[3], row[4], row[5] = gx, gy, gz
        for a in range(6):
            right[a] -= weight * row[a] * distances[i]
            for b in range(a, 6):
                normal[a, b] += weight * row[a] * row[b]
        inliers += 1
        support += weight * (1 - share * share)
        weights += weight
        squares += weight * distances[i] * distances[i]
    for a in range(6):
        for b in range(a):
            normal[a, b] = normal[b, a]
    return normal, right, np.array([inliers, support]) / max(1, len(points)), np.sqrt(squares / max(weights, 1e-12))


def _solved(normal: Points, right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the step (6,), with none along motions that the surface does not fix."""
    values, vectors = np.linalg.eigh(normal)
    fixed = values > _FREE * max(float(values.mean()), 1e-300)
    return vectors[:, fixed] @ ((vectors[:, fixed].T @ right) / values[fixed])


def _moved_by(step: NDArray[np.float64], middle: Points, radius: float) -> Points:
    """Return the motion (4, 4) of a step: a rotation about the middle, then a translation."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(step[:3] / radius).as_matrix()
    matrix[:3, 3] = middle + step[3:] - matrix[:3, :3] @ middle
    return matrix


def _certainty(fit: _Fit, radius: float) -> tuple[Points, Points]:
    """Return the covariance (6, 6) of the pose in rad and mm, and the motions (k, 6) that the surface leaves free.

    The noise of neighbouring points is taken as independent; what the scanner has in common over a scan is not in it.
    """
    values, vectors = np.linalg.eigh(fit.normal)
    fixed = values > _FREE * max(float(values.mean()), 1e-300)
    inverse = (vectors[:, fixed] / values[fixed]) @ vectors[:, fixed].T * fit.rms**2
    units = np.diag([1 / radius] * 3 + [1.0] * 3)
    return units @ inverse @ units, vectors[:, ~fixed].T @ units
