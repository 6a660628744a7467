"""What an administrator looks after: a copy of everything."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from litestar import Response

from vehiclenest.core.errors import ConflictError
from vehiclenest.web import backup
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.sending import send_file
from vehiclenest.web.visit import Here


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
    return send_file(file, shown, "application/vnd.sqlite3", once=True)


HANDLERS = [backup_page, download]
