"""Capture over HTTP: what is taken, what is told of it, and what happens when the power fails."""

import time
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select, update
from tests.ledger.documents import document, observed
from tests.web.conftest import Base, served
from tests.web.serving import serving

from vehiclenest.ledger import Ledger
from vehiclenest.web import accounts, jobs, tables
from vehiclenest.web.database import Database
from vehiclenest.web.epcis import refusals
from vehiclenest.web.epcis import tables as own
from vehiclenest.web.kinds import KINDS
from vehiclenest.web.policy import Principal, Role

FAULTY = observed(2) | {"action": "TAKE"}


class Program:
    """A program that captures."""

    def __init__(self, base: Base, role: Role = Role.ENGINEER) -> None:
        self.base = base
        self.client = TestClient(base.app, base_url="http://testserver.local")
        self.headers = base.token(role) | {"content-type": "application/json"}

    def post(self, body: bytes, path: str = "/capture", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/epcis{path}", content=body, headers=self.headers | named)

    def outcome(self, answer: Any) -> dict[str, Any]:
        """Return the capture job of an answer when the background has done it."""
        assert answer.status_code == 202, answer.text
        while running := jobs.claim(self.base.database, "test", self.base.application.settings):
            jobs.work(running, KINDS)
        return self.client.get(answer.headers["location"], headers=self.headers).json()

    def events(self) -> int:
        return self.base.database.ledger.size()


@pytest.fixture
def program(fresh_base: Base) -> Program:
    return Program(fresh_base)


def test_all_or_nothing_by_default(program: Program) -> None:
    job = program.outcome(program.post(document(observed(1), FAULTY, observed(3))))
    assert (job["running"], job["success"], job["captureErrorBehaviour"], program.events()) == (False, False, "rollback", 0)
    (error,) = job["errors"]
    assert error["pointer"] == "/epcisBody/eventList/1/action"
    assert error["type"] == "epcisException:ValidationException"


def test_what_is_faultless_is_kept_where_that_is_asked_for(program: Program) -> None:
    job = program.outcome(program.post(document(observed(1), FAULTY, observed(3)), GS1_Capture_Error_Behaviour="proceed"))
    assert (job["success"], job["captureErrorBehaviour"], len(job["errors"]), program.events()) == (False, "proceed", 1, 2)


def test_an_event_that_is_known_is_stored_once(program: Program) -> None:
    for _ in range(2):
        assert program.outcome(program.post(document(observed(1), observed(2))))["success"]
    assert program.events() == 2


def test_a_document_is_not_kept_after_its_capture(program: Program) -> None:
    program.outcome(program.post(document(observed(1))))
    with program.base.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tables.file)).scalar_one() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"type": "ObjectEvent"}',
        b'{"type": "EPCISDocument"}',
        b'{"type": "EPCISDocument", "epcisBody": []}',
    ],
)
def test_what_is_no_document_is_refused_at_once(program: Program, body: bytes) -> None:
    answer = program.post(body)
    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:ValidationException")
    assert program.post(body, "/events").status_code == 400


def test_an_unknown_behaviour_is_refused(program: Program) -> None:
    assert program.post(document(observed(1)), GS1_Capture_Error_Behaviour="guess").status_code == 400


def test_xml_is_refused(program: Program) -> None:
    answer = program.post(b"<epcis/>", content_type="application/xml")
    assert (answer.status_code, answer.json()["type"]) == (415, "epcisException:UnsupportedMediaTypeException")


def test_more_than_the_limit_is_refused_and_the_limits_are_told(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehiclenest.web.epcis.capturing.CAPTURE_LIMIT", 2)
    answer = program.post(document(observed(1), observed(2), observed(3)))
    assert (answer.status_code, answer.json()["type"]) == (413, "epcisException:CaptureLimitExceededException")
    assert answer.headers["gs1-epcis-capture-limit"] == str(refusals.CAPTURE_LIMIT)
    large = program.post(b" " * (program.base.application.configuration.upload_bytes + 1))
    assert (large.status_code, large.headers["gs1-epcis-capture-file-size-limit"]) == (413, "25000000")


def test_two_events_are_no_event(program: Program) -> None:
    assert program.post(orjson.dumps([observed(1), observed(2)]), "/events").status_code == 400


def test_one_sees_his_own_captures_and_the_auditor_all(program: Program) -> None:
    where = program.post(document(observed(1))).headers["location"]
    other = Program(program.base, Role.COMPLIANCE)
    auditor = Program(program.base, Role.AUDITOR)
    assert other.client.get(where, headers=other.headers).status_code == 404
    assert other.client.get("/epcis/capture", headers=other.headers).json() == []
    assert auditor.client.get(where, headers=auditor.headers).json()["running"] is True
    assert auditor.client.get("/epcis/capture/" + "9" * 15, headers=auditor.headers).status_code == 404


def test_captures_are_listed_by_pages(program: Program) -> None:
    made = [program.post(document(observed(number))).headers["location"].rpartition("/")[2] for number in range(5)]
    found: list[str] = []
    following = "/epcis/capture?perPage=2"
    while following:
        answer = program.client.get(following, headers=program.headers)
        found += [job["captureID"] for job in answer.json()]
        link = answer.headers.get("link", "")
        following = link[1 : link.index(">")] if link else ""
    assert found == made[::-1]


def test_a_cancelled_capture_is_told_as_one_that_failed(program: Program) -> None:
    answer = program.post(document(observed(1)))
    with program.base.database.writing() as connection:
        jobs.cancel(connection, Principal(Role.ADMIN), int(answer.headers["location"].rpartition("/")[2]))
    job = program.outcome(answer)
    assert (job["running"], job["success"], program.events()) == (False, False, 0)


def test_a_job_whose_end_was_not_written_is_done_once(program: Program) -> None:
    answer = program.post(document(observed(1)))
    first = program.outcome(answer)
    with program.base.database.writing() as connection:  # as if the worker had died between its step and the end of the job
        connection.execute(update(tables.job).values(state=jobs.RUNNING, lease=0))
    again = program.outcome(answer)
    assert (first["success"], again["success"], program.events()) == (True, True, 1)


@pytest.mark.slow
def test_what_was_taken_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'base.db'}"
    database = Database(url)
    with database.writing() as connection:
        accounts.create_user(connection, "program", Role.ENGINEER)
        known = accounts.credentials(connection, "program")
        assert known is not None
        accounts.set_password(connection, known.id, "eleven green lorries 7")
        secret = accounts.create_token(connection, Principal(Role.ENGINEER, known.id, "program"), "test", 30)
    database.close()
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    documents = [document(*(observed(f"{batch}-{number}") for number in range(300))) for batch in range(8)]
    taken: list[str] = []
    with serving(tmp_path, "--db", url) as server, httpx.Client(base_url=server.url, headers=headers) as client:
        for body in documents:
            answer = client.post("/epcis/capture", content=body)
            assert answer.status_code == 202
            taken.append(answer.headers["location"])
        server.kill()
    with serving(tmp_path, "--db", url) as server, httpx.Client(base_url=server.url, headers=headers) as client:
        end = time.monotonic() + 60
        while any(client.get(where).json()["running"] for where in taken):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert all(client.get(where).json()["success"] for where in taken)
    with Ledger(url, create=False) as ledger:
        assert ledger.size() == 8 * 300


def test_migrations_and_code_say_the_same(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = Path(own.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_current_head() == own.HEAD
    for base in served(tmp_path):
        with base.database.reading() as connection:
            options: dict[str, Any] = {"include_name": ours, "version_table": "epcis_version"}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, own.metadata) == []


def ours(name: str | None, kind: str, _around: Any) -> bool:
    return kind != "table" or str(name).startswith("epcis_")
