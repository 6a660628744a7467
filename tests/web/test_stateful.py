"""Calls in a row over the whole OpenAPI, each with what earlier ones gave: a vehicle taken in is depolluted, dismantled, sold and
traced; a list is imported and its job looked at and cancelled; everything else in between.
"""

# schemathesis' decorators carry few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false
import os
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from litestar.testing import TestClient
from sqlalchemy import update
from tests.web.conftest import Base
from tests.web.test_schema import CHECKS

from vehiclenest.web import Configuration, tables
from vehiclenest.web.app import create_app
from vehiclenest.web.policy import Role

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
ROWS = int(os.environ.get("VNEST_STATEFUL_ROWS", "25"))
_ENDS_THE_SESSION = ["/logout", "/account/password", "/login"]
# What no generator finds: a VIN with its check digit in a form that is filled in, and the grades of parts. Every third call has it.
_VEHICLE = {"vin": "LSVAA49J132047371", "make": "VOLKSWAGEN", "model": "LAVIDA", "year": "2012", "powertrain": "petrol"}
_FILLED: dict[str, dict[str, Any]] = {
    "POST /yard/intake": _VEHICLE,
    "POST /yard/vehicles/{reference}/dismantling": {"grade-ENG": "A", "grade-DFL": "B"},
    "POST /parts/{reference}/bin": {"bin": "A-12"},
    "POST /parts/{reference}/price": {"price": "420.50"},
}
_LINKED = [
    "GET /yard/vehicles/{reference}",
    "POST /yard/vehicles/{reference}/depollution",
    "GET /api/trace",
    "GET /jobs/{job_id}",
]


class Afresh:
    """An application that stands for a base as it was when the row of calls began."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = 0
        self.begin()

    def begin(self) -> None:
        """Begin a row: an empty base with an admin."""
        if self.rows:
            self.base.database.close()
        self.rows += 1
        app = create_app(Configuration(f"sqlite:///{self.folder / f'base-{self.rows}.db'}", requests_per_minute=10**9))
        self.base = Base(app, app.state["application"])
        self.admin = self.base.user(Role.ADMIN)
        self.headers = self.base.token(Role.ADMIN) | {"accept": "text/html, application/json"}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.base.app(scope, receive, send)


def test_calls_in_a_row_are_answered_as_described(tmp_path: Path) -> None:
    afresh = Afresh(tmp_path)
    answered: dict[str, set[int]] = {}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", afresh)
    schema = schema.exclude(path=_ENDS_THE_SESSION).exclude(method="OPTIONS")

    class Calls(schema.as_state_machine()):
        def setup(self) -> None:
            self.number = 0
            afresh.begin()

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": afresh.headers}

        def before_call(self, case: Any) -> None:
            with afresh.base.database.writing() as connection:  # whatever an earlier request made of him
                values = {"role": Role.ADMIN.value, "active": True, "must_change": False}
                connection.execute(update(tables.user).where(tables.user.c.id == afresh.admin).values(values))
            self.number += 1
            if case.operation.label in _FILLED and self.number % 3:
                case.body = _FILLED[case.operation.label]
            if case.operation.label.endswith("/depollution") and self.number % 3:
                case.body = {"taken": _ticked(afresh, case), "do": "finish"}

        def validate_response(self, response: Any, case: Any, additional_checks: Any = (), **more: Any) -> None:
            answered.setdefault(case.operation.label, set()).add(response.status_code)
            case.validate_response(response, checks=CHECKS)

    limits = settings(
        max_examples=ROWS,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=HEALTH,
        phases=[Phase.generate],  # a row that fails is told as it is: to shorten it takes minutes
    )
    run_state_machine_as_test(Calls, settings=limits)
    assert len(answered) > 30, sorted(answered)  # all that give or take a link; test_schema.py asks every operation by itself
    assert 303 in answered["POST /yard/intake"]
    for label in _LINKED:  # found by what an earlier call gave
        assert answered.get(label, set()) & {200, 303}, (label, answered.get(label))


def _ticked(afresh: Afresh, case: Any) -> list[str]:
    """Return what the page of a vehicle asks to be ticked off."""
    reference = str(case.path_parameters["reference"])
    page = TestClient(afresh.base.app).get(f"/yard/vehicles/{reference}", headers=afresh.headers)
    return re.findall(r'name="taken" value="(\w+)"', page.text)
