"""Intake: a row of a salvage-lot list or of a manifest comes in; a `Vehicle` goes out, or the reason why it is none.

Category after UNECE R.E.3; mass weighed, else the type's, else estimated with its interval; composition after GREET 2; damage zones
from the lot's words or from ARA damage codes. What a row does not say is estimated, and the vehicle's `flags` say so.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path

from vehiclenest.core.errors import InputError
from vehiclenest.loop.intake import lots, manifest
from vehiclenest.loop.intake.classify import classify
from vehiclenest.loop.intake.composition import family_of
from vehiclenest.loop.intake.declared import Declared
from vehiclenest.loop.intake.lots import declare_lot
from vehiclenest.loop.intake.manifest import declare_manifest_row, manifest_schema
from vehiclenest.loop.intake.mass import estimated_mass
from vehiclenest.loop.intake.receive import receive

Declare = Callable[[Mapping[str, str], datetime, Path | None], Declared]


def dialect(columns: Collection[str]) -> Declare:
    """Return the reader for a file with these columns: `lotId` selects salvage lots, anything else has to be a manifest.

    Raises
    ------
    InputError
        Naming the columns that are missing.
    """
    needed, declare = (lots.COLUMNS, declare_lot) if lots.MARK in columns else (manifest.COLUMNS, declare_manifest_row)
    missing = [name for name in needed if name not in columns]
    if not missing:
        return declare
    raise InputError(
        f"columns are missing: {', '.join(missing)}",
        expected=f"a salvage-lot list has {', '.join(lots.COLUMNS)}; a manifest has {', '.join(manifest.COLUMNS)}",
    )


def dialect_of_record(record: Mapping[str, str]) -> Declare:
    """Return the reader for one record that names its own fields, as a JSON line does; a missing field is the record's fault alone."""
    return declare_lot if lots.MARK in record else declare_manifest_row


__all__ = [
    "Declare",
    "Declared",
    "classify",
    "declare_lot",
    "declare_manifest_row",
    "dialect",
    "dialect_of_record",
    "estimated_mass",
    "family_of",
    "manifest_schema",
    "receive",
]
