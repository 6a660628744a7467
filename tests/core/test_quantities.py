"""Quantities: conversions by known factors, uncertainty after the GUM."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.quantities import Quantity, convert, convert_difference, total

masses = st.floats(-1e9, 1e9)
uncertainties = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (1.0, "mile", "km", 1.609344),
        (1.0, "lb", "kg", 0.45359237),
        (3.6, "MJ", "kWh", 1.0),
        (25.0, "degC", "K", 298.15),
        (5.0, "l", "cm^3", 5000.0),
    ],
)
def test_a_conversion_follows_the_definition_of_the_units(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-12)


def test_a_difference_of_temperatures_does_not_carry_the_offset() -> None:
    assert convert_difference(1.8, "degF", "kelvin") == pytest.approx(1.0)
    assert Quantity(25.0, "degC", 0.5).to("kelvin").uncertainty == pytest.approx(0.5)


def test_value_and_uncertainty_are_converted_together() -> None:
    quantity = Quantity(1.5, "t", 0.02).to("kg")
    assert (quantity.value, quantity.uncertainty, quantity.unit) == (pytest.approx(1500), pytest.approx(20), "kg")


def test_the_same_unit_needs_no_conversion() -> None:
    quantity = Quantity(0.1, "no unit that anyone knows")
    assert quantity.to("no unit that anyone knows") is quantity


@pytest.mark.parametrize(
    ("unit", "to"), [("kg", "km"), ("kg", "blick"), ("kg", "kg +"), ("kg", "("), ("2kg", "g"), ("kg", "kg**kg")]
)
def test_what_cannot_be_converted_is_refused_with_both_units(unit: str, to: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(5.0, unit, to)
    assert f"5 {unit!r} cannot be given in {to!r}" in str(caught.value)


@pytest.mark.parametrize(("value", "uncertainty"), [(math.nan, 0), (math.inf, 0), (1, math.nan), (1, math.inf), (1, -0.1)])
def test_what_is_not_finite_or_has_a_negative_uncertainty_is_no_quantity(value: float, uncertainty: float) -> None:
    with pytest.raises(InputError, match="is no quantity; finite numbers, uncertainty ≥ 0"):
        Quantity(value, "kg", uncertainty)


def test_independent_uncertainties_add_in_quadrature_and_correlated_ones_linearly() -> None:
    terms = [Quantity(10, "kg", 3), Quantity(20, "kg", 4)]
    assert total(terms) == Quantity(30, "kg", 5)
    assert total(terms, correlated=True) == Quantity(30, "kg", 7)


def test_a_sum_is_in_the_unit_of_its_first_term() -> None:
    result = total([Quantity(1, "t"), Quantity(500, "kg", 10)])
    assert (result.value, result.unit, result.uncertainty) == (pytest.approx(1.5), "t", pytest.approx(0.01))


def test_a_sum_of_nothing_has_no_unit_and_is_refused() -> None:
    with pytest.raises(InputError, match="at least one quantity"):
        total([])


def test_a_sum_loses_nothing_to_the_order_of_large_and_small() -> None:
    assert total([Quantity(1e16, "kg"), Quantity(1, "kg"), Quantity(-1e16, "kg")]).value == 1


def test_ninety_percent_lie_within_1_645_standard_uncertainties() -> None:
    low, high = Quantity(100, "kg", 10).interval()
    assert (low, high) == (pytest.approx(83.551, abs=1e-3), pytest.approx(116.449, abs=1e-3))
    assert math.erf(1.6448536269514722 / math.sqrt(2)) == pytest.approx(0.9)
    assert Quantity(100, "kg", 10).interval(2) == (80, 120)


def test_it_is_written_with_its_uncertainty_where_it_has_one() -> None:
    assert str(Quantity(1500, "kg", 11.547)) == "1500 ± 12 kg"
    assert str(Quantity(1500, "kg")) == "1500 kg"


@given(masses, uncertainties)
def test_there_and_back_is_the_same_quantity(value: float, uncertainty: float) -> None:
    back = Quantity(value, "kg", uncertainty).to("lb").to("kg")
    assert back.value == pytest.approx(value, rel=1e-12, abs=1e-300)
    assert back.uncertainty == pytest.approx(uncertainty, rel=1e-12, abs=1e-300)


@given(st.lists(st.builds(Quantity, masses, st.just("kg"), uncertainties), min_size=1, max_size=8))
def test_a_sum_is_never_less_certain_than_correlated_nor_more_than_its_worst_term(terms: list[Quantity]) -> None:
    independent, correlated = total(terms), total(terms, correlated=True)
    assert independent.value == correlated.value
    worst = max(term.uncertainty for term in terms)
    assert worst * (1 - 1e-12) <= independent.uncertainty <= correlated.uncertainty * (1 + 1e-12)
