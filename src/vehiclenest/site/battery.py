"""What the battery room says → the ledger: a graded battery becomes modules with grades and codes, modules become second-life packs.

A graded battery is opened: its lot is consumed and every part that was tested becomes a lot of its own, of equal mass, as nothing was
weighed (closure holds by construction). Each part that goes on gets a new GB/T 34014 code; its lot names the old one. A pack consumes
the lots of its modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.identifiers import BatteryCode, format_battery_code, parse_battery_code
from vehiclenest.ledger import UNVERIFIED, Book, Event, Flow, InformationFlow, Ledger, Lot, MaterialFlow, Stock
from vehiclenest.loop.records import Composition, Depollution, Vehicle, merged, scaled
from vehiclenest.site.pulse import TestedBattery
from vehiclenest.site.settings import Settings

MODULE, PACK = "battery_module", "battery_pack"
_OPENED = ("fraction", MODULE, PACK)  # kinds of lot that are opened and tested
_STREAM = "batteries"
_SERIALS = 10_000_000  # a code's serial number has seven digits
_ENDS = frozenset({"X", "E", "retest"})  # grades of what gets no second life, or none yet


@dataclass(frozen=True, slots=True)
class GradedPart:
    """A tested part of a battery: its name, grade and SOH in percent with its 90 % interval (None where it has none)."""

    name: str
    grade: str
    disposition: str
    reason: str
    soh: float | None
    soh_low: float | None
    soh_high: float | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was booked: new lots and their new codes."""

    lots: list[str]
    codes: list[str]
    events: int


def record_grades(
    ledger: Ledger,
    lot: str,
    parts: Sequence[GradedPart],
    code: str | None,
    model_sha256: str,
    settings: Settings,
    now: datetime,
    unverified: Sequence[str] = (),
) -> Recorded:
    """Book the grading of a battery: opened into its parts, each with grade, SOH and, given the old code, a new one.

    Raises
    ------
    NotFoundError
        Where the ledger holds no such battery.
    InputError
        For no parts, or a code that is none.
    """
    with ledger.writing() as book:
        return book_grades(book, lot, parts, code, model_sha256, settings, now, unverified)


def book_grades(
    book: Book,
    lot: str,
    parts: Sequence[GradedPart],
    code: str | None,
    model_sha256: str,
    settings: Settings,
    now: datetime,
    unverified: Sequence[str] = (),
) -> Recorded:
    """Book the grading of a battery in a transaction that is open; raises as `record_grades` does."""
    if not parts:
        raise InputError("no part was graded", expected="at least one")
    old = parse_battery_code(code) if code else None
    held = _held(book, lot, settings)
    first = book.size()
    codes = [_new_code(old, part, first * 1000 + number, now) for number, part in enumerate(parts, 1)]
    names = [f"{held.lot.rpartition(':')[2].split('.', 1)[1]}-M{number:03d}" for number in range(1, len(parts) + 1)]
    lots = [settings.thing(name) for name in names]
    share = scaled(held.materials, 1.0 / len(parts))
    event = Event(
        "TransformationEvent",
        now,
        {
            "bizStep": "inspecting",
            "disposition": "in_progress",
            "readPoint": {"id": settings.location()},
            "bizLocation": {"id": settings.location()},
            "inputEPCList": [held.lot],
            "outputEPCList": lots,
        },
        lots=[
            Lot(thing, MODULE, f"battery part {part.name}", _STREAM, part_attributes(part, new, old.text if old else None))
            for thing, part, new in zip(lots, parts, codes, strict=True)
        ],
        material=[
            MaterialFlow(Flow.CONSUMED, held.materials, held.lot),
            *(MaterialFlow(Flow.PRODUCED, share, thing) for thing in lots),
        ],
        information=[
            InformationFlow("battery_grading", f"model learnt from SHA-256 {model_sha256}"),
            *([InformationFlow("battery_code", old.text)] if old else []),
            *(InformationFlow("battery_code", new) for new in codes if new),
            *(InformationFlow(UNVERIFIED, name) for name in unverified),
        ],
    )
    captured = book.capture([event], now)
    return Recorded(names, [new for new in codes if new], captured.stored)


def battery_tested(vehicle: Vehicle, lot: str, tested: TestedBattery, depollution: Depollution, settings: Settings) -> Event:
    """Return the test of a vehicle's traction battery: its grade and, where it goes on, its new code linked to the old one."""
    information = [
        InformationFlow("battery_grade", f"grade {tested.grade}, {tested.disposition}; SOH {tested.soh:.1f} % "
                        f"({tested.soh_low:.1f} to {tested.soh_high:.1f}); {tested.reason}"),
    ]  # fmt: skip
    if vehicle.battery_code and tested.grade not in _ENDS:
        old = parse_battery_code(vehicle.battery_code)
        new = regraded_code(old, int(old.serial), vehicle.received_at)
        information.append(InformationFlow("battery_code", f"{new} replaces {old.text}"))
    location = {"id": settings.location()}
    return Event(
        "ObjectEvent",
        vehicle.received_at + timedelta(minutes=depollution.minutes + tested.minutes),
        {
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "disposition": "in_progress",
            "readPoint": location,
            "bizLocation": location,
            "epcList": [lot],
        },
        information=information,
    )


def part_attributes(part: GradedPart, new_code: str | None, old_code: str | None) -> dict[str, str]:
    """Return the description of a graded battery's lot."""
    numbers = {"sohPercent": part.soh, "sohLowPercent": part.soh_low, "sohHighPercent": part.soh_high}
    words = {
        "part": part.name,
        "grade": part.grade,
        "disposition": part.disposition,
        "gradeReason": part.reason,
        "batteryCode": new_code or "",
        "formerBatteryCode": old_code or "",
    }
    return {name: f"{value:.2f}" for name, value in numbers.items() if value is not None} | {k: v for k, v in words.items() if v}


def regraded_code(old: BatteryCode, serial: int, now: datetime) -> str:
    """Return the code of a reused battery: maker, level, chemistry and specification of the old one, today's date, a new serial number."""
    return format_battery_code(
        maker=old.maker,
        product_type=old.product_type,
        chemistry=old.chemistry,
        specification=old.specification,
        produced=now.date(),
        serial=serial % _SERIALS,
        reused_as=old.product_type,
    )


def _new_code(old: BatteryCode | None, part: GradedPart, serial: int, now: datetime) -> str | None:
    return None if old is None or part.grade in _ENDS else regraded_code(old, serial, now)


def record_packs(ledger: Ledger, lot: str, packs: Sequence[Sequence[str]], layout: str, settings: Settings, now: datetime) -> int:
    """Book second-life packs: the lots of their modules are consumed, packs `lot`-P0001 and so on produced; return how many events.

    Raises
    ------
    NotFoundError
        Where a module is no lot that the ledger holds.
    """
    with ledger.writing() as book:
        held: dict[str, Stock] = {stock.lot: stock for kind in _OPENED for stock in book.stock(kind)}
        events: list[Event] = []
        for number, modules in enumerate(packs, 1):
            things = [name if name.startswith("urn:") else settings.thing(name) for name in modules]
            if missing := next((thing for thing in things if thing not in held), None):
                raise NotFoundError(
                    f"the ledger holds no module {missing}", expected="ids of lots that vnest battery grade --lot made"
                )
            events.append(_assembled(settings.thing(f"{lot}-P{number:04d}"), things, held, layout, settings, now))
        return book.capture(events, now).stored


def _assembled(
    pack: str, modules: Sequence[str], held: dict[str, Stock], layout: str, settings: Settings, now: datetime
) -> Event:
    whole: Composition = merged(*(held[module].materials for module in modules))
    location = {"id": settings.location()}
    return Event(
        "TransformationEvent",
        now,
        {
            "bizStep": "assembling",
            "disposition": "active",
            "readPoint": location,
            "bizLocation": location,
            "inputEPCList": list(modules),
            "outputEPCList": [pack],
        },
        lots=[Lot(pack, PACK, f"second-life pack {layout}", _STREAM, {"layout": layout, "modules": str(len(modules))})],
        material=[
            *(MaterialFlow(Flow.CONSUMED, held[module].materials, module) for module in modules),
            MaterialFlow(Flow.PRODUCED, whole, pack),
        ],
    )


def _held(book: Book, lot: str, settings: Settings) -> Stock:
    thing = lot if lot.startswith("urn:") else settings.thing(lot)
    found = next((stock for kind in _OPENED for stock in book.stock(kind) if stock.lot == thing), None)
    if found is None:
        known = "it was there and has left" if book.known_lots([thing]) else "for example VIN-TBA, taken in by vnest run"
        raise NotFoundError(f"the ledger holds no battery {lot}", expected=known)
    return found
