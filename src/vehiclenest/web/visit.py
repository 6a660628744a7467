"""One request as a page sees it: who asks, in which language, and the ways to read, write, note and render."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from sqlalchemy import Connection

from vehiclenest.ledger.entry import moment
from vehiclenest.site import Settings
from vehiclenest.web import audit, figures
from vehiclenest.web.configuration import Configuration
from vehiclenest.web.contest.live import Live
from vehiclenest.web.database import Database
from vehiclenest.web.language import Speech
from vehiclenest.web.navigation import here, menu
from vehiclenest.web.policy import Permission, Principal

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Application:
    """What all requests of a process share."""

    configuration: Configuration
    database: Database
    form_key: bytes
    contest: Live | None = None

    @property
    def settings(self) -> Settings:
        """The site's settings."""
        return self.configuration.settings


@dataclass(frozen=True, slots=True)
class Visit:
    """A request and whoever sent it."""

    application: Application
    principal: Principal
    speech: Speech
    origin: audit.Origin
    path: str
    csrf: str

    @property
    def database(self) -> Database:
        """The database."""
        return self.application.database

    @property
    def settings(self) -> Settings:
        """The settings that hold now: the site's, with what was changed by page."""
        return figures.current(self.database, self.application.settings)

    def may(self, permission: Permission) -> bool:
        """Return whether whoever asks has a permission."""
        return self.principal.may(permission)

    def note(self, connection: Connection, action: str, thing: str, **detail: object) -> None:
        """Write to the audit log, in the transaction of the deed."""
        audit.note(connection, self.principal, self.origin, action, thing, detail)

    def render(self, template: str, status: int = 200, **values: Any) -> Response[str]:
        """Return a page."""
        page = _environment().get_template(template)
        entries = menu(self.principal, contest=self.application.contest is not None)
        text = page.render(
            visit=self,
            say=self.speech,
            menu=entries,
            here=here(self.path, entries),
            Permission=Permission,
            **values,
        )
        return Response(text, status_code=status, media_type=MediaType.HTML, headers={"cache-control": "no-store"})


Here = NamedDependency[Visit]  # how a handler asks for its visit


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Callable[[Any], str]] = {"time": _time, "day": _day, "kg": _kg, "money": _money, "percent": _percent}
    environment.filters.update(filters)
    return environment


def _time(value: int | datetime) -> str:
    found = moment(value) if isinstance(value, int) else value.astimezone(UTC)
    return f"{found:%Y-%m-%d %H:%M}"


def _day(value: int) -> str:
    return f"{moment(value):%Y-%m-%d}"


def _money(hundredths: int | Decimal) -> str:
    return f"{hundredths / 100:,.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _kg(value: float) -> str:
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.3g}"


async def provide_visit(request: Request[Any, Any, State]) -> Visit:
    """Return the visit that the entrance found."""
    return request.scope["state"]["visit"]
