"""Evidence about a thing → the ledger: an event that observes the thing and carries the SHA-256 of a photo, report or document.

The file itself stays outside the ledger. Whoever holds it can show later that it is the one: its hash stands in an event, and events are
sealed. The reference of the information flow reads ``sha256:HEX MEDIA-TYPE NAME``; `hashes_in` finds a hash however others write it.
"""

import re
from datetime import datetime

from vehiclenest.ledger import Event, InformationFlow
from vehiclenest.site.settings import Settings

KIND = "evidence"
_LONGEST = 256  # characters that a reference may have
_HASH = re.compile(r"sha-?256[^0-9a-z]{0,3}([0-9a-f]{64})(?![0-9a-f])", re.IGNORECASE)


def attached(lot: str, sha256: str, media_type: str, name: str, now: datetime, settings: Settings) -> Event:
    """Return the event that attaches a file to a thing.

    Parameters
    ----------
    lot
        EPC of the thing.
    sha256
        Hash of the file in hexadecimal.
    """
    location = {"id": settings.location()}
    reference = f"sha256:{sha256} {media_type} {name}"[:_LONGEST]
    return Event(
        "ObjectEvent",
        now,
        {
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "readPoint": location,
            "bizLocation": location,
            "epcList": [lot],
        },
        information=[InformationFlow(KIND, reference)],
    )


def hashes_in(reference: str) -> list[str]:
    """Return the SHA-256 hashes that a reference names, in lower case."""
    return [found.lower() for found in _HASH.findall(reference)]
