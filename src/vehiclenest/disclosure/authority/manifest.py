"""The hazardous-waste manifest of a shipment: waste by kind, weight, packaging, transport, receiver, method.

After 危险废物转移管理办法 (Measures on the transfer of hazardous waste), in force 2022-01-01 [S]; categories of the National Catalogue of
Hazardous Wastes are from memory [U] (`waste.toml`).
"""

from collections import defaultdict
from pathlib import Path

from vehiclenest.core.constants import ConstantTable, Row, load_table
from vehiclenest.disclosure.authority.model import Law, Manifest, Missing, WasteLine
from vehiclenest.disclosure.authority.reading import Movement, Shipment, Waste
from vehiclenest.disclosure.authority.records import DISMANTLER_SOURCE, RECEIVER_SOURCE, missing

_LAW = Law(
    "危险废物转移管理办法 (Measures on the transfer of hazardous waste), in force 2022-01-01",
    "",
    "S",
    "the article was not read [U]; categories and codes of the National Catalogue are from memory [U]",
)
_TABLE = load_table(Path(__file__).with_name("waste.toml"))
_LATER = "a later event that names the manifest in its bizTransactionList, with"


def manifest(shipment: Shipment) -> Manifest:
    """Return the manifest of a shipment; what its events do not say is empty and listed."""
    parties, facts = shipment.parties, shipment.facts
    consignor, carrier, receiver = (parties.get(role, {}) for role in ("dismantler", "carrier", "receiver"))
    lines = _lines(shipment)
    fields = {
        "number": (shipment.number, "the shipping event's document hazardous_waste_manifest"),
        "arrived_at": (facts.get("arrivedAt", ""), f"{_LATER} the fact arrivedAt"),
        "consignor": (consignor.get("name", ""), DISMANTLER_SOURCE),
        "consignor_credit_code": (consignor.get("creditCode", ""), DISMANTLER_SOURCE),
        "carrier": (carrier.get("name", ""), f"[carrier] in the site's parties.toml, or {_LATER} the party carrier"),
        "transport_vehicle": (facts.get("transportVehicle", ""), f"{_LATER} the fact transportVehicle"),
        "transport_route": (facts.get("transportRoute", ""), f"{_LATER} the fact transportRoute"),
        "receiver": (shipment.receiver, "destinationList of the shipping event, type owning_party"),
        "receiver_name": (receiver.get("name", ""), RECEIVER_SOURCE),
        "receiver_credit_code": (receiver.get("creditCode", ""), RECEIVER_SOURCE),
        "receiver_permit_number": (receiver.get("permitNumber", ""), RECEIVER_SOURCE),
        "waste": ("some" if lines else "", "shipped material flows of lots that a removing event describes"),
    }
    return Manifest(
        number=shipment.number,
        shipped_on=shipment.day,
        departed_at=shipment.time,
        arrived_at=fields["arrived_at"][0],
        consignor=fields["consignor"][0],
        consignor_credit_code=fields["consignor_credit_code"][0],
        carrier=fields["carrier"][0],
        transport_vehicle=fields["transport_vehicle"][0],
        transport_route=fields["transport_route"][0],
        receiver=shipment.receiver,
        receiver_name=fields["receiver_name"][0],
        receiver_credit_code=fields["receiver_credit_code"][0],
        receiver_permit_number=fields["receiver_permit_number"][0],
        waste=lines,
        law=_LAW,
        missing=(*missing(fields), *(gap for line in lines for gap in _gaps(line))),
    )


def unverified(manifests: list[Manifest]) -> tuple[str, ...]:
    """Return the names of the unverified rows that manifests rest on."""
    return tuple(dict.fromkeys(f"waste.{line.name.replace(' ', '_')}" for each in manifests for line in each.waste))


def _lines(shipment: Shipment) -> tuple[WasteLine, ...]:
    kinds: defaultdict[tuple[str, str], list[tuple[Waste, Movement]]] = defaultdict(list)
    for waste, movement in shipment.waste:
        kinds[waste.name, movement.route].append((waste, movement))
    return tuple(_line(name, route, items, shipment, _TABLE) for (name, route), items in sorted(kinds.items()))


def _line(name: str, route: str, items: list[tuple[Waste, Movement]], shipment: Shipment, table: ConstantTable) -> WasteLine:
    key = name.replace(" ", "_")
    row = table[key] if key in table else Row(key, {}, {})
    known = {waste.packaging for waste, _ in items if waste.packaging}
    return WasteLine(
        name=name,
        name_zh=row.text("name_zh"),
        listed=row.text("listed", "unknown"),
        category=row.text("category"),
        code=row.text("code"),
        weight_kg=round(sum(movement.mass_kg for _, movement in items), 6),
        weight_basis="weighed" if all(movement.basis == "weighed" for _, movement in items) else "estimated",
        pieces=len(items),
        packaging=", ".join(sorted(known)) or shipment.facts.get("packaging", ""),
        disposal_method=table["methods"].text(route),
        lots=tuple(movement.lot for _, movement in items),
    )


def _gaps(line: WasteLine) -> tuple[Missing, ...]:
    category = (
        "none: from memory [U] the catalogue has no entry for it" if line.listed == "no" else "a category read in the catalogue"
    )
    return missing(
        {
            f"waste.{line.name}.category": (line.category, category),
            f"waste.{line.name}.packaging": (
                line.packaging,
                f"[packaging] in the site's parties.toml, or {_LATER} the fact packaging",
            ),
            f"waste.{line.name}.disposal_method": (line.disposal_method, "the route of the shipped material flow"),
        }
    )
