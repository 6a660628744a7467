"""Import of a lot list or manifest: send it, look at what would come in and what is wrong row by row, then book it."""

from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.params import MultipartBody
from litestar.response import Redirect
from pydantic import BaseModel, ConfigDict

from vehiclenest.core.errors import InputError, Where
from vehiclenest.web import imports, jobs
from vehiclenest.web.fields import LARGEST_KEY, PathKey
from vehiclenest.web.leads import TO_FILE, TO_JOB
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here

_SHOWN = 200


class Sent(BaseModel):
    """A file that was sent."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring."""

    rows: int
    vehicles: list[Any]
    rejected: list[Any]


@page("/yard/imports", Permission.YARD_WORK)
def import_page(visit: Here) -> Response[str]:
    """Show the form to send a file."""
    return visit.render("import.html", error=None)


@form("/yard/imports", Permission.YARD_WORK, leads=TO_FILE)
def upload(visit: Here, data: MultipartBody[Sent]) -> Response[Any]:
    """Keep the file and show what is in it."""
    content = data.file.file.read()
    if not content:
        error = InputError("the file is empty", expected="a lot list or manifest as CSV or JSON Lines", where=Where(field="file"))
        return visit.render("import.html", error.status, error=error)
    with visit.database.writing() as connection:
        number = imports.keep(connection, data.file.filename or "", content, visit.principal.user_id)
        visit.note(connection, "file sent", (data.file.filename or "")[:200], bytes=len(content))
    return Redirect(f"/yard/imports/{number}", status_code=303)


@page("/yard/imports/{file_id:int}", Permission.YARD_WORK)
def preview(visit: Here, file_id: PathKey) -> Response[str]:
    """Show what a file would bring: its vehicles, and every row that brings none with the reason."""
    with visit.database.reading() as connection:
        row = imports.kept(connection, visit.principal, file_id if 0 < file_id <= LARGEST_KEY else 0)
        reading = imports.without_known(imports.read(row, visit.settings), connection, visit.settings)
    found = Preview(reading.rows, [item.vehicle for item in reading.incoming], reading.rejected)
    return visit.render("preview.html", row=row, found=found, shown=_SHOWN)


@form("/yard/imports/{file_id:int}", Permission.YARD_WORK, leads=TO_JOB)
def book(visit: Here, file_id: PathKey) -> Response[Any]:
    """Book the vehicles of a file in the background."""
    with visit.database.writing() as connection:
        row = imports.kept(connection, visit.principal, file_id if 0 < file_id <= LARGEST_KEY else 0)
        number = jobs.ask(connection, visit.principal.user_id, "import", {"file": row.id})
        visit.note(connection, "import asked for", row.name, job=number)
    return Redirect(f"/jobs/{number}", status_code=303)


HANDLERS = [import_page, upload, preview, book]
