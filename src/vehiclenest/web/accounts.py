"""People: users, their sessions and tokens. Functions of a connection; whoever calls them holds the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, Where
from vehiclenest.web import security, tables
from vehiclenest.web.database import now
from vehiclenest.web.policy import Principal, Role, own_sessions, own_tokens

_SECOND = 1_000_000
_FREE_FAILURES = 5
_LONGEST_LOCK_SECONDS = 900
_LONGEST_NAME = 64
_TOKEN_DAYS = range(1, 366)
_ONE_TIME_SECONDS = (
    3 * 86_400
)  # how long a password that an administrator gave waits for its one use; the first admin's does not end
_SEEN_STEP_SECONDS = 300  # how exactly it is known when a session was last used


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a cookie or token belongs to, with the language of the account; `stale` says that the session's last use is to be noted."""

    principal: Principal
    language: str
    stale: bool = False


def first_admin(connection: Connection) -> str | None:
    """Create the user admin where there are no users at all; return the one-time password, None where there are some."""
    if connection.execute(select(func.count()).select_from(tables.user)).scalar_one():
        return None
    password = create_user(connection, "admin", Role.ADMIN)
    connection.execute(update(tables.user).values(password_until=0))  # nobody else could give him another
    return password


def create_user(connection: Connection, name: str, role: Role) -> str:
    """Create a user and return the one-time password.

    Raises
    ------
    InputError, ConflictError
        For a name that is none, or is taken.
    """
    plain = name.strip().lower()
    if not (0 < len(plain) <= _LONGEST_NAME and plain.isprintable() and plain.replace(".", "").replace("-", "").isalnum()):
        raise InputError(
            f"{name[:80]!r} is no user name", expected="letters, digits, dots and hyphens, at most 64", where=Where(field="name")
        )
    if role is Role.PUBLIC:
        raise InputError("the public has no account", expected="another role", where=Where(field="role"))
    if connection.execute(select(tables.user.c.id).where(tables.user.c.name == plain)).first():
        raise ConflictError(f"there is a user {plain} already", expected="another name", where=Where(field="name"))
    password = security.one_time_password()
    connection.execute(
        insert(tables.user).values(
            name=plain,
            role=role.value,
            password=security.hash_password(password),
            must_change=True,
            active=True,
            language="",
            created=now(),
            failures=0,
            locked_until=0,
            password_until=now() + _ONE_TIME_SECONDS * _SECOND,
        )
    )
    return password


def users(connection: Connection) -> Sequence[Any]:
    """Return id, name, role, active, must_change and created of all users."""
    user = tables.user.c
    query = select(user.id, user.name, user.role, user.active, user.must_change, user.created).order_by(user.name)
    return connection.execute(query).all()


def change_user(connection: Connection, user_id: int, role: Role, *, active: bool) -> None:
    """Set role and activity of a user; sessions and tokens of one who is put out end at once. The last admin stays."""
    user = tables.user
    found = connection.execute(select(user.c.role, user.c.active).where(user.c.id == user_id)).first()
    if found is None:
        raise NotFoundError(f"there is no user {user_id}")
    admins = select(func.count()).where(user.c.role == Role.ADMIN.value, user.c.active, user.c.id != user_id)
    if found.role == Role.ADMIN.value and not (role is Role.ADMIN and active) and not connection.execute(admins).scalar_one():
        raise ConflictError("this is the last admin", expected="another active admin first")
    connection.execute(update(user).where(user.c.id == user_id).values(role=role.value, active=active))
    if not active:
        end_access(connection, user_id)


def reset_password(connection: Connection, user_id: int) -> str:
    """Give a user a new one-time password, end all sessions and return it."""
    password = security.one_time_password()
    changed = connection.execute(
        update(tables.user)
        .where(tables.user.c.id == user_id)
        .values(password=security.hash_password(password), must_change=True, failures=0, locked_until=0)
        .values(password_until=now() + _ONE_TIME_SECONDS * _SECOND)
    )
    if not changed.rowcount:
        raise NotFoundError(f"there is no user {user_id}")
    end_access(connection, user_id)
    return password


def end_access(connection: Connection, user_id: int) -> None:
    """End every session and token of a user."""
    connection.execute(delete(tables.session).where(tables.session.c.user_id == user_id))
    connection.execute(delete(tables.token).where(tables.token.c.user_id == user_id))


def credentials(connection: Connection, name: str) -> Any:
    """Return id, password, active, failures and locked_until of a name; None where it is nobody's."""
    user = tables.user.c
    query = select(user.id, user.password, user.active, user.failures, user.locked_until, user.password_until)
    return connection.execute(query.where(user.name == name.strip().lower())).first()


def note_failure(connection: Connection, user_id: int, failures: int) -> None:
    """Count a wrong password; from the sixth in a row on the account waits, longer each time."""
    over = failures + 1 - _FREE_FAILURES
    wait = min(30 * 2 ** min(over, 10), _LONGEST_LOCK_SECONDS) if over > 0 else 0
    values = {"failures": min(failures + 1, 1000), "locked_until": now() + wait * _SECOND if wait else 0}
    connection.execute(update(tables.user).where(tables.user.c.id == user_id).values(values))


def start_session(connection: Connection, user_id: int, agent: str) -> str:
    """Start a session and return its cookie; sessions that are over are cleared away."""
    cookie, time = security.new_secret(), now()
    session = tables.session
    connection.execute(update(tables.user).where(tables.user.c.id == user_id).values(failures=0, locked_until=0))
    over = (session.c.seen < time - security.IDLE_SECONDS * _SECOND) | (
        session.c.created < time - security.LONGEST_SECONDS * _SECOND
    )
    connection.execute(delete(session).where(over))
    row = {"key": security.digest(cookie), "user_id": user_id, "created": time, "seen": time, "agent": agent[:200]}
    connection.execute(insert(session).values(row))
    return cookie


def by_session(connection: Connection, cookie: str) -> Known | None:
    """Return whom a session cookie belongs to; None where the session is over."""
    session, user, time = tables.session.c, tables.user.c, now()
    query = (
        select(user.id, user.name, user.role, user.must_change, user.language, session.seen)
        .join_from(tables.session, tables.user)
        .where(
            session.key == security.digest(cookie),
            user.active,
            session.seen > time - security.IDLE_SECONDS * _SECOND,
            session.created > time - security.LONGEST_SECONDS * _SECOND,
        )
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    principal = Principal(Role(found.role), found.id, found.name, "session", found.must_change)
    return Known(principal, found.language, stale=found.seen < time - _SEEN_STEP_SECONDS * _SECOND)


def note_seen(connection: Connection, cookie: str) -> None:
    """Note that a session was used."""
    connection.execute(update(tables.session).where(tables.session.c.key == security.digest(cookie)).values(seen=now()))


def end_session(connection: Connection, cookie: str) -> None:
    """End a session."""
    connection.execute(delete(tables.session).where(tables.session.c.key == security.digest(cookie)))


def end_other_sessions(connection: Connection, principal: Principal, cookie: str) -> None:
    """End all sessions of a person but this one."""
    connection.execute(delete(tables.session).where(own_sessions(principal), tables.session.c.key != security.digest(cookie)))


def set_password(connection: Connection, user_id: int, password: str) -> None:
    """Set the password that a person chose."""
    values = {"password": security.hash_password(password), "must_change": False, "password_until": 0}
    connection.execute(update(tables.user).where(tables.user.c.id == user_id).values(values))


def create_token(connection: Connection, principal: Principal, name: str, days: int) -> str:
    """Create an API token of a person, with his role, and return it; it is shown this once."""
    plain = name.strip()
    if not (plain and len(plain) <= _LONGEST_NAME and plain.isprintable()):
        raise InputError(
            "the token has no usable name", expected="what it is for, at most 64 characters", where=Where(field="name")
        )
    if days not in _TOKEN_DAYS:
        raise InputError(f"{days} days is no life of a token", expected="1 to 365", where=Where(field="days"))
    text, time = security.TOKEN_PREFIX + security.new_secret(), now()
    row = {"key": security.digest(text), "user_id": principal.user_id, "name": plain, "created": time}
    connection.execute(insert(tables.token).values(row | {"expires": time + days * 86_400 * _SECOND}))
    return text


def tokens(connection: Connection, principal: Principal) -> Sequence[Any]:
    """Return id, name, created and expires of a person's tokens."""
    token = tables.token.c
    query = select(token.id, token.name, token.created, token.expires).where(own_tokens(principal)).order_by(token.id)
    return connection.execute(query).all()


def withdraw_token(connection: Connection, principal: Principal, token_id: int) -> None:
    """Withdraw a token of one's own."""
    gone = connection.execute(delete(tables.token).where(own_tokens(principal), tables.token.c.id == token_id))
    if not gone.rowcount:
        raise NotFoundError(f"there is no token {token_id}")


def by_token(connection: Connection, text: str) -> Known | None:
    """Return whom an API token belongs to; None where it is over. One-time passwords give no access by token."""
    token, user = tables.token.c, tables.user.c
    query = (
        select(user.id, user.name, user.role, user.language)
        .join_from(tables.token, tables.user)
        .where(token.key == security.digest(text), token.expires > now(), user.active, ~user.must_change)
    )
    found = connection.execute(query).first()
    return None if found is None else Known(Principal(Role(found.role), found.id, found.name, "token"), found.language)
