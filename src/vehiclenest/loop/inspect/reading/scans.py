"""Points of a scan from PLY, XYZ, TXT, NPY and E57 (ASTM E2807), in mm.

A scan of single precision keeps 0.06 µm at a metre from the origin and 8 µm at the farthest coordinate that is let through.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.e57 import read_e57
from vehiclenest.loop.inspect.reading.files import check_count, foreign, opened, truncated
from vehiclenest.loop.inspect.reading.ply import read_points
from vehiclenest.loop.inspect.reading.rows import rows_of_text
from vehiclenest.loop.inspect.reading.units import UNITS, Unit

LEAST_POINTS = 1000  # fewer say nothing of a surface
FARTHEST_MM = 1e5
_CHUNK = 65_536


def read_scan(path: Path, unit: Unit | None = None) -> NDArray[np.float32]:
    """Read the points (n, 3) of a scan, in mm, in the scanner's order.

    Parameters
    ----------
    path
        A file .ply (binary of either order, or ASCII), .xyz, .txt, .npy or .e57; of an E57 all scans, each in its pose.
    unit
        Unit of the file; without it metres for E57, as its standard says, and mm for the rest.

    Raises
    ------
    InputError
        Where the file is missing, damaged, too large, holds fewer than 1000 points, or a coordinate that is no number or beyond
        100 m.
    """
    path = Path(path)
    ending = opened(path, SCAN_ENDINGS)
    try:
        points = _READERS[ending](path)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", expected="check its rights", where=Where(str(path))
        ) from None
    if len(points) < LEAST_POINTS:
        raise InputError(
            f"the scan has {len(points)} points", expected=f"at least {LEAST_POINTS}: scan the part again", where=Where(str(path))
        )
    factor = UNITS[unit] if unit else UNITS["m" if ending == ".e57" else "mm"]
    return _checked(path, points, factor)


def _checked(path: Path, points: NDArray[np.floating], factor: float) -> NDArray[np.float32]:
    """Return points in mm and single precision after a check of every coordinate."""
    flat = points.reshape(-1)
    low, high = float(flat.min()), float(flat.max())  # either is no number where any coordinate is none
    where = Where(str(path))
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = ~np.isfinite(points).all(axis=1)
        raise InputError(
            f"{int(bad.sum()):,} of {len(points):,} points hold a coordinate that is no number (NaN or infinite), "
            f"the first in row {int(bad.argmax()) + 1}",
            expected="export the scan without invalid points",
            where=where,
        )
    if max(-low, high) * factor > FARTHEST_MM:
        row = int((np.abs(points) * factor > FARTHEST_MM).any(axis=1).argmax()) + 1
        raise InputError(
            f"coordinates reach {max(-low, high) * factor:.3g} mm, the first so far in row {row}",
            expected=f"no more than {FARTHEST_MM:g} mm: name the unit (--unit) or move the origin to the part",
            where=where,
        )
    if factor != 1:
        points = points.astype(np.float64) * factor
    return np.ascontiguousarray(points, dtype=np.float32)


def _read_text(path: Path) -> NDArray[np.floating]:
    return rows_of_text(path, path.read_bytes())


def _read_npy(path: Path) -> NDArray[np.floating]:
    """Read an array of NumPy; the header is checked against the size of the file before anything is allocated."""
    with path.open("rb") as file:
        head = file.read(_CHUNK)
        if not head.startswith(b"\x93NUMPY"):
            raise InputError(f"the file begins with {head[:6]!r}", expected="save it with numpy.save", where=Where(str(path)))
        file.seek(0)
        with foreign(path, "an array of NumPy"):
            version = np.lib.format.read_magic(file)
            reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_column, kind = reader(file)
        start = file.tell()
    if kind.kind not in "fiu" or len(shape) != 2 or shape[1] < 3:  # noqa: PLR2004  rows of x, y, z
        raise InputError(f"the array is {kind} of shape {shape}", expected="numbers of shape (n, 3)", where=Where(str(path)))
    check_count(path, shape[0], "points")
    check_count(path, shape[1], "columns")
    present = (path.stat().st_size - start) // kind.itemsize
    if present < shape[0] * shape[1]:
        raise truncated(path, present // shape[1], shape[0], "points")
    values = np.fromfile(path, kind, shape[0] * shape[1], offset=start)
    points = (values.reshape(shape[::-1]).T if by_column else values.reshape(shape))[:, :3]
    native = np.float32 if kind.kind == "f" and kind.itemsize <= 4 else np.float64  # noqa: PLR2004  bytes of float32
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is infinite and refused as such
        return points.astype(native)


_READERS: dict[str, Callable[[Path], NDArray[np.floating]]] = {
    ".ply": read_points,
    ".xyz": _read_text,
    ".txt": _read_text,
    ".npy": _read_npy,
    ".e57": read_e57,
}
SCAN_ENDINGS = tuple(_READERS)
