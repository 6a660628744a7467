"""Evidence: photos, documents and reports attached to a vehicle or part; each file shown where it can do no harm."""

from typing import Annotated, Any

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.params import MultipartBody, QueryParameter
from litestar.response import Redirect
from pydantic import BaseModel, ConfigDict, Field

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web import evidence, pictures, security
from vehiclenest.web.fields import LARGEST_KEY, LONGEST, PathKey
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

Word = Annotated[str, QueryParameter(max_length=LONGEST)]
Key = Annotated[int | None, QueryParameter(ge=1, le=LARGEST_KEY)]


class Attached(BaseModel):
    """A file that was sent, and the vehicle or part that it is about."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile
    thing: str = Field(max_length=LONGEST)
    note: str = Field("", max_length=LONGEST)


@page("/evidence", Permission.EVIDENCE_READ)
def evidence_list(visit: Here, q: Word = "", before: Key = None) -> Response[str]:
    """List evidence, newest first; `q` is a vehicle, a part, or the SHA-256 of a file."""
    return _list(visit, q.strip(), before)


def _list(visit: Visit, word: str = "", before: int | None = None, error: VehicleNestError | None = None) -> Response[str]:
    with visit.database.reading() as connection:
        rows = evidence.newest(connection, visit.principal, word, before)
    older = rows[evidence.ROWS - 1].id if len(rows) > evidence.ROWS else None
    status = error.status if error else 200
    return visit.render("evidence.html", status, rows=rows[: evidence.ROWS], older=older, word=word, error=error)


@form("/evidence", Permission.EVIDENCE_ADD)
def attach(visit: Here, data: MultipartBody[Attached]) -> Response[Any]:
    """Attach a file to a vehicle or part; the event that books its hash is in the ledger."""
    name, content = data.file.filename or "", data.file.file.read()
    try:
        about, sha256, new = evidence.attach(
            visit.database, visit.principal, visit.settings, data.thing.strip(), name, content, data.note.strip()
        )
    except VehicleNestError as error:
        if error.status not in {404, 409, 422}:
            raise
        return _list(visit, data.thing.strip(), None, error)
    if new:
        with visit.database.writing() as connection:
            visit.note(connection, "evidence attached", about.reference, sha256=sha256, bytes=len(content))
    return Redirect(f"{about.path}#evidence", status_code=303)


@page("/evidence/{key:int}", Permission.EVIDENCE_READ)
def evidence_page(visit: Here, key: PathKey) -> Response[str]:
    """Show a piece of evidence: who sent it when, its hash, and whether the file still has it."""
    with visit.database.reading() as connection:
        row = evidence.one(connection, visit.principal, _key(key))
        about = evidence.thing(connection, visit.principal, row.reference)
    error = None
    try:
        evidence.read_file(visit.database.ledger, row.sha256)
    except VehicleNestError as found:
        error = found
    return visit.render("evidence_one.html", row=row, about=about, error=error)


@page("/evidence/{key:int}/file", Permission.EVIDENCE_READ, media_type="*/*")
def evidence_file(visit: Here, key: PathKey) -> Response[bytes]:
    """Return the file as it was sent, in a sandbox: its script, where it has one, can neither load nor send anything."""
    with visit.database.reading() as connection:
        row = evidence.one(connection, visit.principal, _key(key))
    content = evidence.read_file(visit.database.ledger, row.sha256)
    headers = {"content-disposition": "inline", "cache-control": "private, max-age=3600", **security.SANDBOX}
    return Response(content, media_type=row.media_type, headers=headers)


@page("/evidence/{key:int}/small", Permission.EVIDENCE_READ, media_type=pictures.JPEG)
def small_picture(visit: Here, key: PathKey) -> Response[bytes]:
    """Return a small picture, drawn anew."""
    with visit.database.reading() as connection:
        content = evidence.small_picture(connection, visit.principal, _key(key))
    return Response(content, media_type=pictures.JPEG, headers={"cache-control": "private, max-age=3600"})


def _key(value: int) -> int:
    """Return a number that can be a key; one that no table holds is nobody's."""
    return value if 0 < value <= LARGEST_KEY else 0


HANDLERS = [evidence_list, attach, evidence_page, evidence_file, small_picture]
