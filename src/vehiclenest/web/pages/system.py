"""What the server tells about itself, and its static files."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from litestar import Response
from litestar.params import FromPath
from sqlalchemy import text

from vehiclenest import __version__
from vehiclenest.core.errors import NotFoundError
from vehiclenest.web import observe
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import page, read
from vehiclenest.web.visit import Here

_STATIC = Path(__file__).parents[1] / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DAY = "public, max-age=86400"


@read("/health", Permission.ANYONE)
def health(visit: Here) -> dict[str, Any]:
    """Return whether the database answers; 200 where all is well."""
    with visit.database.reading() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "well", "version": __version__}


@read("/metrics", Permission.METRICS, media_type="text/plain; version=0.0.4")
def metrics() -> bytes:
    """Return the metrics in the text format of Prometheus."""
    return observe.metrics()


@page("/static/{name:str}", Permission.ANYONE)
def static(name: FromPath[str]) -> Response[bytes]:
    """Return a style sheet or script: the application's own, or Plotly's from the installed package."""
    content, kind = _static(name)
    return Response(
        content, media_type=kind, headers={"cache-control": _DAY, "etag": f'"{hashlib.sha256(content).hexdigest()[:16]}"'}
    )


@page("/contest/worker.js", Permission.ANYONE, media_type="text/javascript")
def worker() -> Response[bytes]:
    """Return the script that keeps the judge's page without a connection; it may serve paths beside its own only."""
    content, kind = _static("worker.js")
    return Response(content, media_type=kind, headers={"cache-control": "no-cache"})


@cache
def _static(name: str) -> tuple[bytes, str]:
    if name == "plotly.js":
        return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes(), _TYPES[".js"]
    found = {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}.get(name)
    if found is None:
        raise NotFoundError(f"there is no file {name[:80]}")
    return found.read_bytes(), _TYPES[found.suffix]


HANDLERS = [health, metrics, static, worker]
