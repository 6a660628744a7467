"""Sourced constants: numbers kept in TOML beside the code that uses them, each with unit, source, date and trust.

A file has two head tables and then rows::

    [sources]
    greet = { title = "GREET 2.7, ANL/ESD/06-5", date = "2006-11", tag = "U" }

    [units]
    steel = "kg/kg"

    [passenger_car]            # a row
    source = "greet"           # where every number of the row comes from …
    steel = 0.62
    copper = { value = 0.02, low = 0.015, high = 0.03, source = "other" }   # … unless the number says otherwise

Tags: S read in a source, M measured by us, U unverified (from memory or estimated): whoever uses a U number repeats its name in the
result. A site may set its own numbers in a file of the same name; such numbers carry the source "site" unless they name one.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from vehiclenest.core.errors import SettingsError, Where

Tag = Literal["S", "M", "U", "site"]
_HEAD_TABLES = frozenset({"sources", "units"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number was read, when, and how far it can be trusted."""

    title: str
    date: str
    tag: Tag


_SITE = Source("set by the site", "", "site")


@dataclass(frozen=True, slots=True)
class Constant:
    """One number with its name, unit and source; `low` and `high` bound it where the source gives a range."""

    name: str
    value: float
    unit: str
    source: Source
    low: float | None = None
    high: float | None = None

    @property
    def unverified(self) -> bool:
        """Whether a result that uses this number must say so."""
        return self.source.tag == "U"


class MissingError(SettingsError, KeyError):
    """A table has no such row, or a row no such number; also a KeyError, so that a row or table keeps the promises of a mapping."""


class Row(Mapping[str, Constant]):
    """The numbers of one row by name; words and lists of the row are read with `text`, `words` and `flag`."""

    def __init__(self, name: str, numbers: Mapping[str, Constant], rest: Mapping[str, Any]) -> None:
        self.name = name
        self._numbers = numbers
        self._rest = rest

    def __getitem__(self, key: str) -> Constant:
        try:
            return self._numbers[key]
        except KeyError:
            raise MissingError(f"{self.name} has no number {key!r}", expected=f"it has {', '.join(self._numbers)}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, key: str, default: float | None = None) -> float:
        """Return the bare value of a number of the row, or `default` where the row does not have it."""
        constant = self._numbers.get(key)
        if constant is None:
            return self[key].value if default is None else default
        return constant.value

    def text(self, key: str, default: str = "") -> str:
        """Return a word of the row."""
        return str(self._rest.get(key, default))

    def texts(self) -> dict[str, str]:
        """Return every word of the row by name; lists and flags are left out."""
        return {key: value for key, value in self._rest.items() if isinstance(value, str)}

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of words of the row, empty where it has none."""
        value = self._rest.get(key, ())
        return (value,) if isinstance(value, str) else tuple(str(word) for word in value)

    def flag(self, key: str) -> bool:
        """Return a yes or no of the row, no where it does not say."""
        return bool(self._rest.get(key, False))

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of the row's numbers that nobody verified; the row's own name where that is all of them."""
        names = tuple(constant.name for constant in self._numbers.values() if constant.unverified)
        return (self.name,) if names and len(names) == len(self._numbers) else names


class ConstantTable(Mapping[str, Row]):
    """The rows of one TOML file by name."""

    def __init__(self, name: str, rows: Mapping[str, Row]) -> None:
        self.name = name
        self._rows = rows

    def __getitem__(self, key: str) -> Row:
        try:
            return self._rows[key]
        except KeyError:
            raise MissingError(f"{self.name}.toml has no row {key!r}", expected=f"it has {', '.join(self._rows)}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@lru_cache(maxsize=128)
def load_table(path: Path, site: Path | None = None) -> ConstantTable:
    """Read a constants file and lay the site's own file of the same name over it.

    Parameters
    ----------
    path
        The bundled TOML file.
    site
        Folder of the site's settings; a file there with the same name overrides rows and numbers one by one.

    Raises
    ------
    SettingsError
        Where a file cannot be read, a number has no unit or no source, or a source is unknown.
    """
    bundled = _read(path)
    own_path = site / path.name if site else None
    own = _read(own_path) if own_path and own_path.is_file() else _File(path, {}, {}, {})
    names = dict.fromkeys((*bundled.rows, *own.rows))
    return ConstantTable(path.stem, {name: _row(name, bundled, own) for name in names})


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    sources: Mapping[str, Source]
    units: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Any]]


def _read(path: Path) -> _File:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", expected="a TOML file in UTF-8", where=Where(str(path))) from error
    tables = {name: _table(path, name, entry) for name, entry in document.items()}
    return _File(
        path,
        {key: _source(path, key, _table(path, f"sources.{key}", entry)) for key, entry in tables.get("sources", {}).items()},
        {key: str(unit) for key, unit in tables.get("units", {}).items()},
        {name: entry for name, entry in tables.items() if name not in _HEAD_TABLES},
    )


def _table(path: Path, name: str, entry: object) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise SettingsError(f"{entry!r} stands alone", expected=f"a table [{name}]", where=Where(str(path), field=name))
    return cast("Mapping[str, Any]", entry)


def _source(path: Path, key: str, entry: Mapping[str, Any]) -> Source:
    where = Where(str(path), field=f"sources.{key}")
    if missing := [name for name in ("title", "date", "tag") if name not in entry]:
        raise SettingsError(f"the source has no {missing[0]}", expected="title, date and tag", where=where)
    if entry["tag"] not in {"S", "M", "U"}:
        raise SettingsError(f"the source has tag {entry['tag']!r}", expected="S, M or U", where=where)
    return Source(str(entry["title"]), str(entry["date"]), cast("Tag", entry["tag"]))


def _row(name: str, bundled: _File, own: _File) -> Row:
    """Return a row, the site's numbers over the bundled ones; a number keeps the bundled unit where the site names none."""
    numbers: dict[str, Constant] = {}
    rest: dict[str, Any] = {}
    full = f"{bundled.path.stem}.{name}"
    for file, default in ((bundled, None), (own, _SITE)):
        sources = {**bundled.sources, **own.sources} if file is own else bundled.sources
        entries = file.rows.get(name, {})
        where = Where(str(file.path), field=full)
        row_source = _named_source(entries, sources, where) or default
        for key, entry in entries.items():
            if key == "source":
                continue
            if isinstance(entry, bool) or not isinstance(entry, (int, float, dict)):
                rest[key] = entry
                continue
            unit = own.units.get(key) if file is own else None
            unit = unit or (numbers[key].unit if key in numbers else bundled.units.get(key))
            numbers[key] = _constant(file.path, f"{full}.{key}", cast("float | dict[str, Any]", entry), row_source, sources, unit)
    return Row(full, numbers, rest)


def _named_source(entries: Mapping[str, Any], sources: Mapping[str, Source], where: Where) -> Source | None:
    if "source" not in entries:
        return None
    try:
        return sources[str(entries["source"])]
    except KeyError:
        raise SettingsError(
            f"source {entries['source']!r} is not in [sources]", expected=f"one of {', '.join(sources)}", where=where
        ) from None


def _constant(
    path: Path,
    name: str,
    entry: float | dict[str, Any],
    row_source: Source | None,
    sources: Mapping[str, Source],
    unit: str | None,
) -> Constant:
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {"value": entry}
    where = Where(str(path), field=name)
    source = _named_source(fields, sources, where) or row_source
    unit = fields.get("unit", unit)
    if source is None:
        raise SettingsError(
            "the number has no source", expected="source = a key of [sources], in the number or its row", where=where
        )
    if unit is None:
        raise SettingsError("the number has no unit", expected="a unit in [units] or in the number", where=where)
    value, low, high = (_finite(fields.get(key), key, where) for key in ("value", "low", "high"))
    if value is None:
        raise SettingsError("the number has no value", expected="a finite number", where=where)
    return Constant(name, value, str(unit), source, low, high)


def _finite(value: object, key: str, where: Where) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SettingsError(f"{key} is {value!r}", expected="a finite number", where=where)
    return float(value)
