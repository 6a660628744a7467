"""Simulated scans as files that a scanner writes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_ply(path: Path, points: NDArray[np.floating]) -> None:
    """Write points (n, 3) in mm as binary PLY of single precision."""
    axes = "".join(f"property float {axis}\n" for axis in "xyz")
    header = f"ply\nformat binary_little_endian 1.0\ncomment simulated\nelement vertex {len(points)}\n{axes}end_header\n"
    path.write_bytes(header.encode() + np.ascontiguousarray(points, dtype="<f4").tobytes())
