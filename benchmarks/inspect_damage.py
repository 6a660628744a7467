"""Dents and wear of damaged parts against their truth, the whole way: mesh, reference, scan, pose, distances, damage.

    python -m benchmarks.inspect_damage [--cases 120] [--minutes 60] [--seed 1] [--scanner] [--parts gear-02a …] [--library DIR] [--json]

Each case is a part of the catalogue (or, with VNEST_DATA, a real mesh) with up to ten dents 0.1 to 0.6 mm deep (as many in each octave) and
4 to 10 mm wide, of three profiles, and one face worn by 0.03 to 0.3 mm; σ 0.02 mm, about 10 points a mm², anywhere within ±5 mm and ±3°.
Points lie evenly over the surface, or with --scanner where the simulated scanner sees it (16 views). A dent is found where one defect of
kind dent lies with its centre inside it; a defect is false where it lies in no dent, or in one that has another already. Dents beside
edges are told apart and not judged; so is what was not seen: dents, and wear of whose volume less than 95 % was. The rules stand in
damaged_parts.py.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.bars import Bar, report
from benchmarks.damaged_parts import SHAPES, Damaged, Dent, Scanned, damaged, even, reference_of, scan
from benchmarks.inspect_pose import REAL

from vehiclenest.loop.inspect.damage import assess_damage
from vehiclenest.loop.inspect.mesh import move
from vehiclenest.loop.inspect.model import Damage, Defect, Figure
from vehiclenest.loop.inspect.reference import TOLERANCE_MM, Library, Reference
from vehiclenest.loop.inspect.register import register

PARTS = (
    "gear-02a", "camshaft-01a", "knuckle-02a", "connecting_rod-01a", "drum-03a", "crankshaft-01a",
)  # fmt: skip
DENTS, DENTED = 10, ("dent",)
WEAR_SEEN = 0.95  # of its volume; what was not seen cannot be measured
THICK_MM3 = 100.0
CLASSES_MM = ((0.1, 0.15), (0.15, 0.3), (0.3, 0.6))


@dataclass(frozen=True, slots=True)
class Case:
    """One part: each dent with whether it was seen and the defect found in it, false ones, wear and its truth, the error of the pose."""

    part: str
    dents: tuple[tuple[Dent, bool, Defect | None], ...]
    false: tuple[Defect, ...]
    wear: Figure
    wear_mm3: float
    wear_seen: float
    pose_mm: float
    noted: bool
    seconds: float
    points: int

    def judged(self) -> list[tuple[Dent, Defect | None]]:
        """Return the dents that the bars are about: clear of edges and seen all over."""
        return [(dent, found) for dent, seen, found in self.dents if seen and dent.clear]


def case(
    name: str, reference: Reference, seed: int, tolerance_mm: float, how: Callable[[Reference, Damaged, int], Scanned]
) -> Case:
    """Return what comes of a damaged part."""
    made = damaged(reference, np.random.default_rng(seed), DENTS)
    scanned = how(reference, made, seed)
    pose = register(reference, scanned.points)
    distances = reference.field.distance(scanned.points, pose.matrix)
    began = time.perf_counter()
    damage = assess_damage(
        reference.cells, scanned.points, distances,
        tolerance_mm=tolerance_mm, pose_covariance=pose.covariance, pose=pose.matrix,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    corners = reference.mesh.vertices
    off = float(np.linalg.norm(move(pose.matrix @ np.linalg.inv(scanned.pose), corners) - corners, axis=1).max())
    dents, false = matched(made, scanned, damage)
    return Case(
        name,
        dents,
        false,
        damage.wear_volume_mm3,
        made.wear_mm3,
        scanned.wear_seen,
        off,
        bool(pose.notes),
        seconds,
        len(scanned.points),
    )


def matched(
    made: Damaged, scanned: Scanned, damage: Damage
) -> tuple[tuple[tuple[Dent, bool, Defect | None], ...], tuple[Defect, ...]]:
    """Return each dent with its defect, and the defects that are none."""
    left = list(damage.defects)
    rows: list[tuple[Dent, bool, Defect | None]] = []
    for dent, seen in zip(made.dents, scanned.seen, strict=True):
        off = [float(np.linalg.norm(np.array(one.centre_mm) - dent.mark.centre_mm)) for one in left]
        order: list[int] = np.argsort(off).tolist()
        inside = [
            place
            for place in order
            if off[place] < dent.width_mm / 2 + (0 if dent.clear else 1) and (left[place].kind in DENTED or not dent.clear)
        ]
        found = left.pop(inside[0]) if inside else None
        rows.append((dent, seen, found))
    return tuple(rows), tuple(left)


def share(flags: Sequence[bool]) -> float:
    """Return which share is true, in percent."""
    return 100 * sum(flags) / max(1, len(flags))


def depth_bars(cases: Sequence[Case]) -> list[Bar]:
    """Return recall, and how far depths are off: in all, by depth and by profile, the greatest of which is judged."""
    rows = [row for one in cases for row in one.judged()]
    in_wear = [found is not None for dent, found in rows if dent.worn]
    beside = [found is not None for one in cases for dent, seen, found in one.dents if seen and not dent.clear]
    off = [(dent, found, 1e3 * (found.depth_mm.value - dent.mark.depth_mm)) for dent, found in rows if found is not None]
    errors = np.array([error for _, _, error in off])
    classes: list[tuple[str, list[float]]] = [
        (f"{low:g} to {high:g} mm deep", [error for dent, _, error in off if low <= dent.mark.depth_mm < high])
        for low, high in CLASSES_MM
    ] + [(f"{shape} profile", [error for dent, _, error in off if dent.shape == shape]) for shape in SHAPES]
    within = [found.depth_mm.low <= dent.mark.depth_mm <= found.depth_mm.high for dent, found, _ in off]
    bars = [
        Bar(f"recall of {len(rows)} dents, %", share([found is not None for _, found in rows]), 99, least=True),
        Bar(f"recall of the {len(in_wear)} of them in worn faces, %", share(in_wear), 99, least=True),
        Bar("depth bias in all, µm", abs(float(errors.mean())), 10),
    ]
    for name, some in classes:
        if some:
            bars.append(Bar(f"depth bias, {name} ({len(some)}), µm", abs(float(np.mean(some))), 10))
    bars.append(Bar("depth error, standard deviation, µm", float(errors.std())))
    bars.append(Bar("true depth inside its interval, %", share(within)))
    if beside:
        bars.append(Bar(f"recall of {len(beside)} dents beside edges, %", share(beside)))
    return bars


def wear_bars(cases: Sequence[Case]) -> list[Bar]:
    """Return how far wear's volume is off and whether its interval holds the truth."""
    worn = [one for one in cases if one.wear_mm3 > 0 and one.wear_seen >= WEAR_SEEN]
    error = np.array([abs(one.wear.value / one.wear_mm3 - 1) for one in worn]) * 100
    signed = np.array([one.wear.value / one.wear_mm3 - 1 for one in worn]) * 100
    much = error[np.array([one.wear_mm3 for one in worn]) > THICK_MM3]
    held = [one.wear.low <= one.wear_mm3 <= one.wear.high for one in worn]
    wide = np.array([one.wear.uncertainty / one.wear_mm3 for one in worn]) * 100
    return [
        Bar(f"wear volume of {len(worn)} faces: median error, %", float(np.median(error)), 2),
        Bar("wear volume: error that 95 % keep to, %", float(np.quantile(error, 0.95)), 2),
        Bar(f"the same of the {len(much)} over {THICK_MM3:g} mm³, %", float(np.quantile(much, 0.95)) if len(much) else 0.0, 2),
        Bar("wear volume: mean of signed errors, %", float(signed.mean())),
        Bar("true wear volume inside its interval, %", share(held), 90, least=True),
        Bar("half width of that interval, median, %", float(np.median(wide))),
    ]


def told(cases: Sequence[Case], *, every: bool) -> list[str]:
    """Return lines about what went wrong, part by part."""
    lines: list[str] = []
    for one in cases:
        missed = [dent for dent, found in one.judged() if found is None]
        off = 100 * (one.wear.value / one.wear_mm3 - 1) if one.wear_mm3 > 0 else 0.0
        if every or missed or one.false or abs(off) > 2:
            gone = ", ".join(f"{dent.shape} {dent.mark.depth_mm:.3f}×{dent.width_mm:.1f} mm" for dent in missed)
            extra = ", ".join(
                f"{defect.kind} {defect.depth_mm.value:.3f} mm, {defect.area_mm2.value:.0f} mm²" for defect in one.false
            )
            share_seen = f"{100 * one.wear_seen:.0f} % seen"
            lines.append(
                f"{one.part}: missed [{gone}], false [{extra}], wear {one.wear_mm3:.1f} mm³ ({share_seen}) off {off:+.1f} % "
                f"± {100 * one.wear.uncertainty / max(one.wear_mm3, 1e-9):.1f}, pose {1e3 * one.pose_mm:.1f} µm{', noted' * one.noted}"
            )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="*", default=[*PARTS, *(REAL if "VNEST_DATA" in os.environ else ())])
    parser.add_argument("--scanner", action="store_true", help="by the simulated scanner, not evenly")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE_MM)
    parser.add_argument("--library", type=Path, help="where learnt parts are kept")
    parser.add_argument("--minutes", type=float, default=60.0, help="no case begins later")
    parser.add_argument("--every", action="store_true", help="a line for every case")
    parser.add_argument("--json", action="store_true", dest="as_json")
    wanted = parser.parse_args()
    library = None if wanted.library is None else Library(wanted.library)
    each = -(-wanted.cases // len(wanted.parts))
    cases: list[Case] = []
    ends = time.monotonic() + 60 * wanted.minutes
    references = [reference_of(name, library) for name in wanted.parts]
    for turn in range(each):
        for number, (name, reference) in enumerate(zip(wanted.parts, references, strict=True)):
            if time.monotonic() > ends:
                break
            seed = 100_000 * wanted.seed + 1_000 * number + turn
            cases.append(case(name, reference, seed, wanted.tolerance, scan if wanted.scanner else even))
            if wanted.every:
                print(*told(cases[-1:], every=True), flush=True)
    false = sum(len(one.false) for one in cases)
    speed = sum(one.points for one in cases) / sum(one.seconds for one in cases) / 1e6
    bars = [
        *depth_bars(cases),
        Bar(f"false defects a part, of {len(cases)}", false / len(cases), 0.1),
        *wear_bars(cases),
        Bar("damage assessed, M points/s", speed),
    ]
    return report(bars, told(cases, every=False), as_json=wanted.as_json)


if __name__ == "__main__":
    raise SystemExit(main())
