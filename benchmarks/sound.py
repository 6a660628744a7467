"""Measures the bars of the sound room: zones, crosstalk, privacy, speed.

Run on an idle machine: .venv/bin/python benchmarks/sound.py [--seed 1] [--json]   (data: VNEST_DATA, default ../shared/data)
Exit status 1 where a bar is missed. Everything but the head and the car's woofer is simulated. Needs the extra `sound`.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bars import Bar, report
from vehiclenest.technology.sound.cabin import load_cabin
from vehiclenest.technology.sound.check import cabin_report
from vehiclenest.technology.sound.design import Design, design_zones, pair_contrast, score_design
from vehiclenest.technology.sound.filters import Filtering
from vehiclenest.technology.sound.head_report import head_report
from vehiclenest.technology.sound.leak import leak_of
from vehiclenest.technology.sound.mask import least_masker
from vehiclenest.technology.sound.read import read_wav
from vehiclenest.technology.sound.render import render
from vehiclenest.technology.sound.zones import Aim

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("VNEST_DATA", ROOT.parent / "shared" / "data")) / "sound"
UNSEEN_BARS = (None, 20.0, 20.0, 20.0, 20.0, 15.0)  # by octave, 125 Hz to 4 kHz
MOVED_BARS = (16.0, 16.0, 16.0, 16.0, 13.0, 11.0)
SECONDS = 30
SEATINGS = 20
HEADREST = "sedan-headrest"


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


def zones(seed: int) -> tuple[list[Bar], Design]:
    """Return the bars of the four zones, and the design."""
    cabin = load_cabin(HEADREST)
    design_zones(cabin, Aim(), Filtering(), robust=True, show=quiet)  # compiled, as every run but the first finds it
    design = design_zones(cabin, Aim(), Filtering(), robust=True, show=quiet)
    found = score_design(design, seed, quiet)
    bars: list[Bar] = []
    seatings = np.array([np.mean(list(pair_contrast(design, drawn, quiet).values()), axis=0) for drawn in range(1, SEATINGS + 1)])
    for band, hz in enumerate(found["bands_hz"]):
        bars.append(
            Bar(
                f"contrast at unseen ears, {hz:g} Hz, mean dB",
                found["contrast_unseen_db"]["mean"][band],
                UNSEEN_BARS[band],
                least=True,
            )
        )
        lowest = float(seatings[:, band].min())
        bars.append(Bar(f"  lowest of {SEATINGS} draws of where people sit, mean dB", lowest, UNSEEN_BARS[band], least=True))
        bars.append(Bar("  worst pair of seats, dB", found["contrast_unseen_db"]["worst"][band]))
        bars.append(
            Bar(
                "  worst single deviation, mean dB",
                found["contrast_worst_condition_db"]["mean"][band],
                MOVED_BARS[band],
                least=True,
            )
        )
        bars.append(Bar("  all deviations at once, mean dB", found["contrast_joint_deviation_db"]["mean"][band]))
        bars.append(Bar("  without a design, mean dB", found["contrast_plain_db"]["mean"][band]))
    bars.append(Bar("effort over one zone alone, most of any octave, dB", max(found["effort_db"]), 6.0))
    bars.append(Bar("pre-ringing, loudest seat, dB", max(found["pre_ringing_db"].values())))
    bars.append(Bar("design of four zones, s", design.seconds, 10.0))
    return bars, design


def crosstalk() -> list[Bar]:
    """Return the bars of crosstalk cancellation on KEMAR."""
    path = DATA / "mit_kemar_normal_pinna.sofa"
    tracked, _ = head_report(path, 60.0, 12.0, 1.05, tracked=True, show=quiet)
    still, _ = head_report(path, 60.0, 12.0, 1.05, tracked=False, show=quiet)
    lowest = {case["case"]: case["lowest_db"] for case in tracked["cases"]}
    return [
        Bar("crosstalk, KEMAR at rest, lowest third octave, dB", lowest["the head it knows"]),
        Bar(
            "crosstalk, tracked within ±10°, directions left out of the design, lowest third octave, dB",
            tracked["lowest_turned_db"],
            20.0,
            least=True,
        ),
        Bar("crosstalk, untracked within ±10°, dB", still["lowest_turned_db"]),
        Bar("crosstalk, a head of 1.05 times the size, dB", lowest["a head of 1.05 times the size"]),
        Bar("crosstalk, effort, dB", tracked["effort_db"], 12.0),
    ]


def privacy(design: Design, seed: int) -> list[Bar]:
    """Return the bars of speech privacy, for the worst pair of seats."""
    who, whom, leak = leak_of(design.cabin, pair_contrast(design, seed, quiet), 60.0, None, None)
    bars: list[Bar] = []
    for spectrum in ("speech", "road"):
        found = least_masker(leak, "speech" if spectrum == "speech" else "road")
        bars += [
            Bar(f"call of 60 dB(A) at {who}, heard at {whom}, dB(A)", found["speech_dba"]),
            Bar(f"  least masker, {spectrum} spectrum, dB(A)", found["masker_dba"] or 0.0),
            Bar("  STI with it", found["sti"], 0.20),
            Bar("  STOI with it (made-up speech)", found["stoi"], 0.45),
        ]
    return bars


def rendering(design: Design) -> list[Bar]:
    """Return the bars of rendering: four programmes, eight loudspeakers."""
    random = np.random.default_rng(1)
    programmes = {seat.name: random.standard_normal(SECONDS * design.filtering.rate_hz) * 0.1 for seat in design.cabin.seat}
    found = render(design, programmes, quiet).report
    return [
        Bar("rendering, times real time", found["real_time_factor"], 20.0, least=True),
        Bar("block latency, ms", found["block_latency_s"] * 1e3, 10.0),
    ]


def measured_car() -> list[Bar]:
    """Return how far the simulated cabin is from a measured one."""
    samples, rate = read_wav(DATA / "passat-b8-woofer-left-ir-96k.wav")
    found, _ = cabin_report(load_cabin(HEADREST), None, (samples[0], rate))
    ratios = [
        simulated / measured
        for simulated, measured in zip(found["t20_simulated_s"], found["t20_measured_s"], strict=True)
        if simulated is not None and measured is not None
    ]
    return [
        Bar("decay time, simulated over measured, lowest of six octaves", min(ratios)),
        Bar("decay time, simulated over measured, highest", max(ratios)),
        Bar("response against the measured woofer, 80 Hz to 1.6 kHz, standard deviation dB", found["response_difference_db"]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    bars, design = zones(arguments.seed)
    bars += [*crosstalk(), *privacy(design, arguments.seed), *rendering(design), *measured_car()]
    return report(bars, [f"cabin {HEADREST}, simulated"], as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
