"""Users and the audit log."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, Field
from sqlalchemy import select

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web import accounts, tables
from vehiclenest.web.fields import PathKey
from vehiclenest.web.policy import Permission, Role
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

_ROLES = tuple(role.value for role in Role if role is not Role.PUBLIC)
_ROWS = 100
_LARGEST_KEY = 2**63 - 1


class NewUser(BaseModel):
    """A user to create."""

    name: str = Field(max_length=200)
    role: Role


class ChangedUser(BaseModel):
    """What a user shall be."""

    role: Role
    active: bool = False


@page("/admin", Permission.ADMINISTER)
def admin(visit: Here) -> Response[str]:
    """Show the users."""
    return _users(visit)


def _users(visit: Visit, error: VehicleNestError | None = None, given: tuple[str, str] | None = None) -> Response[str]:
    with visit.database.reading() as connection:
        users = accounts.users(connection)
    return visit.render("users.html", error.status if error else 200, users=users, roles=_ROLES, error=error, given=given)


@form("/admin/users", Permission.ADMINISTER)
def create_user(visit: Here, data: URLEncodedBody[NewUser]) -> Response[Any]:
    """Create a user; the one-time password is shown this once."""
    try:
        with visit.database.writing() as connection:
            password = accounts.create_user(connection, data.name, data.role)
            visit.note(connection, "user created", data.name, role=data.role.value)
    except VehicleNestError as error:
        return _users(visit, error)
    return _users(visit, given=(data.name.strip().lower(), password))


@form("/admin/users/{user_id:int}", Permission.ADMINISTER)
def change_user(visit: Here, user_id: PathKey, data: URLEncodedBody[ChangedUser]) -> Response[Any]:
    """Set role and activity of a user."""
    try:
        with visit.database.writing() as connection:
            accounts.change_user(connection, _key(user_id), data.role, active=data.active)
            visit.note(connection, "user changed", str(user_id), role=data.role.value, active=data.active)
    except VehicleNestError as error:
        return _users(visit, error)
    return Redirect("/admin", status_code=303)


@form("/admin/users/{user_id:int}/password", Permission.ADMINISTER)
def reset_password(visit: Here, user_id: PathKey) -> Response[Any]:
    """Give a user a new one-time password, shown this once."""
    try:
        with visit.database.writing() as connection:
            password = accounts.reset_password(connection, _key(user_id))
            visit.note(connection, "password reset", str(user_id))
    except VehicleNestError as error:
        return _users(visit, error)
    return _users(visit, given=(str(user_id), password))


@page("/audit", Permission.AUDIT_READ)
def audit_log(visit: Here, before: Annotated[int | None, QueryParameter(ge=1, le=_LARGEST_KEY)] = None) -> Response[str]:
    """Show the audit log, newest first."""
    audit = tables.audit
    query = select(audit).order_by(audit.c.id.desc()).limit(_ROWS + 1)
    if before is not None:
        query = query.where(audit.c.id < before)
    with visit.database.reading() as connection:
        rows = connection.execute(query).all()
    return visit.render("audit.html", rows=rows[:_ROWS], older=rows[_ROWS - 1].id if len(rows) > _ROWS else None)


def _key(value: int) -> int:
    """Return a number that can be a key; one that no table holds is nobody's."""
    return value if 0 < value <= _LARGEST_KEY else 0


HANDLERS = [admin, create_user, change_user, reset_password, audit_log]
