"""One pass over the events of a ledger, of which only what one month's records need is kept.

Between a vehicle's receipt and its certificate its description is held, and between a battery's or a waste's removal and its shipment
what it is: memory follows the stock of the base, not the length of the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from vehiclenest.disclosure.events import Movement, View, view

PACK = "traction battery"
MANIFEST = "hazardous_waste_manifest"
_CERTIFICATE = "certificate_of_destruction"
_UPLOADS = {"vehicle_record_upload": "vehicle", "battery_record_upload": "battery"}
_WASTE_KINDS = frozenset({"tank", "fraction"})
_TRACTION = frozenset({"electric", "plug_in_hybrid", "hybrid"})
_DESCRIPTION = ("make", "model", "year", "category", "powertrain", "batteryCode")

Parties = dict[str, dict[str, str]]


@dataclass(slots=True)
class Certified:
    """A vehicle with its certificate."""

    vehicle: str
    certificate: str
    day: date
    description: dict[str, str]
    parties: Parties


@dataclass(slots=True)
class Pack:
    """A traction battery that was taken out, and of what."""

    pack: str
    vehicle: str
    origin: dict[str, str]


@dataclass(slots=True)
class Outbound:
    """A traction battery that left; `later` is on which day which step happened to it afterwards."""

    pack: Pack
    day: date
    movement: Movement
    receiver: str
    parties: Parties
    later: dict[str, date] = field(default_factory=dict[str, date])


@dataclass(slots=True)
class Waste:
    """What depollution took out, as its removal describes it."""

    name: str
    packaging: str


@dataclass(slots=True)
class Shipment:
    """A consignment with waste in it."""

    number: str
    day: date
    time: str
    receiver: str
    waste: list[tuple[Waste, Movement]]
    parties: Parties
    facts: dict[str, str]


@dataclass(slots=True)
class Sent:
    """An upload that an event reports, with the receipt that the platform gave."""

    day: date
    receipt: str


@dataclass(slots=True)
class Month:
    """What a ledger says about one month, and about that month's records later."""

    first: date
    end: date
    events: int = 0
    certified: dict[str, Certified] = field(default_factory=dict[str, Certified])
    outbound: dict[str, Outbound] = field(default_factory=dict[str, Outbound])
    shipments: list[Shipment] = field(default_factory=list[Shipment])
    sent: dict[tuple[str, str], Sent] = field(default_factory=dict[tuple[str, str], Sent])
    codes: dict[str, str] = field(default_factory=dict[str, str])


def read_month(bodies: Iterable[bytes], first: date, end: date) -> Month:
    """Read the events of a ledger, in the order of capture, for the days from `first` to before `end`.

    Parameters
    ----------
    bodies
        The JSON of every event that is valid; one that an error declaration withdrew is not among them.
    """
    reader = _Reader(Month(first, end))
    for body in bodies:
        reader.take(view(body))
    return reader.month


class _Reader:
    """The state of the pass: what is in the house."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.vehicles: dict[str, dict[str, str]] = {}
        self.origins: dict[str, dict[str, str]] = {}
        self.packs: dict[str, Pack] = {}
        self.waste: dict[str, Waste] = {}
        self.numbered: dict[str, Shipment] = {}

    def take(self, event: View) -> None:
        self.month.events += 1
        step = event.step
        if step in {"receiving", "removing"}:
            self._describe(event)
        if certificate := event.document(_CERTIFICATE):
            self._certify(event, certificate)
        if step == "shipping":
            self._ship(event)
        else:
            self._say(event)

    def _describe(self, event: View) -> None:
        for lot in event.lots:
            epc, kind = lot.get("id", ""), lot.get("kind")
            if kind == "vehicle":
                described = {name: lot[name] for name in _DESCRIPTION if name in lot}
                self.vehicles[epc] = described
                if described.get("powertrain") in _TRACTION:
                    self.origins[epc] = described
            elif kind in _WASTE_KINDS:
                name = lot.get("name", "")
                self.waste[epc] = Waste(name, lot.get("packaging", ""))
                if name == PACK:
                    self.packs[epc] = Pack(epc, event.parent, self.origins.pop(event.parent, {}))

    def _certify(self, event: View, certificate: str) -> None:
        day = event.day
        for vehicle in event.things:
            described = self.vehicles.pop(vehicle, {})
            if day and self.month.first <= day < self.month.end:
                self.month.certified[vehicle] = Certified(vehicle, certificate, day, described, event.parties)

    def _ship(self, event: View) -> None:
        self._say(event)
        day = event.day
        shipped = [movement for movement in event.movements(self.waste) if movement.flow == "shipped"]
        if day and self.month.first <= day < self.month.end:
            self._consign(event, day, shipped)
        for movement in shipped:
            if not movement.lot.startswith("urn:epc:class:"):
                self.waste.pop(movement.lot, None)
                self.packs.pop(movement.lot, None)

    def _consign(self, event: View, day: date, shipped: list[Movement]) -> None:
        month, parties = self.month, event.parties
        for movement in shipped:
            if pack := self.packs.get(movement.lot):
                month.outbound[pack.pack] = Outbound(pack, day, movement, event.destination, dict(parties))
        number = event.document(MANIFEST)
        if not (shipped or number):
            return
        waste = [(self.waste[movement.lot], movement) for movement in shipped]
        shipment = Shipment(number, day, event.time, event.destination, waste, parties, event.facts)
        month.shipments.append(shipment)
        if number:
            self.numbered[number] = shipment

    def _say(self, event: View) -> None:
        """Take in what an event reports about things and documents: uploads, codes, parties, what happened later."""
        month, day, facts, parties = self.month, event.day, event.facts, event.parties
        receipts = {kind: receipt for document, kind in _UPLOADS.items() if (receipt := event.document(document))}
        if day is None or not (facts or parties or receipts or month.outbound):
            return
        for thing in event.things:
            if day >= month.first:
                for kind, receipt in receipts.items():
                    month.sent.setdefault((kind, thing), Sent(day, receipt))
            if thing in month.outbound:
                month.outbound[thing].later.setdefault(event.step, day)
                _merge(month.outbound[thing].parties, parties)
            if thing in month.certified:
                _merge(month.certified[thing].parties, parties)
            if "batteryCode" in facts:
                month.codes[thing] = facts["batteryCode"]
        for number in event.named_documents if facts or parties else ():
            if number in self.numbered:
                self.numbered[number].facts.update(facts)
                _merge(self.numbered[number].parties, parties)


def _merge(known: Parties, more: Parties) -> None:
    for role, party in more.items():
        known[role] = known.get(role, {}) | party
