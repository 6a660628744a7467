"""`vnest serve`: the database made ready, the first admin, one process for background work, and one or several for pages."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import uvicorn

from vehiclenest.web import accounts, epcis, figures, restoring, yard
from vehiclenest.web.configuration import Configuration
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.database import Database
from vehiclenest.web.epcis import terms
from vehiclenest.web.jobs import Worker
from vehiclenest.web.kinds import KINDS

_FACTORY = "vehiclenest.web.app:from_environment"
_CHECK_SECONDS = 1.0


def prepare(configuration: Configuration) -> str | None:
    """Make the database ready; return the one-time password of the user admin where he was made just now.

    Raises
    ------
    InputError, SettingsError
        Where the database or the site's settings cannot be used.
    NotFoundError
        Where there is no contest in the folder that was given.
    """
    configuration.settings  # noqa: B018  # wrong settings are said before anything starts
    if configuration.contest:
        Hall(configuration.contest)
    database = Database(configuration.url)
    try:
        with database.writing() as connection:
            return accounts.first_admin(connection)
    finally:
        database.close()


def serve(configuration: Configuration, host: str, port: int, workers: int, say: Callable[[str], None]) -> None:
    """Serve until stopped."""
    if restored := restoring.put_in_place(configuration.url):
        say(restored)
    password = prepare(configuration)
    if password is not None:
        say(f"first start: log in as admin with the one-time password {password}")
    os.environ.update(configuration.to_environment())
    if workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="vnest-metrics-")
    background = multiprocessing.get_context("spawn").Process(
        target=work_in_background, args=(configuration, os.getpid()), daemon=True
    )
    background.start()
    say(f"listening on http://{host}:{port}")
    try:
        uvicorn.run(
            _FACTORY,
            factory=True,
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    finally:
        background.terminate()
        background.join(timeout=10)


def work_in_background(configuration: Configuration, parent: int) -> None:
    """Work off the queue of jobs; end when told to, or when whoever started this process is gone."""
    database = Database(configuration.url)
    epcis.prepare(database)
    settings = configuration.settings

    def bring_up_to_date() -> bool:
        with database.reading() as connection:
            of_yard, of_terms = yard.behind(connection), terms.behind(connection)
        if not (of_yard or of_terms):
            return False
        held = figures.current(database, settings)
        with database.writing() as connection:
            if of_terms:
                terms.catch_up(connection)
            return not of_yard or yard.catch_up(connection, held) > 0

    worker = Worker(database, settings, KINDS, idle=bring_up_to_date)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_CHECK_SECONDS)
        os._exit(0)  # a step that is not committed is undone by the database

    threading.Thread(target=watch, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.run()
