"""Capture of an EPCIS document from outside: its events are checked, hashed and stored, or every reason against it is told.

A capture is all or nothing, as the EPCIS capture interface has it by default (`rollback`); with `proceed` the faultless events are
stored and the others are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger.conformance import MOST_FAULTS, Checked, Fault, check
from vehiclenest.ledger.entry import Entry, entry_of_document
from vehiclenest.ledger.store import Book, Ledger


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a capture did.

    `accepted` events are in the ledger now, of which `stored` are new; `errors` are at most 100 of `total_errors`.
    """

    accepted: int
    stored: int
    errors: tuple[Fault, ...]
    total_errors: int

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data, for JSON."""
        return {
            "accepted": self.accepted,
            "stored": self.stored,
            "errors": [fault._asdict() for fault in self.errors],
            "total_errors": self.total_errors,
        }


def capture_document(ledger: Ledger, document: bytes, *, proceed: bool = False, recorded: datetime | None = None) -> Outcome:
    """Capture a document: an EPCIS document, a query document, one event or an array of events, as JSON.

    Parameters
    ----------
    ledger
        Where it goes.
    document
        UTF-8 JSON.
    proceed
        Whether faultless events are stored although others are not.
    recorded
        When it is captured; now by default.
    """
    prepared = prepare(document, recorded)
    if prepared.nothing_to_enter(proceed=proceed):
        return prepared.refused()
    with ledger.writing() as book:
        return prepared.enter(book, proceed=proceed)


@dataclass(frozen=True, slots=True)
class _Candidate:
    entry: Entry
    pointer: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that was checked and hashed, outside of any transaction; `events` is how many it holds."""

    candidates: tuple[_Candidate, ...]
    faults: tuple[Fault, ...]
    total_faults: int
    events: int

    def nothing_to_enter(self, *, proceed: bool) -> bool:
        """Return whether no event may be stored."""
        return not self.candidates or (bool(self.total_faults) and not proceed)

    def refused(self) -> Outcome:
        """Return the outcome of a document of which nothing is stored."""
        return Outcome(0, 0, self.faults[:MOST_FAULTS], self.total_faults)

    def enter(self, book: Book, *, proceed: bool = False) -> Outcome:
        """Store what may be stored, in the transaction of the book."""
        if self.nothing_to_enter(proceed=proceed):
            return self.refused()
        (accepted, stored), refused = _booked(book, self.candidates, proceed=proceed)
        found = [*self.faults, *refused]
        return Outcome(accepted, stored, tuple(found[:MOST_FAULTS]), self.total_faults + len(refused))


def prepare(document: bytes, recorded: datetime | None = None) -> Prepared:
    """Check a document and derive what the book keeps of its events; parameters as of `capture_document`."""
    checked = check(document)
    candidates, faults = _entries(checked, recorded or datetime.now(UTC))
    found = (*checked.faults, *faults)
    return Prepared(tuple(candidates), found, checked.total_faults + len(faults), len(checked.events))


def _entries(checked: Checked, recorded: datetime) -> tuple[list[_Candidate], list[Fault]]:
    candidates: list[_Candidate] = []
    faults: list[Fault] = []
    for one in checked.events:
        if not one.faultless:
            continue
        try:
            candidates.append(_Candidate(entry_of_document(one.event, one.context, recorded), one.pointer))
        except VehicleNestError as error:
            faults.append(_fault(error, one.pointer))
    return candidates, faults


def _booked(book: Book, candidates: Sequence[_Candidate], *, proceed: bool) -> tuple[tuple[int, int], list[Fault]]:
    """Book what the ledger takes; without `proceed` nothing where it refuses anything."""
    refused: list[Fault] = []
    booking = book.booking()
    for index, error in booking.book([candidate.entry for candidate in candidates]):
        refused.append(_fault(error, candidates[index].pointer))
    if refused and (not proceed or booking.unsettled):
        return (0, 0), refused
    booking.write()
    return (booking.stored + booking.known, booking.stored), refused


def _fault(error: VehicleNestError, pointer: str) -> Fault:
    field = error.where.field
    return Fault(f"{pointer}/{field}" if field else pointer, f"Vehicle Nest ledger: {error.title.lower()}", error.reason)
