"""Measures the bars of the room regenerate and prints them; exit status 1 where one is missed.

Run on an idle machine: .venv/bin/python benchmarks/regenerate.py [--runs 10000]   (phreeqpython is set beside where it is installed)
"""

import argparse
import importlib
import importlib.util
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.loop.regenerate import BUNDLED, FATES, FINISHES, bundled_feed, run
from vehiclenest.loop.regenerate.balance import element_closure, enthalpy_closure
from vehiclenest.loop.regenerate.carbonate import (
    grams_per_100,
    log_solubility_product,
    saturated_closed,
    saturated_under,
    solubility_table,
)
from vehiclenest.loop.regenerate.outcome import solve
from vehiclenest.loop.regenerate.parameters import chosen, drawn
from vehiclenest.loop.regenerate.stoichiometry import textbook

VNEST = Path(sys.executable).with_name("vnest")
FACTS = {
    "sulfuric acid": 1047,
    "strip acid": 607,
    "hydrogen peroxide": 211,
    "sodium hydroxide": 520,
    "soda ash": 361,
    "sodium sulfate": 1517,
    "lithium carbonate": 229,
}
PREDICTED = {10.0: (6.5, 7.6), 25.0: (5.1, 5.8), 40.0: (4.2, 4.6)}  # g/100 g under 1 atm of carbon dioxide
MA_ENERGY, MA_RECOVERY = {"hydro": 0.5, "direct": 0.3}, {"hydro": 0.94, "direct": 0.90}
Bar = tuple[str, float, float]


def closure_bars() -> Iterator[Bar]:
    elements = enthalpy = 0.0
    for feed in BUNDLED:
        for route in ("hydro", "one-step", "direct"):
            if route == "direct" and feed == "mixed":
                continue
            for finish in FINISHES:
                for fate in FATES:
                    found = run(bundled_feed(feed), route, finish, fate)
                    elements, enthalpy = max(elements, *found.closure.values()), max(enthalpy, found.enthalpy_closure)
    yield "element closure, any unit and overall, relative", elements, 1e-3
    yield "enthalpy closure, any unit, relative", enthalpy, 1e-2
    values = drawn(2000, 7)
    units = [unit for route in ("hydro", "one-step") for unit in solve(bundled_feed("mixed"), route, "salts", values).units]
    split = next(index for index, unit in enumerate(units) if unit.name == "drives of one-step")
    worst = max(*element_closure(units[:split]).values(), *element_closure(units[split:]).values())
    yield "element closure over 2,000 draws, relative", worst, 1e-3
    yield "enthalpy closure over 2,000 draws, relative", enthalpy_closure(units), 1e-2


def solubility_bars() -> Iterator[Bar]:
    table = solubility_table()
    found = grams_per_100(saturated_closed(np.array(list(table)) + 273.15).lithium)
    errors = np.abs(found / np.array(list(table.values())) - 1)
    yield "solubility 0 to 100 °C against the table (unverified), largest error", float(errors.max()), 0.05
    celsius = np.array(list(PREDICTED))
    under = grams_per_100(saturated_under(celsius + 273.15, np.ones(celsius.size)).lithium)
    outside = sum(not low <= value <= high for value, (low, high) in zip(under, PREDICTED.values(), strict=True))
    yield f"under 1 atm CO2 {', '.join(f'{value:.2f}' for value in under)} g/100 g: outside the predicted spans", outside, 0


def table_bars() -> Iterator[Bar]:
    table = textbook(bundled_feed("nmc622"))
    flowsheet = {name: float(mass[0]) for name, mass in run(bundled_feed("nmc622"), "hydro").accounts.reagents_kg.items()}
    for name, figure in FACTS.items():
        yield f"textbook {name}: {table[name]:.0f} kg/t, facts {figure}, relative error", abs(table[name] / figure - 1), 0.02
    print("flowsheet (with losses, loops and all of the acid neutralised), kg/t:", {k: round(v) for k, v in flowsheet.items()})
    print(f"lye that the textbook table leaves out: {table['unneutralised_kg']:.0f} kg/t")


def ma_rows() -> Iterator[Bar]:
    share = float(chosen()["plant.black_mass_per_cell"][0])
    for route, published in MA_RECOVERY.items():
        found = run(bundled_feed("nmc622"), route)  # pyright: ignore[reportArgumentType]  # a route by its name
        worst = max(abs(value / published - 1) for value in found.recovery.values())
        yield f"Ma et al., recovery {route} {published:.0%}, largest relative error", worst, 0.10
        energy = float(found.accounts.energy_kwh[0]) / 1000 * share
        print(
            f"Ma et al., energy {route}: {MA_ENERGY[route]} kWh/kg cell, ours {energy:.2f} ({energy / MA_ENERGY[route] - 1:+.0%})"
        )


def timing_bars(runs: int) -> Iterator[Bar]:
    with tempfile.TemporaryDirectory() as folder:
        for feed in BUNDLED:
            started = time.perf_counter()
            subprocess.run(
                [VNEST, "regenerate", "claims", "--feed", feed, "--runs", str(runs), "--json"],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            yield f"claims, {runs:,} runs, {feed}, wall s", time.perf_counter() - started, 60.0
    print(f"peak memory of a command: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


def peers() -> None:
    if importlib.util.find_spec("phreeqpython") is None:
        print("phreeqpython is not installed: not set beside")
        return
    phreeqc: Any = importlib.import_module("phreeqpython").PhreeqPython(database="phreeqc.dat")  # has no types
    started, count = time.perf_counter(), 0
    for celsius in PREDICTED:
        product = float(log_solubility_product(np.array([celsius + 273.15]))[0])
        phreeqc.ip.run_string(f"PHASES\nLithiumCarbonate\nLi2CO3 = 2Li+ + CO3-2\n-log_k {product}\nEND")
        solution: Any = None
        for _ in range(50):
            solution = phreeqc.add_solution({"temp": celsius})
            solution.equalize(["LithiumCarbonate", "CO2(g)"], [0.0, 0.0], [10, 10])
            count += 1
        ours = float(saturated_under(np.array([celsius + 273.15]), np.ones(1)).lithium[0])
        theirs = float(solution.elements["Li"])
        print(f"PHREEQC at {celsius:g} °C, 1 atm CO2: {theirs:.4f} mol Li, ours {ours:.4f} mol/kg ({ours / theirs - 1:+.1%})")
    each = (time.perf_counter() - started) / count
    started = time.perf_counter()
    saturated_under(np.linspace(283, 308, 10_000), np.full(10_000, 0.95))
    print(
        f"one equilibrium: phreeqpython {each * 1e3:.2f} ms; ours {(time.perf_counter() - started) * 0.1:.4f} ms in an array of 10,000"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    bars = [*closure_bars(), *solubility_bars(), *table_bars(), *ma_rows(), *timing_bars(runs)]
    peers()
    for name, figure, bar in bars:
        print(f"{'ok  ' if figure <= bar else 'MISS'} {name}: {figure:.3g} (bar {bar:g})")
    return int(any(figure > bar for _, figure, bar in bars))


if __name__ == "__main__":
    sys.exit(main())
