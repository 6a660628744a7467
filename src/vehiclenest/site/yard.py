"""One vehicle, step by step, as people work on it: each step is booked when it is done, and the next asks for the one before.

The stations and the events are those of a day's run (`day`); here a person decides when, what is taken off and how it is graded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from vehiclenest.core.errors import ConflictError, InputError, Where
from vehiclenest.ledger import Book, Stock
from vehiclenest.loop.dismantle import depollute, dismantle, shred
from vehiclenest.loop.intake import declare_manifest_row, family_of, receive
from vehiclenest.loop.records import Composition, Decision, Depollution, Fraction, Grade, Item, Stream, Teardown, Vehicle, merged
from vehiclenest.loop.route import decide
from vehiclenest.site.events import Consigned, costs_of, depolluted, dismantled, received, shipped, shredded
from vehiclenest.site.settings import Settings


def declared(cells: Mapping[str, str], now: datetime, settings: Settings) -> Vehicle:
    """Return the vehicle that somebody typed in, by the columns of a manifest.

    Raises
    ------
    InputError
        Naming the field.
    """
    return receive(declare_manifest_row(cells, now, settings.folder), settings.folder)


def take_in(book: Book, vehicles: Sequence[Vehicle], source: str, settings: Settings) -> None:
    """Book the receipt and purchase of vehicles.

    Raises
    ------
    ConflictError
        For one that is in the ledger already.
    """
    costs = costs_of(settings)
    known = book.known_lots([settings.thing(vehicle.reference) for vehicle in vehicles])
    for vehicle in vehicles:
        if when := known.get(settings.thing(vehicle.reference)):
            raise ConflictError(
                f"{vehicle.reference} is in the ledger already, received {when:%Y-%m-%d %H:%M} UTC",
                expected="each vehicle once",
                where=Where(field="vin"),
            )
    book.capture(event for vehicle in vehicles for event in received(vehicle, source, settings, costs))


def depollution_of(vehicle: Vehicle, taken_out: Collection[str], settings: Settings, minutes: float | None = None) -> Depollution:
    """Return the record of a depollution: complete only where every fraction of the vehicle was taken out."""
    planned = depollute(vehicle, settings.folder)
    removed = tuple(fraction for fraction in planned.removed if fraction.code in taken_out)
    return replace(
        planned,
        removed=removed,
        complete=len(removed) == len(planned.removed),
        minutes=planned.minutes if minutes is None else minutes,
    )


def take_out(book: Book, vehicle: Vehicle, depollution: Depollution, now: datetime, settings: Settings) -> None:
    """Book a depollution.

    Raises
    ------
    ConflictError
        Where it is not complete, naming what is still inside.
    """
    left = [fraction for fraction in vehicle.fractions if fraction not in depollution.removed]
    if left or not depollution.complete:
        raise ConflictError(
            f"{vehicle.reference} still holds {', '.join(name_of(fraction) for fraction in left)}",
            expected="a vehicle is depolluted when nothing on its list is left inside",
        )
    book.capture(depolluted(vehicle, depollution, settings, costs_of(settings), now))


def name_of(fraction: Fraction) -> str:
    """Return a fraction's name as people write it."""
    return fraction.name.replace("_", " ")


def teardown_of(vehicle: Vehicle, depollution: Depollution, settings: Settings) -> Teardown:
    """Return everything that can be taken off a vehicle, with the grade by rule; raises where it is not depolluted."""
    return dismantle(vehicle, depollution, family_of(vehicle.body), settings.folder)


def taken_off(teardown: Teardown, grades: Mapping[str, Grade]) -> Teardown:
    """Return a teardown of the parts that are named, with the grades that a person gave; the others stay on the hulk."""
    unknown = set(grades) - {part.code for part in teardown.components}
    if unknown:
        raise InputError(f"{', '.join(sorted(unknown))} is no part of this vehicle", expected="parts of the teardown list")
    kept = tuple(
        part
        if part.grade == grades[part.code]
        else replace(part, grade=grades[part.code], grade_reason=f"graded by hand; by rule {part.grade}: {part.grade_reason}")
        for part in teardown.components
        if part.code in grades
    )
    left = (part.materials for part in teardown.components if part.code not in grades)
    return replace(teardown, components=kept, hulk=merged(teardown.hulk, *left))


def take_apart(book: Book, vehicle: Vehicle, teardown: Teardown, now: datetime, settings: Settings) -> None:
    """Book a dismantling."""
    book.capture([dismantled(vehicle, teardown, settings, costs_of(settings), now)])


def sell(
    book: Book, lot: str, item: Item, stream: str, price: Decimal | None, serial: str, now: datetime, settings: Settings
) -> Decision:
    """Book the shipping of one part by the route that rules and prices choose; at the agreed price where it stays a product."""
    decision = decide(item, settings.place, settings.folder)
    if price is not None and decision.route in {"reuse", "remanufacture", "second_life"}:
        decision = replace(decision, revenue=price, expected_share=1.0)
    book.capture([shipped([Consigned(lot, item.materials, decision, Stream(stream))], serial, now, settings)])
    return decision


def close_day(book: Book, now: datetime, settings: Settings) -> tuple[int, int]:
    """Shred the hulks that wait, ship what the shredder gives, and tanks worth a lorry; return the number of hulks and consignments."""
    hulks: dict[str, Composition] = {stock.lot: stock.materials for stock in book.stock("hulk")}
    serial = f"{now:%Y%m%d%H%M%S}"
    leaving: list[tuple[str, Item, str]] = []
    if hulks:
        campaign = shred(hulks.values(), settings.folder)
        book.capture([shredded(hulks, campaign, serial, now, settings, costs_of(settings))])
        leaving += [
            (settings.material(fraction.code, serial), Item(fraction.code, "shredder", fraction.materials), fraction.stream)
            for fraction in campaign.fractions
        ]
    leaving += [
        (tank.lot, Item(tank.attributes["code"], "fraction", tank.materials), tank.stream)
        for tank in _full(book.stock("tank"), settings)
    ]
    by_route: dict[str, list[Consigned]] = {}
    for lot, item, stream in leaving:
        decision = decide(item, settings.place, settings.folder)
        by_route.setdefault(decision.route, []).append(Consigned(lot, item.materials, decision, Stream(stream)))
    later = now + timedelta(seconds=1)
    for number, route in enumerate(sorted(by_route), start=1):
        book.capture([shipped(by_route[route], f"{serial}-{number}", later, settings)])
    return len(hulks), len(by_route)


def _full(tanks: Sequence[Stock], settings: Settings) -> list[Stock]:
    return [tank for tank in tanks if _mass(tank.materials) >= settings.table[tank.attributes["code"]].number("pickup")]


def _mass(materials: Composition) -> float:
    return sum(materials.values())
