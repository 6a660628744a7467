"""Prices, part values, carbon factors and rules of the place, read once and laid out per substance for quick use."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vehiclenest.core.constants import ConstantTable, Row, load_table
from vehiclenest.core.errors import SettingsError, Where
from vehiclenest.core.materials import MATERIALS
from vehiclenest.core.money import minor_unit
from vehiclenest.loop.records import Route

_HERE = Path(__file__).parent
PLACES = ("cn", "eu")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a place forbids for a code or an assembly, and the law that does."""

    codes: frozenset[str]
    assemblies: frozenset[str]
    never: frozenset[Route]
    law: str


@dataclass(frozen=True, slots=True)
class Part:
    """Value of a part: grade A used price per kg, price as a core per kg, chance to sell."""

    used: float
    core: float
    sold: float


@dataclass(frozen=True, slots=True)
class Book:
    """Everything a decision needs. Dictionaries are per kg of a substance; `recycling` counts what the recycler loses."""

    currency: str
    prices: ConstantTable
    carbon: ConstantTable
    scrap: dict[str, float]
    recycling_carbon: dict[str, float]
    new_carbon: dict[str, float]
    burning_carbon: dict[str, float]
    parts: dict[str, Part]
    grade_factor: dict[str, float]
    rules: tuple[Rule, ...]
    carbon_price: float
    unverified: dict[str, tuple[str, ...]]

    def forbids(self, code: str, assembly: str) -> dict[Route, str]:
        """Return the routes that the place forbids for an item, each with the law."""
        return {
            route: rule.law
            for rule in self.rules
            if code in rule.codes or (assembly and assembly in rule.assemblies)
            for route in sorted(rule.never)  # the same reason in every process
        }


@lru_cache(maxsize=16)
def open_book(place: str = "cn", site: Path | None = None) -> Book:
    """Read the tables of a place, the site's own figures laid over them.

    Raises
    ------
    SettingsError
        For a place without rules, or tables that do not fit together.
    """
    if place not in PLACES:
        raise SettingsError(f"there are no rules for the place {place!r}", expected=f"one of {', '.join(PLACES)}")
    prices, parts, carbon = (load_table(_HERE / f"{name}.toml", site) for name in ("prices", "parts", "carbon"))
    rules = load_table(_HERE / "rules.toml", site)
    scrap: dict[str, float] = {}
    recycling: dict[str, float] = {}
    new: dict[str, float] = {}
    burning: dict[str, float] = {}
    for material in MATERIALS:
        factors = carbon.get(material, Row(material, {}, {}))
        recovered = factors.number("recovered", 0.0)
        if material in prices:
            scrap[material] = prices[material].number("price") * (recovered or 1.0)
        if "primary" in factors:
            new[material] = factors.number("primary")
            if "recycled" in factors:
                recycling[material] = -recovered * (factors.number("primary") - factors.number("recycled"))
        if "burned" in factors:
            burning[material] = factors.number("burned") - factors.number("displaced_heat")
    currency = prices["currency"].text("code")
    minor_unit(currency)
    return Book(
        currency=currency,
        prices=prices,
        carbon=carbon,
        scrap=scrap,
        recycling_carbon=recycling,
        new_carbon=new,
        burning_carbon=burning,
        parts={
            name: Part(row.number("used") / row.number("mass"), row.number("core") / row.number("mass"), row.number("sold"))
            for name, row in parts.items()
            if "used" in row
        },
        grade_factor={name.removeprefix("grade_"): row.number("factor") for name, row in parts.items() if "factor" in row}
        | {"X": 0.0},
        rules=tuple(
            Rule(
                frozenset(row.words("items")),
                frozenset(row.words("assemblies")),
                _routes(row),
                row.text("law"),
            )
            for row in rules.values()
            if row.text("place") == place
        ),
        carbon_price=carbon["emission_trading"].number("price") / 1000,
        unverified={f"{table.name}.{name}": row.unverified for table in (prices, parts, carbon) for name, row in table.items()},
    )


def _routes(row: Row) -> frozenset[Route]:
    for word in row.words("never"):
        if word not in tuple(Route):
            raise SettingsError(f"{word!r} is no route", expected=f"one of {', '.join(Route)}", where=Where(field=row.name))
    return frozenset(Route(word) for word in row.words("never"))
