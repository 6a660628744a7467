"""What a file is, told by its first bytes, and a small picture of it made by a decoder that is kept on a short lead.

A picture is decoded only in the formats named here, only up to `_MOST_PIXELS` as its header says before anything is unpacked, and what
is shown in lists is drawn anew: nothing of the sender's bytes, no EXIF, no place where it was taken.
"""

import warnings
from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageOps

from vehiclenest.core.errors import InputError, Where

JPEG, HTML = "image/jpeg", "text/html"
_MOST_PIXELS = 60_000_000  # a camera of 2026 has 50 million
_SIDE = 320  # px
_QUALITY = 82
_FORMATS: Mapping[str, str] = {JPEG: "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
_HTML_STARTS = (b"<!doctype html", b"<html")
_WHERE = Where(field="file")


def media_type_of(content: bytes) -> str:
    """Return what a file is, by its content.

    Raises
    ------
    InputError
        For anything but a JPEG, PNG or WebP picture, a PDF, or an HTML report in UTF-8.
    """
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML_STARTS) and _is_text(content):
        return HTML
    raise InputError(
        "the file is no picture, PDF or report", expected="JPEG, PNG, WebP, PDF, or an HTML report in UTF-8", where=_WHERE
    )


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > _MOST_PIXELS:
        raise InputError(
            f"the picture has {picture.width:,} × {picture.height:,} pixels",
            expected=f"at most {_MOST_PIXELS // 1_000_000} million",
            where=_WHERE,
        )


def thumbnail(content: bytes, media_type: str) -> bytes | None:
    """Return a small JPEG of a picture, upright as it was taken; None for what is no picture.

    Raises
    ------
    InputError
        Where the picture is damaged, or larger than is decoded.
    """
    if media_type not in _FORMATS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of what could be a bomb before it refuses it
            with Image.open(BytesIO(content), formats=[_FORMATS[media_type]]) as picture:
                _check_size(picture)
                picture.draft("RGB", (_SIDE * 2, _SIDE * 2))  # a JPEG is unpacked no larger than is needed
                picture.thumbnail((_SIDE * 2, _SIDE * 2))
                small = ImageOps.exif_transpose(picture).convert("RGB")
                small.thumbnail((_SIDE, _SIDE))
                written = BytesIO()
                Image.frombytes("RGB", small.size, small.tobytes()).save(written, "JPEG", quality=_QUALITY)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  # a decoder given hostile bytes raises whatever it likes
        raise InputError(
            f"the picture cannot be decoded: {type(error).__name__}", expected="a whole picture", where=_WHERE
        ) from None
    return written.getvalue()
