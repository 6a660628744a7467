"""A month's records of vehicles and of traction batteries, after Articles 13 to 15 of the 2018 traceability provisions.

Each field comes from an event; one that no event supplies is empty and listed in `missing` with what would supply it.
"""

from datetime import date

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import parse_battery_code
from vehiclenest.disclosure.authority.deadline import deadline, receiver_rule
from vehiclenest.disclosure.authority.model import BatteryRecord, Deadline, Missing, VehicleRecord
from vehiclenest.disclosure.authority.reading import Certified, Month, Outbound
from vehiclenest.disclosure.events import vin_of

_TRACTION = frozenset({"electric", "plug_in_hybrid", "hybrid"})
CODE_SOURCE = "battery_code in the manifest, or an event that lists the thing with the fact batteryCode"
DISMANTLER_SOURCE = "[dismantler] in the site's parties.toml, carried by events from then on"
RECEIVER_SOURCE = (
    "the receiver's row in the site's parties.toml, or a later event about the same thing or document with that party"
)


def vehicle_record(certified: Certified, month: Month, on: date) -> VehicleRecord:
    """Return the record of a vehicle whose certificate was issued in the month, as it stands on a day."""
    described, vehicle = certified.description, certified.vehicle
    powertrain = described.get("powertrain", "")
    code = month.codes.get(vehicle, described.get("batteryCode", ""))
    dismantler = certified.parties.get("dismantler", {})
    fields = {
        "vin": (vin_of(vehicle), "the column vin of the manifest (salvage lots come without it)"),
        "make": (described.get("make", ""), "the receiving event's description of the vehicle"),
        "model": (described.get("model", ""), "the receiving event's description of the vehicle"),
        "powertrain": (powertrain, "the receiving event's description of the vehicle"),
        "dismantler": (dismantler.get("name", ""), DISMANTLER_SOURCE),
        "dismantler_credit_code": (dismantler.get("creditCode", ""), DISMANTLER_SOURCE),
    }
    if powertrain in _TRACTION or code:
        fields["pack_codes"] = (code, CODE_SOURCE)
        fields["battery_type"] = (_battery_type(code), CODE_SOURCE)
    return VehicleRecord(
        vehicle=vehicle,
        vin=fields["vin"][0],
        certificate=certified.certificate,
        scrapped_on=certified.day,
        make=fields["make"][0],
        model=fields["model"][0],
        year=described.get("year", ""),
        category=described.get("category", ""),
        powertrain=powertrain,
        pack_codes=(code,) if code else (),
        battery_type=_battery_type(code),
        dismantler=fields["dismantler"][0],
        dismantler_credit_code=fields["dismantler_credit_code"][0],
        deadline=deadline("vehicle", certified.day, powertrain, month.sent.get(("vehicle", vehicle)), on),
        missing=missing(fields),
    )


def battery_record(outbound: Outbound, month: Month, on: date) -> BatteryRecord:
    """Return the record of a traction battery that left in the month, as it stands on a day."""
    pack, origin = outbound.pack, outbound.pack.origin
    powertrain = origin.get("powertrain", "")
    code = month.codes.get(pack.pack, month.codes.get(pack.vehicle, origin.get("batteryCode", "")))
    receiver = outbound.parties.get("receiver", {})
    fields = {
        "pack_code": (code, CODE_SOURCE),
        "battery_type": (_battery_type(code), CODE_SOURCE),
        "receiver": (outbound.receiver, "destinationList of the shipping event, type owning_party"),
        "receiver_name": (receiver.get("name", ""), RECEIVER_SOURCE),
        "receiver_credit_code": (receiver.get("creditCode", ""), RECEIVER_SOURCE),
    }
    return BatteryRecord(
        pack=pack.pack,
        pack_code=code,
        battery_type=fields["battery_type"][0],
        vehicle=pack.vehicle,
        outbound_on=outbound.day,
        mass_kg=round(outbound.movement.mass_kg, 6),
        mass_basis=outbound.movement.basis,
        route=outbound.movement.route,
        receiver=outbound.receiver,
        receiver_name=fields["receiver_name"][0],
        receiver_credit_code=fields["receiver_credit_code"][0],
        deadline=deadline("battery_outbound", outbound.day, powertrain, month.sent.get(("battery", pack.pack)), on),
        receiver_deadline=_receiver_deadline(outbound, powertrain, on),
        missing=missing(fields),
    )


def missing(fields: dict[str, tuple[str, str]]) -> tuple[Missing, ...]:
    """Return the fields that are empty, each with what would supply it."""
    return tuple(Missing(name, source) for name, (value, source) in fields.items() if not value)


def _receiver_deadline(outbound: Outbound, powertrain: str, on: date) -> Deadline | None:
    if not (bound := receiver_rule(outbound.movement.route)):
        return None
    rule, step = bound
    return deadline(rule, outbound.later.get(step), powertrain, None, on)


def _battery_type(code: str) -> str:
    try:
        return parse_battery_code(code).chemistry_name if code else ""
    except InputError:
        return ""
