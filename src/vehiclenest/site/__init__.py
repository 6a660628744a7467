"""Site: the base at work. Files of vehicles come in; the stations' records become events in the ledger; result and report go out.

Only here does what a station says become an event. One run is one transaction: all of it is booked or nothing.
"""

from vehiclenest.site.bundled import copy_settings, example_manifest
from vehiclenest.site.files import delivered_together, write_events, write_rejected
from vehiclenest.site.reading import Rejected
from vehiclenest.site.run import Result, run
from vehiclenest.site.settings import Settings

__all__ = [
    "Rejected",
    "Result",
    "Settings",
    "copy_settings",
    "delivered_together",
    "example_manifest",
    "run",
    "write_events",
    "write_rejected",
]
