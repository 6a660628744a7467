"""From a file to a verdict: PLY → pose → distances → defects → verdict, on a simulated brake disc and scans of 2,000,000 points.

    python -m benchmarks.inspect_chain [--library DIR] [--parts 208] [--scans 8] [--json]

The scan is held by a fixture (±5 mm, ±3°), or lies in any pose and is identified among `--parts` simulated parts; these are learnt into
`--library` first (minutes) and kept there. Streaming is `vnest inspect watch`, whose next file is read while one is worked on. One face
is worn by 0.15 mm and has a dent, σ 0.02 mm; times are the best of five after all is compiled and the part is opened. Beside it, where
the extra peers is installed: Open3D and small_gicp with Open3D, from the same file to clusters of points beyond 0.1 mm.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.bars import Bar, report
from benchmarks.inspect_distance import EDGE_MM, NOISE_MM, POINTS, WEAR_MM, best, in_scanner_order
from numpy.typing import NDArray
from tests.loop.inspect.shapes import Array, motion, sampled

from vehiclenest.loop.inspect.inspection import Inspected, Settings, inspect_file
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.model import Inspection
from vehiclenest.loop.inspect.reference import Library, Part, Reference
from vehiclenest.loop.inspect.simulate.families import build, parts
from vehiclenest.loop.inspect.simulate.writing import write_ply
from vehiclenest.loop.inspect.watching import watch

DISC = "disc-01a"
DENT_MM, DENT_WIDTH_MM, TOLERANCE_MM = 0.4, 8.0, 0.1


def scanned(mesh: Mesh) -> tuple[NDArray[np.float32], Array]:
    """Return a scan (n, 3) in place in the scanner's order, and where its dent is."""
    on = sampled(mesh, POINTS)
    up = on.normals[:, 2] > 0.9
    middle = (mesh.low + mesh.high) / 2
    radius = np.linalg.norm(on.points[:, :2] - middle[:2], axis=1)
    height = float(on.points[up & (radius > 0.9 * radius.max()), 2].max())
    worn = up & (np.abs(on.points[:, 2] - height) < 1)
    centre = np.array([middle[0] + 0.85 * radius.max(), middle[1], height])
    phase = np.minimum(np.pi, 2 * np.pi * np.linalg.norm(on.points - centre, axis=1) / DENT_WIDTH_MM)
    lost = np.where(worn, WEAR_MM + DENT_MM * (1 + np.cos(phase)) / 2, 0.0)
    off = np.random.default_rng(1).normal(0, NOISE_MM, POINTS) - lost
    return in_scanner_order((on.points + off[:, None] * on.normals).astype(np.float32)), centre


def learnt(folder: Path, count: int) -> Library:
    """Return the library in a folder after the first parts of the catalogue were added to it, the disc of the scan among them."""
    library = Library(folder)
    for each in parts()[:count]:
        if each.id not in library.parts:
            mesh = build(each.id, EDGE_MM if each.id == DISC else None)
            library.add(Reference.learn(mesh, Part(each.id, each.family, each.material, TOLERANCE_MM)))
    return library


def peers(path: Path, mesh: Mesh) -> list[Bar]:
    """Return the points a second of Open3D and of small_gicp, from the file to clusters, where they are installed."""
    if find_spec("open3d") is None:
        return []
    o3d: Any = import_module("open3d")
    scene: Any = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(mesh.vertices.astype(np.float32), mesh.triangles.astype(np.uint32))
    surface: Any = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(mesh.vertices), o3d.utility.Vector3iVector(mesh.triangles)
    )
    target: Any = surface.sample_points_uniformly(500_000, use_triangle_normal=True).voxel_down_sample(2.0)

    def clusters(points: Array) -> int:
        away = scene.compute_signed_distance(points.astype(np.float32)).numpy()
        beyond: Any = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points[np.abs(away) > TOLERANCE_MM]))
        return int(np.max(beyond.voxel_down_sample(1.0).cluster_dbscan(eps=2.0, min_points=4)))

    def open3d_icp() -> None:
        cloud: Any = o3d.io.read_point_cloud(str(path))
        kind: Any = o3d.pipelines.registration
        found = kind.registration_icp(
            cloud.voxel_down_sample(2.0), target, 10.0, np.eye(4), kind.TransformationEstimationPointToPlane()
        )
        clusters(np.asarray(cloud.transform(found.transformation).points))

    bars = [Bar("Open3D from a fixture pose, M points/s", POINTS / best(open3d_icp, 2) / 1e6)]
    if find_spec("small_gicp") is not None:
        gicp: Any = import_module("small_gicp")
        there = np.asarray(target.points)

        def small_gicp() -> None:
            points = np.asarray(o3d.io.read_point_cloud(str(path)).points)
            found = gicp.align(there, points, downsampling_resolution=2.0, max_correspondence_distance=10.0, num_threads=2)
            clusters(move(np.asarray(found.T_target_source), points))

        bars.append(Bar("small_gicp and Open3D from a fixture pose, M points/s", POINTS / best(small_gicp, 2) / 1e6))
    return bars


def checked(made: Inspected, centre: Array) -> str:
    """Return the stages' times after a look at whether the inspection found what was put in."""
    found = made.found
    assert isinstance(found, Inspection), "the part was not identified"
    assert found.part_id == DISC, found.part_id
    near = [defect for defect in found.damage.defects if np.linalg.norm(np.array(defect.centre_mm) - centre) < 1]
    assert [defect.kind for defect in near] == ["dent"], found.damage.defects
    return ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in found.seconds.items())


def streaming(folder: Path, library: Library, settings: Settings) -> float:
    """Return the seconds that all scans of a folder take, one after the other."""
    start = time.perf_counter()
    for arrival in watch(folder, library, settings, once=True):
        assert arrival.refused is None, arrival.refused
    return time.perf_counter() - start


def main(folder: Path, count: int, scans: int, *, as_json: bool) -> int:
    library = learnt(folder, count)
    reference = library[DISC]
    points, centre = scanned(reference.mesh)
    with tempfile.TemporaryDirectory() as made:
        held, free, stream = Path(made) / "held.ply", Path(made) / "free.ply", Path(made) / "stream"
        stream.mkdir()
        write_ply(held, move(motion(3, 5, 7), points).astype(np.float32))
        for number in range(scans):
            turned = move(motion(170, 400, number), points).astype(np.float32)
            write_ply(free if number == 0 else stream / f"{number}.ply", turned)
        (stream / "0.ply").write_bytes(free.read_bytes())
        fixture, anywhere = Settings(DISC, fixture=True), Settings()
        notes = [f"{len(reference.mesh.triangles):,} triangles, {POINTS:,} points, {len(library)} parts"]
        runs: dict[str, Callable[[], Inspected]] = {
            "fixture": lambda: inspect_file(held, library, fixture),
            "any pose": lambda: inspect_file(free, library, anywhere),
        }
        figures: dict[str, float] = {}
        for name, run in runs.items():
            figures[name] = POINTS / best(run) / 1e6
            notes.append(f"{name}: {checked(run(), centre)} s")
        streamed = scans * POINTS / streaming(stream, library, anywhere) / 1e6
        bars = [
            Bar("file to verdict from a fixture pose, M points/s", figures["fixture"], 4, least=True),
            Bar(f"file to verdict from any pose among {len(library)} parts, M points/s", figures["any pose"], 1.9, least=True),
            Bar(f"streaming of {scans} scans from any pose, M points/s", streamed, 1.9, least=True),
            *peers(held, reference.mesh),
        ]
    return report(bars, notes, as_json=as_json)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=Path("parts-208"))
    parser.add_argument("--parts", type=int, default=208)
    parser.add_argument("--scans", type=int, default=8)
    parser.add_argument("--json", action="store_true", dest="as_json")
    said = parser.parse_args()
    raise SystemExit(main(said.library, said.parts, said.scans, as_json=said.as_json))
