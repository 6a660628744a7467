"""The same queries, pages and captures on PostgreSQL."""

from collections.abc import Callable

import pytest
from tests.ledger import conftest as ledger_tests
from tests.ledger.documents import document, observed
from tests.web.conftest import Base
from tests.web.epcis.test_search import ALL, CONTEXT, EVENTS, FOUND, Reader, made

from vehiclenest.ledger import Book, prepare
from vehiclenest.web import Configuration, jobs
from vehiclenest.web.app import create_app
from vehiclenest.web.kinds import KINDS
from vehiclenest.web.policy import Role

pytestmark = pytest.mark.slow
postgres = ledger_tests.postgres  # the same server


def test_postgresql_finds_the_same(postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Configuration(postgres(), requests_per_minute=1_000_000))
    base = Base(app, app.state["application"])
    with base.database.writing() as connection:
        prepare(document(*(made(number) for number in range(EVENTS)), context=CONTEXT)).enter(Book(connection))
    reader = Reader(base, Role.ADMIN)
    for query, numbers in FOUND.items():
        expected = ALL if numbers is None else numbers
        assert sorted(reader.numbers(query if "=" in query else f"{query}=")) == [*expected], query
    monkeypatch.setattr("vehiclenest.web.epcis.search.NARROW", 0)
    assert reader.numbers("EQ_bizStep=storing&orderBy=eventTime", 7) == reader.numbers("EQ_bizStep=storing&orderBy=eventTime")
    for path, least in (("/epcs", EVENTS), ("/bizSteps", 41), ("/readPoints", 2)):
        names: list[str] = []
        following = f"/epcis{path}?perPage=9"
        while following:
            answer = reader.get(following)
            names += answer.json()["member"]
            link = answer.headers.get("link", "")
            following = link[1 : link.index(">")] if link else ""
        assert len(names) == len(set(names)) >= least, path
    body = document(observed(1), observed(2))
    headers = reader.headers | {"content-type": "application/json"}
    where = reader.client.post("/epcis/capture", content=body, headers=headers).headers["location"]
    while running := jobs.claim(base.database, "test", base.application.settings):
        jobs.work(running, KINDS)
    assert reader.get(where).json()["success"]
    assert base.database.ledger.size() == EVENTS + 2
    base.database.close()
