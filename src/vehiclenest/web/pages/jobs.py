"""Background work: what runs, how far it is, and its end."""

from typing import Any

from litestar import Response
from litestar.response import Redirect
from sqlalchemy import select

from vehiclenest.core.errors import NotFoundError
from vehiclenest.web import jobs, tables
from vehiclenest.web.fields import LARGEST_KEY, PathKey
from vehiclenest.web.policy import Permission, visible_jobs
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here

_ROWS = 50


@page("/jobs", Permission.JOBS)
def job_list(visit: Here) -> Response[str]:
    """List jobs, newest first."""
    job = tables.job
    with visit.database.reading() as connection:
        query = select(job).where(visible_jobs(visit.principal)).order_by(job.c.id.desc()).limit(_ROWS)
        rows = connection.execute(query).all()
    return visit.render("jobs.html", rows=rows)


@page("/jobs/{job_id:int}", Permission.JOBS)
def job_page(visit: Here, job_id: PathKey) -> Response[str]:
    """Show a job."""
    job = tables.job
    key = job_id if 0 < job_id <= LARGEST_KEY else 0
    with visit.database.reading() as connection:
        row = connection.execute(select(job).where(job.c.id == key, visible_jobs(visit.principal))).first()
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return visit.render("job.html", row=row, at_work=row.state in {jobs.QUEUED, jobs.RUNNING})


@form("/jobs/{job_id:int}/cancel", Permission.JOBS)
def cancel(visit: Here, job_id: PathKey) -> Response[Any]:
    """Ask for the end of a job."""
    key = job_id if 0 < job_id <= LARGEST_KEY else 0
    with visit.database.writing() as connection:
        jobs.cancel(connection, visit.principal, key)
        visit.note(connection, "job cancelled", str(key))
    return Redirect(f"/jobs/{key}", status_code=303)


HANDLERS = [job_list, job_page, cancel]
