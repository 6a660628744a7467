"""What a 3MF file says of itself before its mesh is read: how much it unpacks to, its unit, and how many parts it builds.

3MF Core Specification 1.3: units (3.4), no DTD in any part (2.3.1), components (4.2).
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as Xml

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.files import foreign
from vehiclenest.loop.inspect.reading.rows import numeric
from vehiclenest.loop.inspect.reading.units import UNITS, Unit

_MOST_ENTRIES = 1000
_MOST_UNPACKED = 1_000_000_000  # bytes
_GREATEST_RATIO = 200  # XML of meshes packs 5 to 30 times
_SMALL = 1_000_000  # bytes: any ratio does no harm
_MOST_INSTANCES = 1000
_UNIT_NAMES: dict[str, Unit] = {
    "micron": "micron",
    "millimeter": "mm",
    "centimeter": "cm",
    "inch": "inch",
    "foot": "foot",
    "meter": "m",
}


def check_3mf(path: Path) -> float:
    """Check a 3MF file before it is unpacked and return how many mm its unit has.

    Raises
    ------
    InputError
        Where it is no archive, a bomb of any kind (entries, size, ratio, entities, instances), or names an unknown unit.
    """
    if not zipfile.is_zipfile(path):
        raise InputError(
            "the file is no ZIP archive",
            expected="a 3MF file is one; it may be truncated: export it again",
            where=Where(str(path)),
        )
    with foreign(path, "3MF"), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        _check_sizes(path, entries)
        for entry in entries:
            if entry.filename.lower().endswith((".model", ".rels", ".xml", ".config")):
                _check_xml(path, entry.filename, archive)
        models = [entry.filename for entry in entries if "3d/3dmodel.model" in entry.filename.lower()]
        if len(models) != 1:
            raise InputError(
                f"the archive has {len(models)} entries 3D/3dmodel.model", expected="exactly one", where=Where(str(path))
            )
        with archive.open(models[0]) as model:
            return _check_model(path, model)


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    where = Where(str(path))
    if len(entries) > _MOST_ENTRIES:
        raise InputError(f"the archive has {len(entries):,} entries", expected=f"no more than {_MOST_ENTRIES:,}", where=where)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_UNPACKED:
        raise InputError(f"the archive unpacks to {unpacked:,} bytes", expected=f"no more than {_MOST_UNPACKED:,}", where=where)
    for entry in entries:
        if entry.file_size > _SMALL and entry.file_size > _GREATEST_RATIO * max(entry.compress_size, 1):
            ratio = entry.file_size / max(entry.compress_size, 1)
            raise InputError(
                f"{entry.filename!r} unpacks to {ratio:,.0f} times its size",
                expected=f"no more than {_GREATEST_RATIO} times",
                where=where,
            )


def _check_xml(path: Path, name: str, archive: zipfile.ZipFile) -> None:
    """Refuse document types and entities, in whatever encoding they are written."""
    with archive.open(name) as entry:
        for piece in _pieces(entry):
            if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece or b"\0" in piece:
                raise InputError(
                    f"{name!r} declares entities or is not UTF-8", expected="export it again", where=Where(str(path))
                )


def _pieces(entry: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces that overlap by more than a mark is long."""
    tail = b""
    while piece := entry.read(1_000_000):
        yield tail + piece
        tail = piece[-16:]


def _check_model(path: Path, model: IO[bytes]) -> float:
    """Return the unit of a model in mm after counting the instances that its components make."""
    unit = "millimeter"
    parts: dict[str, list[str]] = {}
    items: list[str] = []
    for step, element in Xml.iterparse(model, events=("start", "end")):  # noqa: S314  document types are refused before
        tag = element.tag.rpartition("}")[2]
        if step == "start" and tag == "model":
            unit = element.get("unit", unit)
        elif step == "end" and tag == "object":
            parts[element.get("id", "")] = [
                child.get("objectid", "") for child in element.iter() if child.tag.rpartition("}")[2] == "component"
            ]
        elif step == "end" and tag == "item":
            items.append(element.get("objectid", ""))
        if step == "end" and tag == "vertex" and not numeric(element.get(axis, "") for axis in "xyz"):
            raise InputError(f"a vertex is {dict(element.attrib)}", expected="numbers x, y and z", where=Where(str(path)))
        if step == "end" and tag in {"object", "vertex", "triangle"}:
            element.clear()
    where = Where(str(path), field="unit")
    if unit not in _UNIT_NAMES:
        raise InputError(f"{unit!r} is no unit of 3MF", expected=f"one of {', '.join(_UNIT_NAMES)}", where=where)
    _count_instances(path, parts, items)
    return UNITS[_UNIT_NAMES[unit]]


def _count_instances(path: Path, parts: dict[str, list[str]], items: list[str]) -> None:
    counts: dict[str, int] = {}

    def instances(name: str, above: frozenset[str]) -> int:
        if name in above or len(above) > _MOST_INSTANCES // 10:
            raise InputError(
                f"object {name!r} holds itself or is nested too deep", expected="export it again", where=Where(str(path))
            )
        if name not in counts:
            counts[name] = 1 + sum(instances(child, above | {name}) for child in parts.get(name, ()))
        return counts[name]

    total = sum(instances(item, frozenset()) for item in items)
    if total > _MOST_INSTANCES:
        raise InputError(
            f"the components make {total:,} instances", expected=f"no more than {_MOST_INSTANCES:,}", where=Where(str(path))
        )
