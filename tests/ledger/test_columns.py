"""Columns: written once a day is over, reused, the same whatever the pieces, and the same on every engine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.ledger import Event, Flow, Ledger, MaterialFlow, capture_document, columns
from vehiclenest.ledger.balance import balance, columns_of, vehicle_fates

from .conftest import CAR, CAR_HULK, DOOR, event, give, take
from .documents import day, of, whole

MONDAY = datetime(2026, 8, 10, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "columns"


def pieces(folder: Path) -> list[str]:
    """Return which events each kept piece holds."""
    return sorted(piece.name.rpartition("-")[0] for piece in folder.iterdir()) if folder.is_dir() else []


def total(ledger: Ledger) -> dict[str, float]:
    with columns_of(ledger) as opened:
        return balance(opened)["total"]


def test_days_that_are_over_are_written_once(ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.capture(day()[:4], MONDAY)
    first = total(ledger)
    assert pieces(folder) == ["1-4"]
    with monkeypatch.context() as patch:
        patch.delattr(columns, "write_piece")  # nothing is written a second time
        assert total(ledger) == first
    ledger.capture(day()[4:], MONDAY + timedelta(days=1))
    total(ledger)
    assert pieces(folder) == ["1-4", "5-6"]


def test_a_day_that_is_not_over_is_not_kept(ledger: Ledger, folder: Path) -> None:
    ledger.capture(day()[:4], MONDAY)
    total(ledger)
    ledger.capture(day()[4:])
    assert total(ledger)["shipped_kg"] == 3444.0
    assert pieces(folder) == ["1-4"]


def test_much_of_a_day_is_kept_although_it_is_not_over(ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_MANY", 4)
    ledger.capture(day())
    total(ledger)
    assert pieces(folder) == ["1-6"]


def test_figures_are_the_same_whatever_the_pieces(ledger: Ledger, folder: Path) -> None:
    figures: list[dict[str, Any]] = []
    for number, one in enumerate(day()):
        ledger.capture([one], MONDAY + timedelta(days=number))
        total(ledger)
    assert len(pieces(folder)) == len(day())
    for again in range(2):
        if again:
            shutil.rmtree(folder)
        with columns_of(ledger) as opened:
            figures.append({by: balance(opened, by) for by in ("stage", "material", "vehicle")})
    assert figures[0] == approximately(figures[1])
    assert pieces(folder) == ["1-6"]


def test_writing_that_is_interrupted_leaves_no_piece(ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.capture(day(), MONDAY)

    def interrupted(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(columns, "write_piece", interrupted)
        with pytest.raises(KeyboardInterrupt):
            total(ledger)
    assert pieces(folder) == []
    assert total(ledger)["received_kg"] == 4000.0
    assert pieces(folder) == ["1-6"]


def test_pieces_of_another_ledger_in_the_same_folder_are_not_read(ledger: Ledger, folder: Path, tmp_path: Path) -> None:
    """As after a database was deleted and made anew."""
    ledger.capture(day(), MONDAY)
    total(ledger)
    with Ledger(f"sqlite:///{tmp_path / 'anew.db'}") as anew:
        anew.capture(day()[1:2], MONDAY)
        assert total(anew)["received_kg"] == 3000.0
        anew.capture([whole(replace(one, time=one.time + timedelta(minutes=1))) for one in day()[:1]], MONDAY)
        assert total(anew)["received_kg"] == 4000.0
    assert total(ledger)["shipped_kg"] == 3444.0


def test_a_folder_that_cannot_be_written_costs_time_and_no_answer(ledger: Ledger, folder: Path) -> None:
    folder.write_text("a file is in the way")
    ledger.capture(day(), MONDAY)
    assert total(ledger)["received_kg"] == 4000.0
    assert folder.read_text() == "a file is in the way"


def test_processes_that_write_the_same_piece_at_once_all_answer(ledger: Ledger, folder: Path) -> None:
    ledger.capture(day(), MONDAY)
    command = [Path(sys.executable).with_name("vnest"), "balance", "--db", ledger.url, "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) for _ in range(3)]
    answers = [json.loads(process.communicate(timeout=100)[0]) for process in running]
    assert all(answer == approximately(answers[0]) for answer in answers)
    assert answers[0]["total"]["received_kg"] == 4000.0
    assert pieces(folder) == ["1-6"]


def test_a_piece_written_by_another_meanwhile_is_kept_and_ours_thrown_away(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.capture(day(), MONDAY)
    write = columns.write_piece

    def beaten(*arguments: Any, **more: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(columns, "write_piece", write)
            assert total(ledger)["received_kg"] == 4000.0
        write(*arguments, **more)

    monkeypatch.setattr(columns, "write_piece", beaten)
    assert total(ledger)["received_kg"] == 4000.0
    assert pieces(folder) == ["1-6"]


def weighed() -> Event:
    """The car weighs 1000 kg, its parts 990 kg: 10 kg are within what the scales allow."""
    flows = [
        replace(take(CAR, steel=800.0, plastic=200.0), basis="weighed", uncertainty_kg=10.0),
        replace(give(DOOR, steel=80.0, plastic=20.0), basis="weighed", uncertainty_kg=1.0),
        replace(give(CAR_HULK, steel=714.0, plastic=176.0), basis="weighed", uncertainty_kg=9.0),
    ]
    return event("TransformationEvent", "disassembling", 2, *flows, lots=tuple(day()[2].lots))


def test_what_a_captured_document_leaves_open_is_counted_as_unaccounted(ledger: Ledger) -> None:
    assert capture_document(ledger, of(day()[0], weighed())).errors == ()
    with columns_of(ledger) as opened:
        found = balance(opened, "material")
    assert found["total"]["unaccounted_kg"] == pytest.approx(10.0)
    assert {row["material"]: row["unaccounted_kg"] for row in found["material"]} == pytest.approx({"steel": 6.0, "plastic": 4.0})
    assert sum(row["stock_kg"] for row in found["material"]) == pytest.approx(990.0)


def test_an_engine_that_is_none_is_refused_by_name(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.capture(day()[:1], MONDAY)
    monkeypatch.setenv("VNEST_ENGINE", "abacus")
    with pytest.raises(InputError, match="'abacus' is no engine for columns"):
        total(ledger)


def test_an_empty_ledger_balances_to_nothing(ledger: Ledger, folder: Path) -> None:
    ledger.capture([])
    assert set(total(ledger).values()) == {0.0}
    assert pieces(folder) == []


def figures_of(ledger: Ledger, engine: str) -> dict[str, Any]:
    with columns_of(ledger, engine=engine) as opened:
        fates = {
            fate.reference: [fate.mass_kg, fate.carbon_kg, float(fate.value), *sorted(fate.shares.values())]
            for fate in vehicle_fates(opened)
        }
        return {by: balance(opened, by) for by in ("stage", "material", "vehicle")} | {"fates": fates}


def approximately(value: Any) -> Any:
    """Compare numbers wherever they stand, to 1e-9."""
    if isinstance(value, dict):
        return {key: approximately(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [approximately(item) for item in cast("list[Any]", value)]
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


@pytest.fixture
def spark() -> Iterator[None]:
    """Skip where Spark cannot run; stop its session at the end."""
    if find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("Spark needs pyspark and Java")
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Spark's own
@pytest.mark.usefixtures("spark")
def test_spark_gives_the_same_figures_as_duckdb(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'x.db'}") as ledger:
        ledger.capture(day()[:4], MONDAY)
        total(ledger)
        ledger.capture(day()[4:], MONDAY + timedelta(days=1))
        gone = MaterialFlow(Flow.RECEIVED, {"steel": 5.0}, "urn:epc:id:giai:9521141.GONE")
        lots = (replace(day()[0].lots[0], id="urn:epc:id:giai:9521141.GONE"),)
        assert capture_document(ledger, of(event("ObjectEvent", "receiving", 40, gone, lots=lots))).errors == ()
        assert figures_of(ledger, "pyspark") == approximately(figures_of(ledger, "duckdb"))
