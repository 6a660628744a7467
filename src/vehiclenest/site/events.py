"""What the stations say → EPCIS events. Only here do records of the loop become events of the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vehiclenest.core.money import Money
from vehiclenest.ledger import EnergyFlow, Event, Flow, InformationFlow, Lot, MaterialFlow, MoneyFlow
from vehiclenest.loop.records import (
    TRACTION_BATTERY,
    Campaign,
    Component,
    Composition,
    Decision,
    Depollution,
    Fraction,
    Stream,
    Teardown,
    Vehicle,
    merged,
    scaled,
)
from vehiclenest.loop.route import open_book
from vehiclenest.site.parties import handover_parties, packaging, shipping_parties
from vehiclenest.site.settings import Settings

HULK = "HLK"
_HAZARDOUS = frozenset({Stream.LIQUIDS, Stream.FUEL, Stream.BATTERIES, Stream.OIL_FILTERS, Stream.OTHER_DEPOLLUTION})


@dataclass(frozen=True, slots=True)
class Costs:
    """What work and power cost, and what a kilogram of vehicle was bought for; from the route's price table."""

    labour_hour: float
    kwh: float
    vehicle_kg: float
    currency: str

    def money(self, amount: float, counterparty: str, purpose: str) -> MoneyFlow:
        """Return an expense, rounded to the hundredth."""
        return MoneyFlow(Money(-Decimal(round(amount * 100)).scaleb(-2), self.currency), counterparty, purpose)

    def work(self, minutes: float, kwh: float) -> list[MoneyFlow]:
        """Return what labour and electricity of a step cost."""
        return [
            self.money(minutes / 60 * self.labour_hour, "staff", "labour"),
            self.money(kwh * self.kwh, "power supplier", "electricity"),
        ]


def costs_of(settings: Settings) -> Costs:
    """Return what work, power and vehicles cost by the site's price table."""
    book = open_book(settings.place, settings.folder)
    labour, electricity, purchase = (book.prices[name] for name in ("labour", "electricity", "purchase"))
    return Costs(labour.number("hour"), electricity.number("kwh"), purchase.number("vehicle"), book.currency)


@dataclass(frozen=True, slots=True)
class Consigned:
    """A lot that leaves: what it is, what it weighs and where it goes."""

    lot: str
    materials: Composition
    decision: Decision
    stream: Stream


def booked_composition(vehicle: Vehicle) -> dict[str, float]:
    """Return the composition that sums to the mass in the ledger: fluids as estimated, the structure takes the difference."""
    hazardous = sum(fraction.mass_kg for fraction in vehicle.fractions)
    ratio = (vehicle.mass_kg - hazardous) / (vehicle.expected_mass_kg - hazardous)
    return merged(scaled(vehicle.structure, ratio), *(fraction.materials for fraction in vehicle.fractions))


def received(vehicle: Vehicle, source: str, settings: Settings, costs: Costs) -> list[Event]:
    """Return the receipt of a vehicle, and the transaction that buys it and certifies its destruction."""
    thing = settings.thing(vehicle.reference)
    attributes = {
        "make": vehicle.make,
        "model": vehicle.model,
        "year": str(vehicle.year),
        "category": vehicle.category,
        "body": vehicle.body,
        "powertrain": vehicle.powertrain.value,
        "massSource": vehicle.mass_source,
        "massLowKg": f"{vehicle.mass_interval_kg[0]:.1f}",
        "massHighKg": f"{vehicle.mass_interval_kg[1]:.1f}",
        "damage": "; ".join(f"{item.zone} {item.units:g} ({item.cause})" for item in vehicle.damage),
        "flags": "; ".join(vehicle.flags),
        "unverified": ", ".join(vehicle.unverified),
    } | ({"batteryCode": vehicle.battery_code} if vehicle.battery_code else {})
    certificate = settings.document("certificate_of_destruction", vehicle.reference.removeprefix("LOT"))
    return [
        Event(
            "ObjectEvent",
            vehicle.received_at,
            {"action": "ADD", "bizStep": "receiving", "disposition": "in_progress", **_place(settings), "epcList": [thing]},
            lots=[
                Lot(
                    thing,
                    "vehicle",
                    f"{vehicle.year} {vehicle.make} {vehicle.model}",
                    attributes={k: v for k, v in attributes.items() if v},
                )
            ],
            material=[
                MaterialFlow(Flow.RECEIVED, booked_composition(vehicle), thing, vehicle.mass_basis, vehicle.mass_uncertainty_kg)
            ],
            information=[InformationFlow("intake_record", source)],
        ),
        Event(
            "TransactionEvent",
            vehicle.received_at,
            {
                "action": "ADD",
                "bizStep": "accepting",
                **_place(settings),
                "bizTransactionList": [{"type": "cert", "bizTransaction": certificate}],
                "epcList": [thing],
                "sourceList": [{"type": "owning_party", "source": settings.party("last owner")}],
                **handover_parties(settings),
            },
            money=[costs.money(vehicle.mass_kg * costs.vehicle_kg, "last owner", "purchase")],
            information=[InformationFlow("certificate_of_destruction", certificate)],
        ),
    ]


def depolluted(
    vehicle: Vehicle, depollution: Depollution, settings: Settings, costs: Costs, at: datetime | None = None
) -> list[Event]:
    """Return the removal of the traction battery, where there is one, and of everything else hazardous.

    `at` is when it was done; None where it is reckoned from the receipt.
    """
    time = at or vehicle.received_at + timedelta(minutes=depollution.minutes)
    battery = [fraction for fraction in depollution.removed if fraction.code == TRACTION_BATTERY]
    rest = [fraction for fraction in depollution.removed if fraction.code != TRACTION_BATTERY]
    events: list[Event] = []
    if battery:
        events.append(_removed("AssociationEvent", vehicle, battery, time, settings))
    if rest:
        event = _removed("AggregationEvent", vehicle, rest, time, settings)
        record = settings.document("depollution_record", vehicle.reference.removeprefix("LOT"))
        events.append(
            Event(
                event.type,
                event.time,
                event.fields,
                event.lots,
                event.material,
                energy=[EnergyFlow("electricity", depollution.electricity_kwh)],
                money=costs.work(depollution.minutes, depollution.electricity_kwh),
                information=[InformationFlow("depollution_record", record)],
            )
        )
    return events


def fraction_lot(vehicle: Vehicle, fraction: Fraction, settings: Settings) -> str:
    """Return the EPC that a hazardous fraction gets: the month's tank, or a thing of its own."""
    if fraction.bulk:
        return settings.material(fraction.code, tank_month(vehicle.received_at))
    return settings.thing(f"{vehicle.reference}-{fraction.code}")


def _removed(kind: str, vehicle: Vehicle, fractions: Sequence[Fraction], time: datetime, settings: Settings) -> Event:
    thing = settings.thing(vehicle.reference)
    lots = [fraction_lot(vehicle, fraction, settings) for fraction in fractions]
    children: dict[str, Any] = {}
    if things := [lot for lot, fraction in zip(lots, fractions, strict=True) if not fraction.bulk]:
        children["childEPCs"] = things
    if quantities := [_quantity(lot, fraction.mass_kg) for lot, fraction in zip(lots, fractions, strict=True) if fraction.bulk]:
        children["childQuantityList"] = quantities
    return Event(
        kind,
        time,
        {"action": "DELETE", "bizStep": "removing", **_place(settings), "parentID": thing, **children},
        lots=[Lot(lot, *_described(fraction, vehicle, settings)) for lot, fraction in zip(lots, fractions, strict=True)],
        material=[
            MaterialFlow(Flow.CONSUMED, merged(*(fraction.materials for fraction in fractions)), thing),
            *(MaterialFlow(Flow.PRODUCED, fraction.materials, lot) for lot, fraction in zip(lots, fractions, strict=True)),
        ],
    )


def _described(fraction: Fraction, vehicle: Vehicle, settings: Settings) -> tuple[str, str, str, dict[str, str]]:
    name, attributes = fraction.name.replace("_", " "), {"packaging": packaging(fraction.name, settings)}
    if fraction.bulk:
        attributes |= {"code": fraction.code, "month": tank_month(vehicle.received_at)}
    else:
        attributes |= {"treatment": fraction.treatment}
    kind = "tank" if fraction.bulk else "fraction"
    return kind, name, fraction.stream.value, {key: value for key, value in attributes.items() if value}


def tank_month(time: datetime) -> str:
    """Return the month that a tank's lot is named after."""
    return f"{time:%Y%m}"


def dismantled(vehicle: Vehicle, teardown: Teardown, settings: Settings, costs: Costs, at: datetime | None = None) -> Event:
    """Return the transformation of a depolluted vehicle into its components and hulk; `at` as in `depolluted`."""
    thing = settings.thing(vehicle.reference)
    delay = settings.table["times"].number("dismantling_delay") + teardown.minutes
    left = merged(booked_composition(vehicle), *(scaled(fraction.materials, -1.0) for fraction in vehicle.fractions))
    mass = sum(vehicle.structure.values())
    outputs: list[tuple[str, Lot, Composition]] = [
        (settings.thing(f"{vehicle.reference}-{part.code}"), _part_lot(vehicle, part, settings), part.materials)
        for part in teardown.components
    ]
    hulk = settings.thing(f"{vehicle.reference}-{HULK}")
    outputs.append((hulk, Lot(hulk, "hulk", f"hulk of {vehicle.reference}"), teardown.hulk))
    return Event(
        "TransformationEvent",
        at or vehicle.received_at + timedelta(minutes=delay),
        {
            "bizStep": "disassembling",
            "disposition": "in_progress",
            **_place(settings),
            "inputEPCList": [thing],
            "outputEPCList": [lot for lot, _, _ in outputs],
        },
        lots=[description for _, description, _ in outputs],
        material=[
            MaterialFlow(
                Flow.CONSUMED,
                {material: kg for material, kg in left.items() if kg > 1e-9 * mass},
                thing,
                vehicle.mass_basis,
                vehicle.mass_uncertainty_kg if vehicle.mass_basis == "weighed" else 0.0,
            ),
            *(
                MaterialFlow(
                    Flow.PRODUCED, materials, lot, uncertainty_kg=vehicle.expected_uncertainty_kg * sum(materials.values()) / mass
                )
                for lot, _, materials in outputs
            ),
        ],
        energy=[EnergyFlow("electricity", teardown.electricity_kwh)],
        money=costs.work(teardown.minutes, teardown.electricity_kwh),
    )


def _part_lot(vehicle: Vehicle, part: Component, settings: Settings) -> Lot:
    attributes = {"grade": part.grade, "gradeReason": part.grade_reason} | ({"assembly": part.assembly} if part.assembly else {})
    return Lot(settings.thing(f"{vehicle.reference}-{part.code}"), "component", part.name, part.stream.value, attributes)


def shredded(
    hulks: dict[str, Composition], campaign: Campaign, name: str, time: datetime, settings: Settings, costs: Costs
) -> Event:
    """Return the transformation of a campaign's hulks into shredder fractions; dust is a loss."""
    lots = [settings.material(fraction.code, name) for fraction in campaign.fractions]
    return Event(
        "TransformationEvent",
        time,
        {
            "bizStep": "destroying",
            "disposition": "destroyed",
            **_place(settings),
            "inputEPCList": list(hulks),
            "outputQuantityList": [
                _quantity(lot, sum(fraction.materials.values())) for lot, fraction in zip(lots, campaign.fractions, strict=True)
            ],
        },
        lots=[
            Lot(lot, "shredder", fraction.name, fraction.stream.value)
            for lot, fraction in zip(lots, campaign.fractions, strict=True)
        ],
        material=[
            *(MaterialFlow(Flow.CONSUMED, hulk, lot) for lot, hulk in hulks.items()),
            *(
                MaterialFlow(Flow.PRODUCED, fraction.materials, lot)
                for lot, fraction in zip(lots, campaign.fractions, strict=True)
            ),
            MaterialFlow(Flow.LOST, campaign.lost, reason="dust and moisture of the shredder"),
        ],
        energy=[EnergyFlow("electricity", campaign.electricity_kwh)],
        money=[costs.money(campaign.electricity_kwh * costs.kwh, "power supplier", "electricity")],
    )


def shipped(
    consignment: Sequence[Consigned], serial: str, time: datetime, settings: Settings, notes: Iterable[InformationFlow] = ()
) -> Event:
    """Return the shipping of lots that take one route to one party, with what they bring and cost."""
    decision = consignment[0].decision
    party = settings.party(decision.counterparty)
    invoice = settings.document("sales_invoice", serial)
    information = [InformationFlow("sales_invoice", invoice), *notes]
    if any(item.stream in _HAZARDOUS for item in consignment):
        information.append(InformationFlow("hazardous_waste_manifest", settings.document("hazardous_waste_manifest", serial)))
    revenue = sum((item.decision.revenue for item in consignment), Decimal(0))
    cost = sum((item.decision.cost for item in consignment), Decimal(0))
    quantities = [
        _quantity(item.lot, sum(item.materials.values())) for item in consignment if item.lot.startswith("urn:epc:class:")
    ]
    things = [item.lot for item in consignment if not item.lot.startswith("urn:epc:class:")]
    money = [
        MoneyFlow(Money(amount, decision.currency), decision.counterparty, purpose)
        for amount, purpose in ((revenue, f"sale for {decision.route}"), (-cost, f"handling and fees of {decision.route}"))
        if amount
    ]
    return Event(
        "ObjectEvent",
        time,
        {
            "action": "OBSERVE",
            "bizStep": "shipping",
            "disposition": "in_transit",
            **_place(settings),
            "bizTransactionList": [{"type": "inv", "bizTransaction": invoice}],
            "destinationList": [{"type": "owning_party", "destination": party}],
            **({"epcList": things} if things else {}),
            **({"quantityList": quantities} if quantities else {}),
            **shipping_parties(decision.counterparty, settings),
        },
        material=[
            MaterialFlow(
                Flow.SHIPPED,
                item.materials,
                item.lot,
                route=item.decision.route.value,
                reason=item.decision.reason,
                value=item.decision.revenue - item.decision.cost,
                carbon_kg=item.decision.carbon_kg,
            )
            for item in consignment
        ],
        money=money,
        information=information,
    )


def _place(settings: Settings) -> dict[str, Any]:
    location = {"id": settings.location()}
    return {"readPoint": location, "bizLocation": location}


def _quantity(lot: str, kg: float) -> dict[str, Any]:
    return {"epcClass": lot, "quantity": kg, "uom": "KGM"}
