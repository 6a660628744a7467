"""Streams by species, the vessel in which a unit works on them, and the unit that it leaves behind.

Amounts are mol, arrays of shape (runs,): one flowsheet is solved for all runs of a Monte Carlo at once. A vessel keeps account of
its heat as it goes (reactions at 298.15 K plus sensible heat); `balance` computes the same from the stream table alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vehiclenest.loop.regenerate.species import REFERENCE_K, reaction, reaction_heat_j, species

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Amounts = dict[str, Array]
J_PER_KWH = 3.6e6
ZERO_C = 273.15


@dataclass(frozen=True, slots=True)
class Stream:
    """Amounts in mol by species, all at one temperature in K."""

    amounts: Mapping[str, Array]
    temperature_k: Array

    @property
    def mass_kg(self) -> Array:
        """Mass in kg."""
        return total(amount * species(name).molar_mass_kg for name, amount in self.amounts.items())

    @property
    def sensible_j(self) -> Array:
        """Heat above 298.15 K in J."""
        rise = self.temperature_k - REFERENCE_K
        return total(amount * species(name).heat_capacity_j * rise for name, amount in self.amounts.items())

    def mass_of(self, *names: str) -> Array:
        """Return the mass of some species in kg."""
        return total(self.amounts[name] * species(name).molar_mass_kg for name in names if name in self.amounts)

    def element_mol(self, element: str) -> Array:
        """Return the amount of an element in mol."""
        counts = ((amount, species(name).atoms.get(element, 0)) for name, amount in self.amounts.items())
        return total(amount * count for amount, count in counts if count)


def total(terms: Iterable[Array]) -> Array:
    """Return the sum of arrays, 0 for none."""
    result: Array = np.zeros(1)
    for term in terms:
        result = result + term
    return result


def stream(amounts: Mapping[str, ArrayLike], temperature_k: ArrayLike = REFERENCE_K) -> Stream:
    """Return a stream of numbers or arrays."""
    return Stream(
        {name: np.atleast_1d(np.asarray(amount, dtype=np.float64)) for name, amount in amounts.items()},
        np.atleast_1d(np.asarray(temperature_k, dtype=np.float64)),
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit operation: what went in and out by the name of the stream, and what it needed.

    `stage` says to which part of the plant it belongs. `duty_j` is the heat that the unit took up (negative: gave off), by its own
    account; `electricity_kwh` and `fuel_kwh` are what was bought for it.
    """

    name: str
    stage: str
    inputs: Mapping[str, Stream]
    outputs: Mapping[str, Stream]
    duty_j: Array
    electricity_kwh: Array
    fuel_kwh: Array


@dataclass(slots=True)
class Vessel:
    """What is in a unit while it works."""

    inputs: Mapping[str, Stream]
    amounts: Amounts = field(default_factory=dict[str, Array])
    reaction_j: Array = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        for name, amount in merged(self.inputs.values()).items():
            self.amounts[name] = amount

    def amount(self, name: str) -> Array:
        """Return what there is of a species, in mol."""
        return self.amounts.get(name, np.zeros(1))

    def mol_of(self, names: Iterable[str]) -> Array:
        """Return the sum of some species in mol."""
        return total(self.amount(name) for name in names)

    def react(self, equation: str, extent: float | Array) -> None:
        """Let a reaction run by `extent` mol of the equation as written."""
        run = np.atleast_1d(np.asarray(extent, dtype=np.float64))
        for name, number in reaction(equation).items():
            self.amounts[name] = self.amount(name) + number * run
        self.reaction_j = self.reaction_j + reaction_heat_j(equation) * run

    def use_up(self, equation: str, name: str, share: float | Array = 1.0) -> None:
        """Let a reaction run until a share of a species is used up."""
        self.react(equation, self.amount(name) * share / -reaction(equation)[name])

    def limit(self, equation: str) -> Array:
        """Return how far a reaction can run with what there is."""
        used = [(name, number) for name, number in reaction(equation).items() if number < 0]
        return np.maximum(np.min(np.broadcast_arrays(*(self.amount(name) / -number for name, number in used)), axis=0), 0.0)

    def take(self, names: Iterable[str], share: float | Array = 1.0) -> Amounts:
        """Take a share of some species out of the vessel."""
        taken: Amounts = {}
        for name in names:
            if name in self.amounts:
                taken[name] = self.amounts[name] * share
                self.amounts[name] = self.amounts[name] - taken[name]
        return taken

    def rest(self) -> Amounts:
        """Take everything that is left."""
        return self.take(list(self.amounts))

    def finish(
        self,
        name: str,
        stage: str,
        outputs: Mapping[str, Stream],
        *,
        electricity_kwh: float | Array = 0.0,
        efficiency: Array | None = None,
        recovered_j: float | Array = 0.0,
    ) -> Unit:
        """Close the unit.

        Parameters
        ----------
        name, stage, outputs
            As in `Unit`.
        electricity_kwh
            For drives and vapour recompression.
        efficiency
            Share of the fuel's heat that reaches the unit; None where nothing is burned for it.
        recovered_j
            Part of the duty that comes from heat exchange within the plant.
        """
        sensible = total(item.sensible_j for item in outputs.values()) - total(item.sensible_j for item in self.inputs.values())
        duty = self.reaction_j + sensible
        heat = np.zeros(1) if efficiency is None else np.maximum(duty - recovered_j, 0.0) / J_PER_KWH / efficiency
        return Unit(name, stage, self.inputs, outputs, duty, np.atleast_1d(np.asarray(electricity_kwh, float)), heat)


def merged(streams: Iterable[Stream]) -> Amounts:
    """Return the amounts of streams together."""
    amounts: Amounts = {}
    for item in streams:
        for name, amount in item.amounts.items():
            amounts[name] = amounts[name] + amount if name in amounts else amount
    return amounts
