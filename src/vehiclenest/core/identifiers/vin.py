"""What a vehicle identification number says: maker, country, candidate model years; and whether it can be right.

From the 17 characters alone, after ISO 3779 (structure), ISO 3780 (region and maker), 49 CFR 565.15 and GB 16735 (check
digit, model year). Makers come from the package `vininfo`, completed by `wmi.toml`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.identifiers.characters import cleaned

_LENGTH = 17
_FIRST_YEAR = 1980
_CYCLE_YEARS = 30

_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ1234567890"
_YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CHECK_DIGITS = "0123456789X"
_MISREAD = {"I": "1", "O": "0", "Q": "0"}
_WHERE = Where(field="vin")


@dataclass(frozen=True, slots=True)
class Vin:
    """A vehicle identification number and what it says.

    Parameters
    ----------
    text
        The 17 characters, upper case, without spaces.
    wmi
        World manufacturer identifier, positions 1-3 (ISO 3780).
    vds
        Vehicle descriptor section, positions 4-9 (ISO 3779).
    vis
        Vehicle indicator section, positions 10-17 (ISO 3779).
    region
        Region of the first characters: "Africa", "Asia", "Europe", "North America", "Oceania" or "South America".
    country
        ISO 3166-1 name; None where the assignment is not known for sure.
    manufacturer
        Maker of the WMI; None where not known, and for all WMIs that end in 9, which many small makers share (ISO 3780).
    check_digit_required
        Whether position 9 had to be, and is, the right check digit.
    model_years
        Years that position 10 may mean, most likely first; empty where it states none.
    """

    text: str
    wmi: str
    vds: str
    vis: str
    region: str
    country: str | None
    manufacturer: str | None
    check_digit_required: bool
    model_years: tuple[int, ...]


def parse_vin(text: str, *, latest_year: int | None = None, model_year: int | None = None) -> Vin:
    """Read a vehicle identification number.

    Parameters
    ----------
    text
        The number; spaces are dropped and letters put in upper case.
    latest_year
        The last model year that can exist yet; without it 2039, the end of the second cycle of the year table.
    model_year
        What another document says. Comes first among the candidates where position 10 allows it and is otherwise left to
        the caller to judge.

    Raises
    ------
    InputError
        Not 17 characters; a character outside the alphabet; one character throughout; a first character that ISO 3780
        assigns to no region; in North America and China also a wrong check digit or a
        position 10 that is no year.

    Notes
    -----
    ISO 3779, ISO 3780, 49 CFR 565.15(b)-(d), GB 16735. The check digit is enforced for WMIs of North America (1-5, and 7F-70,
    United States) and of China (L, and H, assigned when L ran out).
    """
    vin = _checked(text)
    if len(set(vin)) == 1:
        raise InputError(f"VIN {vin!r} is one character throughout", expected="the number of a vehicle", where=_WHERE)
    region = _ranges("region").get(vin[:2])
    if region is None:
        raise InputError(
            f"VIN {vin!r}: position 1 holds {vin[0]!r}, which is no region",
            expected="a letter other than I, O and Q, or a digit 1-9 (ISO 3780)",
            where=_WHERE,
        )
    country = _ranges("country").get(vin[:2])
    required = region == "North America" or country == "China"
    if required:
        _require_check_digit(vin)
        _require_year_code(vin)
    return Vin(
        text=vin,
        wmi=vin[:3],
        vds=vin[3:9],
        vis=vin[9:],
        region=region,
        country=country,
        manufacturer=_manufacturer(vin[:3]),
        check_digit_required=required,
        model_years=_model_years(vin, region, latest_year, model_year),
    )


def check_digit(text: str) -> str:
    """Return the check digit that belongs at position 9, whatever stands there now: 0-9 or X.

    Notes
    -----
    49 CFR 565.15(c), GB 16735: each character's assigned value times the weight of its position, summed, modulo 11.
    """
    return _remainder(_checked(text))


def with_check_digit(text: str) -> str:
    """Return the number with the right check digit at position 9, for making examples."""
    vin = _checked(text)
    return vin[:8] + _remainder(vin) + vin[9:]


def _remainder(vin: str) -> str:
    return _CHECK_DIGITS[sum(_VALUES[character] * weight for character, weight in zip(vin, _WEIGHTS, strict=True)) % 11]


def _checked(text: str) -> str:
    vin = cleaned(text)
    if len(vin) != _LENGTH:
        shown = repr(vin if len(vin) <= 2 * _LENGTH else vin[: 2 * _LENGTH] + "…")
        raise InputError(f"the VIN {shown} has {len(vin)} characters", expected="a VIN has 17 (ISO 3779)", where=_WHERE)
    bad = [(position, character) for position, character in enumerate(vin, 1) if character not in _VALUES]
    if bad:
        held = ", ".join(f"position {position} holds {character!r}" for position, character in bad)
        likely = ", ".join(f"{_MISREAD[c]!r} for {c!r}" for c in dict.fromkeys(c for _, c in bad) if c in _MISREAD)
        raise InputError(
            f"VIN {vin!r}: {held}",
            expected="digits and letters other than I, O and Q (ISO 3779)" + (f", perhaps {likely}" if likely else ""),
            where=_WHERE,
        )
    return vin


def _require_check_digit(vin: str) -> None:
    right = _remainder(vin)
    if vin[8] != right:
        raise InputError(
            f"VIN {vin!r}: position 9 holds {vin[8]!r}",
            expected=f"the check digit of the other characters is {right!r} (49 CFR 565.15(c), GB 16735)",
            where=_WHERE,
        )


def _require_year_code(vin: str) -> None:
    if vin[9] not in _YEAR_CODES:
        raise InputError(
            f"VIN {vin!r}: position 10 holds {vin[9]!r}, which is no model year",
            expected="a letter other than I, O, Q, U and Z, or a digit 1-9 (49 CFR 565.15(d), GB 16735)",
            where=_WHERE,
        )


def _model_years(vin: str, region: str, latest_year: int | None, stated: int | None) -> tuple[int, ...]:
    """Candidates 1980..latest: the stated year first, then in North America the cycle of position 7, then the newest."""
    index = _YEAR_CODES.find(vin[9])
    if index < 0:
        return ()
    latest = _FIRST_YEAR + 2 * _CYCLE_YEARS - 1 if latest_year is None else latest_year
    years = range(_FIRST_YEAR + index, latest + 1, _CYCLE_YEARS)
    first_cycle = region == "North America" and vin[6].isdigit()

    def doubt(year: int) -> tuple[bool, bool, int]:
        return year != stated, first_cycle and year >= _FIRST_YEAR + _CYCLE_YEARS, -year

    return tuple(sorted(years, key=doubt))


@cache
def _manufacturer(wmi: str) -> str | None:
    own = _table("manufacturer").get(wmi)
    if own is not None:
        return str(cast("Mapping[str, str]", own)["name"])
    if wmi[2] == "9":
        return None
    # Late, since it takes longer to import than a thousand numbers take to parse.
    from vininfo.dicts import WMI

    makers = cast("Mapping[str, object]", WMI)
    maker = makers.get(wmi) or makers.get(wmi[:2])
    if maker is None or isinstance(maker, str):
        return maker
    return str(getattr(maker, "manufacturer", "")) or None


@cache
def _ranges(table: str) -> Mapping[str, str]:
    """Return what each pair of first characters means."""
    meanings: dict[str, str] = {}
    for key, meaning in _table(table).items():
        start, _, end = key.partition("-")
        low, high = (
            (0, len(_ALPHABET) - 1) if len(start) == 1 else (_ALPHABET.index(start[1]), _ALPHABET.index((end or start)[1]))
        )
        meanings.update((start[0] + second, str(meaning)) for second in _ALPHABET[low : high + 1])
    return meanings


@cache
def _table(name: str) -> Mapping[str, object]:
    return tomllib.loads(Path(__file__).with_name("wmi.toml").read_text(encoding="utf-8"))[name]
