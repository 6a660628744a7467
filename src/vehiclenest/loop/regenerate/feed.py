"""What goes in: a TOML file with `mass_t` and `[composition]`, mass fractions of named materials or species."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.regenerate.species import species

_MATERIALS = Path(__file__).with_name("materials.toml")
BUNDLED = ("nmc622", "lfp", "mixed")
_SUM_TOLERANCE = 1e-6
_LARGEST_T = 1e9
_KEYS = frozenset({"name", "mass_t", "composition", "parameters"})
# Species that every route knows what to do with.
_SPECIES = ("LiNiO2", "LiCoO2", "LiMnO2", "LiMn2O4", "LiFePO4", "FePO4", "Li2CO3", "LiF", "Li3PO4", "LiAlO2", "C", "C2H2F2", "Ni", "Co",
            "NiO", "CoO", "MnO", "FeO", "Al", "Cu", "Fe", "Al2O3", "SiO2", "H2O")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """A black mass: t, mass fractions by material as declared, mol by species, and the parameters that its file sets."""

    name: str
    mass_t: float
    composition: Mapping[str, float]
    amounts: Mapping[str, float]
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def cathodes(self) -> tuple[str, ...]:
        """Names of the cathode materials in it."""
        table = load_table(_MATERIALS)
        return tuple(name for name in self.composition if name in table and table[name].flag("cathode"))

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of the numbers behind its amounts that nobody verified."""
        table = load_table(_MATERIALS)
        return tuple(name for material in self.composition if material in table for name in table[material].unverified)


def bundled_feed(name: str) -> Feed:
    """Return a feed that comes with the package: nmc622, lfp or mixed."""
    if name not in BUNDLED:
        raise InputError(f"there is no bundled feed {name!r}", expected=f"one of {', '.join(BUNDLED)}")
    text = files("vehiclenest").joinpath("loop", "regenerate", "examples", f"{name}.toml").read_text(encoding="utf-8")
    return parse_feed(text, f"{name}.toml")


def read_feed(path: Path) -> Feed:
    """Read a feed from a file.

    Raises
    ------
    InputError
        For a file that cannot be read or does not hold a feed, with the field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a TOML file", where=Where(str(path))) from None
    except UnicodeDecodeError:
        raise InputError("is no UTF-8 text", expected="a TOML file in UTF-8", where=Where(str(path))) from None
    return parse_feed(text, str(path))


def parse_feed(text: str, file: str) -> Feed:
    """Read a feed from the text of a TOML file; `file` is named in errors. Raises `InputError` as `read_feed`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"is no TOML: {error}", expected="mass_t = … and [composition]", where=Where(file)) from None
    if unknown := sorted(set(document) - _KEYS):
        raise _fault(file, unknown[0], "is no field of a feed", f"one of {', '.join(sorted(_KEYS))}")
    mass = _number(file, "mass_t", document.get("mass_t"), "tonnes, more than 0")
    if not 0 < mass <= _LARGEST_T:
        raise _fault(file, "mass_t", f"is {mass:g}", f"tonnes, more than 0 and at most {_LARGEST_T:g}")
    composition = _composition(file, document.get("composition"))
    return Feed(
        str(document.get("name", Path(file).stem)), mass, composition, _amounts(composition, mass), _parameters(file, document)
    )


def _composition(file: str, table: object) -> dict[str, float]:
    if not isinstance(table, dict) or not table:
        raise _fault(file, "composition", "is missing or empty", "[composition] with mass fractions, such as NMC622 = 0.6")
    known = _composable()
    found: dict[str, float] = {}
    for name, value in cast("dict[str, Any]", table).items():
        place = f"composition.{name}"
        fraction = _number(file, place, value, "a mass fraction from 0 to 1")
        if not 0 <= fraction <= 1:
            raise _fault(file, place, f"is {fraction:g}", "a mass fraction from 0 to 1")
        if name not in known:
            raise _fault(file, place, "is no known material or species", f"one of {', '.join(known)}")
        if fraction:
            found[name] = fraction
    whole = math.fsum(found.values())
    if abs(whole - 1) > _SUM_TOLERANCE:
        raise _fault(file, "composition", f"sums to {whole:.6g}", "mass fractions that sum to 1")
    return {name: fraction / whole for name, fraction in found.items()}


def _composable() -> tuple[str, ...]:
    """Return what a feed may name."""
    return (*load_table(_MATERIALS), *_SPECIES)


def _amounts(composition: Mapping[str, float], mass_t: float) -> dict[str, float]:
    table = load_table(_MATERIALS)
    amounts: dict[str, float] = {}
    for name, fraction in composition.items():
        parts = {part: constant.value for part, constant in table[name].items()} if name in table else {name: 1.0}
        molar_mass = sum(number * species(part).molar_mass_kg for part, number in parts.items())
        for part, number in parts.items():
            amounts[part] = amounts.get(part, 0.0) + mass_t * 1000 * fraction / molar_mass * number
    return amounts


def _parameters(file: str, document: Mapping[str, Any]) -> dict[str, float]:
    """Flatten ``[parameters.one_step] leach_temperature = 20`` to ``one_step.leach_temperature``."""
    tables = document.get("parameters", {})
    found: dict[str, float] = {}
    if not isinstance(tables, dict):
        raise _fault(file, "parameters", "is no table", "[parameters.one_step] and the like")
    for group, table in cast("dict[str, Any]", tables).items():
        if not isinstance(table, dict):
            raise _fault(file, f"parameters.{group}", "is no table", "[parameters.one_step] and the like")
        for name, value in cast("dict[str, Any]", table).items():
            found[f"{group}.{name}"] = _number(file, f"parameters.{group}.{name}", value, "a finite number")
    return found


def _number(file: str, place: str, value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _fault(file, place, "is missing" if value is None else f"is {value!r}", expected)
    return float(value)


def _fault(file: str, place: str, what: str, expected: str) -> InputError:
    return InputError(what, expected=expected, where=Where(file, field=place))
