"""Measures the ledger: capture of documents, traces and crashes on SQLite and PostgreSQL, GS1's documents, agreement of engines.

Run on an idle machine: .venv/bin/python benchmarks/ledger.py [--events 60000] [--vehicles 5000] [--rounds 50] [--json]
(data: VNEST_DATA, default ../shared/data; PostgreSQL by pgserver). Exit status 1 where a bar is missed.
"""

import argparse
import gc
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import orjson
import psycopg
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, create_engine, insert, make_url, text

from bars import Bar, quantile, report, run
from vehiclenest.ledger import Ledger, capture_document, trace
from vehiclenest.ledger.balance import balance, columns_of, vehicle_fates
from vehiclenest.ledger.conformance import Context, check
from vehiclenest.ledger.entry import entry_of_document
from vehiclenest.ledger.epcis import OURS
from vehiclenest.ledger.event_hash import event_hash
from year import write_year

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("VNEST_DATA", ROOT.parent / "shared" / "data"))
VNEST = Path(sys.executable).with_name("vnest")
SEED = 7
PER_DOCUMENT = 2_000
SQLITE_BAR, POSTGRES_BAR, TRACE_BAR = 15_000.0, 10_000.0, 10.0
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"example": "https://ns.example.com/epcis/"},
]
STEPS = (("receiving", "in_progress"), ("shipping", "in_transit"), ("storing", "sellable_not_accessible"))
START = datetime(2026, 8, 6, tzinfo=UTC)


def ordinary_events(count: int) -> Iterator[dict[str, Any]]:
    """Yield made-up events as they come from a supplier: mostly things observed, some packed, some transformed."""
    generator = random.Random(SEED)
    serial = itertools.count(1)

    def things(most: int) -> list[str]:
        return [f"urn:epc:id:sgtin:0614141.107346.{next(serial)}" for _ in range(generator.randint(1, most))]

    for number in range(count):
        step, disposition = generator.choice(STEPS)
        event: dict[str, Any] = {
            "eventTime": f"{START + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S}.000Z",
            "eventTimeZoneOffset": "+08:00",
            "bizStep": step,
            "disposition": disposition,
            "readPoint": {"id": f"urn:epc:id:sgln:0614141.{generator.randrange(40):05d}.0"},
        }
        kind = generator.random()
        if kind < 0.8:
            event |= {"type": "ObjectEvent", "action": "OBSERVE", "epcList": things(5)}
        elif kind < 0.9:
            parent = f"urn:epc:id:sscc:0614141.1{number:09d}"
            event |= {"type": "AggregationEvent", "action": "ADD", "parentID": parent, "childEPCs": things(5)}
        else:
            event |= {"type": "TransformationEvent", "inputEPCList": things(3), "outputEPCList": things(3)}
        if generator.random() < 0.2:
            event["example:weighing"] = {
                "example:scale": f"S{generator.randrange(9)}",
                "example:kg": generator.randrange(9999) / 10,
            }
        yield event


def documents_of(events: list[dict[str, Any]]) -> list[bytes]:
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-08-06T00:00:00.000Z"}
    return [
        orjson.dumps({**head, "epcisBody": {"eventList": events[start : start + PER_DOCUMENT]}})
        for start in range(0, len(events), PER_DOCUMENT)
    ]


@contextmanager
def databases(folder: Path) -> Generator[Callable[[str, str], str]]:
    """Give a maker of new databases by kind and name, PostgreSQL's on a server of its own."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # pgserver looks for it when it is imported
    from pgserver import get_server  # pyright: ignore[reportPrivateImportUsage]  # it is its face

    with tempfile.TemporaryDirectory(prefix="vnest-pg-") as place, get_server(place, cleanup_mode="stop") as server:

        def make(kind: str, name: str) -> str:
            if kind == "SQLite":
                return f"sqlite:///{folder / name}.db"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return server.get_uri(database=name)

        yield make


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def capture_all(url: str, documents: list[bytes]) -> float:
    """Return how long the capture of all documents took, one transaction each."""
    with Ledger(url) as ledger:
        started = time.perf_counter()
        outcomes = [capture_document(ledger, document) for document in documents]
        took = time.perf_counter() - started
    assert not any(outcome.total_errors for outcome in outcomes), outcomes[0].errors[:3]
    return took


def plain_writer(url: str, events: list[dict[str, Any]]) -> float:
    """Return how long SQLAlchemy Core takes to write the same events as rows of one table, unchecked and without a hash."""
    parsed = make_url(url)
    engine = create_engine(parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed)
    table = Table(
        "plain", MetaData(), Column("seq", BigInteger, primary_key=True), Column("type", String), Column("time", String),
        Column("body", LargeBinary),
    )  # fmt: skip
    table.create(engine)
    started = time.perf_counter()
    for start in range(0, len(events), PER_DOCUMENT):
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA synchronous=FULL"))
            rows = [
                {"seq": start + place, "type": event["type"], "time": event["eventTime"], "body": orjson.dumps(event)}
                for place, event in enumerate(events[start : start + PER_DOCUMENT])
            ]
            connection.execute(insert(table), rows)
    took = time.perf_counter() - started
    engine.dispose()
    return took


def measure_capture(make: Callable[[str, str], str], count: int, folder: Path) -> list[Bar]:
    events = list(ordinary_events(count))
    documents = documents_of(events)
    # Each step sees documents that are as new as on the first day: names and texts are remembered from then on.
    checking = seconds(lambda: [check(document) for document in documents])
    hashing = _each_event(documents, event_hash)
    entering = _each_event(documents, lambda event, context: entry_of_document(event, context, START))
    bars = [
        Bar("check, µs an event", checking / count * 1e6),
        Bar("hash, µs an event", hashing / count * 1e6),
        Bar("entry with its hash, µs an event", entering / count * 1e6),
    ]
    for kind, bar in (("SQLite", SQLITE_BAR), ("PostgreSQL", POSTGRES_BAR)):
        took = capture_all(make(kind, "capture"), documents)
        bars += [
            Bar(f"capture of {count} ordinary events, {kind}, events/s", count / took, bar, least=True),
            Bar(f"  of it check, {kind}, share", checking / took),
            Bar(f"  of it hash, {kind}, share", hashing / took),
            Bar(f"  of it checks against the book and rows, {kind}, share", 1 - (checking + entering) / took),
            Bar(f"peer: plain SQLAlchemy writer, {kind}, events/s", count / plain_writer(make(kind, "plain"), events)),
        ]
    return bars + measure_own(make, folder)


def _each_event(documents: list[bytes], work: Callable[[dict[str, Any], Context], object]) -> float:
    ready = [one for document in documents for one in check(document).events]
    return seconds(lambda: [work(one.event, one.context) for one in ready])


def measure_own(make: Callable[[str, str], str], folder: Path) -> list[Bar]:
    """Capture the demo's day as a document from outside: events of ours, with flows, lots and closure."""
    run(VNEST, "demo", "--json", folder=folder)
    document = (folder / "demo-out" / "events.jsonld").read_bytes()
    count = len(json.loads(document)["epcisBody"]["eventList"])
    return [
        Bar(f"capture of the demo's {count} events of ours, {kind}, events/s", count / capture_all(make(kind, "own"), [document]))
        for kind in ("SQLite", "PostgreSQL")
    ]


def measure_traces(make: Callable[[str, str], str], vehicles: int, folder: Path) -> list[Bar]:
    write_year(folder / "lots.csv", vehicles)
    bars: list[Bar] = []
    for kind in ("SQLite", "PostgreSQL"):
        url = make(kind, "traces")
        run(VNEST, "run", "lots.csv", "--db", url, "--out", "out", "--no-events", "--json", folder=folder)
        names = [f"LOT{10_000_000 + number}" for number in random.Random(SEED).sample(range(vehicles), min(1000, vehicles))]
        with Ledger(url, create=False) as ledger, ledger.engine.connect() as connection:
            known = set(connection.execute(text("SELECT reference FROM lot WHERE reference LIKE 'LOT%'")).scalars())
        with Ledger(url, create=False) as ledger:
            chosen = [name for name in names if name in known]
            took = [seconds(lambda name=name: trace(ledger, name)) * 1e3 for name in chosen]
        bars += [
            Bar(f"trace of {len(took)} of {vehicles} vehicles, {kind}, p50 ms", quantile(took, 0.5)),
            Bar(f"trace of {len(took)} of {vehicles} vehicles, {kind}, p99 ms", quantile(took, 0.99), TRACE_BAR),
        ]
    return bars


_WRITER = """
import sys
import orjson
from vehiclenest.ledger import Ledger, capture_document
head = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-08-06T00:00:00Z"}
with Ledger(sys.argv[1]) as ledger:
    for number in range(100_000):
        events = [{"type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-08-06T00:00:00Z", "eventTimeZoneOffset": "+00:00",
                   "epcList": [f"urn:epc:id:sgtin:0614141.107346.{sys.argv[2]}-{number}-{place}-{part}" for part in range(3)]}
                  for place in range(20)]
        outcome = capture_document(ledger, orjson.dumps({**head, "epcisBody": {"eventList": events}}))
        assert outcome.stored == 20, outcome
        print(number + 1, flush=True)
"""


def measure_crashes(make: Callable[[str, str], str], rounds: int) -> list[Bar]:
    """Kill the writing process without warning, again and again; count what was acknowledged and is lost, and what is there in part."""
    bars: list[Bar] = []
    generator = random.Random(SEED)
    for kind in ("SQLite", "PostgreSQL"):
        url = make(kind, "crash")
        Ledger(url).close()
        lost = halves = 0
        for number in range(rounds):
            with Ledger(url, create=False) as ledger:
                before = ledger.size()
            acknowledged = _killed(url, number, generator)
            with Ledger(url, create=False) as ledger, ledger.engine.connect() as connection:
                added = ledger.size() - before
                mentions = Counter(connection.execute(text("SELECT event_seq FROM mention")).scalars())
                lost += max(0, acknowledged * 20 - added)
                halves += added % 20 + sum(count != 3 for count in mentions.values()) + (len(mentions) != ledger.size())
        bars += [
            Bar(f"{rounds} kills during capture, {kind}: acknowledged events lost", lost, 0),
            Bar(f"{rounds} kills during capture, {kind}: half documents and half events", halves, 0),
        ]
    return bars


def _killed(url: str, number: int, generator: random.Random) -> int:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, url, str(number)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = int(process.stdout.readline())
    time.sleep(generator.random() * 0.03)
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split())])
    process.wait()
    process.stdout.close()
    return acknowledged


def measure_conformance(make: Callable[[str, str], str]) -> list[Bar]:
    """Hash the reference vectors; capture GS1's documents into one ledger and compare what it gives back."""
    wrong = vectors = 0
    for file in sorted((DATA / "epcis" / "hash").glob("*.jsonld")):
        expected = file.with_suffix(".hashes").read_text().split()
        found = [event_hash(one.event, one.context) for one in check(file.read_bytes()).events]
        vectors += len(expected)
        wrong += sum(one != other for one, other in itertools.zip_longest(found, expected))
    bars = [Bar(f"hash vectors, of {vectors} wrong", wrong, 0)]
    documents = [file.read_bytes() for file in sorted((DATA / "epcis" / "gs1").glob("*.jsonld"))]
    for kind in ("SQLite", "PostgreSQL"):
        with Ledger(make(kind, "gs")) as ledger:
            refused = sum(bool(capture_document(ledger, document).total_errors) for document in documents)
            kept = [orjson.loads(body) for body in ledger.bodies()]
        given = [one for document in documents for one in check(document).events]
        spelled = [_bare(one.event) for one in given]
        hashes = {event_hash(event, OURS) for event in kept}
        bars += [
            Bar(f"GS1's {len(documents)} documents, {kind}: refused", refused, 0),
            Bar(f"their {len(given)} events, {kind}: missing", sum(event_hash(*one[:2]) not in hashes for one in given), 0),
            Bar(f"events kept, {kind}: changed but for recordTime", sum(_bare(event) not in spelled for event in kept), 0),
        ]
    return bars


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in {"recordTime", "@context"}}


def measure_engines(folder: Path) -> list[Bar]:
    """Compare every figure of balances and fates of the demo's day between DuckDB and Spark."""
    if find_spec("pyspark") is None:
        return []
    answers: list[list[float]] = []
    with Ledger(f"sqlite:///{folder / 'demo-out' / 'demo.db'}", create=False) as ledger:
        for engine in ("duckdb", "pyspark"):
            with columns_of(ledger, engine=engine) as columns:
                figures = [list(_numbers(balance(columns, by))) for by in ("stage", "material", "vehicle")]
                fates = [
                    (fate.mass_kg, fate.carbon_kg, float(fate.value), *_sorted(fate.shares)) for fate in vehicle_fates(columns)
                ]
            answers.append([*itertools.chain(*figures), *itertools.chain(*fates)])
    one, other = answers
    pairs = itertools.zip_longest(one, other, fillvalue=float("inf"))
    worst = max(abs(a - b) / max(1.0, abs(a)) for a, b in pairs)
    return [Bar("DuckDB against Spark, figures", len(one)), Bar("DuckDB against Spark, largest difference", worst, 1e-9)]


def _sorted(shares: dict[Any, float]) -> list[float]:
    return [shares[key] for key in sorted(shares)]


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for _, item in sorted(cast("dict[str, Any]", value).items()):
            yield from _numbers(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--vehicles", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--only", choices=("capture", "traces", "crashes", "conformance", "engines"), help="Measure one thing.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    gc.set_threshold(200_000)  # as the command line does
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="vnest-ledger-") as name:
        folder = Path(name)
        os.environ["VNEST_COLUMNS"] = str(folder / "columns")
        with databases(folder) as make:
            parts: dict[str, Callable[[], list[Bar]]] = {
                "capture": lambda: measure_capture(make, arguments.events, folder),
                "traces": lambda: measure_traces(make, arguments.vehicles, folder),
                "crashes": lambda: measure_crashes(make, arguments.rounds),
                "conformance": lambda: measure_conformance(make),
                "engines": lambda: measure_engines(folder),
            }
            for part, measure in parts.items():
                if arguments.only in {None, part}:
                    if part == "engines" and not (folder / "demo-out").exists():
                        run(VNEST, "demo", "--json", folder=folder)
                    bars += measure()
    notes = [] if find_spec("pyspark") else ["pyspark is not installed: Spark was not compared"]
    return report(bars, notes, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
