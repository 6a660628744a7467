"""Which of some 200 parts a scan is of: top-1, unknown parts refused, calibration and time.

    python -m benchmarks.inspect_identify --library parts [--parts 208] [--scans 400] [--seed 7] [--half] [--json]

Simulated parts, 16 near-duplicates a family; a scan shows one side, half of the surface or more, worn, dented and corroded, as
simulate/scanner.py sees it (100,000 points, σ 0.02 mm, mixed pixels at edges, up to 1 % outliers), in any pose. Eight scans of ten are of
parts that the library holds; one of ten lacks its family, one its part alone, whose near-duplicates stay. Where the scan does not show
what tells a part from another (an oil hole on the far side), both fit as well and either answer is as good: such scans are counted
apart. With `--half`, scans are of those parts alone that the model of confidence has not seen.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from benchmarks.bars import Bar, quantile, report
from benchmarks.fit_identity import fitting_half
from benchmarks.identify_cases import Case, cases, filled, spread

from vehiclenest.loop.inspect.evidence import margin
from vehiclenest.loop.inspect.identify import Identified, decided
from vehiclenest.loop.inspect.reference import Library
from vehiclenest.loop.inspect.simulate.families import PartSpec, parts

_BINS = 10
_TRIALS = 200
_SAME = 5.0  # of the loss: one point says so much, by chance


def untold(case: Case) -> bool:
    """Whether another part fits a scan as well as its own at every point at which they differ."""
    own = case.own
    return own is not None and any(abs(margin(said, own)) <= _SAME for name, said in case.found.items() if name != case.part_id)


def right(case: Case, said: Identified) -> bool:
    """Whether the answer is the part, or unknown where the library lacks it."""
    return said.part_id == (case.part_id if case.kind == "known" else None)


def calibration_error(sure: list[float], good: list[bool]) -> float:
    """Return the expected calibration error: how far confidence is from the share that is right, over ten even bins."""
    confidence, hit = np.array(sure), np.array(good, dtype=np.float64)
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    apart = [abs(float((confidence - hit)[bins == number].sum())) for number in range(_BINS)]
    return sum(apart) / len(confidence)


def _by_chance(sure: list[float]) -> float:
    """Return the calibration error that so many answers have on average where each is right as often as it says."""
    chance = np.random.default_rng(0)
    return float(np.mean([calibration_error(sure, (chance.random(len(sure)) < np.array(sure)).tolist()) for _ in range(_TRIALS)]))


def _other_half(part: PartSpec) -> bool:
    return not fitting_half(part)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="folder of simulated parts; what it lacks is learnt")
    parser.add_argument(
        "--parts", type=int, default=len(parts()), help="how many of the catalogue's parts, spread over the families"
    )
    parser.add_argument("--scans", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--half", action="store_true", help="scans of parts that the model was not fitted on")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="name every scan that was not answered right")
    wanted = parser.parse_args()
    chosen = spread(wanted.parts)
    folder = filled(wanted.library, chosen).folder
    began = time.perf_counter()
    library = Library(folder)
    library.catalogue()
    opened = time.perf_counter() - began
    seen: list[tuple[Case, Identified]] = []
    for case in cases(library, chosen, wanted.scans, wanted.seed, of=_other_half if wanted.half else None):
        said = decided(case.found)
        seen.append((case, said))
        if wanted.verbose and not right(case, said):
            print(
                f"{case.part_id} ({case.kind}{', untold' if untold(case) else ''}): {said.part_id}, {said.confidence:.3f}",
                flush=True,
            )
    return report(*_figures(seen, opened, len(chosen)), as_json=wanted.json)


def _figures(seen: list[tuple[Case, Identified]], opened: float, count: int) -> tuple[list[Bar], list[str]]:
    good = {
        kind: [right(case, said) for case, said in seen if case.kind == kind]
        for kind in ("known", "family unknown", "part unknown")
    }
    told = [right(case, said) for case, said in seen if case.kind == "known" and not untold(case)]
    strangers = [right(case, said) for case, said in seen if case.kind == "part unknown" and not untold(case)]
    seconds = [case.seconds for case, _ in seen if case.kind == "known"]
    strange = [case.seconds for case, _ in seen if case.kind == "family unknown"] or [0.0]
    sure = [said.confidence for _, said in seen]
    error = calibration_error(sure, [right(case, said) for case, said in seen])
    unknown = good["family unknown"] + good["part unknown"]
    figures = [
        Bar("top-1, %, all scans of known parts", 100 * float(np.mean(good["known"])), 99, least=True),
        Bar("top-1, %, where the scan tells the part from others", 100 * float(np.mean(told)), 99, least=True),
        Bar("refused, %, part unknown and its family", 100 * float(np.mean(good["family unknown"] or [1.0])), 98, least=True),
        Bar("refused, %, part unknown, near-duplicates known", 100 * float(np.mean(good["part unknown"] or [1.0]))),
        Bar(
            "refused, %, the same where the scan tells the part from others",
            100 * float(np.mean(strangers or [1.0])),
            98,
            least=True,
        ),
        Bar("expected calibration error, %", 100 * error, 1),
        Bar("seconds to identify, median", quantile(seconds, 0.5), 0.5),
        Bar("seconds to identify, 95 %", quantile(seconds, 0.95)),
        Bar("seconds to refuse, median", quantile(strange, 0.5)),
        Bar("seconds to open the library", opened, 2),
    ]
    notes = [
        f"{count} parts, {len(seen)} scans: {len(good['known'])} known ({len(good['known']) - len(told)} untold), {len(unknown)} unknown",
        f"refused of all unknown: {100 * float(np.mean(unknown or [1.0])):.1f} %",
        f"{len(good['part unknown']) - len(strangers)} scans of unknown parts show nothing that tells them from a near-duplicate",
        f"calibration error of as many scans if confidence were exact: {100 * _by_chance(sure):.1f} %",
    ]
    return figures, notes


if __name__ == "__main__":
    raise SystemExit(main())
