"""The project's own manifest: a CSV row or a JSON line → what it declares. docs/formats.md shows every column."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.identifiers import parse_battery_code, parse_vin
from vehiclenest.loop.intake.damage import damage_from_codes
from vehiclenest.loop.intake.declared import (
    DISPLACEMENTS_L,
    LARGEST_MASS_KG,
    LARGEST_MILEAGE_KM,
    LONGEST_WORDS,
    Declared,
    displacement,
    known,
    mass,
    mileage_km,
    model_year,
    received_time,
    words,
)
from vehiclenest.loop.records import Powertrain

COLUMNS = ("vin", "make", "model", "year", "powertrain")
CATEGORIES = ("L3", "L7", "M1", "M2", "M3", "N1", "N2", "N3", "O2")


class ManifestRow(BaseModel):
    """One vehicle. Extra fields are ignored."""

    model_config = ConfigDict(extra="ignore", title="Vehicle Nest manifest row")

    vin: str = Field(description="Vehicle identification number, ISO 3779, 17 characters", examples=["LSVAA49J132047371"])
    make: str = Field(max_length=LONGEST_WORDS, description="Manufacturer's brand", examples=["VOLKSWAGEN"])
    model: str = Field(max_length=LONGEST_WORDS, description="Model", examples=["LAVIDA"])
    year: int = Field(description="Model year", examples=[2012])
    powertrain: Literal["petrol", "diesel", "hybrid", "plug_in_hybrid", "electric", "none"] | None = Field(
        None, description="What drives it; empty: estimated and flagged"
    )
    category: Literal["L3", "L7", "M1", "M2", "M3", "N1", "N2", "N3", "O2"] | None = Field(
        None, description="UNECE category; empty: from make, model and body"
    )
    body: str | None = Field(None, max_length=LONGEST_WORDS, description="Body in words", examples=["SEDAN"])
    displacement_l: float | None = Field(None, ge=0, le=DISPLACEMENTS_L[1], description="Engine displacement in litres; 0: none")
    curb_mass_kg: float | None = Field(None, gt=0, le=LARGEST_MASS_KG, description="Curb mass of the type, kg")
    weighed_mass_kg: float | None = Field(None, gt=0, le=LARGEST_MASS_KG, description="Mass on the weighbridge, kg")
    mileage_km: float | None = Field(None, ge=0, le=LARGEST_MILEAGE_KM, description="Odometer, km; 0: not read")
    damage_codes: str | None = Field(None, description="zone:ARA code, several separated by ';'", examples=["front:5D4;left:2S1"])
    battery_code: str | None = Field(None, description="GB/T 34014 code of the traction battery")
    received_at: str | None = Field(None, description="ISO 8601 time with zone; empty: the time of the run")


def manifest_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of a manifest row."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ManifestRow.model_json_schema()}


def declare_manifest_row(row: Mapping[str, str], default_time: datetime, site: Path | None = None) -> Declared:  # noqa: ARG001
    """Read one manifest row; parameters and errors as in `declare_lot`."""
    stated, flags = received_time(row, "received_at", default_time)
    received_at = stated or default_time
    year = model_year(row.get("year"), received_at)
    make, model = (_needed(row, name) for name in ("make", "model"))
    vin = parse_vin(_needed(row, "vin"), latest_year=received_at.year + 1)
    if vin.model_years and year not in vin.model_years:
        flags.append(f"the VIN says model year {' or '.join(map(str, vin.model_years))}, the manifest {year}")
    battery = known(row.get("battery_code"))
    if battery is not None:
        try:
            battery = parse_battery_code(battery).text
        except InputError as error:
            raise InputError(error.what, expected=error.expected, where=Where(field="battery_code")) from None
    powertrain = _choice(row, "powertrain", tuple(Powertrain))
    mileage = mileage_km(row.get("mileage_km"), "mileage_km")
    if mileage is None:
        flags.append("mileage unknown")
    return Declared(
        reference=vin.text,
        vin=vin.text,
        make=make,
        model=model,
        year=year,
        received_at=received_at,
        body=words(row, "body"),
        category=_choice(row, "category", CATEGORIES),
        powertrain=Powertrain(powertrain) if powertrain else None,
        displacement_l=displacement(row.get("displacement_l"), "displacement_l"),
        curb_mass_kg=mass(row.get("curb_mass_kg"), "curb_mass_kg"),
        weighed_mass_kg=mass(row.get("weighed_mass_kg"), "weighed_mass_kg"),
        mileage_km=mileage,
        damage=damage_from_codes(known(row.get("damage_codes")) or "", "damage_codes"),
        battery_code=battery,
        flags=tuple(flags),
    )


def _needed(row: Mapping[str, str], name: str) -> str:
    text = words(row, name)
    if not text:
        raise InputError(f"{name} is missing", expected="every vehicle of a manifest has one", where=Where(field=name))
    return text


def _choice(row: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    text = known(row.get(name)) if name != "powertrain" or (row.get(name) or "").strip().lower() != "none" else "none"
    if text is None:
        return None
    for choice in choices:
        if text.lower() == choice.lower():
            return choice
    raise InputError(f"{text[:40]!r} is no {name}", expected=f"one of {', '.join(choices)}", where=Where(field=name))
