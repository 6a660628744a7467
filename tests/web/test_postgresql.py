"""The main way on PostgreSQL: the same pages, the same ledger."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ledger import conftest as ledger_tests
from tests.loop.battery.conftest import quiet, rows, write
from tests.web import test_batteries, test_evidence, test_settings
from tests.web.conftest import Base
from tests.web.test_yard import CAR, VIN, ticked, worked_off

from vehiclenest.ledger import Trace, trace
from vehiclenest.loop.battery.learn import learn
from vehiclenest.loop.battery.stored import dump_model
from vehiclenest.web import Configuration
from vehiclenest.web.app import create_app
from vehiclenest.web.policy import Role

pytestmark = pytest.mark.slow
postgres = ledger_tests.postgres  # the same server


def test_a_vehicle_goes_its_way_on_postgresql(postgres: Callable[[], str]) -> None:
    app = create_app(Configuration(postgres(), requests_per_minute=1_000_000))
    base = Base(app, app.state["application"])
    browser = base.browser(Role.OPERATOR)
    assert browser.post("/yard/intake", CAR).status_code == 303
    codes = ticked(browser.get(f"/yard/vehicles/{VIN}").text)
    assert browser.post(f"/yard/vehicles/{VIN}/depollution", {"taken": codes, "do": "finish"}).status_code == 303
    assert browser.post(f"/yard/vehicles/{VIN}/dismantling", {"grade-ENG": "A", "grade-ALT": "A"}).status_code == 303
    for path in ("/parts", "/parts?q=ENG", f"/parts?q={VIN}&before=999999", "/yard?q=LSV", f"/trace?id={VIN}-ENG", "/flows"):
        assert "ENG" in (page := browser.get(path).text) or VIN in page or "<svg" in page, path
    trader = base.browser(Role.TRADER)
    assert trader.post(f"/parts/{VIN}-ALT/sale", {"price": "400"}).status_code == 303
    assert isinstance(trace(base.database.ledger, f"{VIN}-ALT"), Trace)
    job = base.browser(Role.ENGINEER).post("/ledger/verification").headers["location"]
    worked_off(base)
    assert "the ledger has no seal yet" in base.browser(Role.ADMIN).get(job).text
    assert base.browser(Role.ADMIN).post("/admin/backup").status_code == 409
    base.database.close()


@pytest.fixture
def base(postgres: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    """A base on PostgreSQL; what lies beside a ledger lies in the working directory."""
    monkeypatch.chdir(tmp_path)
    app = create_app(Configuration(postgres(), requests_per_minute=1_000_000, logins_per_minute=1000))
    made = Base(app, app.state["application"])
    yield made
    made.database.close()


def test_evidence_on_postgresql(base: Base) -> None:
    assert base.browser(Role.OPERATOR).post("/yard/intake", CAR).status_code == 303
    test_evidence.test_a_photo_is_kept_under_its_hash_shown_on_the_timeline_and_booked(base, VIN)
    test_evidence.test_the_same_file_again_is_neither_kept_nor_booked_twice(base, VIN)
    test_evidence.test_the_hash_that_an_inspection_booked_is_joined_with_its_report(base, VIN)
    assert base.browser(Role.AUDITOR).get("/evidence?q=front").status_code == 200


def test_figures_with_their_history_on_postgresql(base: Base) -> None:
    test_settings.test_a_change_holds_is_told_and_is_taken_back(base)


def test_batteries_on_postgresql(base: Base, tmp_path: Path) -> None:
    learnt = write(tmp_path / "cells.csv", rows(8, (10, 20, 40)))
    pulses = write(tmp_path / "pulses.csv", rows(3, (20, 40), seed=5))
    test_batteries.test_tests_are_graded_booked_and_listed_with_their_reason(
        base, dump_model(learn([learnt], {}, quiet)), pulses.read_bytes()
    )


def test_seals_flows_and_trace_on_postgresql(base: Base) -> None:
    operator, compliance = base.browser(Role.OPERATOR), base.browser(Role.COMPLIANCE)
    assert operator.post("/yard/intake", CAR).status_code == 303
    codes = ticked(operator.get(f"/yard/vehicles/{VIN}").text)
    assert operator.post(f"/yard/vehicles/{VIN}/depollution", {"taken": codes, "do": "finish"}).status_code == 303
    sealed = compliance.post("/ledger/seal").headers["location"]
    worked_off(base)
    assert "events sealed" in compliance.get(sealed).text
    job = base.browser(Role.ENGINEER).post("/ledger/verification").headers["location"]
    worked_off(base)
    assert "done" in base.browser(Role.ADMIN).get(job).text
    assert "all is well" in compliance.get("/ledger").text
    assert compliance.get("/ledger/seals.zip").content.startswith(b"PK")
    for path in (
        "/flows?stage=depollution",
        "/flows?material=steel&from=2000-01-01",
        "/flows.csv?stage=depollution",
        "/flows.parquet",
        f"/trace?id={VIN}",
        f"/trace.csv?id={VIN}",
    ):
        assert compliance.get(path).status_code == 200, path
