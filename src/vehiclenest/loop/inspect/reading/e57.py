"""Points of all scans of an E57 file (ASTM E2807), each moved by its pose, in metres as the standard says.

The file is checked before the library sees it: its length, its counts of points, and that its XML declares no entities.
"""

# pye57 publishes no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
import re
import struct
from pathlib import Path

import numpy as np
import pye57
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.files import check_count, foreign, truncated

_HEADER = struct.Struct(
    "<8sIIQQQQ"
)  # ASTM E2807-11, 6.3: signature, version 2 ×, length of file, of XML where and how long, page
_CHECKSUM = 4  # bytes at the end of each page
_LONGEST_XML = 16_000_000
_COUNT = re.compile(rb'recordCount\s*=\s*["\'](\d{1,20})["\']')


def read_e57(path: Path) -> NDArray[np.float64]:
    """Read the points (n, 3) of all scans, in metres, in the frame of the file.

    Raises
    ------
    InputError
        Where the file is damaged, truncated, holds no scan, or tells of more points than it can hold.
    """
    _check(path)
    with foreign(path, "E57"):
        file = pye57.E57(str(path))
        try:
            scans = [file.read_scan(number, ignore_missing_fields=True, transform=True) for number in range(file.scan_count)]
        finally:
            file.close()
    if not scans:
        raise InputError("the file holds no scan", expected="export the scan with its points", where=Where(str(path)))
    return np.concatenate([np.column_stack([scan[f"cartesian{axis}"] for axis in "XYZ"]).astype(np.float64) for scan in scans])


def _check(path: Path) -> None:
    where = Where(str(path))
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(b"ASTM-E57"):
            raise InputError(f"the file begins with {head[:8]!r}", expected="an E57 file begins with ASTM-E57", where=where)
        _, _, _, told, start, length, page = _HEADER.unpack(head)
        if size < told:
            raise truncated(path, size, told, "bytes")
        if page <= _CHECKSUM or page > size or start >= size or length > min(size, _LONGEST_XML):
            raise InputError("the header tells of sections outside the file", expected="export the scan again", where=where)
        file.seek(start)
        raw = file.read(length + (length // (page - _CHECKSUM) + 2) * _CHECKSUM)
    xml = _without_checksums(raw, start, page)[:length]
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise InputError("the XML of the file declares entities", expected="export the scan again", where=where)
    counts = [int(count) for count in _COUNT.findall(xml)]
    check_count(path, sum(counts), "records")
    if sum(counts) > 8 * size:  # less than a bit each
        raise InputError(
            f"the file tells of {sum(counts):,} records in {size:,} bytes", expected="export the scan again", where=where
        )


def _without_checksums(raw: bytes, start: int, page: int) -> bytes:
    """Return bytes that begin at `start` of the file without the checksum that ends each page."""
    parts: list[bytes] = []
    place = 0
    while place < len(raw):
        left = page - (start + place) % page
        parts.append(raw[place : place + max(left - _CHECKSUM, 0)])
        place += left
    return b"".join(parts)
