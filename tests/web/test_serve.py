"""The served base as a process: kill -9 under load loses nothing that was acknowledged, jobs go on, and it starts quickly."""

import re
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.web.conftest import PASSWORD
from tests.web.serving import Served, serving

from vehiclenest.ledger import Ledger, Trace, trace
from vehiclenest.site import example_manifest
from vehiclenest.web import accounts
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Principal, Role

pytestmark = pytest.mark.slow


def prepared(folder: Path) -> dict[str, str]:
    """Make a base with an operator; return the headers of his program."""
    database = Database(f"sqlite:///{folder / 'vnest.db'}")
    with database.writing() as connection:
        accounts.create_user(connection, "operator", Role.OPERATOR)
        found = accounts.credentials(connection, "operator")
        assert found is not None
        accounts.set_password(connection, found.id, PASSWORD)
        token = accounts.create_token(connection, Principal(Role.OPERATOR, found.id, "operator"), "test", 30)
    database.close()
    return {"authorization": f"Bearer {token}", "accept": "text/html"}


def vehicles() -> list[dict[str, str]]:
    with example_manifest() as path:
        header, *lines = path.read_text("utf-8").splitlines()
    names = header.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]


def test_a_killed_server_has_kept_every_vehicle_that_it_acknowledged(tmp_path: Path) -> None:
    headers = prepared(tmp_path)
    acknowledged: list[str] = []

    def work(served: Served, rows: list[dict[str, str]]) -> None:
        with httpx.Client(base_url=served.url, headers=headers) as client:
            for row in rows:
                try:
                    answer = client.post("/yard/intake", data={key: row[key] for key in ("vin", "make", "model", "year")})
                except httpx.HTTPError:
                    return
                if answer.status_code == 303:
                    acknowledged.append(row["vin"])

    rows = vehicles()
    with serving(tmp_path) as served:
        threads = [threading.Thread(target=work, args=(served, rows[start::3])) for start in range(3)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < 12 and time.monotonic() < deadline:
            time.sleep(0.01)
        served.kill()
        for thread in threads:
            thread.join()
    assert 12 <= len(acknowledged) < len(rows)
    with serving(tmp_path) as served, httpx.Client(base_url=served.url, headers=headers) as client:
        for vin in acknowledged:
            assert client.get(f"/yard/vehicles/{vin}").status_code == 200, vin
    with Ledger(f"sqlite:///{tmp_path / 'vnest.db'}") as ledger:
        for vin in acknowledged:
            assert isinstance(trace(ledger, vin), Trace)


def test_an_import_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    headers = prepared(tmp_path)
    with example_manifest() as path:
        content = path.read_bytes()

    def job_page(client: httpx.Client, path: str) -> Any:
        return client.get(path).text

    with serving(tmp_path) as served, httpx.Client(base_url=served.url, headers=headers) as client:
        sent = client.post("/yard/imports", files={"file": ("cars.csv", content, "text/csv")})
        assert sent.status_code == 303
        job = client.post(sent.headers["location"]).headers["location"]
        served.kill()
    with serving(tmp_path) as served, httpx.Client(base_url=served.url, headers=headers) as client:
        deadline = time.monotonic() + 60
        while "<strong>done</strong>" not in (page := job_page(client, job)):
            assert time.monotonic() < deadline, page
            time.sleep(0.2)
        assert "60 vehicles booked, 0 rows rejected" in page
        assert len(re.findall(r'href="/yard/vehicles/', client.get("/yard").text)) == 50


def test_several_workers_answer_for_the_same_base(tmp_path: Path) -> None:
    headers = prepared(tmp_path)
    row = vehicles()[0]
    with serving(tmp_path, "--workers", "2") as served:
        with httpx.Client(base_url=served.url, headers=headers) as client:
            sent = client.post("/yard/intake", data={key: row[key] for key in ("vin", "make", "model", "year")})
            assert sent.status_code == 303
        for _ in range(8):  # each a new connection, so that either worker may get it
            assert httpx.get(f"{served.url}/yard/vehicles/{row['vin']}", headers=headers).status_code == 200


def test_the_real_salvage_lots_come_in_by_the_page(tmp_path: Path, data_folder: Path) -> None:
    """A day's list of 1,000 real lots: previewed, booked in the background, and each of its vehicles ready for its depollution."""
    headers = prepared(tmp_path)
    content = (data_folder / "vehicles" / "salvage-lots-2026-08-06.csv").read_bytes()
    with serving(tmp_path) as served, httpx.Client(base_url=served.url, headers=headers, timeout=60) as client:
        sent = client.post("/yard/imports", files={"file": ("lots.csv", content, "text/csv")})
        preview = client.get(sent.headers["location"]).text
        assert "1000 rows: 992 vehicles, 8 rejected" in preview
        job = client.post(sent.headers["location"]).headers["location"]
        deadline = time.monotonic() + 90
        while "<strong>done</strong>" not in (page := client.get(job).text):
            assert "<strong>failed</strong>" not in page, page
            assert time.monotonic() < deadline, page
            time.sleep(0.2)
        assert "992 vehicles booked, 8 rows rejected" in page
        first = re.search(r'href="(/yard/vehicles/[^"]+)"', client.get("/yard?state=received").text)
        assert first is not None
        vehicle = client.get(first[1]).text
        assert 'name="taken"' in vehicle
    with Ledger(f"sqlite:///{tmp_path / 'vnest.db'}") as ledger:
        assert ledger.size() == 2 * 992  # receipt and purchase
