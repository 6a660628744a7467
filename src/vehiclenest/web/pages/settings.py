"""Settings: every figure that the base reckons with, changed here with a reason, its history, and the way back to a version."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, Field

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import NotFoundError, VehicleNestError
from vehiclenest.site.bundled import tables
from vehiclenest.web import figures
from vehiclenest.web.fields import LARGEST_KEY, PathKey
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

Table = Annotated[str, QueryParameter(name="table", max_length=64)]
Figure = Annotated[str, QueryParameter(name="name", max_length=128)]


class Change(BaseModel):
    """A figure by table.row.number, its new value, the one that was shown, and why."""

    name: str = Field(max_length=128)
    value: str = Field(max_length=40)
    was: str = Field(max_length=40)
    reason: str = Field(max_length=400)


@page("/admin/settings", Permission.ADMINISTER)
def settings(visit: Here, name: Table = "") -> Response[str]:
    """Show every figure: value, unit, source, and whether somebody verified it."""
    found = tables()
    if name and name not in found:
        raise NotFoundError(f"there is no table {name[:64]}", expected=f"one of {', '.join(found)}")
    chosen = name or next(iter(found))
    table = load_table(found[chosen], visit.settings.folder)
    constants = [(row, constant) for row in table for constant in table[row].values()]
    started = visit.application.settings.folder
    return visit.render("settings.html", names=list(found), chosen=chosen, constants=constants, folder=started)


@page("/admin/settings/figure", Permission.ADMINISTER)
def figure(visit: Here, name: Figure = "") -> Response[str]:
    """Show one figure with its history, and the form to change it."""
    return _figure(visit, name)


def _figure(visit: Visit, name: str, error: VehicleNestError | None = None, value: str = "", reason: str = "") -> Response[str]:
    constant = figures.constant_of(name, visit.settings)
    before = figures.constant_of(name, visit.application.settings)
    with visit.database.reading() as connection:
        rows = figures.history(connection, name)
    shown: dict[str, Any] = {"name": name, "constant": constant, "before": before, "rows": rows, "value": value, "reason": reason}
    return visit.render("figure.html", error.status if error else 200, **shown, was=f"{constant.value:.12g}", error=error)


@form("/admin/settings", Permission.ADMINISTER)
def change(visit: Here, data: URLEncodedBody[Change]) -> Response[Any]:
    """Change a figure; it holds from the next use on."""
    try:
        with visit.database.writing() as connection:
            started = visit.application.settings
            asked = (data.name, data.value, data.was, data.reason)
            old, new = figures.change(visit.database, connection, visit.principal, started, *asked)
            visit.note(connection, "setting changed", data.name, old=old, new=new)
    except VehicleNestError as error:
        if error.status not in {409, 422}:
            raise
        return _figure(visit, data.name, error, data.value, data.reason)
    visit.settings  # noqa: B018  # written now, so that vnest run finds it
    return Redirect("/admin/settings/history", status_code=303)


@page("/admin/settings/history", Permission.ADMINISTER)
def settings_history(visit: Here) -> Response[str]:
    """Show who changed which figure when, from what to what and why."""
    return _history(visit)


def _history(visit: Visit, error: VehicleNestError | None = None) -> Response[str]:
    with visit.database.reading() as connection:
        rows = figures.history(connection)
    return visit.render("settings_history.html", error.status if error else 200, rows=rows, error=error)


@form("/admin/settings/versions/{version:int}", Permission.ADMINISTER)
def go_back(visit: Here, version: PathKey) -> Response[Any]:
    """Bring back the figures of an earlier version; 0 for those before any change."""
    try:
        with visit.database.writing() as connection:
            wanted = version if 0 <= version <= LARGEST_KEY else LARGEST_KEY
            count = figures.go_back(visit.database, connection, visit.principal, visit.application.settings, wanted)
            visit.note(connection, "settings brought back", str(version), figures=count)
    except VehicleNestError as error:
        if error.status not in {409, 422}:
            raise
        return _history(visit, error)
    visit.settings  # noqa: B018  # as above
    return Redirect("/admin/settings/history", status_code=303)


HANDLERS = [settings, figure, change, settings_history, go_back]
