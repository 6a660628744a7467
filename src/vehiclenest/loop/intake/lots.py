"""Salvage lots: a row of an auction's lot list → what it declares. Columns are found by name, others are ignored."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.intake.damage import damage_from_words
from vehiclenest.loop.intake.declared import (
    DISPLACEMENTS_L,
    KM_PER_MILE,
    Declared,
    known,
    mileage_km,
    model_year,
    received_time,
    words,
)
from vehiclenest.loop.records import Powertrain

MARK = "lotId"  # the column that tells a lot list from a manifest
COLUMNS = (MARK, "vehicleType", "year", "make", "modelDetail", "damageDescription")

_FUELS = {
    "GAS": Powertrain.PETROL,
    "GASOLINE": Powertrain.PETROL,
    "FLEXIBLE": Powertrain.PETROL,
    "FLEXIBLE FUEL": Powertrain.PETROL,
    "DIESEL": Powertrain.DIESEL,
    "HYBRID": Powertrain.HYBRID,
    "HYBRID ENGINE": Powertrain.HYBRID,
    "ELECTRIC AND GAS HYBRID": Powertrain.HYBRID,
    "PLUG-IN HYBRID": Powertrain.PLUG_IN_HYBRID,
    "ELECTRIC": Powertrain.ELECTRIC,
}
_DISPLACEMENT = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)\s*L\b", re.IGNORECASE | re.ASCII)
_CUBIC_CENTIMETRES = re.compile(r"(?<!\d)(\d{3,4})(?!\d)", re.ASCII)
_LOT = re.compile(r"[A-Za-z0-9]{1,14}")  # LOT + number + -ENG has to fit into the 30 characters of a GIAI, prefix included
_CYCLES = frozenset({"A", "C", "D"})


def declare_lot(row: Mapping[str, str], default_time: datetime, site: Path | None = None) -> Declared:
    """Read one salvage lot.

    Parameters
    ----------
    row
        Cells by column name.
    default_time
        When the lot came in, where the row does not say.
    site
        Folder of the site's own settings.

    Raises
    ------
    InputError
        With the field, where a needed cell is missing or wrong.
    """
    lot = known(row.get(MARK))
    if lot is None:
        raise InputError("the lot has no number", expected="lotId, for example 64187376", where=Where(field=MARK))
    if not _LOT.fullmatch(lot):
        raise InputError(f"{lot[:40]!r} is no lot number", expected="up to 14 letters and digits", where=Where(field=MARK))
    received_at, flags = received_time(row, "updatedAt", default_time)
    if received_at is None:
        received_at = default_time
        flags.append("no time in the lot: the time of the run is taken")
    damage, unverified, damage_flags = damage_from_words(
        [text for name in ("damageDescription", "secondaryDamage") if (text := words(row, name))], site
    )
    fuel, fuel_flags = _powertrain(known(row.get("fuelType")))
    mileage, mileage_flags = _mileage(row)
    make, group, detail = (words(row, name) for name in ("make", "modelGroup", "modelDetail"))
    if not (make or detail or group):
        raise InputError("neither make nor model is known", expected="make and modelDetail", where=Where(field="make"))
    return Declared(
        reference=f"LOT{lot}",
        vin=None,
        make=make,
        model=detail or group,
        year=model_year(row.get("year"), received_at),
        received_at=received_at,
        type_code=(known(row.get("vehicleType")) or "").upper(),
        body=words(row, "bodyStyle"),
        trim=words(row, "trim"),
        powertrain=fuel,
        displacement_l=_displacement(row, detail),
        mileage_km=mileage,
        damage=damage,
        place_of_origin=", ".join(
            filter(None, (words(row, name) for name in ("locationCity", "locationState", "locationCountry")))
        ),
        flags=(*flags, *damage_flags, *fuel_flags, *mileage_flags),
        unverified=unverified,
    )


def _powertrain(fuel: str | None) -> tuple[Powertrain | None, list[str]]:
    if fuel is None:
        return None, []
    if (powertrain := _FUELS.get(fuel.upper())) is not None:
        return powertrain, []
    return None, [f"fuel {fuel[:30]!r} is not known"]


def _mileage(row: Mapping[str, str]) -> tuple[float | None, list[str]]:
    """Odometers are in miles for lots in the United States and in kilometres elsewhere; 0 is an odometer that nobody read."""
    in_miles = words(row, "locationCountry").upper() in {"USA", "US"}
    mileage = mileage_km(row.get("mileage"), "mileage", KM_PER_MILE if in_miles else 1.0)
    return mileage, [] if mileage else ["mileage unknown"]


def _displacement(row: Mapping[str, str], model: str) -> float | None:
    """Litres from the engine's text such as ``2.4L 4``; a motorcycle writes its cubic centimetres into the model's name."""
    if match := _DISPLACEMENT.search(row.get("engine") or ""):
        litres = float(match[1])
    elif (row.get("vehicleType") or "").strip().upper() in _CYCLES and (match := _CUBIC_CENTIMETRES.search(model)):
        litres = float(match[1]) / 1000
    else:
        return None
    return litres if DISPLACEMENTS_L[0] <= litres <= DISPLACEMENTS_L[1] else None
