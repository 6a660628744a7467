"""UNECE category and body of a vehicle from what is declared; what is none of L, M, N, O is refused with the reason."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.records import Powertrain

_TABLE = Path(__file__).with_name("classes.toml")
_ELECTRIC_MAKES = frozenset({"TESLA", "RIVIAN", "LUCID", "POLESTAR", "NIO", "XPENG", "LEAPMOTOR", "VINFAST"})
_DEFAULT_BODY = {
    "L3": "motorcycle", "L7": "atv", "M1": "sedan", "M2": "van", "M3": "bus", "N1": "pickup", "N2": "truck", "N3": "truck", "O2": "trailer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """UNECE category, body and powertrain, with what was assumed."""

    category: str
    body: str
    powertrain: Powertrain
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    codes: tuple[str, ...]
    pattern: re.Pattern[str] | None
    category: str
    body: str
    reason: str
    assumed: bool

    def hits(self, code: str, text: str) -> bool:
        return code in self.codes or bool(self.pattern and self.pattern.search(text))


def classify(declared: Declared, site: Path | None = None) -> VehicleClass:
    """Return category, body and powertrain.

    Raises
    ------
    InputError
        For a thing that is no land vehicle of the categories L, M, N, O, or of which nothing says what it is.
    """
    text = f"{declared.make} {declared.model} {declared.body}".upper()
    rules = _rules(site)
    for rule in rules:
        if rule.reason and rule.hits(declared.type_code, text):
            raise InputError(
                f"{declared.make} {declared.model}: {rule.reason}",
                expected="land vehicles of the UNECE categories L, M, N, O",
                where=Where(field="vehicleType" if declared.type_code in rule.codes else "model"),
            )
    flags: list[str] = []
    category, body = declared.category, ""
    for rule in rules:
        if not rule.reason and rule.hits(declared.type_code, text) and category in {None, rule.category}:
            category, body = rule.category, rule.body
            if rule.assumed:
                flags.append(f"body not known: taken as {body}")
            break
    if category is None and declared.type_code:
        raise InputError(
            f"vehicle type {declared.type_code!r} is not known, and nothing in make, model or body says what it is",
            expected="a type, body or model that tells the category",
            where=Where(field="vehicleType"),
        )
    if category is None:
        category, body = "M1", "sedan"
        flags.append("category and body not known: taken as an M1 sedan")
    if not body:
        body = _DEFAULT_BODY[category]
        flags.append(f"body not known: taken as {body}")
    powertrain = declared.powertrain
    if category.startswith("O"):
        powertrain = Powertrain.NONE
    elif powertrain in {None, Powertrain.NONE}:
        powertrain = _usual_powertrain(declared, category)
        flags.append(f"powertrain not known: taken as {powertrain}")
    assert powertrain is not None  # noqa: S101  # for the type checker: every branch above set it
    return VehicleClass(_by_mass(category, declared, site), body, powertrain, tuple(flags))


def _usual_powertrain(declared: Declared, category: str) -> Powertrain:
    if declared.make.upper() in _ELECTRIC_MAKES or declared.battery_code:
        return Powertrain.ELECTRIC
    return Powertrain.DIESEL if category in {"N3", "M3"} else Powertrain.PETROL


def _by_mass(category: str, declared: Declared, site: Path | None) -> str:
    """A category's limit is on the gross mass; a vehicle that is empty and already above it belongs to the next one."""
    empty = declared.curb_mass_kg or declared.weighed_mass_kg or 0.0
    limits = load_table(_TABLE, site)["gross_mass"]
    if category in {"N1", "N2"} and empty > limits.number("n2_max"):
        return "N3"
    return "N2" if category == "N1" and empty > limits.number("n1_max") else category


@lru_cache(maxsize=16)
def _rules(site: Path | None) -> tuple[_Rule, ...]:
    table = load_table(_TABLE, site)
    return tuple(
        _Rule(
            name,
            row.words("codes"),
            re.compile(row.text("pattern")) if row.text("pattern") else None,
            row.text("category"),
            row.text("body"),
            row.text("reason"),
            row.flag("assumed"),
        )
        for name, row in table.items()
        if row.text("reason") or row.text("category")
    )
