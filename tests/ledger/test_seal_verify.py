"""Verification: whatever is changed in the database or the seals, the event or the file is named."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from sqlalchemy import Connection, Engine, Float, LargeBinary, String, Table, create_engine, select, update
from sqlalchemy.exc import DBAPIError

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.ledger import Ledger, close, schema, to_epcis
from vehiclenest.ledger.capture import capture_document
from vehiclenest.ledger.entry import entry_of_document
from vehiclenest.ledger.epcis import OURS
from vehiclenest.ledger.seal import seal
from vehiclenest.ledger.seal_folder import Seal
from vehiclenest.ledger.signing import public_hex, public_pem
from vehiclenest.ledger.verify import Verification, verify

from .conftest import MORNING, SCRAP, history

RECORDED = MORNING + timedelta(days=2)
STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
DECLARED = {"declarationTime": "2026-08-08T09:00:00.000Z", "reason": "incorrect_data"}
CELLS, PACK = "urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sgtin:4012345.022222.7"


def foreign() -> list[dict[str, Any]]:
    """A supplier's events in a context of its own: cells become a pack, the pack goes into a crate; a long note is compressed."""
    head = {"eventTime": "2026-08-07T10:00:00.000Z", "eventTimeZoneOffset": "+02:00"}
    return [
        head | {"type": "TransformationEvent", "inputEPCList": [CELLS], "outputEPCList": [PACK],
                "transformationID": "urn:epc:id:gdti:4012345.55555.9", "ex:note": "a long note " * 300},
        head | {"type": "AggregationEvent", "action": "ADD", "parentID": "urn:epc:id:sscc:4012345.0000000333", "childEPCs": [PACK],
                "bizStep": "packing", "eventID": "urn:uuid:7f3a0d7e-0a7b-4a6e-9d3c-0f5b2f7c9a10", "ex:colour": "red"},
    ]  # fmt: skip


def document(events: list[dict[str, Any]], *contexts: object) -> bytes:
    return orjson.dumps(
        {
            "@context": [STANDARD, *contexts],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-08-08T09:00:00.000Z",
            "epcisBody": {"eventList": events},
        }
    )


@dataclass(frozen=True)
class Sealed:
    """A ledger of 11 events: 10 under a seal, the last captured after it."""

    url: str
    folder: Path
    key: Ed25519PrivateKey

    def verify(self, *, full: bool = True, keys: tuple[Path, ...] = ()) -> Verification:
        with Ledger(self.url, create=False) as ledger:
            return verify(ledger, self.folder, keys, full=full)

    def tampering(self) -> Engine:
        """Return an engine that heeds no foreign key."""
        return create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"))


@pytest.fixture
def sealed(url: str, tmp_path: Path) -> Sealed:
    made = Sealed(url, tmp_path / "seals", Ed25519PrivateKey.generate())
    space = {"ex": "https://example.com/ns/"}
    with Ledger(url) as ledger:
        ledger.capture(history(), RECORDED)
        seal(ledger, made.folder, made.key, RECORDED)
        assert capture_document(ledger, document(foreign(), space), recorded=RECORDED).accepted == 2
        wrong = [foreign()[1] | {"errorDeclaration": DECLARED}]
        in_another_context = document(wrong, space, {"more": "https://example.com/more/"})
        assert capture_document(ledger, in_another_context, recorded=RECORDED).accepted == 1
        sale = to_epcis(close(history()[5])) | {"errorDeclaration": DECLARED}
        with ledger.writing() as book:
            book.enter([entry_of_document(sale, OURS, RECORDED)])
        seal(ledger, made.folder, made.key, RECORDED)
        late = history()[0]
        ledger.capture([_renamed(late)], RECORDED + timedelta(days=1))
    return made


def _renamed(event: Any) -> Any:
    name = "urn:epc:id:giai:9521141.BUS"
    return replace(
        event,
        lots=[replace(event.lots[0], id=name)],
        material=[replace(event.material[0], lot=name)],
    )


def connect(engine: Engine) -> Connection:
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
    return connection


def test_a_ledger_as_it_was_sealed_is_well(sealed: Sealed) -> None:
    found = sealed.verify()
    assert (found.ok, found.problems) == (True, [])
    assert (found.events, found.sealed, found.unsealed, found.seals) == (11, 10, 1, 2)
    assert sealed.verify(full=False).ok


# --- one value anywhere ---------------------------------------------------------------------------------------------------------------

SEALED = 10
UNHURRIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
CHANGES = [(table, column) for table in schema.metadata.sorted_tables for column in table.columns]


def other_value(table: Table, column: Any, value: Any, data: st.DataObject) -> Any:
    """Return another value for a column."""
    if column.nullable and value is not None and data.draw(st.booleans(), "to nothing"):
        return None
    if isinstance(column.type, LargeBinary):
        flipped = bytearray(value or b"\0")
        place = data.draw(st.integers(0, len(flipped) - 1), "byte")
        flipped[place] ^= 1 << data.draw(st.integers(0, 7), "bit")
        return bytes(flipped)
    if isinstance(column.type, String):
        if not value:
            return "x"
        place = data.draw(st.integers(0, len(value) - 1), "character")
        return value[:place] + ("y" if value[place] == "x" else "x") + value[place + 1 :]
    differences = [1.0, -1.0, 1e-9] if isinstance(column.type, Float) else [1, 2, 77]
    if column.name == "record_time":  # an event has it in milliseconds
        differences = [1000, -1000, 86_400_000_000]
    return (value or 0) + data.draw(st.sampled_from(differences), "difference")


def event_of(connection: Connection, table: Table, row: Any) -> int:
    """Return the number of the (first) event that a row belongs to."""
    event, lot, flow = schema.event, schema.lot, schema.lot_flow
    users = {
        "context": select(event.c.seq).where(event.c.context_id == row[0]),
        "prefix": select(lot.c.event_seq).where(lot.c.prefix_id == row[0]),
        "description": select(lot.c.event_seq).where(lot.c.description_id == row[0]),
        "outcome": select(flow.c.event_seq).where(flow.c.outcome_id == row[0]),
    }
    if table.name in users:
        return min(connection.execute(users[table.name]).scalars())
    return row.seq if table.name == "event" else row.by_seq if table.name == "withdrawal" else row.event_seq


def changed_and_verified(sealed: Sealed, engine: Engine, table: Table, column: Any, data: st.DataObject) -> None:
    with connect(engine) as connection:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
        row = data.draw(st.sampled_from(rows), f"row of {table.name}")
        value = other_value(table, column, getattr(row, column.name), data)
        number = event_of(connection, table, row)
        # Before it is sealed nothing binds an event to a context that adds names which it does not use.
        assume(number <= SEALED or column is not schema.event.c.context_id)
        here = [key == getattr(row, key.name) for key in table.primary_key.columns]
        there = [key == (value if key.name == column.name else getattr(row, key.name)) for key in table.primary_key.columns]
        try:
            connection.execute(update(table).where(*here).values({column: value}))
            connection.commit()
        except DBAPIError:
            assume(False)  # two rows would be the same
        try:
            found = sealed.verify()
        finally:
            connection.execute(update(table).where(*there).values({column: getattr(row, column.name)}))
            connection.commit()
    named = {problem.seq for problem in found.problems}
    moved = {value} if (table.name, column.name) == ("withdrawal", "by_seq") else set[int]()
    assert named & ({number} | moved), (table.name, column.name, number, [str(problem) for problem in found.problems])


@pytest.fixture
def tampering(sealed: Sealed) -> Iterator[Engine]:
    engine = sealed.tampering()
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=UNHURRIED, database=None, derandomize=True)
@given(data=st.data())
def test_whatever_value_is_changed_verification_names_the_event(sealed: Sealed, tampering: Engine, data: st.DataObject) -> None:
    table, column = data.draw(st.sampled_from(CHANGES), "column")
    changed_and_verified(sealed, tampering, table, column, data)


@settings(max_examples=1, deadline=None, suppress_health_check=UNHURRIED, database=None, derandomize=True)
@given(data=st.data())
def test_a_change_is_seen_in_every_column_of_every_table(sealed: Sealed, tampering: Engine, data: st.DataObject) -> None:
    for table, column in CHANGES:
        changed_and_verified_where_it_can_be(sealed, tampering, table, column, data)


def changed_and_verified_where_it_can_be(sealed: Sealed, engine: Engine, table: Table, column: Any, data: st.DataObject) -> None:
    try:
        changed_and_verified(sealed, engine, table, column, data)
    except UnsatisfiedAssumption:
        return


# --- larger changes -------------------------------------------------------------------------------------------------------------------


def change(sealed: Sealed, *statements: str) -> Verification:
    engine = sealed.tampering()
    with connect(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
    engine.dispose()
    return sealed.verify()


def lines(found: Verification) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_an_event_rewritten_with_all_that_follows_from_it_is_named_by_the_leaf_hashes(sealed: Sealed, tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'forged.db'}") as forged:
        events = history()
        events[0] = replace(events[0], money=[])
        forged.capture(events, RECORDED)
        found = verify(forged, sealed.folder)
    assert next(line for line in lines(found) if "event 1 " in line).endswith("was changed after it was sealed")
    assert {problem.table for problem in found.problems} == {"event"}


def test_missing_events_are_named(sealed: Sealed) -> None:
    found = change(sealed, "DELETE FROM event WHERE seq IN (3, 4, 10, 11)")
    assert any(line.startswith("event 3, event: events 3 to 4 are missing") for line in lines(found))
    assert any(line.startswith("event 10, event: is missing") for line in lines(found))
    assert any("belongs to event 3, which is not there" in line for line in lines(found))
    assert not sealed.verify(full=False).ok


def test_an_inserted_event_is_named(sealed: Sealed) -> None:
    found = change(sealed, "UPDATE event SET seq = 0 WHERE seq = 11")
    assert any(line.startswith("event 0 (") and "was inserted" in line for line in lines(found))


def test_events_in_another_order_are_named_with_the_place_they_had(sealed: Sealed) -> None:
    found = change(
        sealed,
        "UPDATE event SET seq = 100 WHERE seq = 1",
        "UPDATE event SET seq = 1 WHERE seq = 2",
        "UPDATE event SET seq = 2 WHERE seq = 100",
    )
    assert any("event 1 (" in line and "the one sealed as number 2" in line for line in lines(found))
    assert any("event 2 (" in line and "the one sealed as number 1" in line for line in lines(found))


def test_a_lot_split_into_two_is_named(sealed: Sealed) -> None:
    found = change(
        sealed,
        "INSERT INTO lot SELECT 99, 6, prefix_id, reference, description_id FROM lot WHERE reference = '000009.20260806'",
        "UPDATE lot_flow SET lot_id = 99 WHERE event_seq = 6 AND position = 1",
    )
    assert any("stands under more than one number" in line for line in lines(found))
    assert any(line.startswith("event 6") for line in lines(found))


def test_rows_that_no_event_uses_are_named(sealed: Sealed) -> None:
    found = change(
        sealed,
        "INSERT INTO prefix VALUES (77, 'urn:epc:id:giai:1.')",
        "INSERT INTO outcome VALUES (77, 'reuse', 'sells well')",
        "INSERT INTO description VALUES (77, 'vehicle', 'a ghost', '')",
        "INSERT INTO mention VALUES ('urn:epc:id:giai:1.GHOST', 4711, 0)",
        "INSERT INTO lot SELECT 98, 2, prefix_id, 'GHOST', description_id FROM lot WHERE id = 1",
    )
    for table in ("prefix", "outcome", "description"):
        assert any(line.startswith(f"{table}: row 77 is used by no event") for line in lines(found))
    assert any("urn:epc:id:giai:1.GHOST 0 belongs to event 4711" in line for line in lines(found))
    assert any(line.startswith("event 2, lot: row (98, 2)") for line in lines(found))


def test_a_declaration_that_withdraws_nothing_here_is_well(ledger: Ledger, tmp_path: Path) -> None:
    wrong = [foreign()[0] | {"errorDeclaration": DECLARED}]
    assert capture_document(ledger, document(wrong, {"ex": "https://example.com/ns/"}), recorded=RECORDED).accepted == 1
    seal(ledger, tmp_path / "seals", Ed25519PrivateKey.generate(), RECORDED)
    assert verify(ledger, tmp_path / "seals").problems == []


def test_a_lot_that_is_described_twice_is_described_by_the_first_event(ledger: Ledger, tmp_path: Path) -> None:
    first = history()
    again = replace(first[4], time=first[4].time + timedelta(days=1))
    received = [
        replace(
            one, time=again.time, lots=[replace(again.lots[0], name=name)], material=[replace(first[0].material[0], lot=SCRAP)]
        )
        for one, name in ((first[0], "scrap"), (first[1], "scrap of another name"))
    ]
    ledger.capture(received, RECORDED)
    seal(ledger, tmp_path / "seals", Ed25519PrivateKey.generate(), RECORDED)
    assert verify(ledger, tmp_path / "seals").problems == []


def test_an_event_not_sealed_yet_is_checked_against_what_follows_from_it(sealed: Sealed) -> None:
    found = change(sealed, "UPDATE event SET record_time = record_time + 1000000 WHERE seq = 11")
    assert [(problem.seq, problem.table, problem.column) for problem in found.problems] == [(11, "event", "record_time")]
    assert sealed.verify(full=False).ok


def test_a_thousand_problems_are_counted_and_a_hundred_listed(sealed: Sealed) -> None:
    rows = ", ".join(f"('urn:epc:id:giai:1.{number}', 3, 0)" for number in range(1000))
    found = change(sealed, f"INSERT INTO mention VALUES {rows}")
    assert (found.problem_count, len(found.problems)) == (1000, 100)


@pytest.mark.parametrize("body", ["'text'", "x'ff'", "x'7b7d'", "x'789c00'", "x'5b5d'", "x'7b22612261'"])
def test_bytes_that_are_no_event_are_named_and_break_nothing(tmp_path: Path, body: str) -> None:
    folder, key = tmp_path / "seals", Ed25519PrivateKey.generate()
    made = Sealed(f"sqlite:///{tmp_path / 'ledger.db'}", folder, key)
    with Ledger(made.url) as ledger:
        ledger.capture(history(), RECORDED)
        seal(ledger, folder, key, RECORDED)
    found = change(
        made, f"UPDATE event SET body = {body} WHERE seq = 4", "UPDATE event SET type = CAST(x'ff' AS TEXT) WHERE seq = 2"
    )
    assert {problem.seq for problem in found.problems} == {2, 4}


def test_an_index_that_no_longer_fits_its_table_is_found(tmp_path: Path) -> None:
    """Here a row is added behind the back of the index through which it would be read."""
    folder, key = tmp_path / "seals", Ed25519PrivateKey.generate()
    made = Sealed(f"sqlite:///{tmp_path / 'ledger.db'}", folder, key)
    with Ledger(made.url) as ledger:
        ledger.capture(history(), RECORDED)
        seal(ledger, folder, key, RECORDED)
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        index = connection.execute("SELECT * FROM sqlite_master WHERE name = 'mention_event'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'mention_event'")
    connection.close()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("INSERT INTO mention VALUES ('urn:x', 1, 0)")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
    connection.close()
    assert any(line.startswith("ledger.db: ") and "mention_event" in line for line in lines(made.verify()))


# --- the seals ------------------------------------------------------------------------------------------------------------------------

LAST = "seal-000000000006.json"


@pytest.fixture
def published(tmp_path: Path) -> Sealed:
    made = Sealed(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "seals", Ed25519PrivateKey.generate())
    with Ledger(made.url) as ledger:
        ledger.capture(history()[:4], RECORDED)
        seal(ledger, made.folder, made.key, RECORDED)
        ledger.capture(history(), RECORDED)
        seal(ledger, made.folder, made.key, RECORDED)
    return made


def files(sealed: Sealed) -> list[Path]:
    return sorted(path for path in sealed.folder.iterdir() if not path.name.startswith("key"))


@settings(max_examples=60, deadline=None, suppress_health_check=UNHURRIED, database=None, derandomize=True)
@given(data=st.data())
def test_a_flipped_bit_in_any_file_of_the_seals_is_found_and_the_file_named(published: Sealed, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(published)), "file")
    content = path.read_bytes()
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(changed) - 2), "byte")] ^= 1 << data.draw(st.integers(0, 7), "bit")
    path.write_bytes(changed)
    try:
        found = published.verify(full=False)
    finally:
        path.write_bytes(content)
    try:
        same = orjson.loads(bytes(changed)) == orjson.loads(content)
    except orjson.JSONDecodeError:
        same = False
    assert same or path.name in {problem.file for problem in found.problems}, lines(found)


@pytest.mark.parametrize("index", range(4))
def test_a_missing_file_of_the_seals_is_found(published: Sealed, index: int) -> None:
    path = files(published)[index]
    path.unlink()
    if path.name == LAST:
        found = published.verify(full=False)  # what it covered is not sealed any more: the older one says so much
        assert (found.sealed, found.unsealed) == (4, 2)
    else:
        assert not published.verify(full=False).ok


def resigned(published: Sealed, name: str, key: Ed25519PrivateKey, **fields: Any) -> Verification:
    path = published.folder / name
    seal_of = Seal.model_validate_json(path.read_bytes()).model_copy(update=fields)
    path.write_bytes(seal_of.signed(key).model_dump_json().encode())
    return published.verify(full=False)


def test_a_seal_that_names_another_root_is_found_although_its_signature_holds(published: Sealed) -> None:
    found = resigned(published, LAST, published.key, root="0" * 64)
    assert lines(found) == ["seal-000000000006.json: its root is not the root of the leaf hashes"]


def test_a_seal_that_names_another_root_before_it_is_found(published: Sealed) -> None:
    found = resigned(published, LAST, published.key, previous_root="0" * 64)
    assert lines(found) == ["seal-000000000006.json: names another root for the seal before it"]


def test_a_seal_under_another_name_or_with_too_few_leaves_is_found(published: Sealed) -> None:
    shutil.copy(published.folder / LAST, published.folder / "seal-000000000007.json")
    assert lines(published.verify(full=False)) == ["seal-000000000007.json: is the seal of another name, seal-000000000006.json"]
    (published.folder / "seal-000000000007.json").unlink()
    (published.folder / "leaves-000000000005-000000000006.bin").write_bytes(b"")
    found = resigned(published, LAST, published.key, leaves_sha256=hashlib.sha256(b"").hexdigest())
    assert lines(found) == ["leaves-000000000005-000000000006.bin: does not hold one leaf hash for each event"]


def test_seals_of_a_key_that_was_not_given_do_not_count(published: Sealed, tmp_path: Path) -> None:
    stranger = Ed25519PrivateKey.generate()
    (tmp_path / "auditor.pem").write_bytes(public_pem(published.key))
    assert published.verify(keys=(tmp_path / "auditor.pem",)).keys_given
    (published.folder / f"key-{public_hex(stranger)[:16]}.pem").write_bytes(public_pem(stranger))
    assert resigned(published, LAST, stranger, public_key=public_hex(stranger)).ok
    found = published.verify(keys=(tmp_path / "auditor.pem",))
    assert "which is not among the trusted ones" in lines(found)[0]


def test_without_seals_there_is_nothing_to_verify_against(published: Sealed, tmp_path: Path) -> None:
    shutil.rmtree(published.folder)
    with pytest.raises(NotFoundError, match="there are no seals"):
        published.verify()


def test_a_database_that_is_damaged_is_said_in_one_line(published: Sealed, tmp_path: Path) -> None:
    with published.tampering().connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'event'").scalars()
        (size,) = connection.exec_driver_sql("PRAGMA page_size").scalars()
    with (tmp_path / "ledger.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(InputError, match="cannot be read"):
        published.verify()
