"""Parameters of the routes and of money and carbon: their values, the user's own, or draws from their ranges."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from vehiclenest.core.constants import Constant, load_table
from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.regenerate.stream import Array

_TABLES = (Path(__file__).with_name("process.toml"), Path(__file__).with_name("factors.toml"))
Values = Mapping[str, Array]


@cache
def parameters() -> Mapping[str, Constant]:
    """Return every parameter by its name, such as ``one_step.reduction``."""
    tables = [load_table(path) for path in _TABLES]
    return {f"{group}.{name}": constant for table in tables for group, row in table.items() for name, constant in row.items()}


@cache
def _uniform() -> frozenset[str]:
    tables = [load_table(path) for path in _TABLES]
    return frozenset(f"{group}.{name}" for table in tables for group, row in table.items() for name in row.words("uniform"))


def chosen(own: Mapping[str, float] | None = None) -> Values:
    """Return the value of every parameter, the user's own over them, as arrays of one run.

    Raises
    ------
    InputError
        For a name that is no parameter, or a value outside of what it can be.
    """
    own = own or {}
    for name, value in own.items():
        _check(name, value)
    return {name: np.array([own.get(name, constant.value)]) for name, constant in parameters().items()}


def drawn(runs: int, seed: int, own: Mapping[str, float] | None = None) -> Values:
    """Return `runs` draws of every parameter that has a range; what the user set stays as set.

    Triangular between low and high with its peak at the value, or uniform where the table says so. Each parameter has a stream of its
    own, so that another one in the table changes no draws.
    """
    own = own or {}
    for name, value in own.items():
        _check(name, value)
    values: dict[str, Array] = {}
    for name, constant in parameters().items():
        if name in own or constant.low is None or constant.high is None or constant.low == constant.high:
            values[name] = np.array([own.get(name, constant.value)])
            continue
        random = np.random.default_rng([seed, *name.encode()])
        if name in _uniform():
            values[name] = random.uniform(constant.low, constant.high, runs)
        else:
            values[name] = random.triangular(constant.low, constant.value, constant.high, runs)
    return values


def _check(name: str, value: float) -> None:
    where = Where(field=f"parameters.{name}")
    constant = parameters().get(name)
    if constant is None:
        raise InputError("is no parameter", expected=f"one of {', '.join(sorted(parameters()))}", where=where)
    share = constant.unit == "1" and max(constant.value, constant.high or 0.0) <= 1
    if share and not 0 <= value <= 1:
        raise InputError(f"is {value:g}", expected="a share from 0 to 1", where=where)
    if value < 0:  # degrees too: every stream with a parameter for its temperature is wet or hot
        raise InputError(f"is {value:g}", expected=f"0 or more, in {constant.unit}", where=where)
    if constant.low is None or constant.high is None or constant.unit == "°C":
        return
    # A reagent short of its reaction, or a figure of another order of magnitude, is a slip and no process.
    lowest = 1.0 if constant.low >= 1 and constant.unit == "1" else constant.low / 10
    if not lowest <= value <= 10 * constant.high:
        raise InputError(f"is {value:g}", expected=f"from {lowest:g} to {10 * constant.high:g} {constant.unit}", where=where)
