"""What operators of the server see: Prometheus metrics and structured logs, one JSON line an occurrence."""

import logging
import os
import sys
from functools import cache

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from structlog.tracebacks import ExceptionDictTransformer

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)  # s
_registry = CollectorRegistry()
_requests = Counter("vnest_requests", "Requests by route and answer", ["method", "route", "status"], registry=_registry)
_seconds = Histogram("vnest_request_seconds", "Time to answer", ["method", "route"], buckets=_BUCKETS, registry=_registry)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request."""
    _requests.labels(method, route, str(status)).inc()
    _seconds.labels(method, route).observe(seconds)


def metrics() -> bytes:
    """Return the metrics of this process, or of all workers where there are several (PROMETHEUS_MULTIPROC_DIR)."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(_registry)
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return generate_latest(together)


@cache
def log() -> structlog.stdlib.BoundLogger:
    """Return the log of the application: JSON lines on standard error, VNEST_LOG sets the lowest level."""
    level = logging.getLevelNamesMapping().get(os.environ.get("VNEST_LOG", "INFO").upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),  # locals hold secrets
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()
