"""Closure of elements and enthalpy, from the stream table alone: what a unit says of its own heat is held against it, not used.

A stream whose name comes out of one unit and goes into another is internal; all others cross the boundary of the plant. Where a
recycle loop has not converged, what comes out under a name is not what goes in: the overall balance shows it.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vehiclenest.loop.regenerate.species import REFERENCE_K, elements, species
from vehiclenest.loop.regenerate.stream import Array, Stream, Unit, total

_TRACE = 1e-9  # mol of an element per mol of everything: below, a relative error says nothing

_NOTHING = 1e-12  # mol


def element_closure(units: Sequence[Unit]) -> dict[str, float]:
    """Return per element the largest relative error of any unit and of the plant as a whole, over all runs."""
    worst: dict[str, float] = {}
    sides: list[tuple[Iterable[Stream], Iterable[Stream]]] = [(unit.inputs.values(), unit.outputs.values()) for unit in units]
    sides.append(_boundary(units))
    for taken, given in sides:
        for element, error in _errors(list(taken), list(given)).items():
            worst[element] = max(worst.get(element, 0.0), error)
    return worst


def enthalpy_closure(units: Sequence[Unit]) -> float:
    """Return the largest relative error of any unit's heat against the enthalpy of its streams, over all runs."""
    worst = 0.0
    for unit in units:
        change = total(map(enthalpy_j, unit.outputs.values())) - total(map(enthalpy_j, unit.inputs.values()))
        streams = [*unit.inputs.values(), *unit.outputs.values()]
        # A unit that moves next to no heat is held against a thousandth of what its streams carry above 25 °C, and a millionth of
        # their enthalpy of formation, whose rounding is otherwise all that is left.
        floor = 1e-3 * total(np.abs(item.sensible_j) for item in streams) + 1e-6 * total(
            np.abs(enthalpy_j(item)) for item in streams
        )
        scale = np.maximum(np.maximum(np.abs(change), np.abs(unit.duty_j)), np.maximum(floor, 1e-6))
        worst = max(worst, float(np.max(np.abs(change - unit.duty_j) / scale)))
    return worst


def enthalpy_j(item: Stream) -> Array:
    """Return the enthalpy of a stream against the elements at 298.15 K, in J."""
    rise = item.temperature_k - REFERENCE_K
    parts = ((amount, species(name)) for name, amount in item.amounts.items())
    return total(amount * (kind.formation_j + kind.heat_capacity_j * rise) for amount, kind in parts)


def external(units: Sequence[Unit]) -> tuple[list[tuple[Unit, str, Stream]], list[tuple[Unit, str, Stream]]]:
    """Return what crosses the boundary of these units, in and out, each with its unit and name."""
    made = {name for unit in units for name in unit.outputs}
    used = {name for unit in units for name in unit.inputs}
    taken = [(unit, name, item) for unit in units for name, item in unit.inputs.items() if name not in made]
    given = [(unit, name, item) for unit in units for name, item in unit.outputs.items() if name not in used]
    return taken, given


def _boundary(units: Sequence[Unit]) -> tuple[Iterable[Stream], Iterable[Stream]]:
    taken, given = external(units)
    return [item for _, _, item in taken], [item for _, _, item in given]


def _errors(taken: Sequence[Stream], given: Sequence[Stream]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    everything = total(amount for item in taken for amount in item.amounts.values())
    for element in elements():
        came, went = (total(item.element_mol(element) for item in side) for side in (taken, given))
        scale = np.maximum(np.abs(came), np.abs(went))
        if np.any(scale > 0):
            found[element] = float(np.max(np.abs(came - went) / np.maximum(scale, np.maximum(_TRACE * everything, _NOTHING))))
    return found
