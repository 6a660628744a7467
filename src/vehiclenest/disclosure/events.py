"""What the disclosures read of an EPCIS event: where, when, what, which documents, which parties; from its JSON alone.

An event says something about the things that it lists and the documents that it names. Two fields of ours carry what no other one
does: ``vnest:facts`` (name → text, for example ``licensePlate``) and ``vnest:parties`` (one object a ``role``, for example
``receiver``, with ``name``, ``creditCode`` …). docs/disclosure.md lists the names. A foreign event is read like any other, and what
it says in a shape that is not expected is left out.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import orjson

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import parse_vin
from vehiclenest.ledger.model import PREFIX

_P = PREFIX + ":"
_FLOWS, _LOTS, _INFORMATION = f"{_P}materialFlow", f"{_P}lots", f"{_P}informationFlow"
_FACTS, _PARTIES = f"{_P}facts", f"{_P}parties"
_FLOW, _LOT, _ROUTE, _REASON, _BASIS, _MASS = (f"{_P}{name}" for name in ("flow", "lot", "route", "reason", "basis", "massKg"))
_THINGS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


@dataclass(frozen=True, slots=True)
class Movement:
    """One material flow: what it does to which lot, how many kg, whether weighed or estimated, where the lot goes, and why."""

    flow: str
    lot: str
    mass_kg: float
    basis: str
    route: str
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """One event. Nothing is read before it is asked for: most events of a year concern no month."""

    body: Mapping[str, Any]

    @property
    def step(self) -> str:
        """The business step as a bare word, whether written so, as a URN or as a link."""
        step = self.body.get("bizStep")
        return step.rpartition("BizStep-")[2].rpartition(":")[2] if isinstance(step, str) else ""

    @property
    def time(self) -> str:
        """The time as the event states it."""
        return str(self.body.get("eventTime", ""))

    @property
    def moment(self) -> datetime | None:
        """The time at the place of the event (``eventTimeZoneOffset``); None where the event states none."""
        try:
            moment = datetime.fromisoformat(self.time)
            sign = -1 if (offset := str(self.body.get("eventTimeZoneOffset", "+00:00"))).startswith("-") else 1
            hours, _, minutes = offset.lstrip("+-").partition(":")
            return moment + sign * timedelta(hours=int(hours), minutes=int(minutes or 0))
        except (ValueError, OverflowError):
            return None

    @property
    def day(self) -> date | None:
        """The day at the place of the event."""
        return None if (moment := self.moment) is None else moment.date()

    @property
    def things(self) -> list[str]:
        """Everything that the event lists, things and classes of quantities."""
        parent = self.body.get("parentID")
        listed = [parent] if isinstance(parent, str) else []
        for name in _THINGS:
            listed += [epc for epc in _list(self.body.get(name)) if isinstance(epc, str)]
        for name in _QUANTITIES:
            listed += [str(entry["epcClass"]) for entry in _objects(self.body.get(name)) if "epcClass" in entry]
        return listed

    @property
    def parent(self) -> str:
        """What an aggregation or association belongs to."""
        return str(self.body.get("parentID", ""))

    @property
    def outputs(self) -> list[str]:
        """What a transformation gives."""
        quantities = [str(entry.get("epcClass", "")) for entry in _objects(self.body.get("outputQuantityList"))]
        return [epc for epc in _list(self.body.get("outputEPCList")) if isinstance(epc, str)] + quantities

    @property
    def lots(self) -> list[dict[str, str]]:
        """Descriptions of the lots that the event creates: ``id``, ``kind``, ``name`` and attributes."""
        return [_texts(entry) for entry in _objects(self.body.get(_LOTS))]

    def movements(self, among: Container[str] | None = None) -> list[Movement]:
        """Return the material flows, of the lots among these alone where any are given."""
        return [
            Movement(
                str(entry.get(_FLOW, "")),
                str(entry.get(_LOT, "")),
                sum(kg for kg in _object(entry.get(_MASS)).values() if isinstance(kg, (int, float))),
                str(entry.get(_BASIS, "")),
                str(entry.get(_ROUTE, "")),
                str(entry.get(_REASON, "")),
            )
            for entry in _objects(self.body.get(_FLOWS))
            if among is None or str(entry.get(_LOT, "")) in among
        ]

    def document(self, kind: str) -> str:
        """Return the reference of the event's document of a kind, empty where it has none."""
        for entry in _objects(self.body.get(_INFORMATION)):
            if entry.get(f"{_P}kind") == kind:
                return str(entry.get(f"{_P}reference", ""))
        return ""

    @property
    def named_documents(self) -> list[str]:
        """The documents that the event names as business transactions."""
        return [str(entry.get("bizTransaction", "")) for entry in _objects(self.body.get("bizTransactionList"))]

    @property
    def destination(self) -> str:
        """The party that things go to."""
        destinations = _objects(self.body.get("destinationList"))
        owning = [entry for entry in destinations if str(entry.get("type", "")).endswith("owning_party")]
        return str(owning[0].get("destination", "")) if owning else ""

    @property
    def facts(self) -> dict[str, str]:
        """What the event states about what it lists and names."""
        return _texts(_object(self.body.get(_FACTS)))

    @property
    def parties(self) -> dict[str, dict[str, str]]:
        """The parties to the event, by role."""
        found = [_texts(entry) for entry in _objects(self.body.get(_PARTIES))]
        return {party.pop("role"): party for party in found if "role" in party}


def view(body: bytes) -> View:
    """Read the JSON of an event as the ledger keeps it."""
    return View(_object(orjson.loads(body)))


def key_of(epc: str) -> str:
    """Return what follows the company prefix of an EPC URN: a vehicle's VIN, a part's ``VIN-CODE``, a document's number."""
    return epc.rpartition(":")[2].partition(".")[2] or epc


def serial_of(document: str) -> str:
    """Return the serial part of a document's EPC."""
    return key_of(document).partition(".")[2] or document


def vin_of(vehicle: str) -> str:
    """Return the vehicle identification number in an EPC; empty where there is none, because it was withheld."""
    try:
        return parse_vin(key_of(vehicle)).text
    except InputError:
        return ""


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    return {name.removeprefix(_P): str(value) for name, value in entry.items() if isinstance(value, (str, int, float))}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", entry) for entry in _list(value) if isinstance(entry, dict)]


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
