"""A number with its unit and standard uncertainty; conversion by Pint, propagation after the GUM (JCGM 100:2008, 5.1 and 5.2)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    import pint

NORMAL_90 = 1.6448536269514722  # half-width of a 90 % interval of the normal distribution, in standard deviations


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured or estimated value.

    Parameters
    ----------
    value
        In `unit`.
    unit
        A unit that Pint knows, for example ``kg`` or ``kWh``.
    uncertainty
        Standard uncertainty (one standard deviation), in `unit`.
    """

    value: float
    unit: str
    uncertainty: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.uncertainty)) or self.uncertainty < 0:
            raise InputError(
                f"{self.value} ± {self.uncertainty} {self.unit} is no quantity",
                expected="finite numbers, uncertainty ≥ 0",
            )

    def to(self, unit: str) -> "Quantity":
        """Return the quantity in another unit of the same dimension; raise `InputError` where there is no conversion."""
        if unit == self.unit:
            return self
        return Quantity(convert(self.value, self.unit, unit), unit, abs(convert_difference(self.uncertainty, self.unit, unit)))

    def interval(self, coverage: float = NORMAL_90) -> tuple[float, float]:
        """Return the bounds value ± `coverage` standard uncertainties (90 % by default)."""
        return self.value - coverage * self.uncertainty, self.value + coverage * self.uncertainty

    def __str__(self) -> str:
        return f"{self.value:g} ± {self.uncertainty:.2g} {self.unit}" if self.uncertainty else f"{self.value:g} {self.unit}"


def total(quantities: Iterable[Quantity], *, correlated: bool = False) -> Quantity:
    """Return the sum of quantities of one dimension, in the unit of the first.

    Independent uncertainties add in quadrature (JCGM 100:2008, 5.1.2), fully correlated ones linearly (5.2.2 note 1).
    """
    terms = list(quantities)
    if not terms:
        raise InputError("the sum of no quantities has no unit", expected="at least one quantity")
    unit = terms[0].unit
    terms = [term.to(unit) for term in terms]
    uncertainties = [term.uncertainty for term in terms]
    return Quantity(
        math.fsum(term.value for term in terms),
        unit,
        math.fsum(uncertainties) if correlated else math.hypot(*uncertainties),
    )


@cache
def _registry() -> "pint.UnitRegistry[float]":
    import pint

    return pint.UnitRegistry()


def convert(value: float, unit: str, to: str) -> float:
    """Return `value` given in `unit` as a number in the unit `to`; raise `InputError` where there is no conversion."""
    import pint

    registry: Any = _registry()  # Pint's own types are partly unknown
    try:
        return float(registry.Quantity(value, unit).to(to).magnitude)
    except (pint.PintError, AttributeError, TypeError, ValueError, SyntaxError, TokenError, AssertionError) as error:
        raise InputError(f"{value:g} {unit!r} cannot be given in {to!r}: {error}") from error


def convert_difference(value: float, unit: str, to: str) -> float:
    """Return a difference or uncertainty in another unit: offsets, as of temperature scales, do not count."""
    return convert(value, unit, to) - convert(0.0, unit, to)
