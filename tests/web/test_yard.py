"""The main way, page by page: intake → depollution → dismantling → part → trace → report; and what the pages refuse."""

# pyarrow carries few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import csv
import io
import json
import re
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text
from tests.web.conftest import Base, Browser

from vehiclenest.ledger import Trace, trace
from vehiclenest.ledger.balance import balance, columns_of
from vehiclenest.ledger.seal import seal, seals_folder
from vehiclenest.site import example_manifest
from vehiclenest.site.run import run
from vehiclenest.site.settings import Settings
from vehiclenest.web import jobs, tables, yard
from vehiclenest.web.kinds import KINDS
from vehiclenest.web.policy import Role

VIN = "LSVAA49J132047371"
CAR = {
    "vin": VIN.lower(), "make": "VOLKSWAGEN", "model": "LAVIDA", "year": "2012", "powertrain": "petrol", "category": "M1",
    "weighed_mass_kg": "1280", "damage-front": "5D6",
}  # fmt: skip
MANIFEST = (
    "vin,make,model,year,powertrain,weighed_mass_kg\n"
    "LRW0B2PJ2MG208735,TESLA,MODEL 3,2021,petrol,2300\n"
    "BADVIN,FORD,F-150,2013,petrol,2300\n"
    "LB38YFAW3BB669975,GEELY,EMGRAND,2011,petrol,1250\n"
)


def ticked(page: str) -> list[str]:
    return re.findall(r'name="taken" value="(\w+)"', page)


def worked_off(base: Base) -> None:
    """Do what waits in the queue, as the process for background work does."""
    while running := jobs.claim(base.database, "test", base.application.settings):
        jobs.work(running, KINDS)


def test_a_vehicle_goes_all_the_way(fresh_base: Base) -> None:
    base = fresh_base
    browser = base.browser(Role.OPERATOR)
    taken_in = browser.post("/yard/intake", CAR)
    assert (taken_in.status_code, taken_in.headers["location"]) == (303, f"/yard/vehicles/{VIN}")
    page = browser.get(f"/yard/vehicles/{VIN}").text
    assert 'class="heavy"' in page or 'class="damaged"' in page
    codes = ticked(page)
    assert len(codes) > 5
    # Not everything ticked: refused, named, and the ticks are kept.
    refused = browser.post(f"/yard/vehicles/{VIN}/depollution", {"taken": codes[1:], "do": "finish"})
    assert refused.status_code == 409
    assert "still holds" in refused.text
    assert refused.text.count("checked") == len(codes) - 1
    early = browser.post(f"/yard/vehicles/{VIN}/dismantling", {"grade-ENG": "A"})
    assert early.status_code == 409
    done = browser.post(f"/yard/vehicles/{VIN}/depollution", {"taken": codes, "do": "finish"})
    assert done.status_code == 303
    page = browser.get(f"/yard/vehicles/{VIN}").text
    assert 'name="grade-ENG"' in page
    apart = browser.post(f"/yard/vehicles/{VIN}/dismantling", {"grade-ENG": "A", "grade-DFL": "B", "grade-HOD": ""})
    assert apart.status_code == 303
    listed = browser.get("/parts?q=ENG").text
    assert f"/parts/{VIN}-ENG" in listed
    assert f"/parts/{VIN}-HOD" not in browser.get("/parts").text
    assert browser.post(f"/parts/{VIN}-ENG/bin", {"bin": "A-12"}).status_code == 303
    assert f"/parts/{VIN}-ENG" in browser.get("/parts?q=bin:A-12").text
    label = browser.get(f"/parts/{VIN}-ENG/label.pdf")
    assert label.content.startswith(b"%PDF-")
    assert label.headers["content-type"] == "application/pdf"
    assert browser.get(f"/yard/vehicles/{VIN}/labels.pdf").content.count(b"/Type /Page\n") >= 2
    # The same ledger that `vnest trace` reads.
    found = trace(base.database.ledger, f"{VIN}-ENG")
    assert isinstance(found, Trace)
    assert [origin.lot.reference for origin in found.origins] == [VIN]
    traced = browser.get(f"/trace?id={VIN}-ENG").text
    assert VIN in traced
    assert "100.0%" in traced
    assert browser.client.get(f"/api/trace?id={VIN}").json()["mass_kg"] == pytest.approx(1280)
    assert browser.post("/yard/evening").status_code == 303
    report = browser.get("/flows").text
    assert "<svg" in report
    assert "Recovery rates" in report
    listed = browser.get("/flows/download.csv?by=material").text
    table = pq.read_table(io.BytesIO(browser.get("/flows/download.parquet?by=material").content))
    assert listed.count("\n") == table.num_rows + 1
    assert sum(table["received_kg"].to_pylist()) == pytest.approx(1280)
    # The trace is drawn and exported: the engine came from the vehicle alone.
    assert f'href="/trace?id={found.origins[0].lot.uri.replace(":", "%3A")}"' in traced
    shares = browser.get(f"/trace/shares.csv?id={VIN}-ENG").text.splitlines()
    assert shares[0] == "direction,id,name,end,mass_kg,share"
    assert shares[1].startswith(f"backward,{found.origins[0].lot.uri},")
    assert shares[1].endswith(",1.0")


def test_flows_of_a_stage_or_material_add_up_to_all(fresh_base: Base) -> None:
    """The sums over stages, and over materials, are those of the balance; energy and money by stage are those of the span."""
    with example_manifest() as manifest:
        run([manifest], fresh_base.database.ledger, Settings(), datetime.now(UTC), lambda _stage, _done, _total: None)
    browser = fresh_base.browser(Role.ENGINEER)

    def rows(query: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(browser.get(f"/flows/download.csv?{query}").text)))

    whole = {row["stage"]: float(row["produced_kg"]) for row in rows("by=stage")}
    copper = {row["stage"]: float(row["produced_kg"]) for row in rows("by=stage&material=copper")}
    assert 0 < copper["disassembling"] < whole["disassembling"]
    materials = rows("by=material&stage=disassembling")
    assert sum(float(row["produced_kg"]) for row in materials) == pytest.approx(whole["disassembling"])
    assert {row["material"]: float(row["produced_kg"]) for row in materials}["copper"] == pytest.approx(copper["disassembling"])
    with columns_of(fresh_base.database.ledger) as columns:
        expected = balance(columns)
    energy = rows("what=energy")
    assert sum(float(row["kwh"]) for row in energy) == pytest.approx(sum(expected["energy_kwh"].values()))
    money = rows("what=money")
    assert sum(Decimal(row["amount"]) for row in money) == sum(Decimal(row["amount"]) for row in expected["money"])
    assert {row["stage"] for row in rows("what=money&stage=shipping")} == {"shipping"}
    assert browser.get("/flows?stage=nowhere").status_code == 200
    assert "Nothing in these days" in browser.get("/flows?stage=nowhere").text


def test_a_trader_sells_a_part_and_sees_no_more(base: Base) -> None:
    operator, trader = base.browser(Role.OPERATOR), base.browser(Role.TRADER)
    vin = "LB38YFAW3BB669975"
    operator.post("/yard/intake", CAR | {"vin": vin, "make": "GEELY", "model": "EMGRAND"})
    operator.post(
        f"/yard/vehicles/{vin}/depollution", {"taken": ticked(operator.get(f"/yard/vehicles/{vin}").text), "do": "finish"}
    )
    operator.post(f"/yard/vehicles/{vin}/dismantling", {"grade-ALT": "A", "grade-HAR": "C"})
    assert trader.get(f"/yard/vehicles/{vin}").status_code == 403
    assert trader.get(f"/parts/{vin}-ALT").status_code == 200
    assert operator.get(f"/parts/{vin}-HAR").status_code == 200
    assert trader.get(f"/parts/{vin}-HAR").status_code == 404  # goes to recycling: not for sale
    assert trader.post(f"/parts/{vin}-ALT/price", {"price": "many"}).status_code == 422
    assert trader.post(f"/parts/{vin}-ALT/price", {"price": "420.50"}).status_code == 303
    assert "420.50" in trader.get(f"/parts/{vin}-ALT").text
    assert operator.post(f"/parts/{vin}-ALT/price", {"price": "1"}).status_code == 403
    assert trader.post(f"/parts/{vin}-ALT/sale", {"price": "400"}).status_code == 303
    assert trader.get(f"/parts/{vin}-ALT").status_code == 404
    assert f"/parts/{vin}-ALT" in operator.get("/parts?state=gone").text
    found = trace(base.database.ledger, f"{vin}-ALT")
    assert isinstance(found, Trace)
    assert {output.end for output in found.outputs} <= {"reuse", "remanufacture"}


def test_what_is_typed_wrong_is_shown_with_the_field_and_nothing_is_lost(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    answer = browser.post("/yard/intake", CAR | {"vin": "LSVAA49J13204737", "model": "<b>LAVIDA</b>"})
    assert answer.status_code == 422
    assert "&lt;b&gt;LAVIDA" in answer.text
    assert "<b>LAVIDA" not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_vehicle_comes_in_once(base: Base) -> None:
    browser = base.browser(Role.ENGINEER)
    car = CAR | {"vin": "LRW0B2PJ2MG208735"}
    assert browser.post("/yard/intake", car).status_code == 303
    again = browser.post("/yard/intake", car)
    assert again.status_code == 409
    assert "in the ledger already" in again.text


def sent(browser: Browser, content: str, name: str = "cars.csv") -> Any:
    files = {"file": (name, content.encode(), "text/csv")}
    return browser.client.post("/yard/imports", data={"_csrf": browser.csrf()}, files=files, follow_redirects=False)


def test_a_list_is_seen_then_booked_and_again_brings_nothing(fresh_base: Base) -> None:
    browser = fresh_base.browser(Role.OPERATOR)
    answer = sent(browser, MANIFEST)
    assert answer.status_code == 303, answer.text
    preview = answer.headers["location"]
    page = browser.get(preview).text
    assert "3 rows: 2 vehicles, 1 rejected" in page
    assert '<td class="number">3</td><td>vin</td>' in page
    assert fresh_base.browser(Role.ENGINEER).get(preview).status_code == 404  # the file of another
    job = browser.post(preview).headers["location"]
    worked_off(fresh_base)
    assert "2 vehicles booked, 1 rows rejected" in browser.get(job).text
    assert "LRW0B2PJ2MG208735" in browser.get("/yard").text
    assert "3 rows: 0 vehicles, 3 rejected" in browser.get(sent(browser, MANIFEST).headers["location"]).text


def test_a_file_that_is_none_is_said(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    assert sent(browser, "").status_code == 422
    assert "columns are missing" in browser.get(sent(browser, "a,b\n1,2\n").headers["location"]).text


def test_an_import_that_was_killed_goes_on_and_books_none_twice(fresh_base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehiclenest.web.imports._AT_ONCE", 1)
    browser = fresh_base.browser(Role.OPERATOR)
    job = browser.post(sent(browser, MANIFEST).headers["location"]).headers["location"]
    first = jobs.claim(fresh_base.database, "killed", fresh_base.application.settings)
    assert first is not None
    real, calls = yard.keep_record, list[Any]()

    def dies(connection: Any, vehicle: Any) -> None:
        calls.append(vehicle)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(connection, vehicle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yard, "keep_record", dies)
        with pytest.raises(KeyboardInterrupt):
            KINDS["import"](first)
    with fresh_base.database.writing() as connection:
        connection.execute(tables.job.update().values(lease=0))
    worked_off(fresh_base)
    assert "2 vehicles booked" in browser.get(job).text
    with fresh_base.database.reading() as connection:
        assert len(connection.execute(select(tables.vehicle.c.id)).all()) == 2


def test_the_ledger_is_verified_in_the_background(fresh_base: Base) -> None:
    auditor = fresh_base.browser(Role.AUDITOR)
    fresh_base.browser(Role.OPERATOR).post("/yard/intake", CAR)
    job = auditor.post("/ledger/verification").headers["location"]
    worked_off(fresh_base)
    assert "the ledger has no seal yet" in auditor.get(job).text
    ledger = fresh_base.database.ledger
    folder = seals_folder(ledger)
    folder.mkdir()
    seal(ledger, folder, Ed25519PrivateKey.generate(), datetime.now(UTC))
    auditor.post("/ledger/verification")
    worked_off(fresh_base)
    assert "all is well" in auditor.get("/ledger").text
    with fresh_base.database.writing() as connection:
        connection.execute(text("UPDATE event SET event_time = event_time + 1000000 WHERE seq = 1"))
    auditor.post("/ledger/verification")
    worked_off(fresh_base)
    page = auditor.get("/ledger").text
    assert "problems: " in page
    assert "event 1 " in page


def test_the_yard_reads_what_others_wrote_into_the_ledger(fresh_base: Base) -> None:
    """Events that came by the command line or EPCIS appear after the yard has read them; an idle worker does that."""
    browser = fresh_base.browser(Role.OPERATOR)
    browser.post("/yard/intake", CAR)
    with fresh_base.database.writing() as connection:
        connection.execute(tables.part.delete())
        connection.execute(tables.vehicle.delete())
        connection.execute(tables.cursor.update().values(seq=0))
    assert "catching up" in browser.get("/yard").text
    over = threading.Event()

    def idle() -> bool:
        with fresh_base.database.writing() as connection:
            more = yard.catch_up(connection, fresh_base.application.settings) > 0
        if not more:
            over.set()
            worker.stop.set()
        return more

    worker = jobs.Worker(fresh_base.database, fresh_base.application.settings, KINDS, idle=idle)
    worker.run()
    assert over.is_set()
    page = browser.get("/yard").text
    assert "catching up" not in page
    assert VIN in page
    assert browser.get(f"/yard/vehicles/{VIN}").status_code == 200


def test_thousands_of_events_that_wait_are_read_by_the_background_and_not_by_a_request(
    fresh_base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = fresh_base.browser(Role.OPERATOR)
    browser.post("/yard/intake", CAR)
    with fresh_base.database.writing() as connection:
        connection.execute(tables.vehicle.delete())
        connection.execute(tables.cursor.update().values(seq=0))
    monkeypatch.setattr(yard, "_AT_ONCE", 1)
    monkeypatch.setattr(yard, "_STEPS_AT_ONCE", 1)
    answer = browser.post("/yard/intake", CAR | {"vin": "LRW0B2PJ2MG208735"})
    assert answer.status_code == 409
    assert "still reading" in answer.text
    job = browser.post(sent(browser, MANIFEST).headers["location"]).headers["location"]
    monkeypatch.setattr(yard, "_STEPS_AT_ONCE", 100)
    worked_off(fresh_base)
    assert "2 vehicles booked" in browser.get(job).text


def test_the_parts_list_goes_on_where_it_ended(fresh_base: Base) -> None:
    browser = fresh_base.browser(Role.ADMIN)
    rows = [part_row(number) for number in range(120)]
    with fresh_base.database.writing() as connection:
        connection.execute(tables.part.insert(), rows)
    seen: list[str] = []
    path: str | None = "/parts?q=ENG"
    while path:
        text = browser.get(path).text
        seen += re.findall(r'href="/parts/(\w+-ENG)"', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following[1].replace("&amp;", "&") if following else None
    assert seen == [row["reference"] for row in reversed(rows)]


def part_row(number: int) -> dict[str, Any]:
    reference = f"V{number:06d}-ENG"
    return {
        "reference": reference, "lot": f"urn:epc:id:giai:0614141.{reference}", "vehicle": reference[:7], "code": "ENG", "name": "engine",
        "make": "FORD", "model": "F-150", "grade": "A", "mass_kg": 150.0, "route": "reuse", "price_e2": 100_00, "currency": "CNY",
        "bin": "", "state": "stock", "created": number,
    }  # fmt: skip


def test_pages_speak_chinese_and_the_problem_document_is_json(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    browser.client.cookies.set("vnest_language", "zh")
    for path, word in (
        ("/yard", "车场"),
        ("/yard/intake", "车辆入场"),
        ("/parts", "零件"),
        ("/trace", "追溯"),
        ("/flows", "回收率报告"),
    ):
        assert word in browser.get(path).text, path
    problem = browser.client.get("/api/trace?id=nothing", headers={"accept": "application/json"})
    assert problem.status_code == 404
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert json.loads(problem.text)["status"] == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_the_menu_leads_to_what_a_role_may_open_and_home_to_its_work(base: Base, role: Role) -> None:
    browser = base.browser(role)
    page = browser.get("/account").text
    found = re.search(r'<nav aria-label="Main menu">(.*?)</nav>', page, re.DOTALL)
    paths = set(re.findall(r'href="(/[^"]*)"', found[1])) if found else set[str]()
    assert ("/yard" in paths) is (role in {Role.OPERATOR, Role.ENGINEER, Role.COMPLIANCE, Role.AUDITOR, Role.ADMIN})
    assert ("/parts" in paths) is (role is Role.TRADER or "/yard" in paths)
    for path in paths:
        assert browser.get(path).status_code == 200, path
    if "/yard" in paths:
        assert browser.get("/").headers["location"] == "/yard"


def test_links_of_the_administration_lead_somewhere(base: Base) -> None:
    browser = base.browser(Role.ADMIN)
    for path in set(re.findall(r'href="(/[^"#?]*)"', browser.get("/admin").text)):
        assert browser.get(path, follow=True).status_code == 200, path


def test_a_download_without_rows_keeps_its_columns(base: Base) -> None:
    content = base.browser(Role.COMPLIANCE).get("/flows/download.parquet?what=money&stage=nowhere").content
    nothing = pq.read_table(io.BytesIO(content))
    assert (nothing.num_rows, nothing.column_names) == (0, ["stage", "purpose", "amount", "currency"])
