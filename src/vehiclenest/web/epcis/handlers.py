"""Every call of the interface, and what answers OPTIONS beside it."""

from litestar.handlers import HTTPRouteHandler

from vehiclenest.web.epcis import capturing, queries, resources
from vehiclenest.web.epcis.declared import discovery

_READ, _WRITE, _REMOVE = "OPTIONS, GET", "OPTIONS, GET, POST", "OPTIONS, GET, DELETE"

# What answers OPTIONS comes first: otherwise Litestar adds an answer of its own.
HANDLERS: list[HTTPRouteHandler] = [
    discovery("", _READ),
    discovery("/capture", "OPTIONS, POST, GET", captures=True),
    discovery("/capture/{capture_id:str}", _READ),
    discovery("/events", _WRITE),
    discovery("/events/{event_id:str}", _READ),
    *(
        discovery(f"/{resource.path}{rest}", _READ)
        for resource in resources.RESOURCES
        for rest in ("", "/{name:str}", "/{name:str}/events")
    ),
    discovery("/queries", _WRITE),
    discovery("/queries/{name:str}", _REMOVE),
    discovery("/queries/{name:str}/events", _READ),
    discovery("/queries/{name:str}/subscriptions", _WRITE),
    discovery("/queries/{name:str}/subscriptions/{subscription_id:str}", _REMOVE),
    resources.top, resources.events, resources.event, capturing.create_event,
    capturing.capture, capturing.captures, capturing.capture_job,
    *(handler for resource in resources.RESOURCES for handler in resource.handlers()),
    queries.queries, queries.create_query, queries.query_definition, queries.remove_query, queries.query_events,
    queries.subscriptions, queries.subscribe, queries.subscription, queries.unsubscribe, queries.release,
]  # fmt: skip
