"""Damage zones of a vehicle from a lot's words or from damage codes.

The code is ARA's (Automotive Recyclers Association, Uniform Damage Description): where on the panel (1–9), what kind (a letter) and
how much (units; one covers a credit card). ARA codes a panel; a vehicle's codes here say the zone first: ``front:5D4``.
"""

import re
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.records import Damage

ZONES = ("front", "rear", "left", "right", "roof", "underbody", "interior", "powertrain")
_TABLE = Path(__file__).with_name("damage.toml")
_CODE = re.compile(r"([a-z]+):([1-9])([A-Z])(\d{1,2})", re.ASCII)
_KINDS = {"B": "burn", "F": "flood", "M": "mechanical"}  # what spoils more than a panel's shape; every other letter is collision
LARGEST_UNITS = 99


def damage_from_words(words: list[str], site: Path | None = None) -> tuple[tuple[Damage, ...], tuple[str, ...], list[str]]:
    """Return the damage that a lot's descriptions mean, the unverified constants behind it, and flags for words not known."""
    damage: list[Damage] = []
    unverified: list[str] = []
    flags: list[str] = []
    for text in dict.fromkeys(text.upper() for text in words):
        found, names, understood = _meaning(text, site)
        damage += found
        unverified += names
        if not understood:
            flags.append(f"damage {text[:40]!r} is not known: all sides are taken as damaged")
        elif not found:
            flags.append(f"the lot says {text[:40]!r}, which names no zone")
    return tuple(damage), tuple(dict.fromkeys(unverified)), flags


@lru_cache(maxsize=1024)
def _meaning(text: str, site: Path | None) -> tuple[tuple[Damage, ...], tuple[str, ...], bool]:
    table = load_table(_TABLE, site)
    key = re.sub(r"[^a-z]+", "_", text.lower().replace("dents", "dent")).strip("_")
    row = table[key] if key in table else table["unknown"]
    units = row.number("units")
    found = tuple(Damage(zone, units, row.text("cause")) for zone in row.words("zones"))
    return found, row.unverified if found else (), key in table


def damage_from_codes(text: str, field: str) -> tuple[Damage, ...]:
    """Read damage codes such as ``front:5D4;left:2S1``.

    Raises
    ------
    InputError
        Naming the first code that is not one.
    """
    damage: list[Damage] = []
    for code in (part.strip() for part in text.split(";")):
        if not code:
            continue
        match = _CODE.fullmatch(code)
        if match is None or match[1] not in ZONES:
            raise InputError(
                f"{code[:40]!r} is no damage code",
                expected=f"zone:ARA code, for example front:5D4, zones {', '.join(ZONES)}, several separated by ';'",
                where=Where(field=field),
            )
        damage.append(Damage(match[1], float(match[4]), _KINDS.get(match[3], "collision")))
    return tuple(damage)
