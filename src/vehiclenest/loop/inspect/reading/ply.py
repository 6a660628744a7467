"""The header of a PLY file (Turk 1994), checked against the size of the file, and the points behind it by one read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.files import check_count, truncated
from vehiclenest.loop.inspect.reading.rows import rows_of_text

_LONGEST_HEADER = 65_536  # bytes
_TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
    "double": "f8",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "float32": "f4",
    "float64": "f8",
}
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name, how many, its plain properties (name, NumPy type), and whether it has lists besides."""

    name: str
    count: int
    properties: tuple[tuple[str, str], ...]
    lists: int

    @property
    def least_bytes(self) -> int:
        """Bytes of one in a binary file: all of it without lists, else the least."""
        return sum(np.dtype(kind).itemsize for _, kind in self.properties) + self.lists


@dataclass(frozen=True, slots=True)
class Header:
    """Elements of a PLY file in their order; `order` is "<", ">" or, for ASCII, empty; data begin at byte `start` of `size`."""

    elements: tuple[Element, ...]
    order: str
    start: int
    size: int

    def element(self, path: Path, name: str) -> Element:
        """Return an element, or refuse the file that has none or more than one."""
        found = [element for element in self.elements if element.name == name]
        if len(found) != 1:
            raise InputError(f"the header has {len(found)} elements {name!r}", expected="exactly one", where=Where(str(path)))
        return found[0]


def read_header(path: Path) -> Header:
    """Read and check the header of a PLY file; no count is believed that the size of the file cannot hold.

    Raises
    ------
    InputError
        Where the header is wrong or the file shorter than it tells.
    """
    where = Where(str(path))
    with path.open("rb") as file:
        head = file.read(_LONGEST_HEADER)
    if not head.startswith(b"ply"):
        raise InputError(f"the file begins with {head[:4]!r}", expected="a PLY file begins with the line 'ply'", where=where)
    mark = head.find(b"end_header")
    end = head.find(b"\n", mark)
    if mark < 0 or end < 0:
        raise InputError("the header has no end", expected="a line 'end_header' within 64 KiB", where=where)
    try:
        lines = head[:mark].decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise InputError("the header holds bytes that are no text", expected="export the file again", where=where) from None
    order, elements = _parsed(path, lines)
    header = Header(elements, order, end + 1, path.stat().st_size)
    left = header.size - header.start
    for element in elements:
        check_count(path, element.count, f"elements {element.name!r}")
        # an ASCII value takes a digit and what parts it from the next; the last line may lack its end
        each = element.least_bytes if order else 2 * max(len(element.properties) + element.lists, 1)
        if element.count * each > left + (0 if order else 1):
            raise truncated(path, left // max(each, 1), element.count, f"elements {element.name!r}")
        left -= element.count * each
    return header


def _parsed(path: Path, lines: list[str]) -> tuple[str, tuple[Element, ...]]:
    order: str | None = None
    elements: list[Element] = []
    for number, line in enumerate(lines[1:], 2):
        match line.split():
            case ["format", kind, "1.0"] if kind in _ORDERS:
                order = _ORDERS[kind]
            case ["element", name, count] if count.isdecimal() and len(count) < 16:  # noqa: PLR2004  more digits than bytes on any disk
                elements.append(Element(name, int(count), (), 0))
            case ["property", "list", count, kind, _] if elements and {count, kind} <= _TYPES.keys():
                last = elements[-1]
                elements[-1] = Element(last.name, last.count, last.properties, last.lists + np.dtype(_TYPES[count]).itemsize)
            case ["property", kind, name] if elements and kind in _TYPES:
                last = elements[-1]
                elements[-1] = Element(last.name, last.count, (*last.properties, (name, _TYPES[kind])), last.lists)
            case [] | ["comment" | "obj_info", *_]:
                pass
            case _:
                raise InputError(
                    f"{line[:80]!r} is no line of a PLY header", expected="export it again", where=Where(str(path), number)
                )
    if order is None:
        raise InputError(
            "the header names no format", expected="a line 'format binary_little_endian 1.0'", where=Where(str(path))
        )
    return order, tuple(elements)


def read_points(path: Path) -> NDArray[np.floating]:
    """Read the vertices (n, 3) of a PLY file, in its own unit; other properties and elements are passed over.

    Raises
    ------
    InputError
        Where the header is wrong, has no x, y, z, or the file is truncated.
    """
    header = read_header(path)
    vertex = header.element(path, "vertex")
    names = [name for name, _ in vertex.properties]
    before = header.elements[: header.elements.index(vertex)]
    where = Where(str(path))
    if len(set(names)) != len(names) or not {"x", "y", "z"} <= set(names):
        raise InputError(f"vertices have {', '.join(names) or 'nothing'}", expected="x, y and z, each once", where=where)
    if vertex.lists or any(element.lists for element in before):
        raise InputError("lists stand before the vertices", expected="export points with plain properties first", where=where)
    if not header.order:
        skipped = sum(element.count for element in before)
        columns = (names.index("x"), names.index("y"), names.index("z"))
        with path.open("rb") as file:
            file.seek(header.start)
            rows = rows_of_text(path, file.read(), columns, skip=skipped, greatest=vertex.count)
        if len(rows) < vertex.count:
            raise truncated(path, len(rows), vertex.count, "points")
        return rows
    start = header.start + sum(element.count * element.least_bytes for element in before)
    kind = np.dtype([(name, header.order + code) for name, code in vertex.properties])
    present = (header.size - start) // kind.itemsize
    if present < vertex.count:
        raise truncated(path, present, vertex.count, "points")
    if kind == np.dtype([(axis, "<f4") for axis in "xyz"]):
        return np.fromfile(path, "<f4", 3 * vertex.count, offset=start).reshape(-1, 3)
    rows = np.fromfile(path, kind, vertex.count, offset=start)
    wide = any(rows.dtype[axis].itemsize > 4 or rows.dtype[axis].kind != "f" for axis in "xyz")  # noqa: PLR2004  bytes of float32
    points = np.empty((len(rows), 3), dtype=np.float64 if wide else np.float32)
    for column, axis in enumerate("xyz"):
        points[:, column] = rows[axis]
    return points
