"""Poses of scans from nowhere: share right and time, over parts of which many are symmetric or nearly so.

    python -m benchmarks.inspect_pose [--cases 1000] [--parts drum gear …]

A scan shows 50–90 % of a part, cut off by a plane or by the side that it is seen from, σ 0.02 mm, 3 % outliers, in any pose.
A pose is right where every vertex is within 0.5 % of the diagonal of its place, modulo exact symmetry. Where the part of the
surface that tells poses apart is not in the scan, a wrong pose fits as well as the true one: such cases are counted apart. Real
meshes come from VNEST_DATA.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import trimesh
from numpy.typing import NDArray
from tests.loop.inspect.parts import PARTS, part
from tests.loop.inspect.shapes import Array, motion, sampled

from vehiclenest.loop.inspect.coarse import CoarseField
from vehiclenest.loop.inspect.field import Field
from vehiclenest.loop.inspect.flip import without_flat
from vehiclenest.loop.inspect.global_pose import Learnt, Start, find_pose, learn
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.symmetry import undone

NOISE_MM, OUTLIERS, COUNT = 0.02, 0.03, 100_000
RIGHT = 0.005  # of the diagonal
TELLS_MM = 1e-4  # mean clipped distance by which the truth has to fit better
CLIP_MM = 0.3
REAL = {"turbine blade": "parts/turbineblade.ply", "casting": "parts/42400-IDGH.stl"}


def scan(mesh: Mesh, chance: np.random.Generator) -> tuple[NDArray[np.float32], Array]:
    """Return a scan (n, 3) of a part and the pose that brings it home."""
    share = chance.uniform(0.5, 0.9)
    on = sampled(mesh, int(COUNT / share), int(chance.integers(1 << 30)))
    way = chance.normal(size=3)
    way /= np.linalg.norm(way)
    along = on.points @ way
    seen = along if chance.random() < 0.5 else on.normals @ way + 0.3 * (along - along.mean()) / np.ptp(along)
    points = on.points[seen >= np.quantile(seen, 1 - share)]
    points = points + chance.normal(0, NOISE_MM, points.shape)
    astray = chance.choice(len(points), int(OUTLIERS * len(points)), replace=False)
    points[astray] += chance.normal(0, 0.03 * mesh.diagonal_mm, (len(astray), 3))
    truth = motion(180, 300, int(chance.integers(1 << 30)))
    return move(undone(truth[None])[0], points).astype(np.float32), truth


def learnt_of(name: str) -> tuple[Mesh, Learnt]:
    """Return a part of the tests, or a real one."""
    if name in PARTS:
        return part(name)
    load: Any = cast("Any", trimesh).load_mesh
    loaded = load(Path(os.environ["VNEST_DATA"]) / REAL[name])
    mesh = without_flat(Mesh(np.asarray(loaded.vertices, dtype=np.float64), np.asarray(loaded.faces, dtype=np.int32)))
    field = Field.of(mesh)
    return mesh, learn(mesh, field, CoarseField.of(mesh, field))


def judged(mesh: Mesh, learnt: Learnt, points: NDArray[np.float32], truth: Array, starts: list[Start]) -> str:
    """Return whether the best start is right, wrong, or cannot be told from the truth."""
    if learnt.symmetry.difference_mm(starts[0].pose, truth, mesh.vertices) <= RIGHT * mesh.diagonal_mm:
        return "right"
    some = points[::3].astype(np.float64)
    found, true = (
        np.minimum(np.abs(learnt.surface.distance(move(pose, some))), CLIP_MM).mean() for pose in (starts[0].pose, truth)
    )
    return "untold" if found <= true + TELLS_MM else "wrong"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--parts", nargs="*", default=[*PARTS, *(REAL if "VNEST_DATA" in os.environ else ())])
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    each = -(-wanted.cases // len(wanted.parts))
    verdicts: list[str] = []
    seconds: list[float] = []
    for name in wanted.parts:
        began = time.perf_counter()
        mesh, learnt = learnt_of(name)
        learning = time.perf_counter() - began
        chance = np.random.default_rng(wanted.seed)
        find_pose(scan(mesh, chance)[0], learnt)  # compiles
        ours: list[str] = []
        for _ in range(each):
            points, truth = scan(mesh, chance)
            began = time.perf_counter()
            starts = find_pose(points, learnt)
            seconds.append(time.perf_counter() - began)
            ours.append(judged(mesh, learnt, points, truth, starts))
        verdicts += ours
        middle = np.median(seconds[-each:])
        tally = ", ".join(f"{ours.count(verdict)} {verdict}" for verdict in ("right", "untold", "wrong"))
        symmetry = f"{len(learnt.symmetry.rotations)} exact{' about an axis' if learnt.symmetry.axis else ''}"
        print(f"{name:16} {symmetry:22} {tally:32} median {middle:.2f} s, learnt in {learning:.1f} s", flush=True)
    told = len(verdicts) - verdicts.count("untold")
    low, high, most = np.quantile(seconds, (0.5, 0.95, 1))
    print(
        f"right {verdicts.count('right')} of {told} that can be told ({verdicts.count('right') / told:.2%}), {len(verdicts)} in all"
    )
    print(f"seconds: median {low:.3f}, 95 % {high:.3f}, most {most:.3f} (bar 0.5)")


if __name__ == "__main__":
    main()
