"""A ledger of the first tables is opened by today's code: its events are captured anew, under the times they were captured."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, make_url, text

from vehiclenest.core.errors import ConflictError
from vehiclenest.core.time import format_time
from vehiclenest.ledger import Event, Ledger, Trace, database, to_epcis
from vehiclenest.ledger import trace as trace_thing
from vehiclenest.ledger.balance import balance, columns_of
from vehiclenest.ledger.entry import microseconds

from .conftest import CAR, DOOR, history

RECORDED = datetime(2026, 8, 10, 12, tzinfo=UTC)


def configured(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def old_ledger(url: str, events: list[Event]) -> None:
    """Make a database of the first tables with events as the code of then wrote them: JSON, with the time of capture."""
    parsed = make_url(url)
    engine = create_engine(parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed)
    statement = text("INSERT INTO event VALUES (:seq, :id, :type, :event_time, :record_time, :step, :body)")
    with engine.begin() as connection:
        command.upgrade(configured(connection), "0001")
        for seq, event in enumerate(events, start=1):
            recorded = RECORDED + timedelta(days=seq)
            document = to_epcis(event) | {"recordTime": format_time(recorded)}
            row = {
                "seq": seq,
                "id": f"ni:///sha-256;{seq:064x}?ver=CBV2.0",
                "type": event.type,
                "event_time": microseconds(event.time),
                "record_time": microseconds(recorded),
                "step": event.biz_step,
                "body": orjson.dumps(document),
            }
            connection.execute(statement, row)
    engine.dispose()


def test_an_old_ledger_is_traced_and_balanced_as_a_new_one(url: str) -> None:
    old_ledger(url, history())
    with Ledger(url, create=False) as ledger:
        assert ledger.size() == len(history())
        found = trace_thing(ledger, CAR)
        assert isinstance(found, Trace)
        assert {
            output.end: output.share for output in found.outputs if output.lot is None or output.lot.uri == DOOR
        } == pytest.approx({"reuse": 0.1, "lost": 0.009})
        with columns_of(ledger) as columns:
            total = balance(columns)["total"]
        assert (total["received_kg"], total["shipped_kg"]) == (4000.0, 3444.0)
        assert ledger.capture(history()).known == len(history())


def test_the_times_of_capture_stay(url: str) -> None:
    old_ledger(url, history())
    with Ledger(url, create=False) as ledger:
        times = [orjson.loads(body)["recordTime"] for body in ledger.bodies()]
        assert times == [format_time(RECORDED + timedelta(days=seq)) for seq in range(1, len(history()) + 1)]
        assert len(list(ledger.bodies(as_of=RECORDED + timedelta(days=3)))) == 3


def test_an_empty_old_ledger_becomes_an_empty_new_one(url: str) -> None:
    old_ledger(url, [])
    with Ledger(url, create=False) as ledger:
        assert ledger.size() == 0
        assert ledger.capture(history()).stored == len(history())


def test_an_old_ledger_that_does_not_hold_is_refused_and_left_as_it_was(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_ledger(url, history()[3:])  # the van was never received
    with pytest.raises(ConflictError, match="is not in the ledger"):
        Ledger(url, create=False)
    parsed = make_url(url)
    engine = create_engine(parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"
        assert connection.execute(text("SELECT COUNT(*) FROM event")).scalar() == 3
    engine.dispose()


def test_a_ledger_with_events_does_not_go_back(filled: Ledger) -> None:
    with (
        pytest.raises(ConflictError, match="the older tables cannot hold these events"),
        database.writing(filled.engine) as connection,
    ):
        command.downgrade(configured(connection), "0001")
    assert filled.size() == len(history())
