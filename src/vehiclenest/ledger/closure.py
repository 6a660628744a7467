"""Closure of mass: what an event takes in it gives out, loses measurably, or leaves unaccounted within its instruments' uncertainty.

Tolerance after the GUM (JCGM 100:2008): the expanded uncertainty (k = 2) of the difference, weighed masses being independent and
estimated ones fully correlated, because they come from one model. Where nothing was weighed the masses are one estimate divided up:
there the difference has to be rounding, and closure is by construction, not a finding.
"""

import dataclasses
import math
from collections.abc import Iterable

from vehiclenest.core.errors import ClosureError, InputError
from vehiclenest.ledger.model import Event, Flow, MaterialFlow

ROUNDING = 1e-9  # relative
_DUST = 1e-12  # relative: a difference below this is the arithmetic of doubles and is not booked
_COVERAGE = 2.0
_OUT = frozenset({Flow.PRODUCED, Flow.LOST, Flow.UNACCOUNTED})


def close(event: Event) -> Event:
    """Return the event with what it leaves open booked as `unaccounted`.

    Raises
    ------
    ClosureError
        With the difference, where it is more than the instruments allow.
    InputError
        For a mass that is negative or not finite.
    """
    for flow in event.material:
        _check(flow)
    taken = [flow for flow in event.material if flow.flow is Flow.CONSUMED]
    given = [flow for flow in event.material if flow.flow in _OUT]
    if not taken and not given:
        return event
    mass_in, mass_out = (math.fsum(flow.mass_kg for flow in flows) for flows in (taken, given))
    unaccounted = math.fsum(flow.mass_kg for flow in given if flow.flow is Flow.UNACCOUNTED)
    difference = mass_in - mass_out
    allowed = tolerance([*taken, *given])
    if abs(difference + unaccounted) > allowed:
        raise ClosureError(
            f"{event.biz_step or event.type}: {mass_in:.3f} kg in, {mass_out - unaccounted:.3f} kg out and lost, difference "
            f"{difference + unaccounted:+.3f} kg",
            expected=f"at most {allowed:.3g} kg by the instruments; weigh again, or book the loss that was measured",
        )
    if abs(difference) <= _DUST * max(mass_in, mass_out):
        return event
    open_mass = MaterialFlow(Flow.UNACCOUNTED, _by_substance(taken, given, difference, allowed))
    return dataclasses.replace(event, material=[*event.material, open_mass])


def tolerance(flows: Iterable[MaterialFlow]) -> float:
    """Return by how many kg the masses of these flows may differ."""
    flows = list(flows)
    rounding = ROUNDING * max((flow.mass_kg for flow in flows), default=0.0)
    weighed = math.fsum(flow.uncertainty_kg**2 for flow in flows if flow.basis == "weighed")
    if not any(flow.basis == "weighed" for flow in flows):
        return rounding
    estimated = math.fsum(flow.uncertainty_kg for flow in flows if flow.basis == "estimated")
    return rounding + _COVERAGE * math.sqrt(weighed + estimated**2)


def _check(flow: MaterialFlow) -> None:
    for material, mass in flow.materials.items():
        if not math.isfinite(mass) or (mass < 0 and flow.flow is not Flow.UNACCOUNTED):
            raise InputError(f"{flow.flow} {material} of {flow.lot}: {mass:g} kg", expected="a finite mass of 0 or more")


def _by_substance(taken: list[MaterialFlow], given: list[MaterialFlow], difference: float, allowed: float) -> dict[str, float]:
    """Divide the open difference: substance by substance, or, where substances were transformed, like the input."""
    open_mass: dict[str, float] = {}
    for flows, sign in ((taken, 1.0), (given, -1.0)):
        for flow in flows:
            for material, mass in flow.materials.items():
                open_mass[material] = open_mass.get(material, 0.0) + sign * mass
    if math.fsum(map(abs, open_mass.values())) <= allowed:
        floor = _DUST * max(abs(difference), 1.0)
        kept = {material: mass for material, mass in open_mass.items() if abs(mass) > floor}
        largest = max(kept, key=lambda material: abs(kept[material]))
        kept[largest] += difference - math.fsum(kept.values())
        return kept
    total = math.fsum(flow.mass_kg for flow in taken)
    shares: dict[str, float] = {}
    for flow in taken:
        for material, mass in flow.materials.items():
            shares[material] = shares.get(material, 0.0) + difference * mass / total
    return shares
