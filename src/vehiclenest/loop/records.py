"""What passes between the stations of the loop. Masses are in kg; a `Composition` maps a substance of `core.materials` to kg."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Composition = Mapping[str, float]
Basis = Literal["weighed", "estimated"]
Grade = Literal["A", "B", "C", "X"]
TRACTION_BATTERY = "TBA"  # code of the fraction that is graded and routed like a part


class Powertrain(StrEnum):
    """What drives the vehicle; `NONE` is a trailer."""

    PETROL = "petrol"
    DIESEL = "diesel"
    HYBRID = "hybrid"
    PLUG_IN_HYBRID = "plug_in_hybrid"
    ELECTRIC = "electric"
    NONE = "none"


class Route(StrEnum):
    """What becomes of a thing. The first three keep it a product, the next two its material."""

    REUSE = "reuse"
    REMANUFACTURE = "remanufacture"
    SECOND_LIFE = "second_life"
    REGENERATE = "regenerate"
    RECYCLE = "recycle"
    ENERGY_RECOVERY = "energy_recovery"
    DISPOSE = "dispose"


class Stream(StrEnum):
    """The rows of the annex to Commission Decision 2005/293/EC (tables 1 and 2) under which mass is reported, and fuel, which is not."""

    BATTERIES = "batteries"
    LIQUIDS = "liquids"
    FUEL = "fuel"
    OIL_FILTERS = "oil filters"
    OTHER_DEPOLLUTION = "other materials from depollution"
    CATALYSTS = "catalysts"
    METAL_COMPONENTS = "metal components"
    TYRES = "tyres"
    LARGE_PLASTIC_PARTS = "large plastic parts"
    GLASS = "glass"
    OTHER_DISMANTLING = "other materials from dismantling"
    FERROUS_SCRAP = "ferrous scrap"
    NON_FERROUS_SCRAP = "non-ferrous materials"
    SHREDDER_LIGHT_FRACTION = "shredder light fraction"
    OTHER_SHREDDING = "other materials from shredding"


@dataclass(frozen=True, slots=True)
class Damage:
    """Damage of one zone of a vehicle, in units of the ARA damage code (one unit covers a credit card)."""

    zone: str
    units: float
    cause: str


@dataclass(frozen=True, slots=True)
class Fraction:
    """Something hazardous that has to leave the vehicle before it is dismantled.

    `bulk` fractions (fluids) go into the site's tanks, the others are things with an identity of their own. `treatment` is what
    is done to it at depollution, empty where it is only taken out: air bags are deployed.
    """

    code: str
    name: str
    stream: Stream
    bulk: bool
    materials: Composition
    treatment: str = ""

    @property
    def mass_kg(self) -> float:
        """Mass in kg."""
        return sum(self.materials.values())


@dataclass(frozen=True, slots=True)
class Vehicle:
    """An end-of-life vehicle as received.

    `mass_kg` is what stands in the ledger; `composition` and `fractions` sum to `expected_mass_kg`, which differs from it only
    where both a weighed mass and the type's curb mass are known. `mass_uncertainty_kg` and `expected_uncertainty_kg` are standard
    uncertainties; `mass_interval_kg` holds with 90 %.
    """

    reference: str
    vin: str | None
    make: str
    model: str
    year: int
    category: str
    body: str
    powertrain: Powertrain
    mass_kg: float
    mass_basis: Basis
    mass_uncertainty_kg: float
    mass_interval_kg: tuple[float, float]
    mass_source: str
    expected_mass_kg: float
    expected_uncertainty_kg: float
    structure: Composition
    fractions: tuple[Fraction, ...]
    damage: tuple[Damage, ...]
    mileage_km: float | None
    battery_code: str | None
    received_at: datetime
    place_of_origin: str
    flags: tuple[str, ...]
    unverified: tuple[str, ...]

    @property
    def composition(self) -> dict[str, float]:
        """Mass in kg by substance, fractions included; sums to `expected_mass_kg`."""
        return merged(self.structure, *(fraction.materials for fraction in self.fractions))


@dataclass(frozen=True, slots=True)
class Depollution:
    """What was taken out of a vehicle before dismantling; `complete` only when nothing on its list is left inside."""

    reference: str
    removed: tuple[Fraction, ...]
    complete: bool
    minutes: float
    electricity_kwh: float
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A part taken off a vehicle, with its grade and why it has it. `assembly` names one of the five assemblies of Decree 715."""

    code: str
    name: str
    stream: Stream
    assembly: str
    materials: Composition
    grade: Grade
    grade_reason: str
    unverified: tuple[str, ...]

    @property
    def mass_kg(self) -> float:
        """Mass in kg."""
        return sum(self.materials.values())


@dataclass(frozen=True, slots=True)
class Teardown:
    """Result of dismantling one depolluted vehicle: components, and the hulk that goes to the shredder."""

    reference: str
    components: tuple[Component, ...]
    hulk: Composition
    minutes: float
    electricity_kwh: float
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShredderFraction:
    """One output stream of a shredder campaign."""

    code: str
    name: str
    stream: Stream
    materials: Composition


@dataclass(frozen=True, slots=True)
class Campaign:
    """Result of shredding a number of hulks together; `lost` left as dust and moisture."""

    fractions: tuple[ShredderFraction, ...]
    lost: Composition
    electricity_kwh: float
    unverified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What is offered to routing: a component, a hazardous fraction or a shredder fraction, whole or per lot."""

    code: str
    kind: Literal["component", "fraction", "shredder"]
    materials: Composition
    grade: Grade | None = None
    assembly: str = ""

    @property
    def mass_kg(self) -> float:
        """Mass in kg."""
        return sum(self.materials.values())


@dataclass(frozen=True, slots=True)
class Decision:
    """What an item becomes, and why. Money is in the currency of the price table; carbon in kg CO2e, negative is avoided.

    `expected_share` is the chance that the route is really taken: that a part sells, or that a pack passes for its second life.
    Revenue, cost and carbon are expected values over it.
    """

    route: Route
    counterparty: str
    revenue: Decimal
    cost: Decimal
    currency: str
    carbon_kg: float
    reason: str
    unverified: tuple[str, ...]
    expected_share: float = 1.0


def merged(*compositions: Composition) -> dict[str, float]:
    """Return the sum of compositions, substance by substance."""
    result: dict[str, float] = {}
    for composition in compositions:
        for material, mass in composition.items():
            result[material] = result.get(material, 0.0) + mass
    return result


def scaled(composition: Composition, factor: float) -> dict[str, float]:
    """Return a composition with every mass multiplied by `factor`."""
    return {material: mass * factor for material, mass in composition.items()}
