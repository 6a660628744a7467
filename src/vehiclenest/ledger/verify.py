"""Verification: whether the ledger still holds what was sealed, byte by byte, and every row follows from its event.

Three checks: the seals themselves (signatures, chain, leaf hashes); each event against its sealed leaf hash, in order and without
gaps; each derived row against the bytes of its event (`derived`). The first two are quick; the third takes what capture took.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.ledger import schema
from vehiclenest.ledger.derived import Derivation, printable
from vehiclenest.ledger.merkle import HASH_BYTES, LeafTree
from vehiclenest.ledger.seal import Progress, silent
from vehiclenest.ledger.seal_folder import History, Seal, read_history
from vehiclenest.ledger.store import Ledger
from vehiclenest.ledger.stored import StoredEvent, events_after

_LISTED = 100  # problems that are listed; all are counted
_EVENTS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was sealed, or does not follow from an event.

    `seq` and `event` name the event (number, event id) where it belongs to one; `table` and `column` what is wrong of it; `file` is a
    file of the seals or the database.
    """

    what: str
    seq: int | None = None
    event: str | None = None
    table: str | None = None
    column: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        event = None if self.seq is None else f"event {self.seq}" + (f" ({self.event})" if self.event else "")
        place = self.table if self.column is None else f"{self.table}.{self.column}"
        return printable(", ".join(part for part in (self.file, event, place) if part) + f": {self.what}")


@dataclass(slots=True)
class Verification:
    """Outcome of a verification.

    `events` are in the ledger, `sealed` of them are covered by the `seals`, `unsealed` came later; `full` says whether derived rows were
    compared. `problems` are the first hundred of `problem_count`. `keys` are the public keys that signatures were checked against;
    `keys_given` says whether they were named, or just lay beside the seals.
    """

    seals: int
    last_seal: Seal | None
    keys: Sequence[str]
    keys_given: bool
    full: bool
    events: int = 0
    sealed: int = 0
    unsealed: int = 0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list[Problem])

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem_count

    def add(self, problem: Problem) -> None:
        """Note a problem."""
        self.problem_count += 1
        if len(self.problems) < _LISTED:
            self.problems.append(problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data, for JSON."""
        last = self.last_seal
        return {
            "ok": self.ok,
            "full": self.full,
            "events": self.events,
            "sealed": self.sealed,
            "not_sealed_yet": self.unsealed,
            "seals": self.seals,
            "last_seal": None if last is None else {"tree_size": last.tree_size, "root": last.root, "time": last.time},
            "public_keys": list(self.keys),
            "public_keys_given": self.keys_given,
            "problem_count": self.problem_count,
            "problems": [asdict(problem) for problem in self.problems],
        }


def verify(
    ledger: Ledger, folder: Path, public_keys: Sequence[Path] = (), *, full: bool = True, progress: Progress = silent
) -> Verification:
    """Verify a ledger against its seals.

    Parameters
    ----------
    ledger
        What is verified.
    folder
        Its seals, best a copy that whoever runs the database cannot change.
    public_keys
        Files of the keys that may have sealed; by default those in the folder.
    full
        Whether every derived row is compared too.

    Raises
    ------
    NotFoundError
        Where the folder holds no seal.
    InputError
        Where folder, key or database cannot be read.
    """
    history = read_history(folder, public_keys)
    if not history.seals and not history.faults:
        raise NotFoundError(f"there are no seals in {folder}", expected="vnest seal first, or --seals DIR")
    found = Verification(len(history.seals), history.last, history.keys, bool(public_keys), full)
    for fault in history.faults:
        found.add(Problem(fault.what, file=fault.file))
    try:
        with _snapshot(ledger.engine) as connection:
            _walk(connection, history, found, progress)
            if full and ledger.engine.dialect.name == "sqlite":
                _check_file(connection, ledger.engine, found)
    except DBAPIError as error:
        url = ledger.engine.url.render_as_string(hide_password=True)
        raise InputError(f"{url} cannot be read: {error.orig}", expected="a database that is whole") from None
    return found


@contextmanager
def _snapshot(engine: Engine) -> Generator[Connection]:
    """Give a connection that sees the ledger as it is now, whatever is captured meanwhile."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
        return
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")  # a changed text may be none
        try:
            connection.exec_driver_sql("BEGIN")
            yield connection
        finally:
            driver.text_factory = str


def _walk(connection: Connection, history: History, found: Verification, progress: Progress) -> None:
    """Go over all events once, in order."""
    total = connection.execute(select(func.count()).select_from(schema.event)).scalar_one()
    derivation = Derivation(connection) if found.full else None
    expected, after, more = 1, None, True
    while more:
        page = events_after(connection, after, _EVENTS_AT_ONCE)
        more = len(page) == _EVENTS_AT_ONCE
        for event in page:
            _check_number(event, expected, found)
            _check_leaf(event, history, found)
            expected = max(expected, event.seq + 1)
        last = page[-1].seq if more else None
        if derivation is not None:
            for one in derivation.differences(page, after, last):
                found.add(Problem(one.what, one.seq, one.event, one.table, one.column))
        after = last
        found.events += len(page)
        found.unsealed += sum(event.seq > history.tree.size for event in page)
        progress("verifying", found.events, total)
    found.sealed = history.tree.size
    if expected <= found.sealed:
        found.add(_missing(expected, found.sealed))
    if derivation is not None:
        for one in derivation.loose_rows():
            found.add(Problem(one.what, one.seq, one.event, one.table, one.column))


def _check_number(event: StoredEvent, expected: int, found: Verification) -> None:
    if event.seq > expected:
        found.add(_missing(expected, event.seq - 1))
    elif event.seq < expected:
        found.add(Problem("was inserted: numbers start at 1", event.seq, event.name, "event", "seq"))


def _missing(first: int, last: int) -> Problem:
    return Problem(f"events {first} to {last} are missing" if last > first else "is missing", first, table="event")


def _check_leaf(event: StoredEvent, history: History, found: Verification) -> None:
    tree = history.tree
    if not 1 <= event.seq <= tree.size:
        return
    sealed = history.known_leaf(event.seq)
    leaf = None if event.entry is None else tree.leaf_hash(event.entry)
    if sealed is None or leaf == sealed:
        return
    what = "was changed after it was sealed"
    if leaf is not None and found.problem_count < _LISTED and (number := _sealed_as(tree, leaf)):
        what = f"is not the event that was sealed under this number, but the one sealed as number {number}"
    found.add(Problem(what, event.seq, event.name, "event", "body"))


def _sealed_as(tree: LeafTree, leaf: bytes) -> int | None:
    """Return the number under which a leaf was sealed."""
    place = tree.leaves.find(leaf)
    while place > 0 and place % HASH_BYTES:
        place = tree.leaves.find(leaf, place + 1)
    return None if place < 0 else place // HASH_BYTES + 1


def _check_file(connection: Connection, engine: Engine, found: Verification) -> None:
    """Let SQLite compare its indexes with its tables: reading goes through either."""
    for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({_LISTED})"):
        if line != "ok":
            found.add(Problem(str(line), file=Path(engine.url.database or "").name))
