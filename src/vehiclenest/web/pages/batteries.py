"""Batteries: what is there, how it is graded and why, where it goes; and pulse tests sent for grading."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.params import FromPath, MultipartBody, QueryParameter
from litestar.response import Redirect
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, VehicleNestError, Where
from vehiclenest.core.identifiers import parse_battery_code
from vehiclenest.disclosure.catenax import draw
from vehiclenest.ledger import Book, trace
from vehiclenest.web import batteries, grading, jobs, tables
from vehiclenest.web.fields import LARGEST_KEY, LONGEST, PathKey
from vehiclenest.web.leads import TO_JOB
from vehiclenest.web.policy import Permission, visible_jobs
from vehiclenest.web.routes import form, page, read
from vehiclenest.web.visit import Here, Visit

Kind = Annotated[Literal["battery", "module", "pack"], QueryParameter()]
Key = Annotated[int | None, QueryParameter(ge=1, le=LARGEST_KEY)]
_MOST_EVENTS = 2000


class SentTests(BaseModel):
    """Pulse tests, the battery in the ledger that they belong to, its code, and whether the column SOC counts."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile
    lot: str = Field("", max_length=LONGEST)
    code: str = Field("", max_length=LONGEST)
    soc: Literal["known", "unknown"] = "known"


class SentModel(BaseModel):
    """A model that ``vnest battery learn`` made."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


@page("/batteries", Permission.BATTERIES_READ)
def battery_list(visit: Here, kind: Kind = "battery", before: Key = None) -> Response[str]:
    """List batteries, modules or packs, newest first."""
    return _list(visit, kind, before)


def _list(visit: Visit, kind: str = "battery", before: int | None = None, error: VehicleNestError | None = None) -> Response[str]:
    job = tables.job
    with visit.database.reading() as connection:
        rows = batteries.batteries(connection, kind, before)
        models = batteries.models(connection)
        mine = select(job).where(job.c.kind == "grade", visible_jobs(visit.principal)).order_by(job.c.id.desc()).limit(5)
        gradings = connection.execute(mine).all()
    older = rows[batteries.ROWS - 1].key if len(rows) > batteries.ROWS else None
    shown: dict[str, Any] = {"rows": rows[: batteries.ROWS], "kind": kind, "kinds": list(batteries.KINDS), "older": older}
    status = error.status if error else 200
    return visit.render("batteries.html", status, **shown, models=models, gradings=gradings, error=error)


@form("/batteries/models", Permission.BATTERIES_GRADE)
def send_model(visit: Here, data: MultipartBody[SentModel]) -> Response[Any]:
    """Keep a model for grading; the newest is used."""
    content, name = data.file.file.read(), (data.file.filename or "")[:LONGEST]
    try:
        grading.check_model(content)
    except VehicleNestError as error:
        return _list(visit, error=error)
    with visit.database.writing() as connection:
        grading.keep(connection, grading.MODEL, name, content, visit.principal.user_id)
        visit.note(connection, "grading model sent", name, bytes=len(content))
    return Redirect("/batteries", status_code=303)


@form("/batteries/gradings", Permission.BATTERIES_GRADE, leads=TO_JOB)
def send_tests(visit: Here, data: MultipartBody[SentTests]) -> Response[Any]:
    """Grade pulse tests in the background; the grades of a battery that is named are booked."""
    content, lot, code = data.file.file.read(), data.lot.strip(), data.code.strip()
    try:
        _check(visit, content, lot, code)
        with visit.database.writing() as connection:
            models = batteries.models(connection)
            if not models:
                raise ConflictError("there is no model to grade with", expected="a model of vnest battery learn, sent first")
            tests = grading.keep(
                connection, grading.TESTS, (data.file.filename or "")[:LONGEST], content, visit.principal.user_id
            )
            asked = {"tests": tests, "model": models[0].id, "lot": lot, "code": code, "soc": data.soc}
            number = jobs.ask(connection, visit.principal.user_id, "grade", asked)
            visit.note(connection, "grading asked for", lot, job=number)
    except VehicleNestError as error:
        if error.status not in {409, 422}:
            raise
        return _list(visit, error=error)
    return Redirect(f"/jobs/{number}", status_code=303)


def _check(visit: Visit, content: bytes, lot: str, code: str) -> None:
    if not content:
        raise InputError("the file is empty", expected="pulse tests as CSV", where=Where(field="file"))
    if code and not lot:
        raise InputError(
            "a code without its battery", expected="the battery in the ledger that it belongs to", where=Where(field="lot")
        )
    if code:
        parse_battery_code(code)
    if lot:
        thing = lot if lot.startswith("urn:") else visit.settings.thing(lot)
        with visit.database.reading() as connection:
            if not Book(connection).known_lots([thing]):
                raise InputError(f"the ledger holds no battery {lot}", expected="for example VIN-TBA", where=Where(field="lot"))


@page("/batteries/gradings/{job_id:int}/grades.csv", Permission.BATTERIES_READ, media_type="text/csv")
def grades(visit: Here, job_id: PathKey) -> Response[bytes]:
    """Return the table of grades of a grading, one row a test."""
    job, file = tables.job, tables.file
    key = job_id if 0 < job_id <= LARGEST_KEY else 0
    with visit.database.reading() as connection:
        mine = (job.c.id == key, job.c.kind == "grade", visible_jobs(visit.principal))
        found: dict[str, Any] = connection.execute(select(job.c.cursor).where(*mine)).scalar() or {}
        content = connection.execute(select(file.c.content).where(file.c.id == found.get("file", 0))).scalar()
    if content is None:
        raise NotFoundError(f"there are no grades of job {job_id}")
    headers = {"content-disposition": f'attachment; filename="grades-{key}.csv"', "cache-control": "no-store"}
    return Response(content, media_type="text/csv", headers=headers)


@read("/api/batteries/{reference:str}/passport", Permission.BATTERIES_READ)
def passport(visit: Here, reference: FromPath[str]) -> dict[str, Any]:
    """Return the material document (Catena-X) that events give for a battery, or what is missing for it."""
    found = trace(visit.database.ledger, reference)
    numbers = [event.seq for event in found.events][:_MOST_EVENTS]
    with visit.database.ledger.reading() as book:
        bodies = [orjson.dumps(book.body(number)) for number in sorted(numbers)]
    return asdict(draw(bodies, reference))


HANDLERS = [battery_list, send_model, send_tests, grades, passport]
