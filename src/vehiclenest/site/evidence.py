"""Evidence about a thing → the ledger: an event that observes the thing and carries the SHA-256 of a photo, report or document.

The file itself stays outside the ledger. Whoever holds it can show later that it is the one: its hash stands in an event, and events are
sealed. The reference of the information flow reads ``sha256:HEX MEDIA-TYPE NAME``; `hashes_in` finds a hash however others write it.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from vehiclenest.ledger import Event, InformationFlow
from vehiclenest.site.settings import Settings

KIND = "evidence"
LONGEST = 256  # characters that a reference may have
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
    return observed(lot, [of_file(sha256, media_type, name)], now, settings)


def of_file(sha256: str, media_type: str, name: str) -> InformationFlow:
    """Return the flow that names a file by its hash."""
    return InformationFlow(KIND, f"sha256:{sha256} {media_type} {name}"[:LONGEST])


def observed(
    lot: str, information: Sequence[InformationFlow], now: datetime, settings: Settings, disposition: str | None = None
) -> Event:
    """Return the event of a thing that was looked at, with what that gave."""
    location = {"id": settings.location()}
    fields = {
        "action": "OBSERVE",
        "bizStep": "inspecting",
        **({"disposition": disposition} if disposition else {}),
        "readPoint": location,
        "bizLocation": location,
        "epcList": [lot],
    }
    return Event("ObjectEvent", now, fields, information=information)


def hashes_in(reference: str) -> list[str]:
    """Return the SHA-256 hashes that a reference names, in lower case."""
    return [found.lower() for found in _HASH.findall(reference)]
