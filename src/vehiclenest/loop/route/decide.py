"""What an item becomes: of the routes that the place allows, the one with the highest expected net value, carbon priced in.

Net value of a route = expected revenue − cost − carbon x price of carbon. Carbon is in kg CO2e against the thing being made new;
negative is avoided. Hazardous fractions have the routes that they can take at all; everything else competes.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from vehiclenest.core.errors import SettingsError
from vehiclenest.core.money import minor_unit
from vehiclenest.loop.records import TRACTION_BATTERY, Decision, Item, Route
from vehiclenest.loop.route.book import Book, open_book

BUYERS = {
    Route.REUSE: "used-parts trade",
    Route.REMANUFACTURE: "remanufacturer",
    Route.SECOND_LIFE: "second-life integrator",
    Route.REGENERATE: "battery recycler",
    Route.RECYCLE: "material recycler",
    Route.ENERGY_RECOVERY: "energy recovery plant",
    Route.DISPOSE: "licensed disposal site",
}
_BURNABLE_SHARE = 0.5  # below this share of burnable mass an incinerator does not take it as fuel
_CHEMISTRY_MARKERS = (("manganese", "ternary"), ("phosphate", "iron_phosphate"))
_HAZARDOUS = frozenset({"BRF", "WAF", "REF", "COO", "FIL"})


class Option(NamedTuple):
    """One way an item can go: money in the book's currency, carbon in kg CO2e, all expected over the `share` that really goes."""

    route: Route
    revenue: float
    cost: float
    carbon_kg: float
    uses: tuple[str, ...]
    share: float = 1.0

    def net(self, carbon_price: float) -> float:
        """Return the net value with carbon priced in, per kg CO2e."""
        return self.revenue - self.cost - self.carbon_kg * carbon_price


def decide(item: Item, place: str = "cn", site: Path | None = None) -> Decision:
    """Return the route of an item, with money, carbon and the reason.

    Raises
    ------
    SettingsError
        Where rules and prices leave an item no route at all.
    """
    book = open_book(place, site)
    forbidden, ranked = _ranked(item, book, place)
    best = ranked[0][1]
    return Decision(
        route=best.route,
        counterparty=BUYERS[best.route],
        revenue=_exact(best.revenue, book.currency),
        cost=_exact(best.cost, book.currency),
        currency=book.currency,
        carbon_kg=best.carbon_kg,
        reason=_reason(item, ranked, forbidden, book),
        unverified=_names(best.uses, tuple(item.materials), place, site),
        expected_share=best.share,
    )


def best_route(item: Item, place: str = "cn", site: Path | None = None) -> Route:
    """Return the route that `decide` would choose, without money and reason; raises as it does."""
    return _ranked(item, open_book(place, site), place)[1][0][1].route


def _ranked(item: Item, book: Book, place: str) -> tuple[dict[Route, str], list[tuple[float, Option]]]:
    """Return the forbidden routes with their laws, and what is allowed by net value, the best first."""
    forbidden = book.forbids(item.code, item.assembly)
    allowed = (option for option in _options(item, book) if option.route not in forbidden)
    ranked = sorted(((option.net(book.carbon_price), option) for option in allowed), key=itemgetter(0), reverse=True)
    if not ranked:
        raise SettingsError(f"nothing may be done with {item.code}", expected=f"a route in the rules of {place}")
    return forbidden, ranked


def _reason(item: Item, ranked: list[tuple[float, Option]], forbidden: dict[Route, str], book: Book) -> str:
    words = [f"{option.route} {net:,.2f}" for net, option in ranked[:3]]
    grade = f"grade {item.grade}: " if item.grade else ""
    laws = "".join(f"; no {route} by {law}" for route, law in forbidden.items())
    return f"{grade}{' > '.join(words)} {book.currency} net{laws}"


def _exact(value: float, currency: str) -> Decimal:
    decimals = minor_unit(currency)
    return Decimal(round(value * 10**decimals)).scaleb(-decimals)


@lru_cache(maxsize=4096)
def _names(uses: tuple[str, ...], materials: tuple[str, ...], place: str, site: Path | None) -> tuple[str, ...]:
    unverified = open_book(place, site).unverified
    rows = [*uses, *(f"{table}.{material}" for material in materials for table in ("prices", "carbon"))]
    return tuple(dict.fromkeys(name for row in rows for name in unverified.get(row, ())))


def _options(item: Item, book: Book) -> Iterable[Option]:
    if item.code == TRACTION_BATTERY:
        return _traction_battery(item, book)
    return _BY_KIND[item.kind](item, book)


def _component(item: Item, book: Book) -> Iterable[Option]:
    scrap = _recycle(item, book)
    yield scrap
    yield from _burn_or_dispose(item, book, "prices.disposal")
    part = book.parts.get(item.code)
    if part is None or item.grade in {None, "X"}:
        return
    factor = book.grade_factor[str(item.grade)]
    uses = (f"parts.{item.code}", f"parts.grade_{item.grade}", "prices.part_handling", "carbon.reuse")
    new = _per_kg(item, book.new_carbon) * (1 + book.carbon["reuse"].number("manufacturing"))
    chance = part.sold * factor
    handling = book.prices["part_handling"].number("handling")
    yield Option(
        Route.REUSE,
        chance * part.used * item.mass_kg * factor + (1 - chance) * scrap.revenue,
        handling + (1 - chance) * scrap.cost,
        -book.carbon["reuse"].number("displacement") * chance * new + (1 - chance) * scrap.carbon_kg,
        uses,
        chance,
    )
    if part.core > 0:
        saving = book.carbon["remanufacture"].number("saving")
        yield Option(
            Route.REMANUFACTURE,
            part.core * item.mass_kg * max(factor, 0.5),
            0.5 * handling,
            -saving * new,
            (*uses, "carbon.remanufacture"),
        )


def _fraction(item: Item, book: Book) -> Iterable[Option]:
    """Fluids and hazardous parts go where they can: fuel is used up, oil re-refined, lead smelted, the rest treated."""
    if item.code == "FUE":
        yield Option(Route.REUSE, _per_kg(item, book.scrap), 0.0, -_per_kg(item, book.new_carbon), ("prices.fuel", "carbon.fuel"))
        return
    if item.code == "PBB":
        price = book.prices["lead_battery"].number("price") * item.mass_kg
        yield Option(
            Route.RECYCLE,
            price,
            _fee(item, book, "recycling"),
            _per_kg(item, book.recycling_carbon),
            ("prices.lead_battery", "prices.recycling"),
        )
        return
    if any(material in book.recycling_carbon for material in item.materials):
        yield _recycle(item, book)
    yield from _burn_or_dispose(item, book, "prices.hazardous_disposal" if item.code in _HAZARDOUS else "prices.disposal")


def _shredder(item: Item, book: Book) -> Iterable[Option]:
    if item.code in book.prices:
        row = book.prices[item.code]
        paid = {material: mass for material, mass in item.materials.items() if material in row.words("pays")}
        revenue = row.number("quality") * sum(mass * book.prices[material].number("price") for material, mass in paid.items())
        carbon = sum(mass * book.recycling_carbon.get(material, 0.0) for material, mass in paid.items())
        yield Option(
            Route.RECYCLE,
            revenue,
            _fee(item, book, "shredder_sorting"),
            carbon,
            (f"prices.{item.code}", "prices.shredder_sorting"),
        )
    yield from _burn_or_dispose(item, book, "prices.disposal")


def _traction_battery(item: Item, book: Book) -> Iterable[Option]:
    chemistry = next((name for marker, name in _CHEMISTRY_MARKERS if marker in item.materials), "nickel_metal_hydride")
    battery, second = book.carbon["traction_battery"], book.prices["second_life"]
    mass, made_new = item.mass_kg, battery.number("primary") * item.mass_kg
    uses = (f"prices.battery_{chemistry}", "prices.recycling", "carbon.traction_battery")
    recycled = Option(
        Route.REGENERATE,
        book.prices[f"battery_{chemistry}"].number("price") * mass,
        _fee(item, book, "recycling"),
        -battery.number("saving") * made_new,
        uses,
    )
    yield recycled
    if item.grade not in {None, "X"}:
        passes = second.number("passes") * book.grade_factor[str(item.grade)]
        yield Option(
            Route.SECOND_LIFE,
            passes * second.number("price") * mass + (1 - passes) * recycled.revenue,
            second.number("handling") + (1 - passes) * recycled.cost,
            -passes * book.carbon["second_life"].number("displacement") * made_new + (1 - passes) * recycled.carbon_kg,
            (*uses, "prices.second_life", "carbon.second_life", f"parts.grade_{item.grade}"),
            passes,
        )


def _recycle(item: Item, book: Book) -> Option:
    return Option(
        Route.RECYCLE,
        _per_kg(item, book.scrap),
        _fee(item, book, "recycling"),
        _per_kg(item, book.recycling_carbon),
        ("prices.recycling",),
    )


def _burn_or_dispose(item: Item, book: Book, disposal: str) -> Iterable[Option]:
    burnable = sum(mass for material, mass in item.materials.items() if material in book.burning_carbon)
    if burnable >= _BURNABLE_SHARE * item.mass_kg:
        fee = _fee(item, book, "energy_recovery")
        yield Option(Route.ENERGY_RECOVERY, 0.0, fee, _per_kg(item, book.burning_carbon), ("prices.energy_recovery",))
    if item.code == "REF":
        disposal = "prices.refrigerant_destruction"
    yield Option(Route.DISPOSE, 0.0, _fee(item, book, disposal.removeprefix("prices.")), 0.0, (disposal,))


def _per_kg(item: Item, table: dict[str, float]) -> float:
    return sum(mass * table.get(material, 0.0) for material, mass in item.materials.items())


def _fee(item: Item, book: Book, row: str) -> float:
    return book.prices[row].number("fee") * item.mass_kg


_BY_KIND: dict[str, Callable[[Item, Book], Iterable[Option]]] = {
    "component": _component,
    "fraction": _fraction,
    "shredder": _shredder,
}
