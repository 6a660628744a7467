"""Lithium carbonate in water: how much dissolves, closed or under carbon dioxide, by temperature and pressure.

Equilibrium constants and ion sizes of PHREEQC; activities by the extended Debye-Hückel equation with them. The solubility product
is fitted to the solubility table (three terms in temperature), so that the table is what a closed solution gives back; under carbon
dioxide nothing is fitted. Ionic strength reaches 2 mol/kg, where the activity model is stretched: see docs/regenerate.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.species import species
from vehiclenest.loop.regenerate.stream import ZERO_C, Array, Mask

_TABLE = Path(__file__).with_name("carbonate.toml")
_ACIDITY_ROUNDS, _STRENGTH_TOLERANCE, _FIT_ROUNDS = 45, 1e-10, 60
_PA_PER_MMHG, _PA_PER_ATM = 133.322368, 101_325.0
_BRANCH_C = 100.0


@dataclass(frozen=True, slots=True)
class Dissolved:
    """Lithium in saturated solution, mol/kg water, and the share of it that balances carbonate and not bicarbonate."""

    lithium: Array
    carbonate_share: Array


def saturated_closed(temperature_k: Array) -> Dissolved:
    """Return what dissolves in water that gives off and takes up no carbon dioxide."""

    def state(proton: Array, gamma: Mapping[str, Array]) -> tuple[_Solution, Mask]:
        # Every proton that carbonate takes up leaves a hydroxide behind: that gives the carbonate of an acidity.
        bicarbonate, gas = proton * gamma["CO3"] / (second * gamma["HCO3"]), dioxide * proton**2 * gamma["CO3"]
        hydroxide = ions / proton / gamma["OH"]
        carbonate = np.maximum(hydroxide - proton / gamma["H"], 1e-30) / (bicarbonate + 2 * gas)
        lithium = np.sqrt(product / (carbonate * gamma["CO3"])) / gamma["Li"]
        solution = _Solution(lithium, carbonate, carbonate * bicarbonate, hydroxide)
        # Too acid where there is less carbonate than the lithium brought with it.
        return solution, lithium / 2 > carbonate * (1 + bicarbonate + gas)

    product = 10 ** log_solubility_product(temperature_k)
    second, ions, dioxide = _constants(temperature_k)
    lithium = _settled(state, temperature_k, (-14.0, -5.0)).lithium
    return Dissolved(lithium, np.ones_like(lithium))


def saturated_under(temperature_k: Array, dioxide_atm: Array) -> Dissolved:
    """Return what dissolves where the solution is in equilibrium with carbon dioxide of a partial pressure in atm."""
    temperature, pressure = np.broadcast_arrays(temperature_k, dioxide_atm)

    def state(proton: Array, gamma: Mapping[str, Array]) -> tuple[_Solution, Mask]:
        activity = dissolved / (dioxide * proton**2)
        carbonate, bicarbonate = activity / gamma["CO3"], activity * proton / second / gamma["HCO3"]
        solution = _Solution(np.sqrt(product / activity) / gamma["Li"], carbonate, bicarbonate, ions / proton / gamma["OH"])
        anions = 2 * carbonate + bicarbonate + solution.hydroxide
        return solution, solution.lithium + proton / gamma["H"] > anions

    product = 10 ** log_solubility_product(temperature)
    second, ions, dioxide = _constants(temperature)
    dissolved = pressure * henry(temperature)
    solution = _settled(state, temperature, (-12.5, -3.0))
    return Dissolved(solution.lithium, 2 * solution.carbonate / solution.lithium)


def henry(temperature_k: Array) -> Array:
    """Return dissolved carbon dioxide in mol/kg/atm."""
    return 10 ** _analytic("henry", temperature_k)


def grams_per_100(lithium: Array) -> Array:
    """Return lithium in mol/kg water as g of lithium carbonate in 100 g of water."""
    return lithium / 2 * species("Li2CO3").molar_mass_kg * 100


def vapour_atm(temperature_k: Array) -> Array:
    """Return the vapour pressure of water in atm (Antoine)."""
    table = load_table(_TABLE)
    celsius = temperature_k - ZERO_C
    low, high = (
        10 ** (row.number("a") - row.number("b") / (celsius + row.number("c")))
        for row in (table["boiling_below"], table["boiling_above"])
    )
    return np.where(celsius <= _BRANCH_C, low, high) * _PA_PER_MMHG / _PA_PER_ATM


def refuse_boiling(step: str, temperature_k: Array, pressure_atm: Array) -> None:
    """Raise `InputError` where water boils at a step's temperature and total pressure."""
    vapour = vapour_atm(temperature_k)
    boils = vapour >= pressure_atm
    if np.any(boils):
        place = int(np.argmax(boils))
        temperature, pressure = np.broadcast_arrays(temperature_k, pressure_atm)
        raise InputError(
            f"{step}: water boils at {temperature[place] - ZERO_C:.4g} °C under {pressure[place]:.4g} atm",
            expected=f"less heat, or more than {vapour[place]:.4g} atm",
        )


def solubility_table() -> dict[float, float]:
    """Return the table that the solubility product is fitted to: °C → g/100 g water."""
    return {float(name): constant.value for name, constant in load_table(_TABLE)["solubility"].items()}


def unverified() -> tuple[str, ...]:
    """Return the names of the constants of this module that nobody verified."""
    return tuple(name for row in load_table(_TABLE).values() for name in row.unverified)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Free ions in mol/kg."""

    lithium: Array
    carbonate: Array
    bicarbonate: Array
    hydroxide: Array


def _settled(
    state: Callable[[Array, Mapping[str, Array]], tuple[_Solution, Mask]], temperature: Array, span: tuple[float, float]
) -> _Solution:
    """Return the solution whose charges balance, at the ionic strength that it has itself.

    `state` gives the solution at a proton activity, and where that is too acid; `span` bounds the logarithm of that activity.
    """
    strength = np.ones_like(temperature)
    while True:
        gamma = _activities(strength, temperature)
        low, high = np.full_like(temperature, span[0]), np.full_like(temperature, span[1])
        for _ in range(_ACIDITY_ROUNDS):
            middle = (low + high) / 2
            acid = state(10**middle, gamma)[1]
            low, high = np.where(acid, low, middle), np.where(acid, middle, high)
        solution, _ = state(10 ** ((low + high) / 2), gamma)
        found = (solution.lithium + 4 * solution.carbonate + solution.bicarbonate + solution.hydroxide) / 2
        if np.max(np.abs(found - strength)) < _STRENGTH_TOLERANCE:
            return solution
        # The mean of old and new strength: the plain step overshoots where bicarbonate dominates.
        strength = (strength + found) / 2


def _analytic(name: str, temperature: Array) -> Array:
    row: Row = load_table(_TABLE)[name]
    a, b, c, d, e, f = (row.number(key) for key in "abcdef")
    return a + b * temperature + c / temperature + d * np.log10(temperature) + e / temperature**2 + f * temperature**2


def _constants(temperature: Array) -> tuple[Array, Array, Array]:
    """Return the second dissociation of carbonic acid, the ion product of water, and CO3 + 2 H = CO2 + H2O."""
    return (
        10 ** -_analytic("bicarbonate", temperature),
        10 ** _analytic("water_ions", temperature),
        10 ** _analytic("dissolved_dioxide", temperature),
    )


def _activities(strength: Array, temperature: Array) -> dict[str, Array]:
    row, sizes = load_table(_TABLE)["dielectric"], load_table(_TABLE)["ion_size"]
    celsius = temperature - ZERO_C
    a, b, c, d = (row.number(key) for key in "abcd")
    product = (a + b * celsius + c * celsius**2 + d * celsius**3) * temperature
    slope, reach = row.number("slope") * product**-1.5, row.number("reach") * product**-0.5
    root = np.sqrt(strength)
    charges = {"CO3": 2}
    return {
        ion: 10 ** (-slope * charges.get(ion, 1) ** 2 * root / (1 + reach * size.value * root)) for ion, size in sizes.items()
    }


def _speciate(dissolved: Array, temperature: Array) -> tuple[dict[str, Array], Array]:
    """Return activity coefficients and free carbonate of a closed solution of lithium carbonate, mol/kg."""
    second, ions, dioxide = _constants(temperature)
    strength = 3 * dissolved
    gamma, carbonate = _activities(strength, temperature), dissolved
    for _ in range(_FIT_ROUNDS):
        gamma = _activities(strength, temperature)
        low, high = np.full_like(temperature, -14.0), np.full_like(temperature, -5.0)
        proton = low
        bicarbonate = carbonate
        for _ in range(_ACIDITY_ROUNDS):
            middle = (low + high) / 2
            proton = 10**middle
            per_carbonate = proton * gamma["CO3"] / (second * gamma["HCO3"])
            gas = dioxide * proton**2 * gamma["CO3"]
            carbonate = dissolved / (1 + per_carbonate + gas)
            bicarbonate = carbonate * per_carbonate
            # Every proton that carbonate takes up leaves a hydroxide behind.
            acid = bicarbonate + 2 * carbonate * gas + proton / gamma["H"] > ions / proton / gamma["OH"]
            low, high = np.where(acid, low, middle), np.where(acid, middle, high)
        others = bicarbonate + ions / proton / gamma["OH"] + proton / gamma["H"]
        strength = (2 * dissolved + 4 * carbonate + others) / 2
    return gamma, carbonate


def _log_of(dissolved: Array, temperature: Array) -> Array:
    gamma, carbonate = _speciate(dissolved, temperature)
    return 2 * np.log10(2 * dissolved * gamma["Li"]) + np.log10(carbonate * gamma["CO3"])


@cache
def _fit() -> tuple[float, float, float]:
    """Fit log10 of the solubility product to the table: a + b / T + c log10 T."""
    table = solubility_table()
    temperature = np.array(list(table)) + ZERO_C
    dissolved = np.array(list(table.values())) / 100 / species("Li2CO3").molar_mass_kg
    terms = np.stack([np.ones_like(temperature), 1 / temperature, np.log10(temperature)], axis=1)
    a, b, c = np.linalg.lstsq(terms, _log_of(dissolved, temperature), rcond=None)[0]
    return float(a), float(b), float(c)


def log_solubility_product(temperature_k: Array) -> Array:
    """Return log10 of the solubility product of lithium carbonate, mol³/kg³."""
    a, b, c = _fit()
    return a + b / temperature_k + c * np.log10(temperature_k)
