"""Measures a year at the base: 150,000 vehicles drawn from the real lots, from rows to a sealed ledger, and what is asked of it then.

Run on an idle machine: .venv/bin/python benchmarks/year.py [--vehicles 150000] [--json]   (data: VNEST_DATA, default ../shared/data)
Exit status 1 where a bar is missed. With fewer vehicles the bars stay as they are: use it to try the script.
"""

import argparse
import csv
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bars import Bar, quantile, report, run
from vehiclenest.ledger import Ledger, trace
from vehiclenest.ledger.balance import balance, columns_of, largest_closure_error, largest_lot_error

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("VNEST_DATA", ROOT.parent / "shared" / "data"))
LOTS = DATA / "vehicles" / "salvage-lots-2026-08-06.csv"
VNEST = Path(sys.executable).with_name("vnest")
SEED = 7
START = datetime(2025, 8, 1, 8, tzinfo=UTC)
DAYS, HOURS = 365, 10
TRACES = 1_000
ROUNDS = 3


def write_year(file: Path, vehicles: int) -> None:
    """Write lots drawn from the real ones, with numbers of their own, over the days of a year."""
    generator = random.Random(SEED)
    with LOTS.open(newline="", encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        for number in range(vehicles):
            arrived = START + timedelta(days=number * DAYS // vehicles, seconds=generator.randrange(HOURS * 3600))
            writer.writerow({**generator.choice(rows), "lotId": 10_000_000 + number, "updatedAt": arrived.isoformat(sep=" ")})


def timed(work: Callable[[], object], rounds: int = 1) -> float:
    seconds: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def ask(url: str) -> list[Bar]:
    """Ask the finished ledger: columns, balances, audit and traces in this process."""
    with Ledger(url, create=False) as ledger:
        with columns_of(ledger) as columns:
            stages = timed(lambda: balance(columns, "stage"), ROUNDS)
            materials = timed(lambda: balance(columns, "material"), ROUNDS)
            lot_error = closure_error = 0.0

            def audit() -> None:
                nonlocal lot_error, closure_error
                lot_error, closure_error = largest_lot_error(columns), largest_closure_error(columns)

            audited = timed(audit, ROUNDS)
            lot = columns.table("lot")
            names = sorted(row["reference"] for row in columns.rows(lot.filter(lot.kind == "vehicle").select("reference")))
            lots = columns.rows(lot.lot.nunique().name("lots").as_table())[0]["lots"]
        chosen = random.Random(SEED).sample(names, min(TRACES, len(names)))
        cold, traces = ([timed(lambda name=name: trace(ledger, name)) * 1e3 for name in chosen] for _ in range(2))
        events = ledger.size()
    return [
        Bar("events", events),
        Bar("lots", lots),
        Bar("year balance by stage, DuckDB, s", stages, 1.0),
        Bar("year balance by material, DuckDB, s", materials, 1.0),
        Bar("in = out audit of every lot and event, DuckDB, s", audited, 5.0),
        Bar("largest error of a lot, relative", lot_error, 1e-9),
        Bar("largest error of an event, relative", closure_error, 1e-9),
        Bar(
            f"trace of {len(chosen)} vehicles, SQLite, asked for the first time (pages from the disk), p99 ms",
            quantile(cold, 0.99),
        ),
        Bar("the same asked again, p50 ms", quantile(traces, 0.5)),
        Bar("the same asked again, p99 ms", quantile(traces, 0.99), 10.0),
        Bar("the same asked again, most ms", max(traces)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=150_000)
    parser.add_argument("--folder", type=Path, help="where to work and leave the ledger; by default a temporary folder")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="vnest-year-") as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        write_year(folder / "year.csv", arguments.vehicles)
        url = f"sqlite:///{folder / 'year.db'}"
        ran = run(VNEST, "run", "year.csv", "--db", url, "--out", "out", "--no-events", "--json", folder=folder)
        result = json.loads(ran.printed)
        bars = [
            Bar("vehicles processed", result["processed"]),
            Bar("rows lost", result["rows_read"] - result["processed"] - result["rejected"], 0),
            Bar("vnest run, s", ran.seconds),
            Bar("vnest run, peak RSS of all processes together, MB", ran.peak_mb, 3000),
            Bar("vnest run, peak RSS of the largest process, MB", ran.largest_mb),
        ]
        total = ran.seconds
        if "seal " in run(VNEST, "--help", folder=folder).printed:
            key = {"VNEST_SEAL_KEY": str(folder / "key.pem")}
            sealed = run(VNEST, "seal", "--db", url, "--out", "seals", "--json", folder=folder, environment=key)
            total += sealed.seconds
            bars += [Bar("vnest seal, s", sealed.seconds), Bar("vnest seal, peak RSS, MB", sealed.peak_mb, 3000)]
        else:
            notes.append("vnest seal is not there: the ledger was not sealed")
        bars.append(Bar("from rows to sealed ledger, min", total / 60, 10))
        bars.append(Bar("database, MB", (folder / "year.db").stat().st_size / 1e6))
        for by in ("stage", "material"):  # the first to ask writes the columns
            whole = run(VNEST, "balance", "--by", by, "--db", url, "--json", folder=folder)
            bars.append(Bar(f"vnest balance --by {by}, whole command{', columns written' * (by == 'stage')}, s", whole.seconds))
        bars += ask(url)
    return report(bars, notes, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
