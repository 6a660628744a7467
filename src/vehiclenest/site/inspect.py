"""What an inspection says of a part → the ledger: an event that observes the part, with verdict, reasons and the hashes of its evidence."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vehiclenest.core.errors import NotFoundError
from vehiclenest.ledger import UNVERIFIED, Event, InformationFlow, Ledger
from vehiclenest.site.evidence import LONGEST, observed, of_file
from vehiclenest.site.settings import Settings

KIND = "inspection"
_DISPOSITIONS = {
    "reuse": "conformant",
    "remanufacture": "non_conformant",
    "recycle": "non_conformant",
    "manual": "in_progress",
}


def lot_in(ledger: Ledger, lot: str, settings: Settings) -> str:
    """Return the EPC of a part that the ledger holds.

    Raises
    ------
    NotFoundError
        Where it holds none of that name.
    """
    thing = lot if lot.startswith("urn:") else settings.thing(lot)
    with ledger.reading() as book:
        if not book.known_lots([thing]):
            raise NotFoundError(f"the ledger holds no part {lot}", expected="for example VIN-ALT, taken in by vnest run")
    return thing


def inspected(
    thing: str, document: Mapping[str, Any], files: Sequence[tuple[str, str, str]], settings: Settings, now: datetime
) -> Event:
    """Return the event of an inspection.

    Parameters
    ----------
    thing
        EPC of the part.
    document
        What `vnest inspect scan --json` says: part_id, verdict, reasons, unverified, points, defects.
    files
        Evidence: SHA-256 in hexadecimal, media type, name of each.
    """
    part = document["part_id"] or "unknown part"
    said = f"verdict {document['verdict']}: {part}, {document['points']} points, {len(document['defects'] or ())} defects"
    information = [
        *(InformationFlow(KIND, text[:LONGEST]) for text in (said, *document["reasons"])),
        *(InformationFlow(UNVERIFIED, name) for name in document["unverified"]),
        *(of_file(*file) for file in files),
    ]
    return observed(thing, information, now, settings, _DISPOSITIONS[document["verdict"]])


def record_inspection(
    ledger: Ledger,
    lot: str,
    document: Mapping[str, Any],
    files: Sequence[tuple[str, str, str]],
    settings: Settings,
    now: datetime,
) -> str:
    """Book an inspection of a part; return the part's EPC. Raises as `lot_in` does."""
    thing = lot_in(ledger, lot, settings)
    with ledger.writing() as book:
        book.capture([inspected(thing, document, files, settings, now)], now)
    return thing
