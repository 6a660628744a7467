"""Records for the authority: what is known, by which law, until when, and what is missing."""

from dataclasses import dataclass, field
from datetime import date

from vehiclenest.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that no event supplies, and what would supply it."""

    field: str
    supplied_by: str


@dataclass(frozen=True, slots=True)
class Law:
    """The rule that a record follows; `note` says what about it is not verified."""

    title: str
    article: str
    tag: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when something is due, and how that stands.

    `due` is None where it cannot be said; `reason` says why then, or why the verdict is what it is. `status` is sent, sent late, open,
    overdue or unknown. The verdict is on the deadline: met, not met, or not assessed (also while it is open).
    """

    law: Law
    by: str
    after: str
    working_days: int
    counted_from: date | None
    due: date | None
    sent: date | None
    receipt: str
    status: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """A vehicle whose certificate was issued in the month."""

    vehicle: str
    vin: str
    certificate: str
    scrapped_on: date
    make: str
    model: str
    year: str
    category: str
    powertrain: str
    pack_codes: tuple[str, ...]
    battery_type: str
    dismantler: str
    dismantler_credit_code: str
    deadline: Deadline
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class BatteryRecord:
    """A traction battery that left the base in the month; `receiver_deadline` is what the receiver has to upload itself."""

    pack: str
    pack_code: str
    battery_type: str
    vehicle: str
    outbound_on: date
    mass_kg: float
    mass_basis: str
    route: str
    receiver: str
    receiver_name: str
    receiver_credit_code: str
    deadline: Deadline
    receiver_deadline: Deadline | None
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class WasteLine:
    """One kind of waste on a manifest; `listed` says whether the National Catalogue has it (yes, no, unknown), from memory."""

    name: str
    name_zh: str
    listed: str
    category: str
    code: str
    weight_kg: float
    weight_basis: str
    pieces: int
    packaging: str
    disposal_method: str
    lots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The hazardous-waste manifest of one shipment."""

    number: str
    shipped_on: date
    departed_at: str
    arrived_at: str
    consignor: str
    consignor_credit_code: str
    carrier: str
    transport_vehicle: str
    transport_route: str
    receiver: str
    receiver_name: str
    receiver_credit_code: str
    receiver_permit_number: str
    waste: tuple[WasteLine, ...]
    law: Law
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """Everything of one month for the authority, as it stands on the day `on`."""

    month: str
    on: date
    events: int
    vehicles: list[VehicleRecord] = field(default_factory=list[VehicleRecord])
    batteries: list[BatteryRecord] = field(default_factory=list[BatteryRecord])
    manifests: list[Manifest] = field(default_factory=list[Manifest])
    unverified: tuple[str, ...] = ()
