"""Calls in a row, each with what earlier ones gave: named queries made, read, asked and removed; captures taken and looked at."""

# schemathesis' decorators carry few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import delete
from tests.web.conftest import Base
from tests.web.test_schema import CHECKS

from vehiclenest.web import tables
from vehiclenest.web.epcis import tables as own
from vehiclenest.web.policy import Role

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@pytest.mark.parametrize(("path", "rows", "made"), [("^/epcis", 40, False), ("^/epcis/queries", 100, True)])
def test_calls_in_a_row_are_answered_as_described(base: Base, path: str, rows: int, *, made: bool) -> None:
    headers = base.token(Role.ADMIN) | {"accept": "application/json"}
    answered: dict[str, set[int]] = {}

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", base.app).include(path_regex=path).exclude(method="OPTIONS")

    class Calls(schema.as_state_machine()):
        def setup(self) -> None:
            with base.database.writing() as connection:  # each row of calls finds the same: what is drawn depends on the answers
                for table in (own.query, tables.job, tables.file):
                    connection.execute(delete(table))

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, additional_checks: Any = (), **more: Any) -> None:
            answered.setdefault(case.operation.label, set()).add(response.status_code)
            case.validate_response(response, checks=CHECKS)

    limits = settings(
        max_examples=rows, stateful_step_count=8, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH
    )
    run_state_machine_as_test(Calls, settings=limits)
    assert len(answered) > 8
    if made:  # a call took up the name that an earlier one had made
        assert answered["POST /epcis/queries"] >= {201}, answered
        labels = ("GET /epcis/queries/{name}", "GET /epcis/queries/{name}/events", "DELETE /epcis/queries/{name}")
        assert any(answered.get(label, set()) & {200, 204} for label in labels), answered
