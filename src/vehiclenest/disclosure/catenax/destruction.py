"""Certificate of destruction, aspect model ``io.catenax.certificate_of_destruction`` 2.0.0.

The base is the dismantler and, unless its parties name another, the return point. The model's ``dismantlingDate`` is described as the
day on which the certificate was issued, and that is what it holds here.
"""

from typing import Any

from vehiclenest.disclosure.catenax.document import COUNTRY, DAY, NUMBER, PHONE, YES_OR_NO, ZIP, Document, Leaf, settle
from vehiclenest.disclosure.catenax.story import Story
from vehiclenest.disclosure.events import serial_of, vin_of

ASPECT = "CertificateOfDestruction"
_CURB = "curb mass of the type"


def destruction(told: Story) -> Document:
    """Return the certificate of destruction of a vehicle, or what it lacks."""
    certified, certificate = told.documented("certificate_of_destruction")
    event = "an event with the document certificate_of_destruction that lists the vehicle"
    return settle(
        ASPECT,
        told.lot,
        {
            "dismantlingDate": Leaf(str(certified.day) if certified else "", event, DAY),
            "serialNumber": Leaf(serial_of(certificate) if certificate else "", event),
            "companyNumber": _of_party(told, "dismantler", "permitNumber"),
            "vehicleOwnerProperties": {
                "isVehicleOwnerInformationComplete": True,
                "vehicleOwnerAddress": _address(told, "owner"),
                "citizenship": _of_party(told, "owner", "citizenship", COUNTRY),
            },
            "vehicleProperties": _vehicle(told),
            "returnPointProperties": _return_point(told),
            "dismantlerProperties": _dismantler(told),
        },
    )


def _vehicle(told: Story) -> dict[str, Any]:
    described = told.description
    receipt = "the receiving event's description of the vehicle"
    return {
        "isVehicleInformationComplete": True,
        "emptyWeight": Leaf(_empty_weight(told), _fact("emptyWeightKg"), NUMBER),
        "firstRegistration": Leaf(told.facts.get("firstRegistration"), _fact("firstRegistration")),
        "licensePlate": Leaf(told.facts.get("licensePlate"), _fact("licensePlate")),
        "licenseAbbreviation": Leaf(told.facts.get("licenseAbbreviation"), _fact("licenseAbbreviation")),
        "identification": Leaf(vin_of(told.lot), "the column vin of the manifest (salvage lots come without it)"),
        "model": Leaf(described.get("model"), receipt),
        "brand": Leaf(described.get("make"), receipt),
        "class": Leaf(described.get("category"), receipt),
    }


def _empty_weight(told: Story) -> str:
    """Return the empty weight in kg: as stated, or the curb mass where that is what was booked; a mass on the scales is another thing."""
    stated = told.facts.get("emptyWeightKg", "")
    received = told.first("receiving")
    if stated or received is None or told.description.get("massSource") != _CURB:
        return stated
    return str(sum(movement.mass_kg for movement in received.movements() if movement.lot == told.lot))


def _return_point(told: Story) -> dict[str, Any]:
    point = "return_point" if "return_point" in told.parties else "dismantler"
    auditor = _auditor(told)
    return {
        "isVehicleWithdrawnFromService": _withdrawn(told),
        "issueDate": _of_party(told, point, "approvalIssued", DAY),
        "expiryDate": _of_party(told, point, "approvalExpires", DAY),
        "receiverAddress": _address(told, point),
        "receiverContact": _contact(told, point),
        "receiverAuditorAddress": _address(told, auditor),
        "receiverAuditorContact": _contact(told, auditor),
    }


def _dismantler(told: Story) -> dict[str, Any]:
    return {
        "isVehicleWithdrawnFromService": _withdrawn(told),
        "issueDate": _of_party(told, "dismantler", "approvalIssued", DAY),
        "expiryDate": _of_party(told, "dismantler", "approvalExpires", DAY),
        "dismantlerAddress": _address(told, "dismantler"),
        "dismantlerContact": _contact(told, "dismantler"),
        "dismantlerAuditorAddress": _address(told, "dismantler_auditor"),
        "dismantlerAuditorContact": _contact(told, "dismantler_auditor"),
        "receiverAuditorAddress": _address(told, _auditor(told)),
        "governmentAddress": _address(told, "authority"),
    }


def _auditor(told: Story) -> str:
    return "return_point_auditor" if "return_point_auditor" in told.parties else "dismantler_auditor"


def _withdrawn(told: Story) -> Leaf:
    return Leaf(told.facts.get("withdrawnFromService"), f"{_fact('withdrawnFromService')}, true or false", YES_OR_NO)


def _address(told: Story, role: str) -> dict[str, Leaf]:
    patterns = {"street": "", "houseNumber": "", "zip": ZIP, "location": "", "name": "", "country": COUNTRY}
    return {name: _of_party(told, role, name, pattern) for name, pattern in patterns.items()}


def _contact(told: Story, role: str) -> dict[str, Leaf]:
    return {
        "phone": _of_party(told, role, "phone", PHONE),
        "fax": _of_party(told, role, "fax", PHONE, optional=True),
    }


def _of_party(told: Story, role: str, name: str, pattern: str = "", *, optional: bool = False) -> Leaf:
    settings = "" if role == "owner" else f"[{role}] {name} in the site's parties.toml before the vehicle comes in, or "
    source = f"{settings}an event that lists the vehicle with {name} of the party {role}"
    return Leaf(told.parties.get(role, {}).get(name), source, pattern, optional)


def _fact(name: str) -> str:
    return f"an event that lists the vehicle with the fact {name}"
