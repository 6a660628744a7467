"""Days worked side by side are the days worked one after the other."""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from vehiclenest.core.identifiers.vin import with_check_digit
from vehiclenest.ledger import Ledger
from vehiclenest.site import work as side_by_side

from .conftest import GOOD, HEADER, Ran, work

DAYS, A_DAY = 4, 3


def manifest() -> str:
    rows = (
        GOOD.replace("LSVAA49J132047371", with_check_digit(f"LSVAA49J1320{day}{number:04d}")).replace(
            "2026-08-06T08", f"2026-08-{6 + day:02d}T{8 + number:02d}"
        )
        for day in range(DAYS)
        for number in range(A_DAY)
    )
    return HEADER + "".join(rows)


def told(ran: Ran) -> dict[str, Any]:
    return {name: value for name, value in ran.result.as_dict().items() if name != "seconds"}


def test_processes_give_the_same_entries_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, together = (tmp_path / name for name in ("alone", "together"))
    for folder in (alone, together):
        folder.mkdir()
    one = work(alone, manifest())
    monkeypatch.setattr(side_by_side, "_MANY", 1)
    monkeypatch.setattr(side_by_side.os, "cpu_count", lambda: 2)
    other = work(together, manifest())
    assert one.result.as_dict()["processed"] == DAYS * A_DAY
    assert told(one) == told(other)
    assert list(one.ledger.bodies()) == list(other.ledger.bodies())
    for ran in (one, other):
        ran.ledger.close()


def test_a_run_that_stops_after_its_first_day_books_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_MANY", 1)
    monkeypatch.setattr(side_by_side.os, "cpu_count", lambda: 2)
    days = side_by_side.Crew.work

    def stopped(self: side_by_side.Crew, *arguments: Any) -> Iterator[side_by_side.Worked]:
        yield next(days(self, *arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side.Crew, "work", stopped)
    with pytest.raises(KeyboardInterrupt):
        work(tmp_path, manifest())
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        assert ledger.size() == 0
    assert multiprocessing.active_children() == []


def test_without_events_there_is_a_report_and_the_ledger_holds_them_all(tmp_path: Path) -> None:
    (tmp_path / "cars.csv").write_text(manifest(), encoding="utf-8")
    vnest = Path(sys.executable).with_name("vnest")
    options = ["--db", "sqlite:///x.db", "--json"]
    done = subprocess.run([vnest, "run", "cars.csv", "--no-events", *options], cwd=tmp_path, capture_output=True, check=True)
    assert sorted(file.name for file in (tmp_path / "vnest-out").iterdir()) == ["rejected.csv", "report.html"]
    exported = subprocess.run([vnest, "export", "all.jsonld", *options], cwd=tmp_path, capture_output=True, check=True)
    events = orjson.loads((tmp_path / "all.jsonld").read_bytes())["epcisBody"]["eventList"]
    assert len(events) == orjson.loads(done.stdout)["events"] == orjson.loads(exported.stdout)["events"]
