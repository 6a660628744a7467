"""What a Chinese traction battery code says, and how one is written: maker, kind, chemistry, date, serial number.

After GB/T 34014-2017, by way of the pattern in the Catena-X aspect model `TractionBatteryCode` 2.0.0 where the standard's own
text was not at hand. What is from memory only is marked [U].
"""

import string
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.identifiers.characters import cleaned

ProductType = Literal["pack", "module", "cell"]

_LENGTH = 24
_REUSED_LENGTH = 19

# GB/T 34014-2017, 4.4, cell type codes. B and E as in the facts; the others are [U].
_CHEMISTRIES: Final = {
    "A": "nickel metal hydride",
    "B": "lithium iron phosphate",
    "C": "lithium manganese oxide",
    "D": "lithium cobalt oxide",
    "E": "ternary (NCM or NCA)",
    "F": "supercapacitor",
    "G": "lithium titanate",
    "Z": "other",
}

_PRODUCT_TYPES: Final[dict[str, ProductType]] = {"P": "pack", "M": "module", "C": "cell"}
_PRODUCT_LETTERS: Final[dict[ProductType, str]] = {name: letter for letter, name in _PRODUCT_TYPES.items()}
_ALPHANUMERIC = string.digits + string.ascii_uppercase
_FIRST_YEAR = 2011
# [U] 30 years from 2011 and 31 days by one row of signs, digits then letters without I, O, Q, U, Z; day 31 is 0.
# The Catena-X pattern also lets I and U through, which no table known to us gives a meaning.
_YEARS = "123456789ABCDEFGHJKLMNPRSTVWXY"
_MONTHS = "123456789ABC"
_DAYS = _YEARS + "0"

_DESIGN = (
    ("maker", _ALPHANUMERIC, "a digit or a letter A-Z", 3),
    ("product type", "PMC", "P (pack), M (module) or C (cell)", 1),
    ("battery type", "".join(_CHEMISTRIES), "a letter A-G or Z", 1),
    ("specification", _ALPHANUMERIC, "a digit or a letter A-Z", 2),
)
_TRACEABILITY = (("traceability", _ALPHANUMERIC, "a digit or a letter A-Z", 7),)
_PRODUCTION = (
    ("year", _YEARS, "1-9 or a letter other than I, O, Q, U and Z", 1),
    ("month", _MONTHS, "1-9 or A-C", 1),
    ("day", _DAYS, "0-9 or a letter other than I, O, Q, U and Z", 1),
    ("serial number", string.digits, "a digit", 7),
)
_REUSE = (("reuse mark", "R", "R", 1), ("reuse level", "PMC", "P (pack), M (module) or C (cell)", 1))


def _slots(*groups: tuple[tuple[str, str, str, int], ...]) -> tuple[tuple[str, frozenset[str], str], ...]:
    """Return for each position what it is, what may stand there, and how to say so."""
    return tuple(
        (name, frozenset(allowed), words) for group in groups for name, allowed, words, count in group for _ in range(count)
    )


_FORMS = {
    _LENGTH: _slots(_DESIGN, _TRACEABILITY, _PRODUCTION),
    _REUSED_LENGTH: _slots(_DESIGN, _PRODUCTION, _REUSE),
}
_WHERE = Where(field="traction_battery_code")


@dataclass(frozen=True, slots=True)
class BatteryCode:
    """A traction battery code and what it says (GB/T 34014-2017, 4.2-4.4).

    Parameters
    ----------
    text
        24 characters, or 19 for a reused battery.
    maker
        Maker code, positions 1-3.
    product_type
        "pack", "module" or "cell", position 4.
    chemistry
        Battery type letter, position 5.
    chemistry_name
        What the letter stands for.
    specification
        Specification code, filed by the maker, positions 6-7.
    traceability
        Traceability code, filed by the maker, positions 8-14; None for a reused battery, whose code has none.
    produced
        Date of production, of the second life where reused.
    serial
        Seven digits.
    reused
        Whether this is a second-life (echelon use) battery.
    reused_as
        The level after the R of a reused battery's code, else None.
    """

    text: str
    maker: str
    product_type: ProductType
    chemistry: str
    chemistry_name: str
    specification: str
    traceability: str | None
    produced: date
    serial: str
    reused: bool
    reused_as: ProductType | None


def parse_battery_code(text: str) -> BatteryCode:
    """Read a traction battery code; spaces are dropped and letters put in upper case.

    Raises
    ------
    InputError
        Wrong length, a character that its position does not allow (the first one is named), or a date that never was.

    Notes
    -----
    GB/T 34014-2017, 4.2-4.4. The aspect model's description speaks of 18 characters for reused batteries; its pattern, which
    is followed here, has 19: the 24 without the traceability code, then R and one of P, M, C.
    """
    code = cleaned(text)
    slots = _FORMS.get(len(code))
    if slots is None:
        shown = repr(code if len(code) <= 2 * _LENGTH else code[: 2 * _LENGTH] + "…")
        raise InputError(
            f"the battery code {shown} has {len(code)} characters",
            expected="a code has 24, and 19 for a reused battery (GB/T 34014-2017)",
            where=_WHERE,
        )
    for position, (character, (name, allowed, words)) in enumerate(zip(code, slots, strict=True), 1):
        if character not in allowed:
            raise InputError(
                f"battery code {code!r}: position {position} ({name}) holds {character!r}",
                expected=f"{words} stands there (GB/T 34014-2017)",
                where=_WHERE,
            )
    return _decoded(code)


def format_battery_code(
    *,
    maker: str,
    product_type: ProductType,
    chemistry: str,
    specification: str,
    produced: date,
    serial: int,
    traceability: str | None = None,
    reused_as: ProductType | None = None,
) -> str:
    """Write a traction battery code: with `traceability` the one of a new battery, with `reused_as` that of a reused one.

    Raises
    ------
    InputError
        A part that cannot stand in a code, or both or neither of `traceability` and `reused_as`.

    Notes
    -----
    GB/T 34014-2017, 4.2-4.4.
    """
    if (traceability is None) == (reused_as is None):
        raise InputError(
            "a battery code has either a traceability code or a reuse level",
            expected="give traceability for a new battery, reused_as for a reused one",
            where=_WHERE,
        )
    for field, value, length in (("maker", maker, 3), ("specification", specification, 2), ("traceability", traceability, 7)):
        if value is not None and len(value) != length:
            raise InputError(
                f"{field} {value!r} has {len(value)} characters", expected=f"it has {length}", where=Where(field=field)
            )
    if not 0 <= serial <= 9_999_999:  # noqa: PLR2004  seven digits
        raise InputError(f"serial number {serial}", expected="0 to 9999999", where=Where(field="serial"))
    if not 0 <= produced.year - _FIRST_YEAR < len(_YEARS):
        raise InputError(f"production year {produced.year}", expected="2011 to 2040", where=Where(field="produced"))
    day = _YEARS[produced.year - _FIRST_YEAR] + _MONTHS[produced.month - 1] + _DAYS[produced.day - 1]
    reuse = f"R{_letter(reused_as)}" if reused_as is not None else ""
    code = f"{maker}{_letter(product_type)}{chemistry}{specification}{traceability or ''}{day}{serial:07d}{reuse}"
    return parse_battery_code(code).text


def _letter(product_type: ProductType) -> str:
    letter = _PRODUCT_LETTERS.get(product_type)
    if letter is None:
        raise InputError(
            f"product type {product_type!r}",
            expected=f"one of {', '.join(get_args(ProductType))}",
            where=Where(field="product_type"),
        )
    return letter


def _decoded(code: str) -> BatteryCode:
    reused = len(code) == _REUSED_LENGTH
    start = 7 if reused else 14
    return BatteryCode(
        text=code,
        maker=code[:3],
        product_type=_PRODUCT_TYPES[code[3]],
        chemistry=code[4],
        chemistry_name=_CHEMISTRIES[code[4]],
        specification=code[5:7],
        traceability=None if reused else code[7:14],
        produced=_date(code, start),
        serial=code[start + 3 : start + 10],
        reused=reused,
        reused_as=_PRODUCT_TYPES[code[-1]] if reused else None,
    )


def _date(code: str, start: int) -> date:
    year, month, day = (
        _FIRST_YEAR + _YEARS.index(code[start]),
        _MONTHS.index(code[start + 1]) + 1,
        _DAYS.index(code[start + 2]) + 1,
    )
    try:
        return date(year, month, day)
    except ValueError:
        raise InputError(
            f"battery code {code!r}: positions {start + 1}-{start + 3} hold {code[start : start + 3]!r}, {year}-{month:02d}-{day:02d}",
            expected="a day of that month stands there (GB/T 34014-2017)",
            where=_WHERE,
        ) from None
