"""One form for what may be written in several: words of the Core Business Vocabulary bare, identifiers as EPC URN; and patterns of EPCs."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from vehiclenest.core.errors import InputError
from vehiclenest.ledger.conformance import STANDARD
from vehiclenest.ledger.conformance.vocabulary import (
    BIZ_STEPS,
    DISPOSITIONS,
    ERROR_REASONS,
    MEASUREMENT_TYPES,
    SOURCE_DESTINATION_TYPES,
    URN_NAMESPACES,
)
from vehiclenest.ledger.conformance.vocabulary import BUSINESS_TRANSACTION_TYPES as TRANSACTION_TYPES
from vehiclenest.ledger.entry import identifier

LONGEST = 512  # characters of an identifier that the ledger keeps
_TABLES: Final[tuple[Mapping[str, str], ...]] = (
    BIZ_STEPS, DISPOSITIONS, ERROR_REASONS, MEASUREMENT_TYPES, SOURCE_DESTINATION_TYPES, TRANSACTION_TYPES,
)  # fmt: skip
_BARE: Final = {full: word for table in _TABLES for word, full in table.items()}
_PATTERN: Final = "urn:epc:idpat:"
_ID: Final = "urn:epc:id:"


@lru_cache(maxsize=65_536)
def word(text: str) -> str:
    """Return a word of the vocabulary bare, however it is written; anything else as `uri` gives it.

    Examples
    --------
    >>> word("https://ref.gs1.org/cbv/BizStep-shipping"), word("urn:epcglobal:cbv:disp:in_transit"), word("cbv:Disp-active")
    ('shipping', 'in_transit', 'active')
    """
    if ":" not in text:
        return text
    full = STANDARD.expand(text)
    for urn, namespace in URN_NAMESPACES.items():
        if full.startswith(urn):
            full = namespace + full[len(urn) :]
    return _BARE.get(full) or uri(text)


def uri(text: str) -> str:
    """Return the one form of an identifier: EPC URN for a GS1 Digital Link; one that is too long for the ledger as it is."""
    try:
        return identifier(text)
    except InputError:
        return text


class Pattern:
    """What an EPC has to be like to match: the same identifier, or with `*` at the end of a URN any that starts so.

    EPCIS 2.0, 8.2.7.1.1; pure identity patterns of the Tag Data Standard are read where `*` stands for whole parts at the end.
    """

    __slots__ = ("exact", "start")

    def __init__(self, text: str) -> None:
        """Raise `InputError` for a pattern that says something else."""
        self.exact = uri(text)
        self.start: str | None = None
        head, _, rest = text.rpartition(":")
        if not text.startswith("urn:epc:") or not ("*" in rest or "[" in rest):
            return
        plain, star, _ = rest.partition("*")
        if "[" in rest or re.fullmatch(r"\*(\.\*)*", rest[len(plain) :]) is None or (plain and not plain.endswith(".")):
            raise InputError(f"{text[:80]!r} is a pattern that is not read", expected="a URN with * for whole parts at its end")
        del star
        self.start = (head + ":" + plain).replace(_PATTERN, _ID, 1)

    def matches(self, found: str) -> bool:
        """Return whether an identifier, in its one form, matches."""
        return found == self.exact or (self.start is not None and found.startswith(self.start))
