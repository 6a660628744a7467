"""The ledger: how many events there are, the seals over them, made, verified and handed to an auditor."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.response import Redirect
from sqlalchemy import select

from vehiclenest.ledger import Book
from vehiclenest.ledger.seal import seals_folder
from vehiclenest.ledger.seal_folder import read_history
from vehiclenest.web import jobs, sealing, tables
from vehiclenest.web.leads import TO_JOB
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.sending import send_file
from vehiclenest.web.visit import Here

_LISTED = 30


@page("/ledger", Permission.LEDGER_VERIFY)
def ledger(visit: Here) -> Response[str]:
    """Show the ledger's size, its seals and the last verification."""
    job = tables.job
    history = read_history(seals_folder(visit.database.ledger))
    with visit.database.reading() as connection:
        events = Book(connection).last()
        # Whoever may verify sees the outcome of the last verification, whoever asked for it: it is about the ledger, not about him.
        query = select(job).where(job.c.kind == "verify", job.c.state == jobs.DONE).order_by(job.c.id.desc()).limit(1)
        last = connection.execute(query).first()
    return visit.render("ledger.html", events=events, history=history, listed=history.seals[: -_LISTED - 1 : -1], last=last)


@form("/ledger/verification", Permission.LEDGER_VERIFY, leads=TO_JOB)
def verification(visit: Here) -> Response[Any]:
    """Verify the ledger in the background."""
    with visit.database.writing() as connection:
        number = jobs.ask(connection, visit.principal.user_id, "verify", {})
        visit.note(connection, "verification asked for", str(number))
    return Redirect(f"/jobs/{number}" if visit.may(Permission.JOBS) else "/ledger", status_code=303)


@form("/ledger/seal", Permission.LEDGER_SEAL)
def seal(visit: Here) -> Response[Any]:
    """Seal everything captured so far, in the background."""
    with visit.database.writing() as connection:
        number = jobs.ask(connection, visit.principal.user_id, "seal", {})
        visit.note(connection, "seal asked for", str(number))
    return Redirect(f"/jobs/{number}" if visit.may(Permission.JOBS) else "/ledger", status_code=303)


@page("/ledger/seals.zip", Permission.LEDGER_VERIFY, media_type="application/zip")
def seals_file(visit: Here) -> Response[Any]:
    """Send the folder of seals: seals, leaf hashes and public keys; never the private key."""
    handle, name = tempfile.mkstemp(prefix="vnest-seals-", suffix=".zip")
    os.close(handle)
    file = Path(name)
    try:
        sealing.pack(visit.database.ledger, file)
    except BaseException:
        file.unlink()
        raise
    return send_file(file, f"vnest-seals-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip", "application/zip", once=True)


HANDLERS = [ledger, verification, seal, seals_file]
