"""EPCIS 2.0 JSON/JSON-LD: events to and from their document form.

Everything of ours stands under the prefix ``vnest``; a foreign field is kept as it is, so that a document goes through unchanged.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.money import Money
from vehiclenest.core.time import format_time, parse_time
from vehiclenest.ledger.model import EVENT_TYPES, NAMESPACE, PREFIX, EnergyFlow, Event, Flow, InformationFlow, Lot, MaterialFlow, MoneyFlow

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {PREFIX: NAMESPACE}]
_P = PREFIX + ":"
_OURS = (f"{_P}lots", f"{_P}materialFlow", f"{_P}energyFlow", f"{_P}moneyFlow", f"{_P}informationFlow")
_HEAD = ("type", "eventTime", "eventTimeZoneOffset", "eventID")


def to_epcis(event: Event) -> dict[str, Any]:
    """Return the event as an EPCIS JSON object, with its id."""
    document: dict[str, Any] = {
        "type": event.type,
        "eventTime": format_time(event.time),
        "eventTimeZoneOffset": "+00:00",
        **event.fields,
    }
    if event.lots:
        document[_OURS[0]] = [_lot(lot) for lot in event.lots]
    if event.material:
        document[_OURS[1]] = [_material_flow(flow) for flow in event.material]
    if event.energy:
        document[_OURS[2]] = [{f"{_P}carrier": flow.carrier, f"{_P}kWh": flow.kwh} for flow in event.energy]
    if event.money:
        document[_OURS[3]] = [_money_flow(flow) for flow in event.money]
    if event.information:
        document[_OURS[4]] = [{f"{_P}kind": flow.kind, f"{_P}reference": flow.reference} for flow in event.information]
    document["eventID"] = event_id(document)
    return document


def event_id(document: Mapping[str, Any]) -> str:
    """Return the id of an event: the SHA-256 of its canonical JSON (sorted keys, no id, no record time) as an RFC 6920 name."""
    content = {key: value for key, value in document.items() if key not in {"eventID", "recordTime"}}
    return f"ni:///sha-256;{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


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


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _LotRecord(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    id: str = Field(alias=f"{_P}id")
    kind: str = Field(alias=f"{_P}kind")
    name: str = Field(alias=f"{_P}name")
    stream: str = Field("", alias=f"{_P}stream")


class _MaterialRecord(_Record):
    flow: Flow = Field(alias=f"{_P}flow")
    lot: str | None = Field(None, alias=f"{_P}lot")
    basis: Literal["weighed", "estimated"] = Field(alias=f"{_P}basis")
    uncertainty_kg: float = Field(0.0, ge=0, allow_inf_nan=False, alias=f"{_P}uncertaintyKg")
    route: str | None = Field(None, alias=f"{_P}route")
    reason: str | None = Field(None, alias=f"{_P}reason")
    value: Decimal | None = Field(None, alias=f"{_P}value")
    carbon_kg: float | None = Field(None, allow_inf_nan=False, alias=f"{_P}carbonKg")
    materials: dict[str, float] = Field(alias=f"{_P}massKg")


class _EnergyRecord(_Record):
    carrier: str = Field(alias=f"{_P}carrier")
    kwh: float = Field(allow_inf_nan=False, alias=f"{_P}kWh")


class _MoneyRecord(_Record):
    amount: str = Field(alias=f"{_P}amount")
    currency: str = Field(alias=f"{_P}currency")
    counterparty: str = Field(alias=f"{_P}counterparty")
    purpose: str = Field(alias=f"{_P}purpose")


class _InformationRecord(_Record):
    kind: str = Field(alias=f"{_P}kind")
    reference: str = Field(alias=f"{_P}reference")


class _Extension(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    lots: list[_LotRecord] = Field(default=[], alias=_OURS[0])
    material: list[_MaterialRecord] = Field(default=[], alias=_OURS[1])
    energy: list[_EnergyRecord] = Field(default=[], alias=_OURS[2])
    money: list[_MoneyRecord] = Field(default=[], alias=_OURS[3])
    information: list[_InformationRecord] = Field(default=[], alias=_OURS[4])


def from_epcis(document: Mapping[str, Any]) -> Event:
    """Read one EPCIS event.

    Raises
    ------
    InputError
        Naming the field that is missing or wrong.
    """
    kind = document.get("type")
    if kind not in EVENT_TYPES:
        raise InputError(f"{kind!r} is no event type", expected=f"one of {', '.join(EVENT_TYPES)}", where=Where(field="type"))
    time = _event_time(document)
    try:
        extension = _Extension.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(str(first["msg"]), where=Where(field="/".join(map(str, first["loc"])))) from None
    return Event(
        type=str(kind),
        time=time,
        fields={key: value for key, value in document.items() if key not in _HEAD and key not in _OURS},
        lots=[_read_lot(record) for record in extension.lots],
        material=[_read_material(record) for record in extension.material],
        energy=[EnergyFlow(record.carrier, record.kwh) for record in extension.energy],
        money=[MoneyFlow(Money.parse(record.amount, record.currency), record.counterparty, record.purpose) for record in extension.money],
        information=[InformationFlow(record.kind, record.reference) for record in extension.information],
    )


def _event_time(document: Mapping[str, Any]) -> datetime:
    text = document.get("eventTime")
    if not isinstance(text, str):
        raise InputError("the event has no time", expected="eventTime, ISO 8601 with zone", where=Where(field="eventTime"))
    time, assumed = parse_time(text)
    if assumed:
        raise InputError(f"{text!r} has no zone", expected="ISO 8601 with zone", where=Where(field="eventTime"))
    return time


def _read_lot(record: _LotRecord) -> Lot:
    attributes = {name.removeprefix(_P): str(value) for name, value in (record.model_extra or {}).items()}
    return Lot(record.id, record.kind, record.name, record.stream, attributes)


def _read_material(record: _MaterialRecord) -> MaterialFlow:
    return MaterialFlow(
        flow=record.flow,
        materials={name.removeprefix(_P): mass for name, mass in record.materials.items()},
        lot=record.lot,
        basis=record.basis,
        uncertainty_kg=record.uncertainty_kg,
        route=record.route,
        reason=record.reason,
        value=record.value,
        carbon_kg=record.carbon_kg,
    )


def read_document(document: Mapping[str, Any]) -> list[Event]:
    """Return the events of an EPCIS document; raise `InputError` where it is none, naming the event that is wrong."""
    body = cast("dict[str, Any]", document.get("epcisBody"))
    if document.get("type") != "EPCISDocument" or not isinstance(body, dict) or not isinstance(body.get("eventList"), list):
        raise InputError("this is no EPCIS document", expected='type "EPCISDocument" with epcisBody.eventList')
    events: list[Event] = []
    for index, event in enumerate(cast("list[dict[str, Any]]", body["eventList"])):
        try:
            events.append(from_epcis(event))
        except InputError as error:
            raise error.at(field=f"/epcisBody/eventList/{index}") from None
    return events


def write_document(bodies: Iterable[bytes], created: datetime) -> Iterator[bytes]:
    """Yield an EPCIS document, piece by piece, around event bodies that are JSON already."""
    head = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": format_time(created)}
    yield orjson.dumps(head)[:-1] + b',"epcisBody":{"eventList":[\n'
    separator = b""
    for body in bodies:
        yield separator + body
        separator = b",\n"
    yield b"\n]}}\n"
