"""What the events of a ledger say about one lot."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.identifiers import parse_epc
from vehiclenest.disclosure.events import View, key_of, view


@dataclass(slots=True)
class Story:
    """A lot with the events that list it, in order, and what they state about it; the later statement counts."""

    lot: str
    description: dict[str, str] = field(default_factory=dict[str, str])
    events: list[View] = field(default_factory=list[View])
    facts: dict[str, str] = field(default_factory=dict[str, str])
    parties: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def first(self, step: str) -> View | None:
        """Return the first event of a step; None where there is none."""
        return next((event for event in self.events if event.step == step), None)

    def documented(self, kind: str) -> tuple[View | None, str]:
        """Return the event that issues a document of a kind, and its reference; None and an empty one where there is none."""
        return next(((event, found) for event in self.events if (found := event.document(kind))), (None, ""))

    @property
    def origin(self) -> View | None:
        """The transformation that the lot came out of."""
        return next((event for event in self.events if self.lot in event.outputs), None)


def story(bodies: Iterable[bytes], identifier: str) -> Story:
    """Gather what events say about a lot.

    Parameters
    ----------
    bodies
        The JSON of every valid event, in the order of capture.
    identifier
        An EPC URN, a GS1 Digital Link, or what follows the company prefix: a VIN, a lot number, a part (``VIN-ENG``).

    Raises
    ------
    InputError
        For a Digital Link that is none, or a name that fits several lots.
    NotFoundError
        Where no event lists such a lot.
    """
    wanted = parse_epc(identifier).urn() if identifier.startswith(("http://", "https://")) else identifier.strip()
    names = {wanted, wanted.upper(), f"LOT{wanted}", f"LOT{wanted.upper()}"}
    needles = {name.encode("utf-8", "replace") for name in (wanted, wanted.upper())}
    found: dict[str, Story] = {}
    for body in bodies:
        if not any(needle in body for needle in needles):
            continue
        event = view(body)
        lots = event.lots
        for epc in {*event.things, *(lot.get("id", "") for lot in lots)}:
            if epc in found or epc in names or key_of(epc) in names:
                _add(found.setdefault(epc, Story(epc)), event, lots)
    if len(found) > 1:
        raise InputError(f"{wanted[:80]!r} fits {len(found)} lots", expected=f"one of {', '.join(sorted(found)[:3])}")
    if not found:
        raise NotFoundError(
            f"no event lists {wanted[:80]!r}", expected="a VIN, lot number, part (VIN-ENG) or EPC that was captured"
        )
    return next(iter(found.values()))


def _add(told: Story, event: View, lots: list[dict[str, str]]) -> None:
    told.events.append(event)
    told.facts |= event.facts
    for role, party in event.parties.items():
        told.parties[role] = told.parties.get(role, {}) | party
    for lot in lots:
        if lot.get("id") == told.lot:
            told.description = lot
