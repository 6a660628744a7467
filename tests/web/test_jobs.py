"""Background work: steps, cancel, faults, and a worker that is killed."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.web import counting
from tests.web.conftest import Base
from tests.web.counting import STEPS, count

from vehiclenest.core.errors import InputError
from vehiclenest.site import Settings
from vehiclenest.web import jobs, tables
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Principal, Role


def refuse(running: jobs.Running) -> None:
    raise InputError("the file is no list", expected="a list")


def fault(running: jobs.Running) -> None:
    raise ZeroDivisionError


def break_off(running: jobs.Running) -> None:
    with running.step() as step:
        step.done = 7
        raise InputError("no")


KINDS = {"count": count, "refuse": refuse, "fault": fault}


def asked(base: Base, kind: str, **parameters: float) -> int:
    with base.database.writing() as connection:
        return jobs.ask(connection, 1, kind, parameters)


def counted(database: Database) -> list[int]:
    with database.reading() as connection:
        return [int(text) for text in connection.execute(select(tables.audit.c.object).order_by(tables.audit.c.id)).scalars()]


def row(database: Database, job_id: int) -> Any:
    with database.reading() as connection:
        return connection.execute(select(tables.job).where(tables.job.c.id == job_id)).one()


def test_a_job_is_done_step_by_step(fresh_base: Base) -> None:
    fresh_base.user(Role.OPERATOR)
    job = asked(fresh_base, "count")
    running = jobs.claim(fresh_base.database, "me", Settings())
    assert running is not None
    jobs.work(running, KINDS)
    found = row(fresh_base.database, job)
    assert (found.state, found.done, found.cursor) == ("done", STEPS, {"last": STEPS})
    assert counted(fresh_base.database) == list(range(1, STEPS + 1))
    assert jobs.claim(fresh_base.database, "me", Settings()) is None


@pytest.mark.parametrize(
    ("kind", "message"), [("refuse", "the file is no list; a list"), ("fault", "a fault of ours: ZeroDivisionError")]
)
def test_a_job_that_cannot_be_done_says_why(
    fresh_base: Base, kind: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh_base.user(Role.OPERATOR)
    job = asked(fresh_base, kind)
    running = jobs.claim(fresh_base.database, "me", Settings())
    assert running is not None
    jobs.work(running, KINDS)
    assert (row(fresh_base.database, job).state, row(fresh_base.database, job).message) == ("failed", message)


def test_a_cancelled_job_stops_after_its_step(fresh_base: Base) -> None:
    user = fresh_base.user(Role.OPERATOR)
    job = asked(fresh_base, "count")
    running = jobs.claim(fresh_base.database, "me", Settings())
    assert running is not None
    with fresh_base.database.writing() as connection:
        jobs.cancel(connection, Principal(Role.OPERATOR, user, "operator"), job)
    jobs.work(running, KINDS)
    assert row(fresh_base.database, job).state == "cancelled"
    assert counted(fresh_base.database) == []


def test_a_step_that_fails_leaves_nothing(fresh_base: Base) -> None:
    fresh_base.user(Role.OPERATOR)
    asked(fresh_base, "count")
    running = jobs.claim(fresh_base.database, "me", Settings())
    assert running is not None
    with pytest.raises(InputError):
        break_off(running)
    assert row(fresh_base.database, running.id).done == 0


def test_whoever_was_taken_for_dead_does_no_more(fresh_base: Base) -> None:
    fresh_base.user(Role.OPERATOR)
    asked(fresh_base, "count")
    first = jobs.claim(fresh_base.database, "first", Settings())
    assert first is not None
    assert jobs.claim(fresh_base.database, "second", Settings()) is None
    with fresh_base.database.writing() as connection:
        connection.execute(update(tables.job).values(lease=1))
    second = jobs.claim(fresh_base.database, "second", Settings())
    assert second is not None
    with pytest.raises(jobs.Lost), first.step():
        pass
    jobs.work(second, KINDS)
    assert counted(fresh_base.database) == list(range(1, STEPS + 1))


def test_a_worker_killed_at_work_loses_no_step_and_does_none_twice(fresh_base: Base) -> None:
    fresh_base.user(Role.OPERATOR)
    job = asked(fresh_base, "count", pause=0.05)
    database = fresh_base.database
    child = subprocess.Popen([sys.executable, counting.__file__, database.url])
    deadline = time.monotonic() + 30
    while row(database, job).done < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    before = row(database, job)
    assert before.state == "running"
    assert 3 <= before.done < STEPS
    assert counted(database) == list(range(1, before.done + 1))
    with database.writing() as connection:
        connection.execute(update(tables.job).values(lease=1))  # the time of the lease goes by
    running = jobs.claim(database, "next", Settings())
    assert running is not None
    jobs.work(running, KINDS)
    assert row(database, job).state == "done"
    assert counted(database) == list(range(1, STEPS + 1))
