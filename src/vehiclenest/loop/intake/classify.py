"""UNECE category and body of a vehicle from what is declared; what is none of L, M, N, O is refused with the reason."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError, SettingsError, Where
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.records import Powertrain

_TABLE = Path(__file__).with_name("classes.toml")
_ELECTRIC_MAKES = frozenset({"TESLA", "RIVIAN", "LUCID", "POLESTAR", "NIO", "XPENG", "LEAPMOTOR", "VINFAST"})
_DEFAULT_BODY = {
    "L3": "motorcycle", "L7": "atv", "M1": "sedan", "M2": "large_van", "M3": "bus",
    "N1": "pickup", "N2": "truck", "N3": "truck", "O2": "trailer",
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
    codes: tuple[str, ...]
    pattern: re.Pattern[str] | None
    only: tuple[str, ...]
    unless: tuple[str, ...]
    reads_trim: bool
    needs_engine: bool
    category: str
    body: str
    reason: str
    assumed: bool

    def hits(self, declared: Declared) -> bool:
        code = declared.type_code
        if code in self.unless or (self.only and code not in self.only) or (self.needs_engine and not _has_engine(declared)):
            return False
        return code in self.codes or bool(self.pattern and self.pattern.search(_text(declared, trim=self.reads_trim)))


def classify(declared: Declared, site: Path | None = None) -> VehicleClass:
    """Return category, body and powertrain.

    Raises
    ------
    InputError
        For a thing that is no land vehicle of the categories L, M, N, O, or of which nothing says what it is.
    """
    rules = _rules(site)
    for rule in rules:
        if rule.reason and rule.hits(declared):
            raise InputError(
                f"{declared.make} {declared.model}: {rule.reason}",
                expected="land vehicles of the UNECE categories L, M, N, O",
                where=Where(field="vehicleType" if declared.type_code in rule.codes else "model"),
            )
    flags: list[str] = []
    category, body = declared.category, ""
    for rule in rules:
        if not rule.reason and category in {None, rule.category} and rule.hits(declared):
            category, body = rule.category, rule.body
            if rule.assumed:
                flags.append(f"body not known: taken as {body}")
            break
    else:
        body = _body_in_words(declared, rules)
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
    powertrain, assumed = _powertrain(declared, category, site)
    return VehicleClass(_by_mass(category, declared, site), body, powertrain, (*flags, *assumed))


def _body_in_words(declared: Declared, rules: tuple[_Rule, ...]) -> str:
    """Return the body that the words of an M or N vehicle give although they would have made another category of it."""
    if declared.category is None or declared.category[0] not in "MN":
        return ""
    return next(
        (rule.body for rule in rules if rule.category and rule.category[0] in "MN" and not rule.assumed and rule.hits(declared)),
        "",
    )


def _text(declared: Declared, *, trim: bool) -> str:
    return " ".join(filter(None, (declared.make, declared.model, declared.trim if trim else "", declared.body))).upper()


def _has_engine(declared: Declared) -> bool:
    return declared.powertrain not in {None, Powertrain.NONE} or declared.displacement_l is not None


def _powertrain(declared: Declared, category: str, site: Path | None) -> tuple[Powertrain, tuple[str, ...]]:
    if category.startswith("O"):
        return Powertrain.NONE, ()
    powertrain = declared.powertrain
    if powertrain is None or powertrain is Powertrain.NONE:
        usual = _usual_powertrain(declared, category)
        return usual, (f"powertrain not known: taken as {usual}",)
    plug_in = _pattern(load_table(_TABLE, site)["plug_in_hybrid"])
    if powertrain is Powertrain.HYBRID and declared.type_code and plug_in and plug_in.search(_text(declared, trim=True)):
        return Powertrain.PLUG_IN_HYBRID, ("hybrid taken as plug-in hybrid by its model",)
    return powertrain, ()


def _usual_powertrain(declared: Declared, category: str) -> Powertrain:
    if declared.make.upper() in _ELECTRIC_MAKES or declared.battery_code:
        return Powertrain.ELECTRIC
    return Powertrain.DIESEL if category in {"N3", "M3"} else Powertrain.PETROL


def _by_mass(category: str, declared: Declared, site: Path | None) -> str:
    """Return the category, one up where a vehicle is empty and already above its category's limit on the gross mass."""
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
            row.words("codes"),
            _pattern(row),
            row.words("only"),
            row.words("unless"),
            row.flag("reads_trim"),
            row.flag("needs_engine"),
            row.text("category"),
            row.text("body"),
            row.text("reason"),
            row.flag("assumed"),
        )
        for row in table.values()
        if row.text("reason") or row.text("category")
    )


def _pattern(row: Row) -> re.Pattern[str] | None:
    text = row.text("pattern")
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise SettingsError(
            f"pattern {text[:40]!r}: {error}", expected="a Python regular expression", where=Where(field=row.name)
        ) from None
