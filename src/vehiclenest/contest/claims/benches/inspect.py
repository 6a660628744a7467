"""Scan inspection, measured on a simulated brake disc under a simulated scanner: speed. What needs real cores is not judged."""

import tempfile
import time
from functools import cache
from pathlib import Path

from vehiclenest.contest.claims.model import Claim, Finding
from vehiclenest.core.verdict import ClaimVerdict

_PART, _POINTS, _EDGE_MM, _RUNS, _SEED = "disc-01a", 2_000_000, 2.65, 3, 1
_MISSING = {
    "inspection-speed": "minutes of a manual inspection and of setting the same core up for the scanner, by stopwatch, side by side",
    "identification-accuracy": "scans of used cores whose identity is known; on simulated ones see python -m benchmarks.inspect_identify",
}


def measure(claim: Claim) -> Finding:
    """Return what the room finds of a claim of the register."""
    if claim.id in _MISSING:
        return Finding(verdict=ClaimVerdict.CANNOT_BE_JUDGED, missing=_MISSING[claim.id])
    held, anywhere = _rates()
    conditions = (
        f"simulated {_PART} of about 225,000 triangles, {_POINTS:,} points of a simulated scanner, from the file to distances; "
        f"{held:,.0f} points/s where a fixture holds the part, {anywhere:,.0f} in any pose"
    )
    low, high = sorted((held, anywhere))
    return Finding.of_interval(claim, high, low, high, conditions, depends_on="whether the pose is known")


@cache
def _rates() -> tuple[float, float]:
    """Return points a second from file to distances from a fixture and from any pose: the best of three runs, after the first."""
    from vehiclenest.loop.inspect.inspection import Settings, inspect_file
    from vehiclenest.loop.inspect.reference import Library, Part, Reference
    from vehiclenest.loop.inspect.simulate.families import build
    from vehiclenest.loop.inspect.simulate.scanner import Optics, any_motion, fixture_motion, scan, turntable
    from vehiclenest.loop.inspect.simulate.writing import write_ply

    mesh = build(_PART, _EDGE_MM)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = Library(folder / "parts")
        library.add(Reference.learn(mesh, Part(_PART)))
        rates: list[float] = []
        for fixture, motion in ((True, fixture_motion(_SEED)), (False, any_motion(_SEED))):
            made = scan(mesh, turntable(), motion=motion, optics=Optics(points=_POINTS), seed=_SEED)
            write_ply(folder / "scan.ply", made.points)
            settings = Settings(_PART, fixture=fixture)
            inspect_file(folder / "scan.ply", library, settings)
            best = float("inf")
            for _ in range(_RUNS):
                start = time.perf_counter()
                seconds = inspect_file(folder / "scan.ply", library, settings).found.seconds
                whole = time.perf_counter() - start
                best = min(best, whole - seconds["damage"] - seconds["verdict"])
            rates.append(len(made.points) / best)
    return rates[0], rates[1]
