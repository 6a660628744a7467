"""What an administrator looks after: the figures that the base reckons with, and a copy of everything."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter
from litestar.response import Stream

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import ConflictError, NotFoundError
from vehiclenest.site.bundled import tables
from vehiclenest.web import backup
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here

_PIECE = 1 << 20  # bytes
Name = Annotated[str, QueryParameter(name="table", max_length=64)]


@page("/admin/settings", Permission.ADMINISTER)
def settings(visit: Here, name: Name = "") -> Response[str]:
    """Show every figure that the base reckons with: value, unit, source, and whether somebody verified it."""
    found = tables()
    if name and name not in found:
        raise NotFoundError(f"there is no table {name[:64]}", expected=f"one of {', '.join(found)}")
    chosen = name or next(iter(found))
    table = load_table(found[chosen], visit.settings.folder)
    constants = [(row, constant) for row in table for constant in table[row].values()]
    return visit.render("settings.html", names=list(found), chosen=chosen, constants=constants, folder=visit.settings.folder)


@page("/admin/backup", Permission.ADMINISTER)
def backup_page(visit: Here) -> Response[str]:
    """Say how a base is copied and brought back."""
    return visit.render("backup.html", error=None, sqlite=visit.database.engine.dialect.name == "sqlite")


@form("/admin/backup", Permission.ADMINISTER)
def download(visit: Here) -> Response[Any]:
    """Send a copy of the whole base; passwords are in it as argon2id hashes, secrets of sessions and tokens as SHA-256."""
    handle, name = tempfile.mkstemp(prefix="vnest-backup-", suffix=".db")
    os.close(handle)
    file = Path(name)
    try:
        backup.copy(visit.database, file)
        with visit.database.writing() as connection:
            visit.note(connection, "backup taken", "", bytes=file.stat().st_size)
    except ConflictError as error:
        file.unlink()
        return visit.render("backup.html", error.status, error=error, sqlite=False)
    shown = f"vnest-{datetime.now(UTC):%Y%m%d-%H%M%S}.db"
    headers = {"content-disposition": f'attachment; filename="{shown}"', "cache-control": "no-store"}
    return Stream(_pieces(file), status_code=200, media_type="application/vnd.sqlite3", headers=headers)


def _pieces(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
    finally:
        file.unlink()


HANDLERS = [settings, backup_page, download]
