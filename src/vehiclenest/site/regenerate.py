"""What `loop.regenerate` made of packs or black mass in the ledger → events: taken apart, reagents received, transformed.

A pack is taken apart into black mass and the rest. The black mass, reagents, water and the oxygen of air then become products and
residues, which stay in stock, and gases, which are lost. The assay of the feed file says what the black mass is; what the ledger
estimated of the packs stays with the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.core.identifiers import lgtin
from vehiclenest.core.money import Money
from vehiclenest.ledger import (
    UNVERIFIED,
    Book,
    EnergyFlow,
    Event,
    Flow,
    InformationFlow,
    Ledger,
    Lot,
    MaterialFlow,
    MoneyFlow,
    Stock,
)
from vehiclenest.loop.records import Composition, merged, scaled
from vehiclenest.loop.regenerate import Outcome, crossing, recycled_content, substances
from vehiclenest.site.settings import Settings

_KINDS = ("fraction", "component", "battery", "pack", "module", "black_mass")
_BLACK_MASS, _REST = "black mass", "rest of packs"
_FIRST_ITEM = 101  # item numbers below are those of the base's tanks and shredder
_ITEMS = (
    _BLACK_MASS, _REST, "sulfuric acid", "hydrogen peroxide", "sodium hydroxide", "soda ash", "carbon dioxide",
    "lithium carbonate bought", "fresh water", "oxygen of air", "lithium carbonate", "nickel sulfate hexahydrate",
    "cobalt sulfate heptahydrate", "manganese sulfate monohydrate", "mixed oxide", "sodium sulfate", "graphite", "regenerated cathode",
)  # fmt: skip
_FIRST_RESIDUE = 201
_PAID_ON_RECEIPT = "water"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked: the number of events, and the lots by what they hold."""

    events: int
    lots: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, for JSON."""
        return {"events": self.events, "lots": dict(self.lots)}


@dataclass(frozen=True, slots=True)
class _Work:
    """What every event of one run shares."""

    outcome: Outcome
    settings: Settings
    serial: str
    now: datetime

    def lot(self, name: str) -> str:
        """Return the EPC class of a lot of this run."""
        prefix = self.settings.company_prefix
        number = _FIRST_ITEM + _ITEMS.index(name) if name in _ITEMS else _FIRST_RESIDUE + self._residues().index(name)
        return lgtin(prefix, str(number).zfill(13 - len(prefix)), self.serial).urn()

    def place(self) -> dict[str, Any]:
        """Return where it happened."""
        location = {"id": self.settings.location()}
        return {"readPoint": location, "bizLocation": location}

    def _residues(self) -> list[str]:
        return sorted(crossing(self.outcome.flowsheet).residues)


def book_outcome(outcome: Outcome, identifiers: Sequence[str], ledger: Ledger, settings: Settings, now: datetime) -> Booked:
    """Record an outcome in the ledger, all of it or nothing.

    Parameters
    ----------
    outcome
        What a feed became.
    identifiers
        The lots that the feed was made of: packs (``VIN-TBA``), or one lot of black mass.
    ledger, settings, now
        The book, the base whose identity the lots carry, and the time of the events.

    Raises
    ------
    NotFoundError
        For a lot that the ledger does not hold.
    ConflictError
        For one that is not in stock any more.
    InputError
        Where the feed is heavier than the lots, or black mass is mixed with packs.
    ClosureError
        Where the mass of an event does not close.
    """
    with ledger.writing() as book:
        held = _find(book, list(dict.fromkeys(identifiers)), settings)
        work = _Work(outcome, settings, f"R{book.size() + 1}", now)
        events = list(_events(held, work))
        captured = book.capture(events, now)
    return Booked(captured.stored, {lot.name: lot.id for event in events for lot in event.lots})


def _events(held: Sequence[tuple[str, Stock]], work: _Work) -> Iterable[Event]:
    feed = work.outcome.feed
    mass_kg, available = feed.mass_t * 1000, sum(sum(stock.materials.values()) for _, stock in held)
    if mass_kg > available * (1 + _ROUNDING):
        raise InputError(
            f"the feed is {mass_kg:,.3f} kg, the lots hold {available:,.3f} kg", expected="a mass_t of no more than the lots"
        )
    kinds = {kind for kind, _ in held}
    if "black_mass" in kinds:
        if len(held) > 1:
            raise InputError("black mass and other lots together", expected="packs, or one lot of black mass")
        stock = held[0][1]
        black_mass, used = stock.lot, scaled(stock.materials, mass_kg / available)
    else:
        black_mass, used = work.lot(_BLACK_MASS), substances(feed.amounts)
        yield _taken_apart([stock for _, stock in held], used, work)
    yield from _received(work)
    yield _transformed(black_mass, used, work)


def _find(book: Book, identifiers: Sequence[str], settings: Settings) -> list[tuple[str, Stock]]:
    """Return kind and stock of each lot, named by its EPC, by ``VIN-CODE``, or by the tail of a class's EPC."""
    stocks = {stock.lot: (kind, stock) for kind in _KINDS for stock in book.stock(kind)}
    found: dict[str, tuple[str, Stock]] = {}
    for identifier in identifiers:
        names = [identifier, *([] if identifier.startswith("urn:") else [_thing(identifier, settings)])]
        matching = [lot for lot in stocks if lot in names or lot.endswith(f":{settings.company_prefix}.{identifier}")]
        if not matching:
            if book.known_lots(names):
                raise ConflictError(
                    f"{identifier} is not in stock",
                    expected="a lot that has not left; the setting own_works keeps packs that regenerate is the route of",
                )
            raise NotFoundError(f"the ledger holds no pack or black mass {identifier!r}", expected="VIN-TBA, or the EPC of a lot")
        found[matching[0]] = stocks[matching[0]]
    return list(found.values())


def _thing(identifier: str, settings: Settings) -> str:
    try:
        return settings.thing(identifier)
    except InputError:
        return ""  # a name that no thing can have


def _taken_apart(packs: Sequence[Stock], used: Composition, work: _Work) -> Event:
    """Return packs → black mass of the assay, and the rest; the rest takes what the packs' estimate has beyond the assay."""
    packed = merged(*(stock.materials for stock in packs))
    rest_kg = sum(packed.values()) - sum(used.values())
    beyond = {name: kg - used.get(name, 0.0) for name, kg in packed.items() if kg > used.get(name, 0.0)}
    rest = scaled(beyond, rest_kg / sum(beyond.values())) if rest_kg > _ROUNDING * sum(used.values()) else {}
    black_mass, other = work.lot(_BLACK_MASS), work.lot(_REST)
    lots = [Lot(black_mass, "black_mass", _BLACK_MASS, "batteries", {"assay": work.outcome.feed.name[:100]})]
    flows = [
        *(MaterialFlow(Flow.CONSUMED, stock.materials, stock.lot) for stock in packs),
        MaterialFlow(Flow.PRODUCED, used, black_mass),
    ]
    if rest:
        lots.append(Lot(other, "pack_rest", _REST, "batteries"))
        flows.append(MaterialFlow(Flow.PRODUCED, rest, other))
    return Event(
        "TransformationEvent",
        work.now,
        {
            "bizStep": "disassembling",
            "disposition": "in_progress",
            **work.place(),
            "inputEPCList": [stock.lot for stock in packs if not stock.lot.startswith("urn:epc:class:")],
            "outputQuantityList": [_quantity(flow) for flow in flows if flow.flow is Flow.PRODUCED],
        },
        lots=lots,
        material=flows,
    )


def _received(work: _Work) -> Iterable[Event]:
    """Yield the receipt of each reagent, of water and of the oxygen of air, with what it costs."""
    costs = work.outcome.money.costs
    for name, materials in crossing(work.outcome.flowsheet).bought.items():
        lot = work.lot(name)
        flow = MaterialFlow(Flow.RECEIVED, materials, lot)
        paid = costs.get(_PAID_ON_RECEIPT if name == "fresh water" else name)
        yield Event(
            "ObjectEvent",
            work.now,
            {
                "action": "ADD",
                "bizStep": "receiving",
                "disposition": "in_progress",
                **work.place(),
                "quantityList": [_quantity(flow)],
            },
            lots=[Lot(lot, "reagent", name)],
            material=[flow],
            money=[_paid(paid, "supplier of chemicals", name, work)] if paid else [],
        )


def _transformed(black_mass: str, used: Composition, work: _Work) -> Event:
    """Return the route itself: black mass and what was received become products, residues and gas."""
    outcome = work.outcome
    across = crossing(outcome.flowsheet)
    lots: list[Lot] = []
    flows = [MaterialFlow(Flow.CONSUMED, used, black_mass)]
    flows += [MaterialFlow(Flow.CONSUMED, materials, work.lot(name)) for name, materials in across.bought.items()]
    for kind, outputs in (("product", across.products), ("residue", across.residues)):
        for name, materials in outputs.items():
            lot = work.lot(name)
            lots.append(Lot(lot, kind, name, attributes=_attributes(name, outcome) if kind == "product" else {}))
            flows.append(MaterialFlow(Flow.PRODUCED, materials, lot))
    flows += [MaterialFlow(Flow.LOST, materials, reason=name) for name, materials in across.gases.items()]
    costs = outcome.money.costs
    work_costs = {"labour": "staff", "electricity": "power supplier", "fuel": "gas supplier"}
    work_costs |= {"residue": "licensed disposal site", "sewage": "sewage works"}
    return Event(
        "TransformationEvent",
        work.now,
        {
            "bizStep": "creating_class_instance",
            "disposition": "in_progress",
            **work.place(),
            "inputQuantityList": [_quantity(flow) for flow in flows if flow.flow is Flow.CONSUMED],
            "outputQuantityList": [_quantity(flow) for flow in flows if flow.flow is Flow.PRODUCED],
        },
        lots=lots,
        material=flows,
        energy=[
            EnergyFlow("electricity", float(outcome.accounts.electricity_kwh[0])),
            EnergyFlow("natural_gas", float(outcome.accounts.fuel_kwh[0])),
        ],
        money=[_paid(costs[name], party, name, work) for name, party in work_costs.items() if costs.get(name)],
        information=[InformationFlow(UNVERIFIED, name) for name in outcome.unverified],
    )


def _attributes(product: str, outcome: Outcome) -> dict[str, str]:
    purity = outcome.products()[product]["purity"]
    shares = recycled_content(outcome, product)
    return {
        "route": outcome.flowsheet.route,
        **({"purity": f"{purity:.6f}"} if purity is not None else {}),
        **{f"recycled{substance.capitalize()}": f"{share:.6f}" for substance, share in shares.items()},
    }


def _paid(amount: Decimal, counterparty: str, purpose: str, work: _Work) -> MoneyFlow:
    return MoneyFlow(Money(-amount, work.outcome.money.currency), counterparty, purpose)


def _quantity(flow: MaterialFlow) -> dict[str, Any]:
    return {"epcClass": flow.lot, "quantity": flow.mass_kg, "uom": "KGM"}
