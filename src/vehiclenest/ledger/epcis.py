"""EPCIS 2.0 JSON/JSON-LD: events to their document form. Everything of ours stands under the prefix ``vnest``."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from vehiclenest.core.time import format_time
from vehiclenest.ledger.conformance import STANDARD
from vehiclenest.ledger.event_hash import event_hash
from vehiclenest.ledger.model import NAMESPACE, PREFIX, Event, Lot, MaterialFlow, MoneyFlow

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {PREFIX: NAMESPACE}]
OURS = STANDARD.within(CONTEXT)
_P = PREFIX + ":"
FIELDS = (f"{_P}lots", f"{_P}materialFlow", f"{_P}energyFlow", f"{_P}moneyFlow", f"{_P}informationFlow")


def to_epcis(event: Event) -> dict[str, Any]:
    """Return the event as an EPCIS JSON object, with its id."""
    document: dict[str, Any] = {
        "type": event.type,
        "eventTime": format_time(event.time),
        "eventTimeZoneOffset": "+00:00",
        **event.fields,
    }
    if event.lots:
        document[FIELDS[0]] = [_lot(lot) for lot in event.lots]
    if event.material:
        document[FIELDS[1]] = [_material_flow(flow) for flow in event.material]
    if event.energy:
        document[FIELDS[2]] = [{f"{_P}carrier": flow.carrier, f"{_P}kWh": flow.kwh} for flow in event.energy]
    if event.money:
        document[FIELDS[3]] = [_money_flow(flow) for flow in event.money]
    if event.information:
        document[FIELDS[4]] = [{f"{_P}kind": flow.kind, f"{_P}reference": flow.reference} for flow in event.information]
    document["eventID"] = event_hash(document, OURS)
    return document


def _lot(lot: Lot) -> dict[str, Any]:
    document: dict[str, Any] = {f"{_P}id": lot.id, f"{_P}kind": lot.kind, f"{_P}name": lot.name}
    if lot.stream:
        document[f"{_P}stream"] = lot.stream
    return document | {_P + name: value for name, value in lot.attributes.items()}


def _material_flow(flow: MaterialFlow) -> dict[str, Any]:
    document: dict[str, Any] = {f"{_P}flow": flow.flow.value}
    if flow.lot is not None:
        document[f"{_P}lot"] = flow.lot
    document[f"{_P}basis"] = flow.basis
    if flow.uncertainty_kg:
        document[f"{_P}uncertaintyKg"] = flow.uncertainty_kg
    if flow.route is not None:
        document[f"{_P}route"] = flow.route
    if flow.reason is not None:
        document[f"{_P}reason"] = flow.reason
    if flow.value is not None:
        document[f"{_P}value"] = str(flow.value)
    if flow.carbon_kg is not None:
        document[f"{_P}carbonKg"] = flow.carbon_kg
    document[f"{_P}massKg"] = {_P + material: mass for material, mass in flow.materials.items()}
    return document


def _money_flow(flow: MoneyFlow) -> dict[str, Any]:
    return {
        f"{_P}amount": str(flow.money.amount),
        f"{_P}currency": flow.money.currency,
        f"{_P}counterparty": flow.counterparty,
        f"{_P}purpose": flow.purpose,
    }


def in_context(body: bytes, context: bytes) -> bytes:
    """Return an event, as JSON, that carries what it needs of the context it was captured in: it can stand in any document then."""
    event = orjson.loads(body)
    own = event.pop("@context", [])
    return orjson.dumps({"@context": [*orjson.loads(context), *(own if isinstance(own, list) else [own])], **event})


def write_document(
    bodies: Iterable[bytes], created: datetime, opening: Mapping[str, Mapping[str, float]] | None = None
) -> Iterator[bytes]:
    """Yield an EPCIS document, piece by piece.

    Parameters
    ----------
    bodies
        Events that are JSON already, in order.
    created
        Creation date of the document.
    opening
        What lots held before the first of these events, kg by substance: without it a reader could not sum lots that are older.
    """
    head: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": format_time(created),
        f"{_P}openingStock": [
            {f"{_P}lot": lot, f"{_P}massKg": {_P + material: mass for material, mass in materials.items()}}
            for lot, materials in (opening or {}).items()
        ],
    }
    yield orjson.dumps(head)[:-1] + b',"epcisBody":{"eventList":[\n'
    separator = b""
    for body in bodies:
        yield separator + body
        separator = b",\n"
    yield b"\n]}}\n"
