"""The book: captured whole or not at all, never twice, never more out of a lot than is in it."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from vehiclenest.core.errors import ClosureError, ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow, Stock, database
from vehiclenest.ledger.balance import largest_closure_error, largest_lot_error
from vehiclenest.ledger.columns import Columns

from .conftest import CAR, CAR_HULK, DOOR, MORNING, SCRAP, event, give, history, take


def stock(ledger: Ledger, kind: str) -> list[Stock]:
    with ledger.reading() as book:
        return book.stock(kind)


def test_what_was_captured_is_there_after_opening_again(filled: Ledger) -> None:
    with Ledger(filled.url, create=False) as again:
        assert again.size() == len(history())


def test_capturing_the_same_events_again_stores_nothing_and_changes_nothing(filled: Ledger) -> None:
    before = list(filled.bodies())
    captured = filled.capture(history())
    assert (captured.stored, captured.known) == (0, len(history()))
    assert list(filled.bodies()) == before


def test_a_batch_with_one_bad_event_is_refused_whole_and_the_event_is_named(ledger: Ledger) -> None:
    bad = event("TransformationEvent", "disassembling", 3, take(DOOR, steel=80.0, plastic=20.0), give(SCRAP, steel=1.0))
    with pytest.raises(ClosureError, match=r"event 6 \(disassembling\)"):
        ledger.capture([*history(), bad])
    assert ledger.size() == 0


def test_a_lot_that_nothing_created_cannot_be_used(ledger: Ledger) -> None:
    with pytest.raises(ConflictError, match=f"lot {DOOR} is not in the ledger"):
        ledger.capture([event("ObjectEvent", "shipping", 0, MaterialFlow(Flow.SHIPPED, {"steel": 1.0}, DOOR))])


def test_more_than_a_lot_holds_cannot_leave_it(filled: Ledger) -> None:
    with pytest.raises(ConflictError, match=r"which holds 220\.000 kg"):
        filled.capture(
            [
                event(
                    "ObjectEvent",
                    "shipping",
                    30,
                    MaterialFlow(Flow.SHIPPED, {"plastic": 221.0}, "urn:epc:class:lgtin:9521141.000012.20260806"),
                )
            ]
        )


def test_the_order_of_a_batch_is_the_order_of_what_happened(ledger: Ledger) -> None:
    with pytest.raises(ConflictError, match="is not in the ledger"):
        ledger.capture(list(reversed(history())))


def test_a_thing_is_received_once(filled: Ledger) -> None:
    again = event(
        "ObjectEvent",
        "receiving",
        40,
        MaterialFlow(Flow.RECEIVED, {"steel": 1.0}, CAR),
        lots=(Lot(CAR, "vehicle", "the same again"),),
    )
    with pytest.raises(ConflictError, match="is in the ledger already"):
        filled.capture([again])
    with pytest.raises(ConflictError, match="is in the ledger already"):
        filled.capture([replace(again, lots=())])


def test_a_tank_may_be_added_to_and_a_described_lot_must_be_created(ledger: Ledger) -> None:
    tank = "urn:epc:class:lgtin:9521141.000002.202608"
    lots = (Lot(tank, "tank", "engine oil", "liquids"),)
    fill = [
        event("ObjectEvent", "receiving", hour, MaterialFlow(Flow.RECEIVED, {"engine_oil": 3.0}, tank), lots=lots)
        for hour in (0, 1)
    ]
    assert ledger.capture(fill).stored == 2
    assert [held.materials for held in stock(ledger, "tank")] == [{"engine_oil": 6.0}]
    with pytest.raises(ConflictError, match="described and not created"):
        ledger.capture([event("ObjectEvent", "receiving", 5, lots=(Lot(CAR, "vehicle", "ghost"),))])


def test_an_empty_lot_is_no_stock(filled: Ledger) -> None:
    assert stock(filled, "hulk") == []
    assert [held.lot.rsplit(".", 2)[1] for held in stock(filled, "shredder")] == ["000012"]


def test_foreign_events_are_stored_and_bound_by_nothing(ledger: Ledger) -> None:
    foreign = Event("ObjectEvent", MORNING, {"action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"]})
    assert ledger.capture([foreign]).stored == 1


def test_known_lots_say_when_they_came(filled: Ledger) -> None:
    with filled.reading() as book:
        assert book.known_lots([CAR, "urn:epc:id:giai:9521141.NEVER"]) == {CAR: MORNING}


def test_record_time_is_when_it_was_captured(ledger: Ledger) -> None:
    ledger.capture(history()[:1], recorded=datetime(2026, 9, 1, tzinfo=UTC))
    assert orjson.loads(next(ledger.bodies()))["recordTime"] == "2026-09-01T00:00:00.000Z"


def test_every_event_closes_and_no_lot_gives_more_than_it_got(columns: Columns) -> None:
    assert largest_closure_error(columns) < 1e-12
    assert largest_lot_error(columns) < 1e-12


def test_sqlite_is_in_wal_mode_with_full_synchronisation_and_foreign_keys(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'x.db'}") as ledger, ledger.engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_two_writers_at_once_both_get_through(filled: Ledger) -> None:
    def receive(number: int) -> int:
        thing = f"urn:epc:id:giai:9521141.T{number}"
        with Ledger(filled.url) as own:
            arrival = event(
                "ObjectEvent",
                "receiving",
                number,
                MaterialFlow(Flow.RECEIVED, {"steel": 1.0}, thing),
                lots=(Lot(thing, "vehicle", "t"),),
            )
            return own.capture([arrival]).stored

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(receive, range(20))) == 20
    assert filled.size() == len(history()) + 20


_WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow
ledger = Ledger(sys.argv[1])
for number in range(100_000):
    things = [f"urn:epc:id:giai:9521141.K{number}-{part}" for part in range(20)]
    ledger.capture([Event("ObjectEvent", datetime(2026, 8, 6, tzinfo=UTC) + timedelta(seconds=number), {"action": "ADD", "epcList": things},
        lots=[Lot(thing, "vehicle", "k") for thing in things],
        material=[MaterialFlow(Flow.RECEIVED, {"steel": 1.0}, thing) for thing in things])])
    print(number + 1, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_was_acknowledged_and_leaves_no_half_event(url: str) -> None:
    Ledger(url).close()
    process = subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE)
    assert process.stdout is not None
    acknowledged = 0
    while acknowledged < 25:
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in process.stdout.read().split())])
    process.wait()
    process.stdout.close()
    with Ledger(url, create=False) as ledger, ledger.engine.connect() as connection:
        assert acknowledged <= ledger.size() <= acknowledged + 1
        assert connection.execute(text("SELECT COUNT(*) FROM lot_flow")).scalar() == 20 * ledger.size()


def test_a_ledger_in_memory_is_refused_because_it_forgets() -> None:
    with pytest.raises(InputError, match="would forget everything"):
        Ledger("sqlite://")


def test_a_writer_that_waits_in_vain_is_told_that_another_one_writes(filled: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0)
    with filled.writing(), Ledger(filled.url) as other, pytest.raises(ConflictError, match="another writer has held the ledger"):
        other.capture([])


def test_a_database_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    Ledger(f"sqlite:///{file}").close()
    with (
        Ledger(f"sqlite:///file:{file}?mode=ro&uri=true") as ledger,
        pytest.raises(InputError, match="cannot be written: attempt to write a readonly"),
    ):
        ledger.capture([Event("ObjectEvent", MORNING, {"action": "OBSERVE"})])


@pytest.mark.parametrize("url", ["nonsense", "sqlite+nothing:///x.db", "oracle://nowhere"])
def test_a_url_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InputError, match="for example sqlite:///vnest"):
        Ledger(url)


def test_a_reader_makes_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no ledger"):
        Ledger(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 500)
    with pytest.raises(InputError, match="cannot be opened"):
        Ledger(f"sqlite:///{file}")
    assert file.read_text().startswith("Dear Sir")


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()
    with pytest.raises(InputError, match="tables of something else"):
        Ledger(f"sqlite:///{file}")


def test_amounts_are_exact_to_the_last_digit(columns: Columns) -> None:
    money = columns.table("money")
    assert columns.rows(money.agg(total=money.amount_e4.sum())) == [{"total": 50_705_000 - 2 * 17_502_500}]


def test_events_may_be_read_from_a_number_on(filled: Ledger) -> None:
    assert len(list(filled.bodies(first=5))) == len(history()) - 4
    assert CAR_HULK in orjson.loads(list(filled.bodies())[4])["vnest:materialFlow"][0]["vnest:lot"]
