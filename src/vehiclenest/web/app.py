"""The application: `create_app` puts database, entrance, guards and pages together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from litestar import Litestar, Request, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, TooManyRequestsException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from vehiclenest import __version__
from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web import epcis, problems
from vehiclenest.web.configuration import Configuration
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.contest.live import Live
from vehiclenest.web.database import Database
from vehiclenest.web.entrance import Entrance
from vehiclenest.web.keys import kept_secret
from vehiclenest.web.pages import HANDLERS
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import PERMISSION, permitted
from vehiclenest.web.visit import Application, provide_visit


def create_app(configuration: Configuration) -> Litestar:
    """Return the ASGI application of one process.

    Raises
    ------
    InputError, NotFoundError, SettingsError
        Where the database, the site's settings or the contest's log cannot be used.
    RuntimeError
        Where a route does not say what permission it asks for.
    """
    configuration.settings  # noqa: B018  # wrong settings are said before anything starts
    database = Database(configuration.url)
    epcis.prepare(database)
    contest = Live(Hall(configuration.contest)) if configuration.contest else None
    application = Application(configuration, database, kept_secret(database, "forms"), contest)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncGenerator[None]:
        async with contest.following() if contest else nullcontext():
            yield
        database.close()

    app = Litestar(
        route_handlers=HANDLERS,
        dependencies={"visit": Provide(provide_visit)},
        guards=[permitted],
        before_request=_within_limits,
        exception_handlers={
            VehicleNestError: problems.of_ours,
            HTTPException: problems.of_http,
            Exception: problems.of_fault,
        },
        openapi_config=OpenAPIConfig(
            title="Vehicle Nest",
            version=__version__,
            description="An automotive remanufacturing base: yard, parts, traces, flows and the ledger of EPCIS 2.0 events.",
            use_handler_docstrings=True,
            openapi_router=Router(path="/api", route_handlers=[], include_in_schema=False, opt={PERMISSION: Permission.ANYONE}),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        lifespan=[lifespan],
        request_max_body_size=configuration.upload_bytes,
        state=State({"application": application}),
        logging_config=None,
        pdb_on_exception=False,
        debug=False,
    )
    _every_route_says_what_it_asks(app)
    # Around routing too: a path that leads nowhere passes the entrance as well.
    app.asgi_handler = Entrance(epcis.AsSent(app.asgi_handler), application)
    return app


def from_environment() -> Litestar:
    """Return the application that the environment describes: what a worker process calls."""
    return create_app(Configuration.from_environment())


async def _within_limits(request: Request[Any, Any, State]) -> None:
    if request.scope["state"]["limited"]:
        raise TooManyRequestsException("too many requests from this address; wait a little")


def _every_route_says_what_it_asks(app: Litestar) -> None:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if PERMISSION not in handler.opt and "OPTIONS" not in handler.http_methods:
                raise RuntimeError(f"{route.path} does not say which permission it asks for")
