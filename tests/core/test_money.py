"""Money: exact decimals in one currency, rounded only when asked and then half-even."""

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.money import Money, minor_unit

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=6)


@pytest.mark.parametrize(("currency", "decimals"), [("CNY", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, decimals: int) -> None:
    assert minor_unit(currency) == decimals


@pytest.mark.parametrize("currency", ["RMB", "cny", "", "XYZ", "EURO"])
def test_a_code_that_is_not_in_iso_4217_is_refused(currency: str) -> None:
    with pytest.raises(InputError, match=f"{currency!r} is no currency; an ISO 4217 code"):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("amount", [1.5, 1, "1.50"])
def test_only_a_decimal_is_an_exact_amount(amount: object) -> None:
    with pytest.raises(InputError, match="a Decimal, never a float"):
        Money(cast("Any", amount), "CNY")


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_amount(text: str) -> None:
    with pytest.raises(InputError, match="a finite number"):
        Money.parse(text, "CNY")


@pytest.mark.parametrize("text", ["1e18", "-1e999999", "1e-31", "0E+19"])
def test_an_amount_that_no_sum_could_hold_exactly_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="digits before the point"):
        Money.parse(text, "CNY")


@pytest.mark.parametrize("text", ["", "ten", "1,50", "1.2.3", "12 CNY"])
def test_what_is_no_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"is no amount; a decimal number such as -1234\.50"):
        Money.parse(text, "CNY")


@pytest.mark.parametrize(
    ("text", "currency", "rounded"),
    [
        ("0.125", "CNY", "0.12"),
        ("0.135", "CNY", "0.14"),
        ("-0.125", "CNY", "-0.12"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.0005", "KWD", "1.000"),
        ("1.0015", "KWD", "1.002"),
        ("999999999999999999.994", "CNY", "999999999999999999.99"),
    ],
)
def test_rounding_is_half_even_to_the_decimals_of_the_currency(text: str, currency: str, rounded: str) -> None:
    money = Money.parse(text, currency).rounded()
    assert str(money.amount) == rounded
    assert money.currency == currency


def test_a_tenth_and_two_tenths_are_three_tenths_exactly() -> None:
    assert Money.parse("0.1", "EUR") + Money.parse("0.2", "EUR") == Money.parse("0.3", "EUR")
    assert Money.parse("0.1", "EUR") - Money.parse("0.3", "EUR") == Money.parse("-0.2", "EUR")


def test_a_large_sum_keeps_its_smallest_digit() -> None:
    total = Money.parse("99999999999999999", "CNY") + Money.parse("0.000000000000000001", "CNY")
    assert total.amount == Decimal("99999999999999999.000000000000000001")


@pytest.mark.parametrize("operation", [Money.__add__, Money.__sub__])
def test_two_currencies_do_not_add(operation: Any) -> None:
    with pytest.raises(InputError, match="CNY and EUR do not add; one currency; convert first, with a dated rate"):
        operation(Money.parse("1", "CNY"), Money.parse("1", "EUR"))


def test_what_is_received_becomes_what_is_paid() -> None:
    assert (-Money.parse("1.50", "CNY")).amount == Decimal("-1.50")
    assert str((-Money.parse("0", "CNY")).amount) == "0"


def test_it_is_written_with_thousands_and_currency() -> None:
    assert str(Money.parse("-1234567.50", "CNY")) == "-1,234,567.50 CNY"


@given(amounts, amounts)
def test_what_is_added_can_be_taken_away_again(first: Decimal, second: Decimal) -> None:
    money, other = Money(first, "EUR"), Money(second, "EUR")
    assert money + other - other == money
    assert money - other == -(other - money)


@given(amounts)
def test_rounding_moves_an_amount_by_half_a_cent_at_most(amount: Decimal) -> None:
    assert abs(Money(amount, "CNY").rounded().amount - amount) <= Decimal("0.005")
