"""People at the door: first admin, sessions, one-time passwords, tokens, languages."""

from sqlalchemy import select, update
from tests.web.conftest import PASSWORD, Base

from vehiclenest.web import accounts, security, tables
from vehiclenest.web.policy import Principal, Role


def test_the_first_admin_gets_a_password_that_serves_once(fresh_base: Base) -> None:
    with fresh_base.database.writing() as connection:
        password = accounts.first_admin(connection)
        assert password is not None
        assert accounts.first_admin(connection) is None
    browser = fresh_base.browser()
    token = browser.csrf("/login")
    assert browser.post("/login", {"name": "Admin", "password": password}, token=token).status_code == 303
    assert browser.get("/admin").headers["location"] == "/account/password"
    assert (
        browser.post("/admin/users", {"name": "x", "role": "operator"}, token=browser.csrf("/account/password")).status_code
        == 403
    )
    fields = {"current": password, "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/account/password", fields, token=browser.csrf("/account/password")).status_code == 303
    assert browser.get("/admin").status_code == 200
    again = fresh_base.browser()
    assert again.post("/login", {"name": "admin", "password": password}, token=again.csrf("/login")).status_code == 401


def test_a_new_password_is_refused_where_the_two_differ_or_the_current_is_wrong(base: Base) -> None:
    browser = base.browser(Role.TRADER)
    new = "nine yellow cranes 5"
    for fields in (
        {"current": PASSWORD, "password": new, "again": new + "x"},
        {"current": "wrong", "password": new, "again": new},
        {"current": PASSWORD, "password": PASSWORD, "again": PASSWORD},
    ):
        assert browser.post("/account/password", fields).status_code == 422


def test_a_new_password_ends_the_other_sessions(fresh_base: Base) -> None:
    here, there = fresh_base.browser(Role.TRADER), fresh_base.browser(Role.TRADER)
    new = "nine yellow cranes 5"
    assert here.post("/account/password", {"current": PASSWORD, "password": new, "again": new}).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").headers["location"].startswith("/login")


def test_logging_out_ends_the_session_on_the_server(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    cookie = browser.client.cookies["vnest_session"]
    browser.post("/logout")
    browser.client.cookies.set("vnest_session", cookie)
    assert browser.get("/account").status_code == 303


def test_a_session_that_nobody_used_for_a_shift_is_over(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    key = security.digest(browser.client.cookies["vnest_session"])
    with base.database.writing() as connection:
        session = tables.session
        before = connection.execute(select(session.c.seen).where(session.c.key == key)).scalar_one()
        connection.execute(
            update(session).where(session.c.key == key).values(seen=before - (security.IDLE_SECONDS + 1) * 1_000_000)
        )
    assert browser.get("/account").status_code == 303


def test_the_database_knows_no_session_token_or_password_as_such(fresh_base: Base) -> None:
    browser = fresh_base.browser(Role.ADMIN)
    cookie = browser.client.cookies["vnest_session"]
    token = fresh_base.token(Role.ADMIN)["authorization"].removeprefix("Bearer ")
    with fresh_base.database.reading() as connection:
        stored = [
            str(value).encode() if not isinstance(value, bytes) else value
            for table in (tables.session, tables.token, tables.user)
            for row in connection.execute(select(table))
            for value in row
        ]
    for secret in (cookie, token, PASSWORD):
        assert not any(secret.encode() in value for value in stored)


def test_a_user_who_is_put_out_is_out_at_once(base: Base) -> None:
    admin, judge = base.browser(Role.ADMIN), base.browser(Role.JUDGE)
    assert judge.get("/account").status_code == 200
    key = base.user(Role.JUDGE)
    assert admin.post(f"/admin/users/{key}", {"role": "judge"}).status_code == 303
    assert judge.get("/account").status_code == 303
    assert admin.post(f"/admin/users/{key}", {"role": "judge", "active": "true"}).status_code == 303


def test_the_last_admin_stays(fresh_base: Base) -> None:
    admin = fresh_base.browser(Role.ADMIN)
    answer = admin.post(f"/admin/users/{fresh_base.user(Role.ADMIN)}", {"role": "operator", "active": "true"})
    assert answer.status_code == 409
    assert "last admin" in answer.text


def test_a_token_of_another_is_as_one_that_does_not_exist(base: Base) -> None:
    base.token(Role.ENGINEER)
    with base.database.reading() as connection:
        principal = Principal(Role.ENGINEER, base.user(Role.ENGINEER), "engineer")
        key = accounts.tokens(connection, principal)[0].id
    browser = base.browser(Role.TRADER)
    assert browser.post(f"/account/tokens/{key}/withdraw").status_code == 404
    assert browser.post("/account/tokens/999999/withdraw").status_code == 404
    engineer = base.browser(Role.ENGINEER)
    assert engineer.post(f"/account/tokens/{key}/withdraw").status_code == 303


def test_pages_speak_the_language_that_was_chosen(base: Base) -> None:
    browser = base.browser()
    assert '<html lang="en">' in browser.get("/login").text
    token = browser.csrf("/login")
    assert browser.post("/language", {"language": "zh", "next": "/login"}, token=token).headers["location"] == "/login"
    page = browser.get("/login").text
    assert '<html lang="zh-CN">' in page
    assert "登录" in page
    assert browser.post("/language", {"language": "xx"}, token=token).status_code == 422


def test_every_deed_is_in_the_audit_log(fresh_base: Base) -> None:
    admin = fresh_base.browser(Role.ADMIN)
    admin.post("/admin/users", {"name": "anna", "role": "operator"})
    page = admin.get("/audit").text
    assert "user created" in page
    assert "anna" in page


def test_logging_in_ends_the_session_that_the_browser_had(base: Base) -> None:
    browser = base.browser(Role.OPERATOR)
    old = browser.client.cookies["vnest_session"]
    answer = browser.post("/login", {"name": "operator", "password": PASSWORD, "next": "/yard"}, token=browser.csrf("/account"))
    assert answer.status_code == 303
    assert answer.cookies["vnest_session"] != old
    browser.client.cookies.clear()
    browser.client.cookies.set("vnest_session", old)
    assert "/login" in browser.get("/account").headers["location"]


def test_a_one_time_password_that_nobody_used_runs_out(base: Base) -> None:
    with base.database.writing() as connection:
        given = accounts.create_user(connection, "late.comer", Role.OPERATOR)
        connection.execute(update(tables.user).where(tables.user.c.name == "late.comer").values(password_until=1))
    browser = base.browser()
    fields = {"name": "late.comer", "password": given}
    assert browser.post("/login", fields, token=browser.csrf("/login")).status_code == 401
    with base.database.writing() as connection:
        found = accounts.credentials(connection, "late.comer")
        again = accounts.reset_password(connection, found.id)
    assert browser.post("/login", {**fields, "password": again}, token=browser.csrf("/login")).status_code == 303
