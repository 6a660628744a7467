"""One text for each value, however a document writes it: numbers, times, GS1 identities and compact IRIs (CBV 2.0, event hash id)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Final

import orjson

from vehiclenest.core.identifiers.canonical import canonical_link
from vehiclenest.ledger.conformance.vocabulary import URN_NAMESPACES

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NUMBER_STARTS: Final = frozenset("0123456789+-.")  # a text that is empty starts with none
_LONGEST_PLAIN: Final = 400  # digits; beyond, an exponent stays an exponent
_EXACT_DIGITS: Final = 15  # every decimal of so many digits has a double of its own
_CBV_URN: Final = "urn:epcglobal:cbv:"
_TIME: Final = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]+))?(Z|[+-][0-9:]{5})")
_MILLISECOND_DIGITS: Final = 3


def canonical_text(text: str, expand: Callable[[str], str]) -> str:
    """Return what a text value stands for: a number without padding, a GS1 identity as its canonical link.

    Parameters
    ----------
    text
        Spaces around it do not count.
    expand
        Writes a compact IRI in full (`Context.expand`).
    """
    text = text.strip()
    if text[:1] in _NUMBER_STARTS:
        return _numeric(text) if _NUMBER.fullmatch(text) else text
    if ":" not in text:
        return text
    if text.startswith("urn:epc:"):
        return canonical_link(text) or text
    text = expand(text)
    if text.startswith(_CBV_URN):
        for urn, namespace in URN_NAMESPACES.items():
            if text.startswith(urn):
                return namespace + text[len(urn) :]
        return text
    return canonical_link(text) or text


def canonical_number(value: float) -> str:
    """Return a number without padding zeros: 1.0 as ``1``, 26.20 as ``26.2``."""
    text = repr(value)
    if text[-2:] == ".0":
        return "0" if text == "-0.0" else text[:-2]
    return f"{Decimal(text):f}" if "e+" in text else text


def canonical_numbers(values: list[float]) -> list[str]:
    """Return `canonical_number` of each of one or more floats, faster: the JSON writer gives the same shortest digits."""
    written = orjson.dumps(values)[1:-1].decode()
    if "e" in written or "0.0000" in written or "-0.0" in written:
        return [canonical_number(value) for value in values]
    texts = written.split(",")
    return [text.removesuffix(".0") for text in texts] if ".0," in written or written.endswith(".0") else texts


def canonical_time(text: str) -> str:
    """Return a time in UTC to the millisecond, halves rounded up; a text that is no time as it is.

    Examples
    --------
    >>> canonical_time("2020-03-04T11:00:30.0015+01:00")
    '2020-03-04T10:00:30.002Z'
    """
    text = text.strip()
    found = _TIME.fullmatch(text)
    if not found:
        return text
    seconds, fraction, zone = found.groups()
    digits = (fraction or "").ljust(_MILLISECOND_DIGITS + 1, "0")
    if zone == "Z" and len(digits) == _MILLISECOND_DIGITS + 1 and digits[-1] == "0":
        return f"{seconds}.{digits[:-1]}Z"
    milliseconds = int(digits[:_MILLISECOND_DIGITS]) + (digits[_MILLISECOND_DIGITS] >= "5")
    try:
        time = (datetime.fromisoformat(seconds + zone) + timedelta(milliseconds=milliseconds)).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return time.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _numeric(text: str) -> str:
    value = float(text)
    plain = len(text) <= _EXACT_DIGITS and "e" not in text.lower()
    if plain or (isfinite(value) and Decimal(repr(value)) == Decimal(text)):
        return canonical_number(value)
    # No double says the same: two serial numbers must not become one.
    number = Decimal(text)
    if abs(number.adjusted()) > _LONGEST_PLAIN:
        return text
    digits = f"{number:f}"
    return digits.rstrip("0").removesuffix(".") if "." in digits else digits
