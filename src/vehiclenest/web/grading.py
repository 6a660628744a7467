"""Grading of pulse tests in the background (the job kind `grade`): a file of tests, a model, and the battery that they belong to.

Reading and grading change nothing. What is booked and the table of grades are one step, so that a restart grades anew or finds all done.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.ledger import Book
from vehiclenest.site.battery import GradedPart, book_grades
from vehiclenest.web import tables, yard
from vehiclenest.web.database import now
from vehiclenest.web.jobs import Cancelled, Running

if TYPE_CHECKING:
    from vehiclenest.loop.battery.grade import GradedTest, Grading
    from vehiclenest.loop.battery.model import HealthModel

TESTS, MODEL, GRADES = "tests", "model", "grades"
_RANK = {"X": 0, "retest": 2}  # of several tests of a cell a rejection goes before a grade, a grade before a retest
_LONGEST_NAME = 120


def keep(connection: Connection, purpose: str, name: str, content: bytes, user_id: int | None) -> int:
    """Keep a file for a purpose and return its number."""
    values = {
        "name": name[-_LONGEST_NAME:] or purpose,
        "content": content,
        "user_id": user_id,
        "created": now(),
        "purpose": purpose,
    }
    key = connection.execute(insert(tables.file).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101  # for the type checker
    return int(key[0])


def check_model(content: bytes) -> None:
    """Raise `InputError` for a file that is no model of ``vnest battery learn``."""
    with TemporaryDirectory(prefix="vnest-") as folder:
        _model(content, Path(folder))


def _model(content: bytes, folder: Path) -> "HealthModel":
    try:
        from vehiclenest.loop.battery.stored import load_model
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vehiclenest"):
            raise
        raise InputError(f"{error.name} is not installed", expected="pip install 'vehiclenest[battery]'") from None
    path = folder / "model.json"
    path.write_bytes(content)
    return load_model(path)


def grade(running: Running) -> None:
    """Grade a file of tests and book what they say of a battery, where one is named."""
    asked = running.parameters
    with running.database.reading() as connection:
        tests = _content(connection, asked["tests"], TESTS)
        model = _content(connection, asked["model"], MODEL)
    with TemporaryDirectory(prefix="vnest-") as name:
        folder = Path(name)
        learnt = _model(model, folder)
        from vehiclenest.loop.battery.grade import COLUMNS, Grading

        path = folder / "tests.csv"
        path.write_bytes(tests)
        with Grading(learnt, asked["soc"], running.settings.folder) as grading:
            count = _read(running, grading, path)
            written = io.StringIO()
            writer = csv.writer(written)
            writer.writerow(COLUMNS)
            best: dict[str, GradedTest] = {}
            for row in grading.rows():
                writer.writerow(("tests.csv", *row.cells()[1:]))
                held = best.get(row.cell)
                if held is None or _RANK.get(row.grade, 1) < _RANK.get(held.grade, 1):
                    best[row.cell] = row
            counts = dict(sorted(grading.counts.items()))
            if not count:
                raise InputError("there are no tests in the file", expected="one row a test below the header")
            _book(running, asked, learnt.data_sha256, grading.unverified, best, counts, written.getvalue().encode())


def _read(running: Running, grading: "Grading", path: Path) -> int:
    from vehiclenest.loop.battery.reading import read_chunks

    count = 0
    for chunk in read_chunks(path, {}, grading.needed, grading.optional):
        if running.cancelled():
            raise Cancelled
        grading.add(chunk)
        count += len(chunk)
    return count


def _book(
    running: Running,
    asked: Mapping[str, Any],
    data_sha256: str,
    unverified: tuple[str, ...],
    best: "Mapping[str, GradedTest]",
    counts: Mapping[str, int],
    table: bytes,
) -> None:
    parts = [
        GradedPart(row.cell, row.grade, row.disposition, row.reason, row.soh, row.soh_low, row.soh_high) for row in best.values()
    ]
    with running.step() as step:
        lots: list[str] = []
        if asked["lot"]:
            code, time = asked["code"] or None, yard.utc_now()
            recorded = book_grades(
                Book(step.connection), asked["lot"], parts, code, data_sha256, running.settings, time, unverified
            )
            lots = recorded.lots
        number = keep(step.connection, GRADES, f"grades-{running.id}.csv", table, running.user_id)
        step.cursor = {"file": number, "grades": dict(counts), "lots": lots, "unverified": len(unverified)}
        step.done = step.total = sum(counts.values())
        step.message = ", ".join(f"{grade} {number}" for grade, number in counts.items())


def _content(connection: Connection, key: int, purpose: str) -> bytes:
    query = select(tables.file.c.content).where(tables.file.c.id == key, tables.file.c.purpose == purpose)
    found = connection.execute(query).scalar()
    if found is None:
        raise NotFoundError("the file is gone")
    return found
