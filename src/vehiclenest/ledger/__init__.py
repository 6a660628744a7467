"""Ledger: EPCIS 2.0 events come in; trace, balances and the document of everything captured come out.

Each event yields rows of four flows — material, energy, money, information. Mass closes within the instruments' uncertainty or the
event is refused. Storage through SQLAlchemy; events are only ever added.
"""

from vehiclenest.ledger.balance import (
    UNVERIFIED,
    Span,
    VehicleFate,
    balance,
    largest_closure_error,
    vehicle_fates,
)
from vehiclenest.ledger.closure import close, tolerance
from vehiclenest.ledger.epcis import to_epcis, write_document
from vehiclenest.ledger.model import NAMESPACE, EnergyFlow, Event, Flow, InformationFlow, Lot, MaterialFlow, MoneyFlow
from vehiclenest.ledger.store import Book, Captured, Ledger, Stock
from vehiclenest.ledger.trace import Trace, trace

__all__ = [
    "NAMESPACE",
    "UNVERIFIED",
    "Book",
    "Captured",
    "EnergyFlow",
    "Event",
    "Flow",
    "InformationFlow",
    "Ledger",
    "Lot",
    "MaterialFlow",
    "MoneyFlow",
    "Span",
    "Stock",
    "Trace",
    "VehicleFate",
    "balance",
    "close",
    "largest_closure_error",
    "to_epcis",
    "tolerance",
    "trace",
    "vehicle_fates",
    "write_document",
]
