"""Logging in and out, one's own password, sessions, tokens and language."""

from typing import Annotated, Any

from litestar import Request, Response
from litestar.datastructures import Cookie, State
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, Field

from vehiclenest.core.errors import InputError, VehicleNestError, Where
from vehiclenest.web import accounts, security
from vehiclenest.web.database import now
from vehiclenest.web.fields import PathKey
from vehiclenest.web.language import LANGUAGES
from vehiclenest.web.policy import PUBLIC, Permission, Principal, Role
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

_YEAR_SECONDS = 365 * 86_400
_LONGEST = 1000


class Login(BaseModel):
    """Name and password, and where to go then."""

    name: str = Field(max_length=_LONGEST)
    password: str = Field(max_length=_LONGEST)
    next: str = Field("/", max_length=_LONGEST)


class NewPassword(BaseModel):
    """The password that is, and the one that shall be."""

    current: str = Field(max_length=_LONGEST)
    password: str = Field(max_length=_LONGEST)
    again: str = Field(max_length=_LONGEST)


class NewToken(BaseModel):
    """What a token is for and how long it lives."""

    name: str = Field(max_length=_LONGEST)
    days: int = 90


class Language(BaseModel):
    """The language that was chosen, and the page to go back to."""

    language: str = Field(max_length=8)
    next: str = Field("/", max_length=_LONGEST)


@page("/", Permission.ANYONE)
def home(visit: Here) -> Response[Any]:
    """Lead everybody to where his work is."""
    principal = visit.principal
    if principal.role is Role.PUBLIC:
        return visit.render("login.html", next="/", error=None, name="")
    if visit.application.contest is not None:
        if principal.role is Role.JUDGE:
            return Redirect("/contest/judging", status_code=303)
        if principal.role in {Role.ORGANISER, Role.TEAM}:
            return Redirect("/contest", status_code=303)
    for permission, path in ((Permission.YARD_READ, "/yard"), (Permission.PARTS_READ, "/parts")):
        if visit.may(permission):
            return Redirect(path, status_code=303)
    return Redirect("/account", status_code=303)


@page("/login", Permission.ANYONE)
def login_page(visit: Here, next_path: Annotated[str, QueryParameter(name="next", max_length=_LONGEST)] = "/") -> Response[Any]:
    """Show the log-in form."""
    return visit.render("login.html", next=_inside(next_path), error=None, name="")


@form("/login", Permission.ANYONE)
def login(request: Request[Any, Any, State], visit: Here, data: URLEncodedBody[Login]) -> Response[Any]:
    """Log in."""
    with visit.database.reading() as connection:
        found = accounts.credentials(connection, data.name)
    waiting = found is not None and found.locked_until > now()
    matches = security.password_matches(found.password if found else security.nobodys_hash(), data.password)
    over = found is not None and 0 < found.password_until < now()
    if found is None or waiting or over or not matches or not found.active:
        with visit.database.writing() as connection:
            if found is not None and not waiting:
                accounts.note_failure(connection, found.id, found.failures)
            visit.note(connection, "login refused", data.name[:64])
        return visit.render(
            "login.html",
            401,
            next=_inside(data.next),
            name=data.name,
            error="Name or password is wrong, or too many tries: wait a minute.",
        )
    with visit.database.writing() as connection:
        accounts.end_session(connection, request.cookies.get(visit.application.configuration.cookie(security.SESSION_COOKIE), ""))
        cookie = accounts.start_session(connection, found.id, request.headers.get("user-agent", ""))
        visit.note(connection, "login", data.name.strip().lower())
    return Redirect(_inside(data.next), status_code=303, cookies=[_session_cookie(visit, cookie)])


@form("/logout", Permission.ANYONE, while_must_change=True)
def logout(request: Request[Any, Any, State], visit: Here) -> Response[Any]:
    """End the session."""
    cookie = request.cookies.get(visit.application.configuration.cookie(security.SESSION_COOKIE))
    if cookie and visit.principal is not PUBLIC:
        with visit.database.writing() as connection:
            accounts.end_session(connection, cookie)
            visit.note(connection, "logout", visit.principal.name)
    gone = Cookie(
        key=visit.application.configuration.cookie(security.SESSION_COOKIE),
        value="",
        max_age=0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.application.configuration.secure,
    )
    return Redirect("/login", status_code=303, cookies=[gone], headers={"clear-site-data": '"cache", "storage"'})


@form("/language", Permission.ANYONE, while_must_change=True)
def language(visit: Here, data: URLEncodedBody[Language]) -> Response[Any]:
    """Speak another language from now on."""
    if data.language not in LANGUAGES:
        raise InputError(
            f"{data.language!r} is not spoken here", expected=f"one of {', '.join(LANGUAGES)}", where=Where(field="language")
        )
    cookie = Cookie(
        key=visit.application.configuration.cookie(security.LANGUAGE_COOKIE),
        value=data.language,
        max_age=_YEAR_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.application.configuration.secure,
    )
    return Redirect(_inside(data.next), status_code=303, cookies=[cookie])


@page("/account", Permission.ACCOUNT)
def account(visit: Here) -> Response[str]:
    """Show one's own account."""
    return _account(visit)


def _account(visit: Visit, new_token: str | None = None, status: int = 200) -> Response[str]:
    with visit.database.reading() as connection:
        tokens = accounts.tokens(connection, visit.principal)
    return visit.render("account.html", status, tokens=tokens, new_token=new_token)


@page("/account/password", Permission.ACCOUNT, while_must_change=True)
def password_page(visit: Here) -> Response[str]:
    """Show the form for a new password."""
    return visit.render("password.html", error=None)


@form("/account/password", Permission.ACCOUNT, while_must_change=True)
def password(request: Request[Any, Any, State], visit: Here, data: URLEncodedBody[NewPassword]) -> Response[Any]:
    """Set a new password; every other session of the person ends."""
    principal = visit.principal
    try:
        _check(visit, principal, data)
    except VehicleNestError as error:
        return visit.render("password.html", error.status, error=error)
    cookie = request.cookies.get(visit.application.configuration.cookie(security.SESSION_COOKIE), "")
    assert principal.user_id is not None  # noqa: S101  # for the type checker: the permission asks for an account
    with visit.database.writing() as connection:
        accounts.set_password(connection, principal.user_id, data.password)
        accounts.end_other_sessions(connection, principal, cookie)
        accounts.end_session(connection, cookie)
        fresh = accounts.start_session(connection, principal.user_id, request.headers.get("user-agent", ""))
        visit.note(connection, "password changed", principal.name)
    return Redirect("/", status_code=303, cookies=[_session_cookie(visit, fresh)])


def _check(visit: Visit, principal: Principal, data: NewPassword) -> None:
    with visit.database.reading() as connection:
        found = accounts.credentials(connection, principal.name)
    if found is None or not security.password_matches(found.password, data.current):
        raise InputError("the current password is another", where=Where(field="current"))
    if data.password != data.again:
        raise InputError("the two new passwords differ", expected="the same twice", where=Where(field="again"))
    if data.password == data.current:
        raise InputError("the new password is the current one", expected="another", where=Where(field="password"))
    security.check_new_password(data.password, principal.name)


@form("/account/tokens", Permission.ACCOUNT)
def create_token(visit: Here, data: URLEncodedBody[NewToken]) -> Response[str]:
    """Create an API token and show it this once."""
    with visit.database.writing() as connection:
        text = accounts.create_token(connection, visit.principal, data.name, data.days)
        visit.note(connection, "token created", data.name, days=data.days)
    return _account(visit, text, 200)


@form("/account/tokens/{token_id:int}/withdraw", Permission.ACCOUNT)
def withdraw_token(visit: Here, token_id: PathKey) -> Response[Any]:
    """Withdraw an API token of one's own."""
    with visit.database.writing() as connection:
        accounts.withdraw_token(connection, visit.principal, token_id)
        visit.note(connection, "token withdrawn", str(token_id))
    return Redirect("/account", status_code=303)


def _session_cookie(visit: Visit, value: str) -> Cookie:
    return Cookie(
        key=visit.application.configuration.cookie(security.SESSION_COOKIE),
        value=value,
        max_age=security.LONGEST_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.application.configuration.secure,
    )


def _inside(path: str) -> str:
    """Return a path of this application; anything that could lead elsewhere is home."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return "/"
    return path


HANDLERS = [
    home, login_page, login, logout, language, account, password_page, password, create_token, withdraw_token,
]  # fmt: skip
