"""Species that streams are made of: elements from the formula, molar mass, enthalpy of formation, mean heat capacity."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError, SettingsError

REFERENCE_K = 298.15
_TABLE = Path(__file__).with_name("species.toml")
_PHASE = re.compile(r"\((?:g|l|aq)\)$")
_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)")
_TERM = re.compile(r"^(?:(\d*\.?\d+) )?(\S+)$")


@dataclass(frozen=True, slots=True)
class Species:
    """A species: atoms per formula, kg/mol, J/mol at 298.15 K, J/mol/K; `unverified` names its numbers that nobody verified."""

    name: str
    atoms: Mapping[str, int]
    molar_mass_kg: float
    formation_j: float
    heat_capacity_j: float
    unverified: tuple[str, ...]


@cache
def all_species() -> Mapping[str, Species]:
    """Return every species of the table by name."""
    table = load_table(_TABLE)
    weights = {element: constant.value for element, constant in table["weights"].items()}
    found: dict[str, Species] = {}
    for name, row in table.items():
        if name == "weights":
            continue
        atoms = atoms_of(name)
        mass = sum(count * weights[element] for element, count in atoms.items()) / 1000
        found[name] = Species(name, atoms, mass, row.number("formation") * 1000, row.number("heat_capacity"), row.unverified)
    return found


def species(name: str) -> Species:
    """Return one species; raise `InputError` for a name that the table does not have."""
    try:
        return all_species()[name]
    except KeyError:
        raise InputError(f"{name!r} is no known species", expected=f"one of {', '.join(sorted(all_species()))}") from None


def elements() -> tuple[str, ...]:
    """Return every element that species are made of."""
    return tuple(load_table(_TABLE)["weights"])


def molar_mass_kg(element: str) -> float:
    """Return the molar mass of an element in kg/mol."""
    return load_table(_TABLE)["weights"].number(element) / 1000


def atoms_of(formula: str) -> dict[str, int]:
    """Return atoms per formula of a name such as ``NiSO4(aq)``."""
    atoms: dict[str, int] = {}
    for element, count in _ATOM.findall(_PHASE.sub("", formula)):
        atoms[element] = atoms.get(element, 0) + int(count or 1)
    return atoms


@cache
def reaction(equation: str) -> Mapping[str, float]:
    """Read an equation such as ``2 HF(g) + O2(g) -> …`` into stoichiometric numbers, negative for what is used up.

    Raises
    ------
    SettingsError
        Where the equation cannot be read, names an unknown species or does not balance an element.
    """
    left, arrow, right = equation.partition(" -> ")
    numbers: dict[str, float] = {}
    for side, sign in ((left, -1.0), (right, 1.0)):
        for term in side.split(" + "):
            match = _TERM.match(term.strip())
            if not (match and arrow):
                raise SettingsError(f"{equation!r} is no reaction", expected="terms joined by ' + ', sides by ' -> '")
            numbers[match[2]] = numbers.get(match[2], 0.0) + sign * float(match[1] or 1)
    balance: dict[str, float] = {}
    for name, number in numbers.items():
        for element, count in species(name).atoms.items():
            balance[element] = balance.get(element, 0.0) + number * count
    if wrong := [element for element, sum_ in balance.items() if abs(sum_) > 1e-9]:  # noqa: PLR2004  # rounding of decimals
        raise SettingsError(f"{equation!r} does not balance {', '.join(wrong)}", expected="as many atoms on both sides")
    return numbers


def reaction_heat_j(equation: str) -> float:
    """Return the enthalpy of a reaction at 298.15 K per mole of the equation as written, in J."""
    return sum(number * species(name).formation_j for name, number in reaction(equation).items())
