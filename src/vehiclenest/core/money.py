"""Money: an exact decimal amount in an ISO 4217 currency. It is never a float and never rounded but when asked."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import cache

from vehiclenest.core.errors import InputError

_DIGITS_BEFORE_POINT, _DIGITS_AFTER_POINT = 18, 30
_EXACT = Context(prec=60)  # wide enough that no sum of amounts within these digits is ever rounded


@cache
def minor_unit(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217); raise `InputError` for a code that is not in the list."""
    from iso4217 import Currency

    try:
        return Currency(currency).exponent or 0
    except ValueError:
        raise InputError(f"{currency!r} is no currency", expected="an ISO 4217 code such as CNY or EUR") from None


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency; positive is received, negative is paid."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        minor_unit(self.currency)
        if not isinstance(self.amount, Decimal):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a type checker
            raise InputError(f"{self.amount!r} is no exact amount", expected="a Decimal, never a float")
        if not self.amount.is_finite():
            raise InputError(f"{self.amount} is no amount", expected="a finite number")
        exponent = int(self.amount.as_tuple().exponent)
        if self.amount.adjusted() >= _DIGITS_BEFORE_POINT or exponent < -_DIGITS_AFTER_POINT or exponent > _DIGITS_BEFORE_POINT:
            raise InputError(
                f"{str(self.amount)[:40]} is no amount",
                expected=f"up to {_DIGITS_BEFORE_POINT} digits before the point and {_DIGITS_AFTER_POINT} after it",
            )

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """Read an amount such as ``-1234.50``."""
        try:
            return cls(Decimal(amount), currency)
        except InvalidOperation:
            raise InputError(f"{amount!r} is no amount", expected="a decimal number such as -1234.50") from None

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(_EXACT.subtract(self.amount, other.amount), self.currency)

    def __neg__(self) -> "Money":
        return Money(self.amount.copy_negate() if self.amount else self.amount, self.currency)

    def rounded(self) -> "Money":
        """Return the amount rounded half-even to the decimals of its currency."""
        unit = Decimal(1).scaleb(-minor_unit(self.currency))
        return Money(self.amount.quantize(unit, ROUND_HALF_EVEN, _EXACT), self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise InputError(
                f"{self.currency} and {other.currency} do not add",
                expected="one currency; convert first, with a dated rate",
            )

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"
