"""The whole OpenAPI under generated requests: no server error, no answer that it does not describe."""

# schemathesis' decorators carry few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false
import traceback
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from sqlalchemy import update
from tests.web.conftest import Base

from vehiclenest.web import tables
from vehiclenest.web.pages import HANDLERS
from vehiclenest.web.policy import Role

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def no_fault(context: Any, response: Any, case: Any) -> bool | None:
    """Find server errors; 501 is none where it is described: it says that the server does not do a thing, and on purpose."""
    return None if response.status_code == 501 else not_a_server_error(context, response, case)


CHECKS = [no_fault, status_code_conformance, content_type_conformance, response_schema_conformance]
HEALTH = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
_CHANGES_THE_SESSION = ("/logout", "/account/password")


def test_every_answer_is_as_described(base: Base) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", base.app).exclude(path=list(_CHANGES_THE_SESSION))
    admin = base.user(Role.ADMIN)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= len(HANDLERS) - len(_CHANGES_THE_SESSION) - 1
    wrong: list[str] = []
    for operation in operations:

        @settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=HEALTH)
        @given(case=operation.as_strategy())
        def answered(case: schemathesis.Case) -> None:
            with base.database.writing() as connection:  # whatever an earlier request made of him
                values = {"role": Role.ADMIN.value, "active": True, "must_change": False}
                connection.execute(update(tables.user).where(tables.user.c.id == admin).values(values))
            headers = base.token(Role.ADMIN) | {"accept": "text/html, application/json"}
            answer = case.call_and_validate(headers=headers, checks=CHECKS)
            assert (b"<title>Log in" in answer.content) <= (case.path in {"/", "/login"}), "nobody was logged in"

        try:
            answered()
        except (AssertionError, BaseExceptionGroup) as error:  # every operation is tried, then all faults are told together
            wrong.append(f"{operation.label}: {error!r} {''.join(traceback.format_exception(error))[-700:]}")
    assert not wrong, "\n".join(wrong)
