"""Measures every bar of the battery room on PulseBat and on simulated modules; exits 1 where one is missed.

python benchmarks/battery.py [health] [speed]     # both by default; health takes minutes, speed is what the clock decides
"""

import csv
import os
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.battery.grade import Grading
from vehiclenest.loop.battery.health import learn_type
from vehiclenest.loop.battery.learn import read_tests
from vehiclenest.loop.battery.match import match, parse_layout
from vehiclenest.loop.battery.model import HealthModel, PulseTests
from vehiclenest.loop.battery.packs import dealt, energy_kwh, simulated_modules
from vehiclenest.loop.battery.physics import check
from vehiclenest.loop.battery.reading import read_chunks
from vehiclenest.loop.battery.validate import cross_validate, forward

DATA = Path(os.environ.get("VNEST_DATA") or Path(__file__).parents[1] / "../shared/data").resolve() / "battery/pulsebat"
MODULES, CLUSTERS = 100_000, 50
missed: list[str] = []


def bar(name: str, figure: float, met: bool, words: str) -> None:
    print(f"{'met' if met else 'MISSED':<7} {name:<58} {figure:>12,.4g}   bar {words}")
    if not met:
        missed.append(name)


def quiet(_stage: str, _done: int, _total: int) -> None:
    pass


def health(types: dict[str, tuple[str, float, PulseTests]]) -> None:
    report = cross_validate(types, quiet)
    for mode, by_type in report.items():
        for name, row in by_type.items():
            print(f"        {mode} {name}: " + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
    bar("MAE known, one test, pooled", report["known"]["pooled"]["mae"], report["known"]["pooled"]["mae"] <= 1.4, "<= 1.4")
    bar("MAE unknown, one test, pooled", report["unknown"]["pooled"]["mae"], report["unknown"]["pooled"]["mae"] <= 2.2, "<= 2.2")
    combined = report["unknown"]["pooled"]["mae_combined"]
    bar("MAE unknown, tests of a cell combined as in grading", combined, combined <= 2.2, "<= 2.2")
    for mode, by_type in report.items():
        for name, row in by_type.items():
            met = 0.88 <= row["coverage"] <= 0.93 if name == "pooled" else row["coverage"] >= 0.85
            bar(
                f"coverage {mode} {name} (mean width {row['width']:.1f})",
                row["coverage"],
                met,
                "0.88-0.93" if name == "pooled" else ">= 0.85",
            )
    for name, found in types.items():
        for new_cells in (False, True):
            mape = forward(*found, 40.0, new_cells=new_cells)
            bar(f"MAPE at SOC 45 and 50, {name}, {'new' if new_cells else 'seen'} cells", mape, mape < 0.06, "< 0.06")


def physics(types: dict[str, tuple[str, float, PulseTests]]) -> None:
    if find_spec("pybamm") is None:
        print("        PyBaMM (extra battery-physics) is not installed: its check was not made")
        return
    for name in ("LFP 35 Ah", "NMC 2.1 Ah", "NMC 21 Ah"):
        found = check(types[name][0], types[name][2], 40.0, 50.0)
        bar(f"{name}: resistance varies slowly, 40 to 50 % SOC, in PyBaMM", found.simulated_change, found.slow, "|change| < 0.2")


def throughput(types: dict[str, tuple[str, float, PulseTests]]) -> None:
    model = HealthModel({name: learn_type(*found) for name, found in types.items()}, "", 0)
    files = sorted(DATA.glob("*.csv"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.csv"
        columns = ["Mat", "ID", "Qn", "SOC", *(f"U{number}" for number in range(1, 22))]
        with path.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(columns)
            for repeat in range(25):
                for file in files:
                    with file.open(encoding="utf-8-sig", newline="") as source:
                        writer.writerows(
                            [f"{row[name]}-{repeat}" if name == "ID" else row[name] for name in columns]
                            for row in csv.DictReader(source)
                        )
        for mode in ("known", "unknown"):
            started = perf_counter()
            with Grading(model, mode) as grading:
                for chunk in read_chunks(path, {}, grading.needed, grading.optional):
                    grading.add(chunk)
                with (Path(folder) / "graded.csv").open("w", newline="") as out:
                    writer = csv.writer(out)
                    writer.writerows(row.cells() for row in grading.rows())
            rate = sum(grading.counts.values()) / (perf_counter() - started)
            bar(f"grading, SOC {mode}, from CSV to CSV, tests/s", rate, rate >= 5000, ">= 5,000")


def matching() -> None:
    modules, layout = simulated_modules(MODULES, 0), parse_layout("15S2P")
    started = perf_counter()
    found = match(modules, layout)
    seconds = perf_counter() - started
    bar(f"matching {MODULES:,} simulated modules, s", seconds, seconds <= 60, "<= 60")
    bar("proven gap", found.gap, found.gap <= 0.02, "<= 0.02")
    energy = float(energy_kwh(modules, found.packs).sum())
    random = np.random.default_rng(0)
    order = random.permutation(MODULES)
    rivals = {"random": float(energy_kwh(modules, dealt(order, layout)).sum())}
    try:
        sklearn: Any = {name: import_module(f"sklearn.{name}") for name in ("cluster", "mixture")}
    except ImportError:
        print("        scikit-learn (extra peers) is not installed: K-means and GMM not measured")
        missed.append("K-means and GMM not measured")
    else:
        columns = np.column_stack([modules.capacity, modules.resistance, modules.open_circuit, modules.self_discharge])
        standard = (columns - columns.mean(axis=0)) / columns.std(axis=0)
        labels: dict[str, NDArray[np.int64]] = {
            "K-means": sklearn["cluster"].KMeans(CLUSTERS, n_init=1, random_state=0).fit_predict(standard),
            "GMM": sklearn["mixture"]
            .GaussianMixture(CLUSTERS, init_params="k-means++", max_iter=30, random_state=0)
            .fit_predict(standard),
        }
        for name, label in labels.items():
            rivals[name] = float(energy_kwh(modules, dealt(order[np.argsort(label[order], kind="stable")], layout)).sum())
    print(f"        {len(found.packs):,} packs, {energy:,.1f} kWh")
    for name, value in rivals.items():
        bar(f"usable energy against {name} ({value:,.1f} kWh), ratio", energy / value, energy > value, "> 1")


def main() -> None:
    chosen = sys.argv[1:] or ["health", "speed"]
    types, _ = read_tests(sorted(DATA.glob("*.csv")), {})
    if "health" in chosen:
        health(types)
        physics(types)
    if "speed" in chosen:
        throughput(types)
        matching()
    print(f"missed: {', '.join(missed) or 'none'}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
