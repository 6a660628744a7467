"""Measures the bars of a day at the base on the 1,000 real lots, as whole commands.

Run on an idle machine: .venv/bin/python benchmarks/day.py [--runs 5]   (data: VNEST_DATA, default ../shared/data)
Exit status 1 where a bar is missed.
"""

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("VNEST_DATA", ROOT.parent / "shared" / "data"))
LOTS = DATA / "vehicles" / "salvage-lots-2026-08-06.csv"
VNEST = Path(sys.executable).with_name("vnest")
RUN_BAR, TRACE_BAR, CLOSURE_BAR = 20.0, 0.5, 1e-9


def timed(*arguments: str, folder: str) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run([VNEST, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def largest_lot_error(document: Path) -> tuple[float, float]:
    """Sum every lot from the EPCIS document alone: largest relative error of a thing, and of the whole (in = out + stock + loss)."""
    gained: defaultdict[str, float] = defaultdict(float)
    left: defaultdict[str, float] = defaultdict(float)
    received = out = 0.0
    for event in json.loads(document.read_text())["epcisBody"]["eventList"]:
        for flow in event.get("vnest:materialFlow", []):
            mass = sum(flow["vnest:massKg"].values())
            kind = flow["vnest:flow"]
            if kind in {"received", "produced"}:
                gained[flow["vnest:lot"]] += mass
                received += mass * (kind == "received")
            elif kind in {"consumed", "shipped"}:
                left[flow["vnest:lot"]] += mass
                out += mass * (kind == "shipped")
            else:
                out += mass
    stock = {lot: mass - left[lot] for lot, mass in gained.items()}
    things = max(abs(stock[lot]) / mass for lot, mass in gained.items() if not lot.startswith("urn:epc:class:"))
    overdrawn = max((-held / gained[lot] for lot, held in stock.items()), default=0.0)
    return max(things, overdrawn), abs(received - out - sum(stock.values())) / received


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    seconds: list[float] = []
    traces: list[float] = []
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            took, printed = timed("run", str(LOTS), "--db", f"sqlite:///{number}.db", "--out", "out", "--json", folder=folder)
            seconds.append(took)
            result = json.loads(printed)
        refused = {row["line"] for row in csv.DictReader((Path(folder) / "out" / "rejected.csv").open(newline=""))}
        rows = enumerate(LOTS.read_text().splitlines()[1:], start=2)
        lots = [line.split(",", 1)[0] for number, line in rows if str(number) not in refused]
        chosen = lots[:: max(1, len(lots) // (4 * runs))]
        traces += [timed("trace", lot, "--db", "sqlite:///0.db", "--json", folder=folder)[0] for lot in chosen]
        thing, whole = largest_lot_error(Path(folder) / "out" / "events.jsonld")
    lost = result["rows_read"] - result["processed"] - result["rejected"]
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    bars: list[tuple[str, float, float]] = [
        ("vnest run, 1,000 real lots, median wall s", statistics.median(seconds), RUN_BAR),
        ("vnest trace, median wall s", statistics.median(traces), TRACE_BAR),
        ("largest error of a lot, relative (from events.jsonld)", thing, CLOSURE_BAR),
        ("in = out + stock + loss, relative (from events.jsonld)", whole, CLOSURE_BAR),
        ("max_closure_error, relative", result["max_closure_error"], CLOSURE_BAR),
        ("rows lost", lost, 0),
    ]
    for name, figure, bar in bars:
        print(f"{'ok  ' if figure <= bar else 'MISS'} {name}: {figure:.3g} (bar {bar:g})")
    print(
        f"rows {result['rows_read']}, processed {result['processed']}, rejected {result['rejected']}, events {result['events']}"
    )
    print(f"slowest: run {max(seconds):.2f} s of {len(seconds)}, trace {max(traces):.2f} s of {len(traces)}")
    return int(any(figure > bar for _, figure, bar in bars))


if __name__ == "__main__":
    sys.exit(main())
