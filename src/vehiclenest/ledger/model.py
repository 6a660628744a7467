"""An event and the four flows it carries: material, energy, money, information.

The language is EPCIS 2.0 (GS1; ISO/IEC 19987:2024): an `Event` is one of its five event types. Flows and lot descriptions are an
extension in the namespace `NAMESPACE`; docs/formats.md documents it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from vehiclenest.core.money import Money

NAMESPACE = "https://vehiclenest.example/ns/1/"  # .example is reserved (RFC 2606): the name identifies and is not fetched
PREFIX = "vnest"
UNVERIFIED = "unverified_constant"  # kind of an information flow that names a constant nobody verified
STOCK = "stock"  # the end of what has not left yet

EventType = Literal["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]
EVENT_TYPES: tuple[EventType, ...] = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)


class Flow(StrEnum):
    """What an event does to the mass of a lot. Lost and unaccounted mass belongs to no lot any more."""

    RECEIVED = "received"
    CONSUMED = "consumed"
    PRODUCED = "produced"
    SHIPPED = "shipped"
    LOST = "lost"
    UNACCOUNTED = "unaccounted"


@dataclass(frozen=True, slots=True)
class Lot:
    """Description of a thing or a quantity of material that an event creates; `id` is an EPC URI."""

    id: str
    kind: str
    name: str
    stream: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_class(self) -> bool:
        """Whether the lot is a quantity that may be added to, and not one thing."""
        return self.id.startswith("urn:epc:class:")


@dataclass(frozen=True, slots=True)
class MaterialFlow:
    """Mass of one lot in one event, in kg by substance.

    `uncertainty_kg` is the standard uncertainty of the total. Shipped flows may say which route the lot takes, why, what it is
    worth (`value`, net, in the currency of the event's money) and its carbon in kg CO2e.
    """

    flow: Flow
    materials: Mapping[str, float]
    lot: str | None = None
    basis: Literal["weighed", "estimated"] = "estimated"
    uncertainty_kg: float = 0.0
    route: str | None = None
    reason: str | None = None
    value: Decimal | None = None
    carbon_kg: float | None = None

    @property
    def mass_kg(self) -> float:
        """Total mass in kg."""
        return sum(self.materials.values())


@dataclass(frozen=True, slots=True)
class EnergyFlow:
    """Energy used, in kWh, by carrier (``electricity``, ``diesel`` …)."""

    carrier: str
    kwh: float


@dataclass(frozen=True, slots=True)
class MoneyFlow:
    """Money received (positive) or paid (negative) in the event."""

    money: Money
    counterparty: str
    purpose: str


@dataclass(frozen=True, slots=True)
class InformationFlow:
    """A document, certificate or upload that the event issues or refers to."""

    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class Event:
    """One EPCIS event. `fields` holds its other EPCIS fields and foreign extensions as in JSON (``epcList``, ``bizStep`` …)."""

    type: str
    time: datetime
    fields: Mapping[str, Any]
    lots: Sequence[Lot] = ()
    material: Sequence[MaterialFlow] = ()
    energy: Sequence[EnergyFlow] = ()
    money: Sequence[MoneyFlow] = ()
    information: Sequence[InformationFlow] = ()

    @property
    def biz_step(self) -> str:
        """The business step, empty where the event names none."""
        return str(self.fields.get("bizStep", ""))
