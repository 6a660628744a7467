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
            raise SettingsError(
                f"{self.name} has no number {key!r}", expected=f"it has {', '.join(self._numbers)}"
            ) from None

    def __contains__(self, key: object) -> bool:
        return key in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, key: str, default: float | None = None) -> float:
        """Return the bare value of a number of the row, or `default` where the row does not have it."""
        if key not in self._numbers and default is not None:
            return default
        return self[key].value

    def text(self, key: str, default: str = "") -> str:
        """Return a word of the row."""
        return str(self._rest.get(key, default))

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
            raise SettingsError(
                f"{self.name}.toml has no row {key!r}", expected=f"it has {', '.join(self._rows)}"
            ) from None

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
    document = _read(path)
    sources = {key: _source(path, key, entry) for key, entry in document.get("sources", {}).items()}
    units = cast("dict[str, str]", document.get("units", {}))
    rows = {key: entry for key, entry in document.items() if key not in _HEAD_TABLES}
    own: dict[str, Any] = {}
    own_path = site / path.name if site else None
    if own_path and own_path.is_file():
        own_document = _read(own_path)
        sources |= {key: _source(own_path, key, entry) for key, entry in own_document.get("sources", {}).items()}
        units = units | own_document.get("units", {})
        own = {key: entry for key, entry in own_document.items() if key not in _HEAD_TABLES}
        unknown = set(own) - set(rows)
        if unknown and not document.get("extensible", True):
            raise SettingsError(
                f"row {min(unknown)!r} is unknown", expected=f"rows are {', '.join(rows)}", where=Where(str(own_path))
            )
    built = {
        name: _row(path, f"{path.stem}.{name}", rows.get(name, {}), own.get(name, {}), sources, units)
        for name in [*rows, *(name for name in own if name not in rows)]
    }
    return ConstantTable(path.stem, built)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"cannot be read: {error}", expected="a TOML file in UTF-8", where=Where(str(path))
        ) from error


def _source(path: Path, key: str, entry: Mapping[str, str]) -> Source:
    tag = entry.get("tag", "")
    if tag not in {"S", "M", "U"}:
        raise SettingsError(f"source {key!r} has tag {tag!r}", expected="S, M or U", where=Where(str(path)))
    return Source(entry["title"], entry["date"], cast("Tag", tag))


def _row(
    path: Path,
    name: str,
    bundled: Mapping[str, Any],
    own: Mapping[str, Any],
    sources: Mapping[str, Source],
    units: Mapping[str, str],
) -> Row:
    numbers: dict[str, Constant] = {}
    rest: dict[str, Any] = {}
    for entries, default in ((bundled, None), (own, _SITE)):
        row_source = sources.get(str(entries.get("source")), default)
        for key, entry in entries.items():
            if key == "source":
                if row_source is None:
                    raise SettingsError(f"source {entry!r} is not in [sources]", where=Where(str(path), field=name))
                continue
            if isinstance(entry, bool) or not isinstance(entry, (int, float, dict)):
                rest[key] = entry
                continue
            numbers[key] = _constant(
                path, f"{name}.{key}", cast("float | dict[str, Any]", entry), row_source, sources, units.get(key)
            )
    return Row(name, numbers, rest)


def _constant(
    path: Path,
    name: str,
    entry: float | dict[str, Any],
    source: Source | None,
    sources: Mapping[str, Source],
    unit: str | None,
) -> Constant:
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {"value": entry}
    source = sources.get(fields["source"]) if "source" in fields else source
    unit = fields.get("unit", unit)
    where = Where(str(path), field=name)
    if source is None:
        raise SettingsError(
            "the number has no source", expected="source = a key of [sources], in the number or its row", where=where
        )
    if unit is None:
        raise SettingsError("the number has no unit", expected="a unit in [units] or in the number", where=where)
    if not isinstance(fields.get("value"), (int, float)):
        raise SettingsError(f"value is {fields.get('value')!r}", expected="a number", where=where)
    return Constant(name, float(fields["value"]), unit, source, fields.get("low"), fields.get("high"))
