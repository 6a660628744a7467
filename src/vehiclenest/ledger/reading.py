"""EPCIS 2.0 JSON/JSON-LD: a document of events back to events.

A field that is not ours is kept as it is, so that a document goes through unchanged. This is not part of the room's face, because
commands that only look something up should not wait for pydantic.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.money import Money
from vehiclenest.core.time import parse_time
from vehiclenest.ledger.epcis import FIELDS
from vehiclenest.ledger.model import EVENT_TYPES, PREFIX, EnergyFlow, Event, Flow, InformationFlow, Lot, MaterialFlow, MoneyFlow

_P = PREFIX + ":"
_HEAD = ("type", "eventTime", "eventTimeZoneOffset", "eventID")


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
    lots: list[_LotRecord] = Field(default=[], alias=FIELDS[0])
    material: list[_MaterialRecord] = Field(default=[], alias=FIELDS[1])
    energy: list[_EnergyRecord] = Field(default=[], alias=FIELDS[2])
    money: list[_MoneyRecord] = Field(default=[], alias=FIELDS[3])
    information: list[_InformationRecord] = Field(default=[], alias=FIELDS[4])


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
        fields={key: value for key, value in document.items() if key not in _HEAD and key not in FIELDS},
        lots=[_read_lot(record) for record in extension.lots],
        material=[_read_material(record) for record in extension.material],
        energy=[EnergyFlow(record.carrier, record.kwh) for record in extension.energy],
        money=[
            MoneyFlow(Money.parse(record.amount, record.currency), record.counterparty, record.purpose)
            for record in extension.money
        ],
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
    body: object = document.get("epcisBody")
    events_of = cast("dict[str, Any]", body).get("eventList") if isinstance(body, dict) else None
    if document.get("type") != "EPCISDocument" or not isinstance(events_of, list):
        raise InputError("this is no EPCIS document", expected='type "EPCISDocument" with epcisBody.eventList')
    events: list[Event] = []
    for index, event in enumerate(cast("list[dict[str, Any]]", events_of)):
        try:
            events.append(from_epcis(event))
        except InputError as error:
            pointer = f"/epcisBody/eventList/{index}/{error.where.field or ''}".rstrip("/")
            raise InputError(error.what, expected=error.expected, where=Where(field=pointer)) from None
    return events
