"""The audit log: who did what to which thing, from where. Written in the transaction of the deed; rows are only added."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from vehiclenest.web import tables
from vehiclenest.web.database import now
from vehiclenest.web.policy import Principal


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a deed came from: address and request."""

    address: str = ""
    request: str = ""


def note(
    connection: Connection,
    principal: Principal,
    origin: Origin,
    action: str,
    thing: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add a row."""
    row = {
        "time": now(),
        "user_id": principal.user_id,
        "user_name": principal.name[:64],
        "action": action,
        "object": thing[:256],
        "detail": dict(detail or {}),
        "address": origin.address[:64],
        "request": origin.request[:32],
    }
    connection.execute(insert(tables.audit).values(row))
