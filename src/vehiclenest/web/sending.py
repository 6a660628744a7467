"""Large files sent piece by piece, so that none is held in memory."""

from collections.abc import Iterator
from pathlib import Path

from litestar.response import Stream

_PIECE = 1 << 20  # bytes


def send_file(path: Path, name: str, media_type: str, *, once: bool = False) -> Stream:
    """Return a file as a download; `once` removes it when it was sent, or when whoever asked went away."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(path.stat().st_size),
        "cache-control": "no-store",
    }
    return Stream(_pieces(path, once=once), status_code=200, media_type=media_type, headers=headers)


def _pieces(path: Path, *, once: bool) -> Iterator[bytes]:
    try:
        with path.open("rb") as opened:
            while piece := opened.read(_PIECE):
                yield piece
    finally:
        if once:
            path.unlink(missing_ok=True)
