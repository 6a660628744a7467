"""Distance, learning and fine registration of inspection, on a simulated brake disc and a scan of 2,000,000 points.

    python -m benchmarks.inspect_distance [--json]   # libigl for exactness; Open3D beside it where the extra peers is installed

The scan lies on the disc with σ 0.02 mm along the normal, the friction faces worn by 0.15 mm, in the order of a Morton curve (a
scanner's) or at random; the pose is off by up to ±5 mm and ±3°. Times are the best of five, compiled before.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import igl
import numpy as np
from benchmarks.bars import Bar, report
from numpy.typing import NDArray
from tests.loop.inspect.shapes import Array, motion, sampled

from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.reference import Library, Part, Reference
from vehiclenest.loop.inspect.register import register
from vehiclenest.loop.inspect.simulate.families import build

POINTS, CHECKED, EDGE_MM, NOISE_MM, WEAR_MM = 2_000_000, 200_000, 2.65, 0.02, 0.15


def scanned(mesh: Mesh, wear_mm: float, *, every_face: bool = False) -> tuple[NDArray[np.float32], float]:
    """Return a scan (n, 3) in place with both friction faces worn, or with every face that looks up, and which share that is."""
    on = sampled(mesh, POINTS)
    up, down = on.normals[:, 2] > 0.9, on.normals[:, 2] < -0.9
    radius = np.linalg.norm(on.points[:, :2] - (mesh.low + mesh.high)[:2] / 2, axis=1)
    heights = on.points[:, 2]
    outer = radius > 0.9 * radius.max()
    friction = (up & (np.abs(heights - heights[up & outer].max()) < 1)) | (
        down & (np.abs(heights - heights[down & outer].min()) < 1)
    )
    worn = up if every_face else friction
    off = np.random.default_rng(1).normal(0, NOISE_MM, POINTS) - wear_mm * worn
    return (on.points + off[:, None] * on.normals).astype(np.float32), float(worn.mean())


def in_scanner_order(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return points along a Morton curve of 1,024 steps a side."""
    cells = ((points - points.min(axis=0)) / np.ptp(points, axis=0).max() * 1023).astype(np.uint64)
    key = np.zeros(len(points), np.uint64)
    for bit in range(10):
        for axis in range(3):
            key |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return np.ascontiguousarray(points[np.argsort(key, kind="stable")])


def best(work: Callable[[], Any], runs: int = 5) -> float:
    """Return the seconds of the quickest run."""
    work()
    seconds: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def error_mm(mesh: Mesh, found: Array, truth: Array) -> float:
    """Return how far the pose leaves the farthest corner of the part from where it is."""
    return float(np.linalg.norm(move(found @ truth, mesh.vertices) - mesh.vertices, axis=1).max())


def open3d_speed(mesh: Mesh, points: NDArray[np.float32]) -> list[Bar]:
    """Return Open3D's points a second, where it is installed."""
    if find_spec("open3d") is None:
        return []
    open3d: Any = import_module("open3d")
    scene: Any = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(mesh.vertices.astype(np.float32), mesh.triangles.astype(np.uint32))

    def work() -> object:
        return scene.compute_signed_distance(points)

    return [Bar("Open3D, M points/s in scanner order", POINTS / best(work, 2) / 1e6)]


def main(*, as_json: bool) -> int:
    mesh = build("disc-01a", EDGE_MM)
    Reference.learn(mesh, Part("disc"))  # compiles
    start = time.perf_counter()
    reference = Reference.learn(mesh, Part("disc"))
    learning = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        kept = Library(Path(folder)).add(reference)
        stored = sum(file.stat().st_size for file in kept.iterdir()) / 1e6
    worn, share = scanned(mesh, WEAR_MM)
    ordered = in_scanner_order(worn)
    at_random = np.random.default_rng(3).permutation(worn)
    chosen = np.random.default_rng(2).choice(POINTS, CHECKED, replace=False)
    found = reference.field.distance(ordered)[chosen]
    kind = igl.SIGNED_DISTANCE_TYPE_PSEUDONORMAL
    exact = np.asarray(
        igl.signed_distance(
            ordered[chosen].astype(np.float64), reference.mesh.vertices, reference.mesh.triangles.astype(np.int64), kind
        )[0]
    )
    wrong = int(np.count_nonzero((np.sign(exact) != np.sign(found)) & (np.abs(exact) > 1e-3)))
    truth = motion(3, 5, 7)
    flat = in_scanner_order(scanned(mesh, 0.0)[0])
    blind = in_scanner_order(scanned(mesh, WEAR_MM, every_face=True)[0])
    sound, off, untold = (move(truth, points.astype(np.float64)).astype(np.float32) for points in (flat, ordered, blind))
    doubtful = register(reference, untold)
    bars = [
        Bar(
            "signed distance, M points/s in scanner order",
            POINTS / best(lambda: reference.field.distance(ordered)) / 1e6,
            15,
            least=True,
        ),
        Bar(
            "signed distance, M points/s at random",
            POINTS / best(lambda: reference.field.distance(at_random)) / 1e6,
            4,
            least=True,
        ),
        Bar("greatest difference from libigl, µm", float(np.abs(exact - found).max()) * 1e3, 1),
        Bar("wrong signs beyond 1 µm", wrong, 0),
        Bar("learning, s", learning, 10),
        Bar("on disk, MB", stored, 25),
        Bar("fine registration from a fixture, s", best(lambda: register(reference, sound), 3)),
        Bar("pose error without wear, µm", error_mm(mesh, register(reference, sound).matrix, truth) * 1e3, 5),
        Bar(
            f"pose error with the friction faces worn, {share:.0%} of the surface, µm",
            error_mm(mesh, register(reference, off).matrix, truth) * 1e3,
            5,
        ),
        Bar("every face that looks up worn: said that it cannot be told from a pose", float(doubtful.contested), 1, least=True),
        *open3d_speed(reference.mesh, ordered),
    ]
    notes = [f"{len(reference.mesh.triangles):,} triangles, {POINTS:,} points, {CHECKED:,} of them against libigl"]
    notes += [f"with every face worn that looks up: {note}" for note in doubtful.notes]
    return report(bars, notes, as_json=as_json)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", dest="as_json")
    raise SystemExit(main(as_json=parser.parse_args().as_json))
