"""A small ledger with a history that can be summed by hand."""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from vehiclenest.core.money import Money
from vehiclenest.ledger import EnergyFlow, Event, Flow, InformationFlow, Ledger, Lot, MaterialFlow, MoneyFlow
from vehiclenest.ledger.balance import columns_of
from vehiclenest.ledger.columns import Columns

MORNING = datetime(2026, 8, 6, 8, 0, tzinfo=UTC)
CAR, VAN = "urn:epc:id:giai:9521141.CAR", "urn:epc:id:giai:9521141.VAN"
DOOR = "urn:epc:id:giai:9521141.CAR-DFL"
CAR_HULK, VAN_HULK = "urn:epc:id:giai:9521141.CAR-HLK", "urn:epc:id:giai:9521141.VAN-HLK"
SCRAP = "urn:epc:class:lgtin:9521141.000009.20260806"
FLUFF = "urn:epc:class:lgtin:9521141.000012.20260806"


def event(
    kind: str,
    step: str,
    hours: float,
    *material: MaterialFlow,
    lots: tuple[Lot, ...] = (),
    energy: tuple[EnergyFlow, ...] = (),
    money: tuple[MoneyFlow, ...] = (),
    information: tuple[InformationFlow, ...] = (),
) -> Event:
    fields = {"bizStep": step, "action": "OBSERVE"}
    return Event(kind, MORNING + timedelta(hours=hours), fields, lots, material, energy, money, information)


def take(lot: str, **materials: float) -> MaterialFlow:
    return MaterialFlow(Flow.CONSUMED, materials, lot)


def give(lot: str, **materials: float) -> MaterialFlow:
    return MaterialFlow(Flow.PRODUCED, materials, lot)


def ship(materials: dict[str, float], lot: str, route: str, value: str, carbon_kg: float) -> MaterialFlow:
    return MaterialFlow(Flow.SHIPPED, materials, lot, route=route, reason="sells", value=Decimal(value), carbon_kg=carbon_kg)


def history() -> list[Event]:
    """Car 1000 kg and van 3000 kg; a door of 100 kg is sold; hulks of 900 and 2700 kg are shredded together, 36 kg go as dust."""
    yuan = Money(Decimal("-1750.25"), "CNY")
    return [
        event(
            "ObjectEvent", "receiving", 0, MaterialFlow(Flow.RECEIVED, {"steel": 800.0, "plastic": 200.0}, CAR),
            lots=(Lot(CAR, "vehicle", "2010 CAR", attributes={"category": "M1"}),), money=(MoneyFlow(yuan, "last owner", "purchase"),),
            information=(InformationFlow("certificate_of_destruction", "urn:epc:id:gdti:9521141.00001.CAR"),),
        ),
        event(
            "ObjectEvent", "receiving", 1, MaterialFlow(Flow.RECEIVED, {"steel": 2400.0, "plastic": 600.0}, VAN),
            lots=(Lot(VAN, "vehicle", "2012 VAN", attributes={"category": "N2"}),), money=(MoneyFlow(yuan, "last owner", "purchase"),),
        ),
        event(
            "TransformationEvent", "disassembling", 2, take(CAR, steel=800.0, plastic=200.0), give(DOOR, steel=80.0, plastic=20.0),
            give(CAR_HULK, steel=720.0, plastic=180.0),
            lots=(Lot(DOOR, "component", "door", "metal components"), Lot(CAR_HULK, "hulk", "hulk of CAR")),
            energy=(EnergyFlow("electricity", 15.0),),
        ),
        event(
            "TransformationEvent", "disassembling", 25, take(VAN, steel=2400.0, plastic=600.0), give(VAN_HULK, steel=2160.0, plastic=540.0),
            MaterialFlow(Flow.LOST, {"steel": 240.0, "plastic": 60.0}), lots=(Lot(VAN_HULK, "hulk", "hulk of VAN"),),
            energy=(EnergyFlow("electricity", 20.0),),
        ),
        event(
            "TransformationEvent", "destroying", 26, take(CAR_HULK, steel=720.0, plastic=180.0),
            take(VAN_HULK, steel=2160.0, plastic=540.0), give(SCRAP, steel=2844.0, plastic=0.0), give(FLUFF, plastic=720.0),
            MaterialFlow(Flow.LOST, {"steel": 36.0}),
            lots=(Lot(SCRAP, "shredder", "scrap", "ferrous scrap"), Lot(FLUFF, "shredder", "fluff", "shredder light fraction")),
        ),
        event(
            "ObjectEvent", "shipping", 27,
            ship({"steel": 80.0, "plastic": 20.0}, DOOR, "reuse", "120.50", -50.0),
            MaterialFlow(Flow.SHIPPED, {"steel": 2844.0}, SCRAP, route="recycle", value=Decimal(5000), carbon_kg=-4000.0),
            MaterialFlow(Flow.SHIPPED, {"plastic": 500.0}, FLUFF, route="energy_recovery", value=Decimal(-50), carbon_kg=300.0),
            money=(MoneyFlow(Money(Decimal("5070.50"), "CNY"), "trade", "sale"),),
        ),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """A real PostgreSQL server; each call makes a database of its own and returns its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pgserver
    import psycopg

    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="vnest-pg-") as folder, pgserver.get_server(folder, cleanup_mode="stop") as server:  # pyright: ignore[reportPrivateImportUsage]
        numbers = itertools.count(1)

        def make() -> str:
            name = f"ledger{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return server.get_uri(database=name)

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return request.getfixturevalue("postgres")()


@pytest.fixture(autouse=True)
def columns_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the columns of a test's ledgers in its own folder."""
    monkeypatch.setenv("VNEST_COLUMNS", str(tmp_path / "columns"))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger(url) as opened:
        yield opened


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    ledger.capture(history())
    return ledger


@pytest.fixture
def columns(filled: Ledger) -> Iterator[Columns]:
    with columns_of(filled) as opened:
        yield opened
