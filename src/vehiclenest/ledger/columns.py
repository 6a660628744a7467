"""The ledger as columns: events leave the row store as Parquet, and balances are asked of them through Ibis.

DuckDB answers by default; `VNEST_ENGINE` names another engine of Ibis. The ledger is only ever added to, so a piece (a folder named after
its first and last event) stays right once it is written. Days that are over, and what is many, are kept beside the database; the
rest is written for the question and thrown away.
"""

# Ibis and PyArrow type their expressions in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, func, select

from vehiclenest.core.errors import InputError
from vehiclenest.ledger import schema
from vehiclenest.ledger.booking import Booking
from vehiclenest.ledger.closure import close
from vehiclenest.ledger.entry import FLOWS, microseconds, ours, unpack
from vehiclenest.ledger.store import Book, attributes_in

ENGINES = ("duckdb", "pyspark")
_WITH_ATTRIBUTES = "vehicle"  # the only lots whose attributes a balance asks for
_MANY = 10_000  # events from which an unfinished day is kept as well
_EVENTS_AT_ONCE = 250  # more would be many tuples for Python to look through for cycles
_ROWS_TOGETHER = 100_000  # in a row group of a file
_TEXT = pa.string()
_HEAD = {"event_seq": pa.int64(), "event_time": pa.int64()}
_SCHEMAS = {
    "event": pa.schema(_HEAD | {"biz_step": _TEXT, "own": pa.bool_()}),
    "lot": pa.schema(
        {"lot": pa.int64(), "event_seq": pa.int64(), "reference": pa.string(), "kind": _TEXT, "name": _TEXT, "stream": _TEXT}
        | {"attributes": pa.string()}
    ),
    "flow": pa.schema(
        _HEAD
        | {"biz_step": _TEXT, "lot": pa.int64(), "flow": _TEXT, "kg": pa.float64(), "route": _TEXT}
        | {"value_e4": pa.int64(), "carbon_kg": pa.float64()}
    ),
    "material": pa.schema(_HEAD | {"flow": _TEXT, "material": _TEXT, "kg": pa.float64()}),
    "energy": pa.schema(_HEAD | {"carrier": _TEXT, "kwh": pa.float64()}),
    "money": pa.schema(_HEAD | {"purpose": _TEXT, "currency": _TEXT, "amount_e4": pa.int64()}),
    "information": pa.schema(_HEAD | {"kind": _TEXT, "reference": pa.string()}),
}
TABLES = tuple(_SCHEMAS)
_WITHOUT_BODIES = frozenset({"lot", "flow"})
_FLOW_NAMES = [flow.value for flow in FLOWS]

Progress = Callable[[str, int, int], None]
Table = Any  # an expression of Ibis


@dataclass(frozen=True, slots=True)
class Columns:
    """The ledger's columns in one engine: `table(name)` gives a table of what stood in it by the event number `last`."""

    backend: Any
    files: Mapping[str, Sequence[Path]]
    last: int
    withdrawn: Sequence[int]
    scratch: Path

    def table(self, name: str) -> Table:
        """Return a table: event, lot, flow, material, energy, money or information."""
        import ibis

        found: Table
        files = [str(file) for file in self.files[name]]
        if self.backend.name == "duckdb":
            found = self.backend.read_parquet(files)
        else:
            parts: list[Table] = [self.backend.read_parquet(file) for file in files]
            found = parts[0] if len(parts) == 1 else ibis.union(*parts)
        found = found.filter(found.event_seq <= self.last)
        if not self.withdrawn:
            return found
        if name == "lot":  # a corrected lot has several descriptions
            latest = found.group_by("lot").agg(event_seq=found.event_seq.max())
            return found.semi_join(latest, ["lot", "event_seq"])
        return found.filter(found.event_seq.notin(list(self.withdrawn)))

    def keep(self, expression: Table) -> Table:
        """Return a table computed once, for as long as the columns are open."""
        file = self.scratch / f"kept-{sum(1 for _ in self.scratch.iterdir())}.parquet"
        self.backend.to_parquet(expression, file)
        return self.backend.read_parquet(str(file))

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """Return what an expression gives, a dictionary a row."""
        return self.backend.to_pyarrow(expression).to_pylist()


@contextmanager
def open_columns(
    connection: Connection,
    folder: Path,
    *,
    as_of: datetime | None = None,
    committed: bool = True,
    names: Collection[str] = TABLES,
    live: "LivePiece | None" = None,
    engine: str | None = None,
    progress: Progress | None = None,
) -> Generator[Columns]:
    """Give the ledger's columns, brought up to what the connection sees.

    Parameters
    ----------
    connection
        The row store. Inside a transaction that has written, `committed` is off: nothing of it is kept.
    folder
        Where pieces are kept.
    as_of
        What was known by then; everything by default.
    committed
        Whether what the connection sees may be kept.
    names
        The tables that will be asked for: where nothing is kept, the others are not made.
    live
        What this transaction booked, with these tables, where somebody wrote it along the way.
    engine
        ``duckdb`` or ``pyspark``; by default the environment's `VNEST_ENGINE`, or DuckDB.
    progress
        Called with stage, done and total.

    Raises
    ------
    InputError
        For an engine that is none, or is not installed.
    """
    last = Book(connection).last(as_of)
    withdrawal = schema.withdrawal
    with_errors = select(withdrawal.c.event_seq, withdrawal.c.by_seq).where(withdrawal.c.by_seq <= last)
    withdrawn = sorted({seq for pair in connection.execute(with_errors) for seq in pair})
    with tempfile.TemporaryDirectory(prefix="vnest-columns-") as scratch:
        pieces = _pieces(connection, folder, Path(scratch), names if not committed else TABLES, progress or _silent, live)
        files = {name: [piece / f"{name}.parquet" for piece in pieces] for name in names}
        backend = _connect(engine or os.environ.get("VNEST_ENGINE") or ENGINES[0], Path(scratch), last)
        try:
            yield Columns(backend, files, last, withdrawn, Path(scratch))
        finally:
            if backend.name == "duckdb":  # a Spark session belongs to whoever else uses it
                backend.disconnect()


def columns_folder(url: str) -> Path:
    """Return where the pieces of a ledger are kept: `VNEST_COLUMNS`, or beside the database file."""
    from sqlalchemy import make_url

    if chosen := os.environ.get("VNEST_COLUMNS"):
        return Path(chosen)
    parsed = make_url(url)
    name = str(parsed.database or "vnest").removeprefix("file:").partition("?")[0]
    return Path(f"{name}.columns" if parsed.get_backend_name() == "sqlite" else f"{Path(name).name}.columns")


def _silent(_stage: str, _done: int, _total: int) -> None:
    return


def _connect(engine: str, scratch: Path, events: int) -> Any:
    import ibis

    if engine not in ENGINES:
        raise InputError(f"{engine!r} is no engine for columns", expected=f"VNEST_ENGINE as one of {', '.join(ENGINES)}")
    try:
        if engine == "duckdb":
            duckdb = ibis.duckdb.connect(temp_directory=str(scratch), memory_limit="1GB", preserve_insertion_order=False)
            if events < _MANY:
                duckdb.raw_sql("SET threads = 1")  # one thread adds in the same order every time, to the last digit
            return duckdb
        from pyspark.sql import SparkSession

        # A ledger's columns are small for Spark: few partitions, and times that stay UTC.
        session = SparkSession.builder.appName("vnest").config("spark.sql.shuffle.partitions", "8").getOrCreate()
        return ibis.pyspark.connect(session)
    except ImportError as error:
        raise InputError(f"the engine {engine} is not installed: {error}", expected="pip install 'vehiclenest[spark]'") from None


def _pieces(
    connection: Connection,
    folder: Path,
    scratch: Path,
    names: Collection[str],
    progress: Progress,
    live: "LivePiece | None",
) -> list[Path]:
    """Return the folders that together hold every event, writing what is missing; it is kept where all tables are asked for."""
    event = schema.event
    newest, recorded = connection.execute(select(func.max(event.c.seq), func.max(event.c.record_time))).one()
    kept, done = _chain(connection, folder)
    if live is not None:
        newest = live.first - 1
        kept = [*kept, live.finished()] if newest <= done else kept
    if kept and (newest or 0) <= done:
        return kept
    today = microseconds(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    keep = names is TABLES and newest is not None and (newest - done >= _MANY or recorded < today)
    piece = f"{done + 1}-{newest or 0}-{_mark(connection, newest or 0)}"
    written = scratch / piece
    if keep:
        with suppress(OSError):  # a folder that cannot be written: the piece is made for this question alone
            folder.mkdir(parents=True, exist_ok=True)
            written = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    written.mkdir(exist_ok=True)
    try:
        write_piece(connection, written, done + 1, newest or 0, names, progress)
    except BaseException:
        shutil.rmtree(written, ignore_errors=True)
        raise
    if written.parent == folder:
        try:
            written = written.rename(folder / piece)
        except OSError:  # another process was quicker: its piece holds the same events
            shutil.rmtree(written, ignore_errors=True)
            written = folder / piece
    return [*kept, written, *([live.finished()] if live is not None else [])]


def _mark(connection: Connection, last: int) -> str:
    """Return what tells a piece that ends with an event from one of another ledger, as after a database was made anew."""
    event = schema.event
    found = connection.execute(select(event.c.identity, event.c.record_time).where(event.c.seq == last)).one_or_none()
    return "" if found is None else blake2b(b"%b %d" % (bytes(found[0]), found[1]), digest_size=4).hexdigest()


def _chain(connection: Connection, folder: Path) -> tuple[list[Path], int]:
    """Return the kept pieces of this ledger that follow each other without a gap, and their last event."""
    found: defaultdict[int, list[tuple[int, Path]]] = defaultdict(list)
    for piece in folder.iterdir() if folder.is_dir() else ():
        first, last, mark = [*piece.name.split("-"), "", ""][:3]
        if first.isdecimal() and last.isdecimal() and mark == _mark(connection, int(last)):
            found[int(first)].append((int(last), piece))
    chain: list[Path] = []
    done = 0
    while done + 1 in found:
        done, piece = max(found[done + 1])
        chain.append(piece)
    return chain, done


class LivePiece:
    """Lots and flows as a transaction books them: what was just written has not to be read again. A context manager."""

    names = ("lot", "flow")

    def __init__(self, first: int) -> None:
        self.first = first
        self._folder = tempfile.TemporaryDirectory(prefix="vnest-live-")
        self._files = _table_files(Path(self._folder.name), self.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.finished()
        self._folder.cleanup()

    def finished(self) -> Path:
        """Return the folder of the piece; nothing can be added any more."""
        for file in self._files.values():
            file.close()
        self._files = {}
        return Path(self._folder.name)

    def add(self, booking: Booking) -> None:
        """Write what a booking has booked."""
        times = {row[0]: (row[4], row[6]) for row in booking.rows["event"]}
        routes = (flow[3] for entry in booking.booked for flow in entry.flows)
        flows = [
            (seq, *times[seq], lot, _FLOW_NAMES[code], kg, route or None, value, carbon)
            for (seq, _, lot, code, kg, _, value, carbon, _), route in zip(booking.rows["lot_flow"], routes, strict=True)
        ]
        bodies = {row[0]: entry.body for row, entry in zip(booking.rows["event"], booking.booked, strict=True)}
        lots: list[tuple[Any, ...]] = []
        for identity, seq, prefix, reference, description in booking.rows["lot"]:
            kind, name, stream = booking.texts.descriptions.text(description)
            (start,) = booking.texts.prefixes.text(prefix)
            attributes = None
            if kind == _WITH_ATTRIBUTES:
                attributes = _json(attributes_in(orjson.loads(unpack(bodies[seq])), start + reference))
            lots.append((identity, seq, reference, kind, name, stream, attributes))
        for name, rows in (("lot", lots), ("flow", flows)):
            self._files[name].add(rows)


class _TableFile:
    """A Parquet file that rows of one table are added to; they are written many at a time."""

    def __init__(self, file: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(file, schema, compression="zstd")
        self._waiting: list[pa.Table] = []

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        columns = zip(zip(*rows, strict=True), self._schema, strict=True)
        arrays = [pa.array(column, field.type) for column, field in columns]
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self._schema))
        if sum(table.num_rows for table in self._waiting) >= _ROWS_TOGETHER:
            self._write()

    def close(self) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting = []


def _table_files(folder: Path, names: Collection[str]) -> dict[str, _TableFile]:
    return {name: _TableFile(folder / f"{name}.parquet", _SCHEMAS[name]) for name in names}


def write_piece(
    connection: Connection, folder: Path, first: int, last: int, names: Collection[str] = TABLES, progress: Progress = _silent
) -> None:
    """Write the events from number `first` to `last` as Parquet files into a folder, one a table."""
    files = _table_files(folder, names)
    try:
        for start in range(first, last + 1, _EVENTS_AT_ONCE):
            end = min(start + _EVENTS_AT_ONCE - 1, last)
            rows = _rows(connection, start, end, bodies=not _WITHOUT_BODIES.issuperset(names))
            for name, file in files.items():
                file.add(rows[name])
            progress("columns", end - first + 1, last - first + 1)
    finally:
        for file in files.values():
            file.close()


def _rows(connection: Connection, first: int, last: int, *, bodies: bool) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table for a range of events; without `bodies` those of lots and flows alone."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
    flow, outcome, event = schema.lot_flow, schema.outcome, schema.event
    query = (
        select(flow.c.event_seq, event.c.event_time, event.c.biz_step, flow.c.lot_id, flow.c.flow, flow.c.mass_kg)
        .add_columns(outcome.c.route, flow.c.value_e4, flow.c.carbon_kg)
        .select_from(flow.join(event).outerjoin(outcome))
        .where(flow.c.event_seq.between(first, last))
        .order_by(flow.c.event_seq, flow.c.position)
    )
    names = _FLOW_NAMES
    rows["flow"] = [
        (seq, time, step, lot, names[code], kg, route or None, value, carbon)
        for seq, time, step, lot, code, kg, route, value, carbon in connection.execute(query).all()
    ]
    own = _add_bodies(rows, connection, first, last) if bodies else {}
    rows["lot"] = list(_lots(connection, first, last, own))
    return rows


def _add_bodies(
    rows: dict[str, list[tuple[Any, ...]]], connection: Connection, first: int, last: int
) -> dict[int, Mapping[str, Any]]:
    """Add what stands in the events alone: masses by substance, energy, money, information. Return our own events."""
    events: dict[int, Mapping[str, Any]] = {}
    booked = Counter(row[0] for row in rows["flow"])
    event, context = schema.event, schema.context
    query = (
        select(event.c.seq, event.c.event_time, event.c.biz_step, event.c.body, context.c.body)
        .select_from(event.outerjoin(context))
        .where(event.c.seq.between(first, last))
        .order_by(event.c.seq)
    )
    for seq, time, step, stored, around in connection.execute(query):
        body = orjson.loads(unpack(stored))
        own = ours(body, orjson.loads(around) if around is not None else ())
        rows["event"].append((seq, time, step, own is not None))
        if own is None or "errorDeclaration" in own:
            continue
        events[seq] = own
        for flow, materials in _materials(own, booked[seq]):
            rows["material"] += [(seq, time, flow, material, kg) for material, kg in materials.items()]
        for energy in own.get("vnest:energyFlow", ()):
            rows["energy"].append((seq, time, energy["vnest:carrier"], energy["vnest:kWh"]))
        for money in own.get("vnest:moneyFlow", ()):
            amount = int(Decimal(money["vnest:amount"]).scaleb(4))
            rows["money"].append((seq, time, money["vnest:purpose"], money["vnest:currency"], amount))
        for information in own.get("vnest:informationFlow", ()):
            rows["information"].append((seq, time, information["vnest:kind"], information["vnest:reference"]))
    return events


def _materials(own: Mapping[str, Any], booked: int) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield each flow of an event with its masses by substance, what closure booked as unaccounted included."""
    flows = own.get("vnest:materialFlow", ())
    if len(flows) == booked:
        for flow in flows:
            yield flow["vnest:flow"], {name.removeprefix("vnest:"): kg for name, kg in flow["vnest:massKg"].items()}
        return
    from vehiclenest.ledger.reading import from_epcis

    for flow in close(from_epcis(own)).material:
        yield flow.flow.value, flow.materials


def _lots(connection: Connection, first: int, last: int, own: Mapping[int, Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield the lots that a range of events describes; `own` are those of the events that were read already."""
    lot, description, prefix = schema.lot, schema.description, schema.prefix
    query = (
        select(
            lot.c.id,
            lot.c.event_seq,
            prefix.c.text,
            lot.c.reference,
            description.c.kind,
            description.c.name,
            description.c.stream,
        )
        .select_from(lot.join(description).join(prefix))
        .where(lot.c.event_seq.between(first, last))
    )
    for identity, seq, start, reference, kind, name, stream in connection.execute(query).all():
        attributes = None
        if kind == _WITH_ATTRIBUTES:
            uri = start + reference
            attributes = _json(attributes_in(own[seq], uri) if seq in own else Book(connection).attributes(seq, uri))
        yield identity, seq, reference, kind, name, stream, attributes


def _json(attributes: Mapping[str, str]) -> str:
    return orjson.dumps(attributes).decode()
