"""A kind of job that counts, and a process that does one such job: it is there to be killed."""

import sys
import time
from typing import Any

from vehiclenest.site import Settings
from vehiclenest.web import jobs, tables
from vehiclenest.web.database import Database

STEPS = 40


def count(running: jobs.Running) -> None:
    """Count in the audit log, one row a step."""
    while running.done < STEPS:
        with running.step() as step:
            step.done += 1
            step.cursor = {"last": step.done}
            row: dict[str, Any] = {
                "time": 0,
                "user_name": "",
                "action": "counted",
                "object": str(step.done),
                "detail": {},
                "address": "",
                "request": "",
            }
            step.connection.execute(tables.audit.insert().values(row))
        time.sleep(running.parameters.get("pause", 0))


if __name__ == "__main__":
    claimed = jobs.claim(Database(sys.argv[1]), "child", Settings())
    assert claimed is not None
    jobs.work(claimed, {"count": count})
