"""Authority uploads of one month: vehicle and battery records with their deadlines, and hazardous-waste manifests.

Comes in: the JSON of every valid event of a ledger, and a month. Goes out: an `Upload`, as plain data with `as_dict` or as tables with
`as_tables`. After the Chinese traceability provisions of 2018 and the measures on the transfer of hazardous waste of 2022. Nothing is
known but what an event says: a field without an event is empty and listed as missing.
"""

from vehiclenest.disclosure.authority.model import (
    BatteryRecord,
    Deadline,
    Law,
    Manifest,
    Missing,
    Upload,
    VehicleRecord,
    WasteLine,
)
from vehiclenest.disclosure.authority.upload import as_dict, as_tables, authority_upload, parse_month

__all__ = [
    "BatteryRecord",
    "Deadline",
    "Law",
    "Manifest",
    "Missing",
    "Upload",
    "VehicleRecord",
    "WasteLine",
    "as_dict",
    "as_tables",
    "authority_upload",
    "parse_month",
]
