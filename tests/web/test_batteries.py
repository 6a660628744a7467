"""Batteries: listed from the ledger with grade and reason; pulse tests graded in the background, booked once whatever happens."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from tests.loop.battery.conftest import quiet, rows, write
from tests.web.conftest import HTML, Base, Browser

from vehiclenest.ledger import Event, Flow, Lot, MaterialFlow
from vehiclenest.loop.battery.learn import learn
from vehiclenest.loop.battery.stored import dump_model
from vehiclenest.site import Settings, example_manifest, run
from vehiclenest.site.pulse import simulated_pulse_test
from vehiclenest.web import jobs, yard
from vehiclenest.web.kinds import KINDS
from vehiclenest.web.policy import Role

CODE = "001PE0A0000000B3S0000001"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = write(tmp_path_factory.mktemp("learnt") / "cells.csv", rows(8, (10, 20, 40)))
    return dump_model(learn([file], {}, quiet))


@pytest.fixture(scope="module")
def tests(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("tests") / "pulses.csv", rows(3, (20, 40), seed=5)).read_bytes()


def send(browser: Browser, path: str, name: str, content: bytes, **fields: str) -> Any:
    files = {"file": (name, content, "application/octet-stream")}
    data = {"_csrf": browser.csrf(), **fields}
    return browser.client.post(path, data=data, files=files, headers=HTML, follow_redirects=False)


def hold_battery(base: Base, name: str) -> None:
    thing, now = Settings().thing(name), yard.utc_now()
    event = Event(
        "ObjectEvent",
        now,
        {"action": "ADD", "bizStep": "receiving", "epcList": [thing]},
        lots=[Lot(thing, "fraction", "traction battery", "batteries")],
        material=[MaterialFlow(Flow.RECEIVED, {"nickel": 100.0, "aluminium": 300.0}, thing)],
    )
    base.database.ledger.capture([event])


def test_tests_are_graded_booked_and_listed_with_their_reason(fresh_base: Base, model: bytes, tests: bytes) -> None:
    base, browser = fresh_base, fresh_base.browser(Role.ENGINEER)
    hold_battery(base, "CAR-TBA")
    assert send(browser, "/batteries/gradings", "pulses.csv", tests).status_code == 409  # no model yet
    assert send(browser, "/batteries/models", "m.json", b"{}").status_code == 422
    assert send(browser, "/batteries/models", "m.json", model).status_code == 303
    asked = send(browser, "/batteries/gradings", "pulses.csv", tests, lot="CAR-TBA", code=CODE)
    number = int(asked.headers["location"].rsplit("/", 1)[1])
    running = jobs.claim(base.database, "test", base.application.settings)
    assert running is not None
    jobs.work(running, KINDS)
    page = browser.get(f"/jobs/{number}").text
    assert "done" in page
    listed = browser.get("/batteries?kind=module").text
    assert listed.count("CAR-TBA-M00") >= 3
    assert re.search(r"\d+\.\d+ % \(\d", listed), "SOH with its interval"
    assert "opened" in browser.get("/batteries").text
    table = browser.get(f"/batteries/gradings/{number}/grades.csv").text.splitlines()
    assert len(table) == 1 + 6
    # The same again: the battery has left, the job says so, and nothing is booked twice.
    events = base.database.ledger.size()
    send(browser, "/batteries/gradings", "pulses.csv", tests, lot="CAR-TBA", code=CODE)
    running = jobs.claim(base.database, "test", base.application.settings)
    assert running is not None
    jobs.work(running, KINDS)
    assert "it was there and has left" in browser.get(f"/jobs/{running.id}").text
    assert base.database.ledger.size() == events


@pytest.mark.parametrize(
    ("content", "fields", "word"),
    [
        (b"", {}, "empty"),
        (b"x", {"lot": "NO-TBA"}, "NO-TBA"),
        (b"x", {"code": CODE}, "without its battery"),
        (b"x", {"lot": "CAR-TBA", "code": "nonsense"}, "error"),
    ],
)
def test_what_cannot_be_graded_is_said_at_once(base: Base, content: bytes, fields: dict[str, str], word: str) -> None:
    answer = send(base.browser(Role.ENGINEER), "/batteries/gradings", "pulses.csv", content, **fields)
    assert answer.status_code == 422
    assert word in answer.text


def test_batteries_of_a_run_show_the_grade_of_their_test_and_their_way(fresh_base: Base, tmp_path: Path) -> None:
    base = fresh_base
    with example_manifest() as manifest:
        run([manifest], base.database.ledger, Settings(), yard.utc_now(), quiet, None, simulated_pulse_test)
    listed = base.browser(Role.AUDITOR).get("/batteries").text
    assert "-TBA" in listed
    assert "simulated pulse test" in listed
    assert any(route in listed for route in ("second life", "second_life", "recycle"))
    reference = re.search(r"/api/batteries/([\w-]+-TBA)/passport", listed)
    assert reference is not None
    document = base.browser(Role.AUDITOR).client.get(
        f"/api/batteries/{reference[1]}/passport", headers={"accept": "application/json"}
    )
    assert document.status_code == 200
    assert document.json()["lot"].endswith(reference[1])


def test_an_operator_sees_batteries_and_grades_none(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    assert "Grade pulse tests" not in browser.get("/batteries").text
    assert send(browser, "/batteries/gradings", "pulses.csv", b"x").status_code == 403


@pytest.mark.slow
def test_real_pulse_tests_are_graded_by_page_near_their_measured_health(
    fresh_base: Base, data_folder: Path, tmp_path: Path
) -> None:
    text = (data_folder / "battery/pulsebat/LFP_35Ah-pulse-5s.csv").read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(text.splitlines()))
    cells = sorted({row["ID"] for row in table})
    shown = set(cells[::4])  # a quarter of the cells is left out of learning
    files: list[bytes] = []
    for wanted in (False, True):
        path = tmp_path / f"{wanted}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(row for row in table if (row["ID"] in shown) == wanted)
        files.append(path.read_bytes())
    browser = fresh_base.browser(Role.ENGINEER)
    model = dump_model(learn([tmp_path / "False.csv"], {}, quiet))
    assert send(browser, "/batteries/models", "lfp.json", model).status_code == 303
    asked = send(browser, "/batteries/gradings", "real.csv", files[1])
    number = int(asked.headers["location"].rsplit("/", 1)[1])
    running = jobs.claim(fresh_base.database, "test", fresh_base.application.settings)
    assert running is not None
    jobs.work(running, KINDS)
    assert "done" in browser.get(f"/jobs/{number}").text
    graded = list(csv.DictReader(browser.get(f"/batteries/gradings/{number}/grades.csv").text.splitlines()))
    measured = [row for row in table if row["ID"] in shown]
    assert len(graded) == len(measured)
    off = [abs(float(row["soh"]) - 100 * float(was["SOH"])) for row, was in zip(graded, measured, strict=True) if row["soh"]]
    assert len(off) > 0.9 * len(measured)
    assert sum(off) / len(off) < 4
