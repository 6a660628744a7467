"""Recovery rates achieved, per vehicle and batch, as Commission Decision 2005/293/EC computes them, against 2000/53/EC.

    reuse and recycling  X1 / W1      reuse and recovery  X2 / W1

W1 is the mass of the vehicles without fuel: the decision reports "liquids (excluding fuel)" [S], so fuel counts on neither side.
X1 is what was reused or remanufactured plus what was recycled; X2 adds energy recovery. Stock counts for nothing until it leaves.
Mass counts as delivered to an operation, as the decision does; what the operator loses of it is not taken off.
Second life of a traction battery is use for another purpose: neither reuse in the directive's sense nor recycling yet. It is shown
beside and left out of both (the decision does not name it; our reading). This is no design rate of a type: that is ISO 22628.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.core.verdict import Verdict, at_least
from vehiclenest.ledger.balance import VehicleFate

_LAW = Path(__file__).with_name("law.toml")
_FUEL = "fuel"
_USES = {
    "reuse": "reuse",
    "remanufacture": "reuse",
    "recycle": "recycling",
    "regenerate": "recycling",
    "energy_recovery": "energy recovery",
    "second_life": "second life",
    "dispose": "disposal",
    "stock": "stock",
    "lost": "lost",
    "unaccounted": "unaccounted",
}
USES = tuple(dict.fromkeys(_USES.values()))


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of one vehicle or a batch. Masses in kg; `table` is stream → use → kg, the decision's tables 1 and 2 in one."""

    vehicles: int
    weight_kg: float
    table: Mapping[str, Mapping[str, float]]
    recycling_rate: float | None
    recovery_rate: float | None
    recycling_verdict: Verdict
    recovery_verdict: Verdict

    def used(self, use: str) -> float:
        """Return the mass that took a use, in kg."""
        return sum(uses.get(use, 0.0) for uses in self.table.values())


def in_scope(vehicle: VehicleFate) -> bool:
    """Return whether the directive's targets cover the vehicle's category."""
    return vehicle.attributes.get("category") in load_table(_LAW)["end_of_life_vehicles"].words("categories")


def recovery_rates(vehicles: Iterable[VehicleFate]) -> Rates:
    """Return the rates that vehicles achieved together; verdicts are `not assessed` unless all of them are in the directive's scope."""
    table: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    weight, count, covered = 0.0, 0, True
    for vehicle in vehicles:
        count += 1
        covered = covered and in_scope(vehicle)
        for (end, stream), share in vehicle.shares.items():
            if stream == _FUEL:
                continue
            table[stream or "none"][_USES.get(end, "disposal")] += share * vehicle.mass_kg
            weight += share * vehicle.mass_kg
    used = {use: sum(uses.get(use, 0.0) for uses in table.values()) for use in USES}
    recycling = (used["reuse"] + used["recycling"]) / weight if weight > 0 else None
    recovery = None if recycling is None else recycling + used["energy recovery"] / weight
    law = load_table(_LAW)["end_of_life_vehicles"]
    assessed = covered and count > 0
    return Rates(
        count,
        weight,
        {stream: dict(uses) for stream, uses in table.items()},
        recycling,
        recovery,
        at_least(recycling if assessed else None, law.number("recycling")),
        at_least(recovery if assessed else None, law.number("recovery")),
    )


def targets() -> tuple[float, float]:
    """Return the targets for reuse and recycling, and for reuse and recovery (2000/53/EC Article 7(2)(b))."""
    law = load_table(_LAW)["end_of_life_vehicles"]
    return law.number("recycling"), law.number("recovery")
