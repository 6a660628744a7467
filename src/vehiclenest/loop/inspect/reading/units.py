"""Units of length of a file, and the guess that a scan and a part do not share theirs."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["micron", "mm", "cm", "inch", "foot", "m"]
# International inch and foot: exactly 25.4 mm and 304.8 mm by the agreement of 1959.
UNITS: dict[Unit, float] = {"micron": 0.001, "mm": 1.0, "cm": 10.0, "inch": 25.4, "foot": 304.8, "m": 1000.0}
_LEAST, _GREATEST = 0.75, 1.1  # a scan shows most of a part, and a little of its support
_SUSPECTS: tuple[Unit, ...] = ("inch", "cm", "m")

Extent = float | Sequence[float] | NDArray[np.floating]


def unit_hint(points_extent: Extent, reference_extent: Extent) -> str | None:
    """Return why scan and part seem to be in different units and the way out, or nothing where their sizes agree or tell nothing.

    Parameters
    ----------
    points_extent, reference_extent
        Diagonal of the box around each, in mm as read, or the sides (3,) of the box.
    """
    scan, part = (
        float(np.linalg.norm(np.atleast_1d(np.asarray(extent, dtype=np.float64)))) for extent in (points_extent, reference_extent)
    )
    if not (np.isfinite([scan, part]).all() and scan > 0 and part > 0):
        return None
    for unit in _SUSPECTS:
        factor = UNITS[unit]
        if _LEAST <= scan * factor / part <= _GREATEST:
            return (
                f"the scan spans {scan:.4g} mm and the part {part:.4g} mm, about {factor:g} times as much: "
                f"the scan seems to be in {unit}; read it with --unit {unit}"
            )
        if _LEAST <= scan / factor / part <= _GREATEST:
            return (
                f"the scan spans {scan:.4g} mm and the part {part:.4g} mm, about {factor:g} times less: "
                f"the mesh of the part seems to be in {unit}; learn the part again with --unit {unit}"
            )
    return None
