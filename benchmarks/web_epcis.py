"""EPCIS capture and queries over HTTP: `vnest serve` with one process for requests, real sockets, batches of 500 events.

    python benchmarks/web_epcis.py FOLDER [BATCHES]

FOLDER takes the database. The events are made up: object events with two identifiers, step, disposition, read point and place, as GS1's
examples have them, 500 a document. Time runs from the first request until the last capture job says that it is done; a check counts that
every event is in the ledger. Afterwards queries are timed on that ledger, 50 requests each.
"""

import http.client
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from vehiclenest.web import accounts
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Principal, Role

BATCH, BATCHES, REPEATS, PORT = 500, 40, 50, 18766
STEPS = ("shipping", "receiving", "storing", "inspecting", "packing", "loading")
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def url(folder: Path) -> str:
    return f"sqlite:///{folder.resolve() / 'epcis.db'}"


def token(folder: Path) -> str:
    database = Database(url(folder))
    with database.writing() as connection:
        accounts.create_user(connection, "program", Role.ENGINEER)
        found = accounts.credentials(connection, "program")
        assert found is not None
        accounts.set_password(connection, found.id, "eleven green lorries 7")
        made = accounts.create_token(connection, Principal(Role.ENGINEER, found.id, "program"), "benchmark", 30)
    database.close()
    return made


def document(batch: int) -> bytes:
    """Return 500 events, all different."""
    events = [event(number) for number in range(batch * BATCH, (batch + 1) * BATCH)]
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-08-06T08:00:00Z"}
    return json.dumps({**head, "epcisBody": {"eventList": events}}).encode()


def event(number: int) -> dict[str, Any]:
    return {
        "type": "ObjectEvent", "action": "OBSERVE", "bizStep": STEPS[number % len(STEPS)], "disposition": "in_transit",
        "eventTime": f"2026-{1 + number % 12:02d}-{1 + number // 12 % 28:02d}T08:{number // 400 % 60:02d}:{number % 60:02d}Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{number}", f"urn:epc:id:sgtin:0614141.107347.{number // 2}"],
        "readPoint": {"id": f"urn:epc:id:sgln:0614141.00777.{number % 50}"},
        "bizLocation": {"id": f"urn:epc:id:sgln:0614141.00888.{number % 20}"},
        "bizTransactionList": [{"type": "po", "bizTransaction": f"http://transaction.example.com/po/{number // 10}"}],
    }  # fmt: skip


class Client:
    """One kept-alive connection."""

    def __init__(self, secret: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self.headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any, dict[str, str]]:
        """Return status, what was answered, and its headers by name in lower case."""
        self.connection.request(method, path, body=body, headers=self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, json.loads(content) if content else None, headers


def capture(client: Client, documents: list[bytes]) -> dict[str, float]:
    start = time.perf_counter()
    jobs: list[str] = []
    for body in documents:
        status, said, headers = client.ask("POST", "/epcis/capture", body)
        assert status == 202, said
        jobs.append(headers["location"])
    accepted = time.perf_counter() - start
    for job in jobs:
        while (said := client.ask("GET", job)[1])["running"]:
            time.sleep(0.02)
        assert said["success"], said
    seconds = time.perf_counter() - start
    events = len(documents) * BATCH
    return {"events": events, "seconds": seconds, "events_per_s": events / seconds, "taken_in_s": accepted}


def queries(client: Client, events: int) -> dict[str, float]:
    asked = {
        "one identifier": "MATCH_anyEPC=urn:epc:id:sgtin:0614141.107346.{n}",
        "a step by time, the newest 30": "EQ_bizStep=packing&orderBy=eventTime",
        "a place": "EQ_bizLocation=urn:epc:id:sgln:0614141.00888.{m}",
        "a day": "GE_eventTime=2026-03-04T00:00:00Z&LT_eventTime=2026-03-05T00:00:00Z",
        "no index: a purchase order": "EQ_bizTransaction_po=http://transaction.example.com/po/{m}",
    }
    found: dict[str, float] = {}
    for name, path in asked.items():
        times: list[float] = []
        for repeat in range(REPEATS):
            start = time.perf_counter()
            status, said, _ = client.ask("GET", "/epcis/events?" + path.format(n=repeat * events // REPEATS, m=repeat % 20))
            times.append((time.perf_counter() - start) * 1000)
            assert status == 200, said
        found[f"{name}, p95 ms"] = statistics.quantiles(times, n=20)[-1]
    return found


def main(folder: Path, batches: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    secret = token(folder)
    documents = [document(batch) for batch in range(batches)]
    command = [
        sys.executable,
        "-c",
        "from vehiclenest.cli import main; main()",
        "serve",
        "--db",
        url(folder),
        "--port",
        str(PORT),
    ]
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen([*command, "--requests-per-minute", "100000000"], stdout=log, stderr=log)
        try:
            client = wait(server, secret, folder)
            measured = capture(client, documents)
            measured |= queries(client, int(measured["events"]))
        finally:
            server.terminate()
            server.wait(timeout=30)
    database = Database(url(folder))
    assert database.ledger.size() == batches * BATCH, database.ledger.size()
    database.close()
    print(json.dumps({name: round(value, 2) for name, value in measured.items()}))


def wait(server: "subprocess.Popen[bytes]", secret: str, folder: Path) -> Client:
    while True:
        assert server.poll() is None, (folder / "serve.log").read_text()
        try:
            client = Client(secret)
            if client.ask("GET", "/health")[0] == 200:
                return client
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else BATCHES)
