"""The mesh of a part from STL, PLY, OBJ or 3MF by trimesh, as a closed surface in mm."""

# trimesh publishes types, but not of what it loads.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.reading.files import check_count, foreign, opened, truncated
from vehiclenest.loop.inspect.reading.ply import read_header
from vehiclenest.loop.inspect.reading.rows import numeric
from vehiclenest.loop.inspect.reading.scans import FARTHEST_MM
from vehiclenest.loop.inspect.reading.threemf import check_3mf
from vehiclenest.loop.inspect.reading.units import UNITS, Unit

MESH_ENDINGS = (".stl", ".ply", ".obj", ".3mf")
_GREATEST_MESH = 1_000_000_000  # bytes
_STL_HEAD, _STL_TRIANGLE = 84, 50  # bytes


def read_mesh(path: Path, unit: Unit | None = None) -> Mesh:
    """Read the mesh of a part as a closed surface, in mm; vertices in the same place become one.

    Parameters
    ----------
    path
        A file .stl (binary or ASCII), .ply, .obj or .3mf (all parts that it builds, where they stand).
    unit
        Unit of the file; without it the one that a 3MF names, and mm for the rest.

    Raises
    ------
    InputError
        Where the file is missing, damaged, too large, or the mesh does not bound a volume (`Mesh.checked`).
    """
    path = Path(path)
    ending = opened(path, MESH_ENDINGS, greatest=_GREATEST_MESH)
    try:
        factor = _check(path, ending)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", expected="check its rights", where=Where(str(path))
        ) from None
    with foreign(path, ending[1:].upper()), np.errstate(all="ignore"):
        loaded: Any = trimesh.load_mesh(io.BytesIO(data), file_type=ending[1:], process=False, skip_materials=True)
        vertices = np.asarray(loaded.vertices, dtype=np.float64).reshape(-1, 3)
        triangles = np.asarray(loaded.faces, dtype=np.int64).reshape(-1, 3)
    _check_loaded(path, vertices, triangles)
    return _joined(vertices * (UNITS[unit] if unit else factor), triangles).checked(str(path))


def _check(path: Path, ending: str) -> float:
    """Check a file before it is parsed and return how many mm its own unit has."""
    if ending == ".3mf":
        return check_3mf(path)
    if ending == ".ply":
        header = read_header(path)
        header.element(path, "vertex")
        header.element(path, "face")
    elif ending == ".stl":
        _check_stl(path)
    else:
        _check_obj(path)
    return UNITS["mm"]


def _check_stl(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_STL_HEAD)
    told = struct.unpack("<I", head[80:84])[0] if len(head) == _STL_HEAD else 0
    if len(head) == _STL_HEAD and size == _STL_HEAD + _STL_TRIANGLE * told:
        check_count(path, told, "triangles")
        return
    if head.lstrip().startswith(b"solid") and b"\0" not in head:
        _check_text(path)
        with path.open("rb") as file:
            file.seek(max(size - 1000, 0))
            if b"endsolid" not in file.read():
                raise InputError(
                    "the file ends before 'endsolid'", expected="it is truncated: export it again", where=Where(str(path))
                )
        return
    if len(head) < _STL_HEAD:
        raise InputError(f"the file has {size} bytes", expected="an STL file has at least 84", where=Where(str(path)))
    present = (size - _STL_HEAD) // _STL_TRIANGLE
    if present < told:
        raise truncated(path, present, told, "triangles")
    raise InputError(
        f"the header tells of {told:,} triangles and the file has room for {present:,}",
        expected="export it again",
        where=Where(str(path)),
    )


def _check_text(path: Path) -> None:
    with path.open("rb") as file:
        while piece := file.read(1_000_000):
            if b"\0" in piece:
                raise InputError(
                    "the file holds bytes that are no text", expected="export the mesh again", where=Where(str(path))
                )


def _check_obj(path: Path) -> None:
    """Refuse rows of vertices that are no numbers; the parser would end the list of vertices there without a word."""
    _check_text(path)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.startswith((b"v ", b"v\t")):
                words = line.split()
                if not (len(words) > 3 and numeric(words[1:4])):  # noqa: PLR2004  v x y z
                    told = line[:60].decode("utf-8", "replace").strip()
                    raise InputError(
                        f"{told!r} holds a coordinate that is no number", expected="v x y z", where=Where(str(path), number)
                    )


def _check_loaded(path: Path, vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> None:
    where = Where(str(path))
    check_count(path, len(vertices), "vertices")
    check_count(path, len(triangles), "triangles")
    outside = ((triangles < 0) | (triangles >= len(vertices))).any(axis=1)
    if outside.any():
        row = int(outside.argmax())
        raise InputError(
            f"triangle {row + 1} names vertex {int(triangles[row].max())} of {len(vertices)} (and {int(outside.sum()) - 1} others do so)",
            expected="export the mesh again",
            where=where,
        )
    if not np.isfinite(vertices).all():
        bad = ~np.isfinite(vertices).all(axis=1)
        raise InputError(
            f"{int(bad.sum())} of {len(vertices)} vertices hold a coordinate that is no number, first {int(bad.argmax()) + 1}",
            expected="export the mesh again",
            where=where,
        )
    if len(vertices) and (greatest := float(np.abs(vertices).max())) > FARTHEST_MM:
        raise InputError(
            f"a coordinate is {greatest:.3g}", expected=f"no more than {FARTHEST_MM:g}: move the origin to the part", where=where
        )


def _joined(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> Mesh:
    """Return a mesh whose vertices in the same place are one, without triangles that thereby become a line."""
    places, first, which = np.unique(vertices + 0.0, axis=0, return_index=True, return_inverse=True)  # + 0.0: -0 is 0
    order = np.argsort(first)  # keep the order of the file
    renamed = np.empty(len(places), dtype=np.int32)
    renamed[order] = np.arange(len(places), dtype=np.int32)
    joined = renamed[which.reshape(-1)][triangles]
    corners = joined[:, 0], joined[:, 1], joined[:, 2]
    whole = (corners[0] != corners[1]) & (corners[1] != corners[2]) & (corners[2] != corners[0])
    return Mesh(places[order], np.ascontiguousarray(joined[whole]))
