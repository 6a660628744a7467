"""Role × route, cell by cell, as the routes themselves and the one policy say it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler
from tests.web.conftest import Base, Browser

from vehiclenest.web.pages import HANDLERS
from vehiclenest.web.policy import ROLES, Permission, Role
from vehiclenest.web.routes import PERMISSION

_REFUSED = {401, 403}
_CHANGES_THE_SESSION = {"/logout"}


def cells() -> Iterator[tuple[str, str, Permission]]:
    """Yield method, path and permission of every route; parameters are numbers and names that no table holds."""
    for handler in HANDLERS:
        assert isinstance(handler, HTTPRouteHandler)
        for path in handler.paths:
            filled = re.sub(r"\{[a-z_]+:int\}", "999999", re.sub(r"\{[a-z_]+:(str|path)\}", "nothing", path))
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield str(method), filled, handler.opt[PERMISSION]


CELLS = sorted(set(cells()))


@pytest.mark.parametrize("role", list(Role))
def test_nobody_gets_beyond_his_role_and_everybody_as_far(base: Base, role: Role) -> None:
    browser = base.browser(role)
    token = browser.csrf("/login")
    for method, path, permission in CELLS:
        if path in _CHANGES_THE_SESSION:
            continue
        answer = asked(browser, method, path, token)
        if role in ROLES[permission]:
            assert answer.status_code not in _REFUSED or path == "/login", (role, method, path, answer.status_code)
            assert answer.status_code < 500, (role, method, path, answer.text)
        elif role is Role.PUBLIC and method == "GET":
            assert answer.status_code == 401 or "/login" in answer.headers["location"], (method, path)
        else:
            assert answer.status_code in _REFUSED, (role, method, path, answer.status_code)


def asked(browser: Browser, method: str, path: str, token: str) -> Any:
    if method == "GET":
        return browser.get(path)
    return browser.client.request(
        method, path, data={"_csrf": token}, headers={"accept": "text/html", "x-csrf-token": token}, follow_redirects=False
    )


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_no_change_is_made_without_the_token_of_a_form(base: Base, role: Role) -> None:
    browser = base.browser(role)
    for method, path, permission in CELLS:
        if method != "GET" and role in ROLES[permission]:
            assert browser.client.request(method, path, headers={"accept": "text/html"}).status_code == 403, (method, path)


def test_every_permission_is_given_to_somebody_and_to_nobody_by_accident() -> None:
    assert set(ROLES) == set(Permission)
    assert all(ROLES.values())
    public = {permission for permission, roles in ROLES.items() if Role.PUBLIC in roles}
    assert public == {Permission.ANYONE, Permission.CONTEST_READ}
