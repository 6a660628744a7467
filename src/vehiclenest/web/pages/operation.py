"""What an administrator looks after: a copy of everything, and bringing it back."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.params import MultipartBody, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, ConfigDict, Field

from vehiclenest.core.errors import ConflictError, VehicleNestError
from vehiclenest.web import backup, restoring
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.sending import send_file
from vehiclenest.web.visit import Here, Visit

_LARGEST_COPY = 1 << 36  # bytes; what is sent goes to the disk piece by piece


class Sent(BaseModel):
    """A copy that was sent."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


class Confirmation(BaseModel):
    """The name of the base, typed to show that it is meant."""

    base: Annotated[str, Field(max_length=200)] = ""


def _shown(visit: Visit, error: VehicleNestError | None = None) -> Response[str]:
    sqlite = visit.database.engine.dialect.name == "sqlite"
    base = backup.file_of(visit.database) if sqlite else None
    return visit.render(
        "backup.html",
        error.status if error else 200,
        error=error,
        sqlite=sqlite,
        base=base.name if base else "",
        ready=restoring.ready(base) if base else None,
        now=restoring.holds_now(visit.database) if base else None,
    )


@page("/admin/backup", Permission.ADMINISTER)
def backup_page(visit: Here) -> Response[str]:
    """Offer a copy of the base and its way back, with what is laid ready beside what the base holds."""
    return _shown(visit)


@form("/admin/backup", Permission.ADMINISTER)
def download(visit: Here) -> Response[Any]:
    """Send a copy of the whole base; passwords are in it as argon2id hashes, secrets of sessions and tokens as SHA-256."""
    handle, name = tempfile.mkstemp(prefix="vnest-backup-", suffix=".zip")
    os.close(handle)
    file = Path(name)
    try:
        made = backup.copy(visit.database, file)
        with visit.database.writing() as connection:
            visit.note(connection, "backup taken", "", bytes=file.stat().st_size, files=len(made.files))
    except ConflictError as error:
        file.unlink()
        return _shown(visit, error)
    return send_file(file, f"vnest-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip", "application/zip", once=True)


@form("/admin/restore", Permission.ADMINISTER, request_max_body_size=_LARGEST_COPY)
def send_copy(visit: Here, data: MultipartBody[Sent]) -> Response[Any]:
    """Check a copy and lay it ready; the base stays as it is."""
    try:
        laid = restoring.lay_ready(visit.database, data.file.file)
    except VehicleNestError as error:
        return _shown(visit, error)
    with visit.database.writing() as connection:
        visit.note(connection, "copy laid ready", laid.base[:200], made=laid.made, files=laid.files)
    return Redirect("/admin/backup", status_code=303)


@form("/admin/restore/confirmation", Permission.ADMINISTER)
def confirm(visit: Here, data: URLEncodedBody[Confirmation]) -> Response[Any]:
    """Have the copy that is laid ready take the base's place at the next start, where the name of the base was typed."""
    try:
        aside = restoring.confirm(visit.database, data.base.strip(), visit.principal.name)
    except VehicleNestError as error:
        return _shown(visit, error)
    with visit.database.writing() as connection:
        visit.note(connection, "restore confirmed", aside.name)
    return Redirect("/admin/backup", status_code=303)


@form("/admin/restore/end", Permission.ADMINISTER)
def give_up(visit: Here) -> Response[Any]:
    """Give up what is laid ready."""
    try:
        if restoring.give_up(visit.database):
            with visit.database.writing() as connection:
                visit.note(connection, "restore given up", "")
    except VehicleNestError as error:
        return _shown(visit, error)
    return Redirect("/admin/backup", status_code=303)


HANDLERS = [backup_page, download, send_copy, confirm, give_up]
