"""Background work in a table of the same database: with progress and cancel, gone on with after a restart.

A job does its work in steps. A step is one transaction: what it books, how far it got and where to go on are kept together or not at
all, so that a process that was killed has lost a step and done none twice. A worker holds a job by a lease; who lets it run out is taken
for dead, and another goes on from the job's cursor.
"""

import os
import socket
import threading
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vehiclenest.core.errors import ConflictError, NotFoundError, VehicleNestError
from vehiclenest.site import Settings
from vehiclenest.web import tables
from vehiclenest.web.database import Database, now
from vehiclenest.web.figures import current
from vehiclenest.web.policy import Principal, visible_jobs

LEASE_SECONDS = 15
QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
_SECOND = 1_000_000
_LONGEST_MESSAGE = 4000


class Cancelled(Exception):  # noqa: N818  # no error: somebody asked for it
    """The job's end was asked for."""


class Lost(Exception):  # noqa: N818  # no error of this process
    """Another worker has the job: this one was taken for dead."""


@dataclass(slots=True)
class Step:
    """One transaction of a job. Set what the job's row shall say at its end."""

    connection: Connection
    cursor: dict[str, Any]
    done: int
    total: int
    message: str


@dataclass(slots=True)
class Running:
    """A job at work."""

    id: int
    kind: str
    parameters: Mapping[str, Any]
    user_id: int
    cursor: dict[str, Any]
    database: Database
    settings: Settings
    worker: str
    done: int = 0
    total: int = 0
    message: str = ""

    @contextmanager
    def step(self) -> Generator[Step]:
        """Hold the transaction of a step; raise `Cancelled` or `Lost` instead where the job is no longer to be done."""
        with self.database.writing() as connection:
            row = connection.execute(select(tables.job).where(tables.job.c.id == self.id)).one()
            if row.state != RUNNING or row.worker != self.worker:
                raise Lost
            if row.cancel:
                raise Cancelled
            step = Step(connection, dict(row.cursor), row.done, row.total, row.message)
            yield step
            values = {"cursor": step.cursor, "done": step.done, "total": step.total, "message": step.message[:_LONGEST_MESSAGE]}
            connection.execute(
                update(tables.job).where(tables.job.c.id == self.id).values(values | {"lease": now() + LEASE_SECONDS * _SECOND})
            )
        self.cursor, self.done, self.total, self.message = step.cursor, step.done, step.total, step.message

    def cancelled(self) -> bool:
        """Return whether somebody asked for the end; for work that no step can be made of."""
        with self.database.reading() as connection:
            return bool(connection.execute(select(tables.job.c.cancel).where(tables.job.c.id == self.id)).scalar())


Kind = Callable[[Running], None]


def ask(connection: Connection, user_id: int | None, kind: str, parameters: Mapping[str, Any], total: int = 0) -> int:
    """Add a job to the queue and return its number."""
    row = {
        "kind": kind,
        "parameters": dict(parameters),
        "state": QUEUED,
        "done": 0,
        "total": total,
        "cursor": {},
        "message": "",
        "cancel": False,
        "user_id": user_id,
        "created": now(),
        "finished": 0,
        "lease": 0,
        "worker": "",
    }
    key = connection.execute(insert(tables.job).values(row)).inserted_primary_key
    assert key is not None  # noqa: S101  # for the type checker
    return int(key[0])


def cancel(connection: Connection, principal: Principal, job_id: int) -> None:
    """Ask for the end of a job: one that waits ends at once, one that runs after its step.

    Raises
    ------
    NotFoundError, ConflictError
        Where there is no such job for this person, or it is over.
    """
    job = tables.job
    state = connection.execute(select(job.c.state).where(job.c.id == job_id, visible_jobs(principal))).scalar()
    if state is None:
        raise NotFoundError(f"there is no job {job_id}")
    if state not in {QUEUED, RUNNING}:
        raise ConflictError(f"job {job_id} is {state} already")
    values: dict[str, Any] = {"cancel": True}
    if state == QUEUED:
        values |= {"state": CANCELLED, "finished": now()}
    connection.execute(update(job).where(job.c.id == job_id).values(values))


def claim(database: Database, worker: str, settings: Settings) -> Running | None:
    """Take the oldest job that waits, or whose worker is dead; None where there is none."""
    job = tables.job
    free = (job.c.state == QUEUED) | ((job.c.state == RUNNING) & (job.c.lease < now()))
    query = select(job).where(free).order_by(job.c.id).limit(1)
    with database.reading() as connection:
        if connection.execute(query).first() is None:
            return None
    with database.writing() as connection:
        row = connection.execute(query).first()
        if row is None:
            return None
        values = {"state": RUNNING, "worker": worker, "lease": now() + LEASE_SECONDS * _SECOND}
        connection.execute(update(job).where(job.c.id == row.id).values(values))
    held = current(database, settings)
    running = Running(row.id, row.kind, row.parameters, row.user_id, dict(row.cursor), database, held, worker)
    running.done, running.total, running.message = row.done, row.total, row.message
    return running


def work(running: Running, kinds: Mapping[str, Kind]) -> None:
    """Do a job to its end and write down how it ended."""
    with _held(running):
        try:
            kinds[running.kind](running)
            _finish(running, DONE, running.message)
        except Lost:
            return
        except Cancelled:
            _finish(running, CANCELLED, running.message)
        except VehicleNestError as error:
            _finish(running, FAILED, str(error))
        except Exception as error:  # noqa: BLE001  # whatever a job does wrong ends the job and not the worker
            traceback.print_exc()
            _finish(running, FAILED, f"a fault of ours: {type(error).__name__}")


def worker_name() -> str:
    """Return what tells this worker from others."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


@dataclass(slots=True)
class Worker:
    """Works off the queue until `stop` is set; `idle` is called where nothing waits and returns whether it has more to do."""

    database: Database
    settings: Settings
    kinds: Mapping[str, Kind]
    stop: threading.Event = field(default_factory=threading.Event)
    pause_seconds: float = 0.3
    idle: Callable[[], bool] = lambda: False

    def run(self) -> None:
        """Work until told to stop."""
        name = worker_name()
        while not self.stop.is_set():
            running = claim(self.database, name, self.settings)
            if running is not None:
                work(running, self.kinds)
            elif not self.idle():
                self.stop.wait(self.pause_seconds)


@contextmanager
def _held(running: Running) -> Generator[None]:
    """Renew the lease while a job is worked on, from a thread of its own."""
    over = threading.Event()

    def renew() -> None:
        job = tables.job
        mine = (job.c.id == running.id) & (job.c.worker == running.worker) & (job.c.state == RUNNING)
        while not over.wait(LEASE_SECONDS / 3):
            with suppress(VehicleNestError), running.database.writing() as connection:
                connection.execute(update(job).where(mine).values(lease=now() + LEASE_SECONDS * _SECOND))

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _finish(running: Running, state: str, message: str) -> None:
    job = tables.job
    mine = (job.c.id == running.id) & (job.c.worker == running.worker)
    with running.database.writing() as connection:
        values = {"state": state, "message": message[:_LONGEST_MESSAGE], "finished": now(), "lease": 0}
        connection.execute(update(job).where(mine).values(values))
