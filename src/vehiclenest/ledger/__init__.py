"""Ledger: EPCIS 2.0 events come in; trace, balances and the document of everything captured come out.

Each event yields rows of four flows — material, energy, money, information. Mass closes within the instruments' uncertainty or the
event is refused. Storage through SQLAlchemy; events are only ever added.
"""

from vehiclenest.ledger.capture import Outcome, Prepared, capture_document, prepare
from vehiclenest.ledger.closure import close, tolerance
from vehiclenest.ledger.entry import Entry
from vehiclenest.ledger.epcis import to_epcis, write_document
from vehiclenest.ledger.model import NAMESPACE, UNVERIFIED, EnergyFlow, Event, Flow, InformationFlow, Lot, MaterialFlow, MoneyFlow
from vehiclenest.ledger.store import Book, Captured, Ledger, Stock, entries_of
from vehiclenest.ledger.trace import Mentioned, Trace, trace

__all__ = [
    "NAMESPACE",
    "UNVERIFIED",
    "Book",
    "Captured",
    "EnergyFlow",
    "Entry",
    "Event",
    "Flow",
    "InformationFlow",
    "Ledger",
    "Lot",
    "MaterialFlow",
    "Mentioned",
    "MoneyFlow",
    "Outcome",
    "Prepared",
    "Stock",
    "Trace",
    "capture_document",
    "close",
    "entries_of",
    "prepare",
    "to_epcis",
    "tolerance",
    "trace",
    "write_document",
]
