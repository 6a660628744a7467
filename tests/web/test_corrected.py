"""An event declared in error and captured anew corrects the yard and never stops it, on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.ledger import conftest as ledger_tests
from tests.web.conftest import Base
from tests.web.test_yard import CAR, VIN

from vehiclenest.ledger.capture import capture_document
from vehiclenest.web import Configuration, yard
from vehiclenest.web.app import create_app
from vehiclenest.web.policy import Role

postgres = ledger_tests.postgres


def caught_up(base: Base) -> None:
    with base.database.writing() as connection:
        while yard.catch_up(connection, base.application.settings):
            pass


def captured(base: Base, events: list[dict[str, Any]]) -> None:
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"vnest": "https://vehiclenest.example/ns/1/"}]
    head = {"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-27T00:00:00Z"}
    document = json.dumps(head | {"epcisBody": {"eventList": events}}).encode()
    outcome = capture_document(base.database.ledger, document)
    assert outcome.as_dict()["stored"] == len(events), outcome


def corrected(base: Base) -> None:
    """Take a vehicle in, declare that in error, capture it twice with another name."""
    assert base.browser(Role.OPERATOR).post("/yard/intake", CAR).status_code == 303
    first: dict[str, Any] = json.loads(next(iter(base.database.ledger.bodies())))
    error = {"errorDeclaration": {"declarationTime": "2026-11-27T08:00:00Z", "reason": "incorrect_data"}}
    for number in (1, 2):
        again = json.loads(json.dumps(first)) | {"eventTime": f"2026-11-2{number}T08:00:00.000Z"}
        again.pop("eventID", None)
        again["vnest:lots"][0]["vnest:name"] = name = f"corrected {number}"
        captured(base, [first | error, again])
        first = again
        caught_up(base)
        with base.database.reading() as connection:
            row = yard.vehicle_row(connection, VIN)
        assert row.name == name


def test_a_vehicle_that_is_made_again_is_described_anew(fresh_base: Base) -> None:
    corrected(fresh_base)


@pytest.mark.slow
def test_the_same_on_postgresql(postgres: Callable[[], str]) -> None:
    app = create_app(Configuration(postgres(), requests_per_minute=1_000_000))
    base = Base(app, app.state["application"])
    corrected(base)
    base.database.close()
