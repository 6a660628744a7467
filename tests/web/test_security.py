"""Passwords, CSRF, limits, headers, cookies."""

import re
from pathlib import Path

import pytest
from litestar.testing import TestClient
from tests.web.conftest import PASSWORD, Base

from vehiclenest.core.errors import InputError
from vehiclenest.web import Configuration, accounts, security
from vehiclenest.web.app import create_app
from vehiclenest.web.policy import Role


def test_a_password_matches_its_own_hash_only() -> None:
    hashed = security.hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert security.password_matches(hashed, PASSWORD)
    assert not security.password_matches(hashed, PASSWORD + " ")
    assert not security.password_matches("nonsense", PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 129, "aaaaaaaaaaaaaa", "my password is good", "operator-is-me-77"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InputError):
        security.check_new_password(password, "operator")


def test_common_passwords_are_refused_and_such_that_are_made_of_them() -> None:
    """Of the library's list all that are long enough to be chosen, and the first 300 others written two or three times."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    common: list[str] = list(FREQUENCY_LISTS["passwords"])
    assert len(common) >= 3_000
    tried = [word for word in common if len(word) >= security.SHORTEST_PASSWORD]
    tried += [made for word in common[:300] for made in (word + word, word + word + word) if len(made) >= 12]
    assert len(tried) > 300
    for password in tried:
        with pytest.raises(InputError, match="easy to guess"):
            security.check_new_password(password, "operator")


def test_any_character_may_stand_in_a_password() -> None:
    security.check_new_password("车巢 räder & brücken ✓", "operator")


def test_one_time_passwords_differ_and_are_long() -> None:
    assert len({security.one_time_password() for _ in range(50)}) == 50
    assert len(security.one_time_password()) == 23


def test_the_rate_limit_refuses_the_next_after_its_number_and_knows_addresses_apart() -> None:
    limit = security.RateLimit(3)
    assert [limit.allows("a") for _ in range(4)] == [True, True, True, False]
    assert limit.allows("b")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil"}, False),
        ({"origin": "https://evil", "host": "base"}, True),
        ({"origin": "https://base", "host": "base"}, False),
        ({}, False),
    ],
)
def test_a_request_that_another_site_sent_is_known(headers: dict[str, str], expected: bool) -> None:
    assert security.from_elsewhere(headers) is expected


def test_a_form_without_its_token_is_refused_and_with_it_accepted(base: Base) -> None:
    browser = base.browser(Role.ADMIN)
    fields = {"name": "token of a test", "days": "30"}
    assert browser.post("/account/tokens", fields, token="").status_code == 403
    assert browser.post("/account/tokens", fields, token="0" * 64).status_code == 403
    other = base.browser(Role.OPERATOR)
    assert browser.post("/account/tokens", fields, token=other.csrf()).status_code == 403
    assert browser.post("/account/tokens", fields).status_code == 200
    assert "token of a test" in browser.get("/account").text


def test_a_form_that_another_site_sends_is_refused_even_with_the_token(base: Base) -> None:
    browser = base.browser(Role.ADMIN)
    data = {"_csrf": browser.csrf(), "name": "x", "days": "1"}
    assert browser.client.post("/account/tokens", data=data, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_every_answer_carries_the_headers_even_one_that_leads_nowhere(base: Base) -> None:
    browser = base.browser()
    for path in ("/login", "/health", "/nothing", "/static/base.css", "/api/openapi.json"):
        headers = browser.get(path).headers
        for name, value in security.HEADERS.items():
            assert headers[name] == value, path
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_the_session_cookie_is_for_http_alone(base: Base) -> None:
    base.user(Role.OPERATOR)
    browser = base.browser()
    answer = browser.post("/login", {"name": "operator", "password": PASSWORD, "next": "/"}, token=browser.csrf("/login"))
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_token_of_the_api_needs_no_form_token(base: Base) -> None:
    headers = base.token(Role.AUDITOR)
    browser = base.browser()
    assert browser.client.get("/metrics", headers=headers).status_code == 200
    assert browser.client.get("/metrics", headers={"authorization": "Bearer vnest_nobody"}).status_code == 401


def test_logging_in_elsewhere_leads_nowhere_else(base: Base) -> None:
    base.user(Role.OPERATOR)
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        browser = base.browser()
        fields = {"name": "operator", "password": PASSWORD, "next": target}
        answer = browser.post("/login", fields, token=browser.csrf("/login"))
        assert answer.headers["location"] == "/"


def test_after_five_wrong_passwords_the_right_one_waits_too(fresh_base: Base) -> None:
    fresh_base.user(Role.OPERATOR)
    browser = fresh_base.browser()
    token = browser.csrf("/login")
    for _ in range(6):
        assert browser.post("/login", {"name": "operator", "password": "wrong"}, token=token).status_code == 401
    assert browser.post("/login", {"name": "operator", "password": PASSWORD}, token=token).status_code == 401
    with fresh_base.database.reading() as connection:
        found = accounts.credentials(connection, "operator")
        assert found is not None
        assert found.failures >= 5


def test_behind_https_cookies_and_browsers_stay_with_it(tmp_path: Path) -> None:
    app = create_app(Configuration(f"sqlite:///{tmp_path / 'base.db'}", secure=True))
    database = app.state["application"].database
    with database.writing() as connection:
        accounts.create_user(connection, "admin", Role.ADMIN)
        found = accounts.credentials(connection, "admin")
        assert found is not None
        accounts.set_password(connection, found.id, PASSWORD)
    html = {"accept": "text/html"}
    with TestClient(app, base_url="https://testserver.local") as client:
        answer = client.get("/login", headers=html)
        token = re.search(r'name="_csrf" value="([0-9a-f]+)"', answer.text)
        assert token is not None
        fields = {"_csrf": token[1], "name": "admin", "password": PASSWORD, "next": "/admin"}
        entered = client.post("/login", data=fields, headers=html, follow_redirects=False)
        assert entered.status_code == 303
        assert client.get("/admin", headers=html, follow_redirects=False).status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    cookies = [*answer.headers.get_list("set-cookie"), *entered.headers.get_list("set-cookie")]
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-vnest_")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
