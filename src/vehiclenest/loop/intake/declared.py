"""What a lot or a manifest row declares about a vehicle, before anything is estimated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.time import parse_time
from vehiclenest.loop.records import Damage, Powertrain

EARLIEST_YEAR = 1885  # Benz Patent-Motorwagen: nothing with an engine on the road is older
LARGEST_MASS_KG = 60_000.0  # an N3 vehicle heavier than this by itself is a typing error
LARGEST_MILEAGE_KM = 10_000_000.0  # seven digits, more than any odometer shows
DISPLACEMENTS_L = (0.02, 30.0)  # from a moped to more than any road vehicle has
LONGEST_WORDS = 200  # characters of a name or description
KM_PER_MILE = 1.609344
RECEIVED = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))  # outside, the clock or the typing is wrong

_BRACKETED = re.compile(r"^\[[^\]]*\]$")
_NUMBER = re.compile(r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MISSING_NUMBERS = frozenset({"", "N/A", "NA", "NULL", "NONE", "-", "?"})
_MISSING_WORDS = _MISSING_NUMBERS | {"NAN"}  # a number that is none is a fault of whoever computed it, and refused


@dataclass(frozen=True, slots=True)
class Declared:
    """The facts of one row; None is what the row does not say. `flags` name what was assumed on the way."""

    reference: str
    vin: str | None
    make: str
    model: str
    year: int
    received_at: datetime
    type_code: str = ""
    body: str = ""
    trim: str = ""
    category: str | None = None
    powertrain: Powertrain | None = None
    displacement_l: float | None = None
    curb_mass_kg: float | None = None
    weighed_mass_kg: float | None = None
    mileage_km: float | None = None
    damage: tuple[Damage, ...] = ()
    battery_code: str | None = None
    place_of_origin: str = ""
    flags: tuple[str, ...] = ()
    unverified: tuple[str, ...] = field(default=())


def known(value: str | None) -> str | None:
    """Return a cell's text, or None where it is missing: empty, a word for nothing, or withheld like ``[PREMIUM]``."""
    return _unless_missing(value, _MISSING_WORDS)


def _unless_missing(value: str | None, missing: frozenset[str]) -> str | None:
    """Return a cell's text; what no one can see (line breaks, ANSI escapes, bidi controls) is a space, so that no terminal obeys it."""
    text = "".join(character if character.isprintable() else " " for character in value or "").strip()
    return None if text.upper() in missing or _BRACKETED.match(text) else text


def words(row: Mapping[str, str], name: str) -> str:
    """Return a cell's words, empty where they are missing; raise `InputError` where no name or description is that long."""
    text = known(row.get(name)) or ""
    if len(text) > LONGEST_WORDS:
        raise InputError(f"the text has {len(text):,} characters", expected=f"at most {LONGEST_WORDS}", where=Where(field=name))
    return text


def number(value: str | None, field_name: str, unit: str) -> float | None:
    """Return a cell's finite, non-negative number, or None where it is missing. Only ASCII digits make a number.

    Raises
    ------
    InputError
        Where the cell holds something else.
    """
    text = _unless_missing(value, _MISSING_NUMBERS)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{text[:40]!r} is no number", expected=f"{unit}, for example 1450", where=Where(field=field_name))
    result = float(text.replace(",", ""))
    if not 0 <= result < float("inf"):
        raise InputError(f"{text[:40]} is negative or not finite", expected=f"{unit}, 0 or more", where=Where(field=field_name))
    return result


def mass(value: str | None, field_name: str) -> float | None:
    """Return a cell's mass in kg, or None where it is missing; raise `InputError` for one that no vehicle has."""
    result = number(value, field_name, "kg")
    if result is not None and not 0 < result <= LARGEST_MASS_KG:
        raise InputError(
            f"{result:g} kg is no mass of a vehicle",
            expected=f"above 0, up to {LARGEST_MASS_KG:g} kg",
            where=Where(field=field_name),
        )
    return result


def mileage_km(value: str | None, field_name: str, km_per_unit: float = 1.0) -> float | None:
    """Return an odometer's reading in km, or None where nobody read it: missing or 0; raise `InputError` for one that cannot be."""
    reading = number(value, field_name, "miles or km")
    if not reading:
        return None
    if reading * km_per_unit > LARGEST_MILEAGE_KM:
        raise InputError(
            f"{reading:g} is on no odometer", expected=f"up to {LARGEST_MILEAGE_KM:,.0f} km", where=Where(field=field_name)
        )
    return reading * km_per_unit


def displacement(value: str | None, field_name: str) -> float | None:
    """Return an engine's litres, or None where there are none; raise `InputError` for what no engine has."""
    litres = number(value, field_name, "litres")
    lowest, highest = DISPLACEMENTS_L
    if litres and not lowest <= litres <= highest:
        raise InputError(
            f"{litres:g} l is the displacement of no engine",
            expected=f"litres, {lowest:g} to {highest:g}",
            where=Where(field=field_name),
        )
    return litres or None


def received_time(row: Mapping[str, str], name: str, default_time: datetime) -> tuple[datetime | None, list[str]]:
    """Return when a vehicle came in, None where the row does not say, and flags; `default_time` is the time of the run.

    Raises
    ------
    InputError
        For what is no time, and for one outside `RECEIVED`.
    """
    text = known(row.get(name))
    if text is None:
        return None, []
    try:
        time, zone_assumed = parse_time(text)
    except InputError as error:
        raise error.at(field=name) from None
    earliest, latest = RECEIVED
    if not earliest <= time <= latest:
        raise InputError(
            f"{text[:40]!r} is no time at which a vehicle was received",
            expected=f"{earliest:%Y-%m-%d} to {latest:%Y-%m-%d}",
            where=Where(field=name),
        )
    flags = [f"{name} has no zone: taken as UTC"] if zone_assumed else []
    if time - default_time > timedelta(days=1):
        flags.append("received in the future")
    return time, flags


def model_year(value: str | None, received_at: datetime) -> int:
    """Return the model year; raise `InputError` for one that cannot be.

    A model year runs ahead of the calendar by one at most, so a 2027 model in 2026 is right.
    """
    latest = received_at.year + 1
    expected = f"a model year from {EARLIEST_YEAR} to {latest}"
    year = number(value, "year", "a year")
    if year is None:
        raise InputError("the model year is missing", expected=expected, where=Where(field="year"))
    if year != int(year) or not EARLIEST_YEAR <= year <= latest:
        raise InputError(f"{year:g} cannot be the model year", expected=expected, where=Where(field="year"))
    return int(year)
