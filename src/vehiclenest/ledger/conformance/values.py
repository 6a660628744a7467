"""What single values of an event must be: times, URIs, identities, words of the vocabulary, units."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from vehiclenest.core.identifiers.canonical import identity_fault
from vehiclenest.ledger.conformance.check import PREFIX_RULE, Check, Found, fault, items, shown, text
from vehiclenest.ledger.conformance.context import Context, Memo
from vehiclenest.ledger.conformance.uri import is_uri

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|([+-][0-9]{2}:[0-9]{2}))")
_ZONELESS: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?")
_OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}")
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_INSTANCES: Final = "urn:epc:id:"
_ALIKE: Final = 4  # first letters that words have in common to be meant for each other, and how many of them are named
_NO_URI: Final = "no URI"
_URI_RULE: Final = "RFC 3986 URI"
_ONLY_TEXTS: Final = frozenset({str})
_CLASSES: Final = ("urn:epc:class:", "urn:epc:idpat:")
_CBV_NAMESPACES: Final = ("urn:epcglobal:cbv", "http://ns.gs1.org/cbv/", "https://ns.gs1.org/cbv/")
_GS1_NAMESPACES: Final = tuple(f"{scheme}://{host}gs1.org/voc/" for scheme in ("http", "https") for host in ("", "www."))


def time(value: Any, _context: Context) -> Found:
    """Check a time with its zone (RFC 3339, as xsd:dateTimeStamp has it)."""
    rule = "RFC 3339 date-time"
    if type(value) is not str:
        return fault(rule, f"{shown(value)}; a time such as 2026-08-06T08:00:00.000Z")
    if not _TIME.fullmatch(value):
        if _ZONELESS.fullmatch(value):
            return fault(rule, f"{shown(value)} has no time zone; Z or an offset such as +08:00 at its end")
        return fault(rule, f"{shown(value)}; a time such as 2026-08-06T08:00:00.000Z")
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return fault(rule, f"{shown(value)} is no time that there is; day, hour and minute within their ranges")
    return None


offset: Final = text(
    "EPCIS 2.0 eventTimeZoneOffset", "+hh:mm or -hh:mm, at most 14:00", lambda value: bool(_OFFSET.fullmatch(value))
)
unit: Final = text(
    "UN/ECE Recommendation 20 uom", "two or three of A-Z and 0-9, such as KGM", lambda value: bool(_UNIT.fullmatch(value))
)
version: Final = text("EPCIS 2.0 schemaVersion", "a version such as 2.0", lambda value: bool(_VERSION.fullmatch(value)))
hexadecimal: Final = text("EPCIS 2.0 hexBinaryValue", "hexadecimal digits", lambda value: bool(_HEXADECIMAL.fullmatch(value)))
uri: Final = text(_URI_RULE, "an absolute URI", is_uri)
string: Final = text("EPCIS 2.0 text", "a text")


def _identity(value: str) -> str:
    return identity_fault(value) if is_uri(value) else _NO_URI


def _instance(value: str) -> str:
    return f"{shown(value)} is a class of things; one thing" if value.startswith(_CLASSES) else _identity(value)


def _class(value: str) -> str:
    return f"{shown(value)} is one thing; a class of things" if value.startswith(_INSTANCES) else _identity(value)


_IDENTITIES: Final = Memo(_identity)
_INSTANCE_IDENTITIES: Final = Memo(_instance)
_CLASS_IDENTITIES: Final = Memo(_class)


def _identified(memo: Memo) -> Check:
    def check(value: Any, _context: Context) -> Found:
        if type(value) is not str:
            return fault(_URI_RULE, f"{shown(value)}; a URI")
        wrong = memo[value]
        if not wrong:
            return None
        if wrong is _NO_URI:
            return fault(_URI_RULE, f"{shown(value)}; an absolute URI")
        return fault("GS1 EPC Tag Data Standard" if value.startswith("urn:") else "GS1 Digital Link", wrong)

    return check


identity: Final = _identified(_IDENTITIES)
instance: Final = _identified(_INSTANCE_IDENTITIES)
kind: Final = _identified(_CLASS_IDENTITIES)


def _instances(*, unique: bool) -> Check:
    each = items("EPCIS 2.0 EPC list", instance, unique=unique)
    wrong = _INSTANCE_IDENTITIES.__getitem__

    def check(value: Any, context: Context) -> Found:
        # Lists of EPCs are long and nearly always right: one look at the whole list, and at each element only where need be.
        elements = cast("list[str]", value)
        if type(value) is list and _ONLY_TEXTS.issuperset(map(type, elements)):  # noqa: SIM102
            if not any(map(wrong, elements)) and not (unique and len(set(elements)) < len(elements)):
                return None
        return each(value, context)

    return check


instances: Final = _instances(unique=True)
instances_or_repeated: Final = _instances(unique=False)


def word(rule: str, words: Mapping[str, str], *, gs1: bool = False, prefix_needed: bool = True) -> Check:
    """Return a check for a bare word of the standard vocabulary or a URI of somebody else's.

    Parameters
    ----------
    rule
        Vocabulary that the words are of.
    words
        The words.
    gs1
        The words are of the GS1 Web Vocabulary, not of CBV.
    prefix_needed
        Whether a value with an undeclared prefix is refused. GS1's own example documents use one as a component.
    """
    owned = _GS1_NAMESPACES if gs1 else _CBV_NAMESPACES

    def check(value: Any, context: Context) -> Found:
        if type(value) is not str:
            return fault(rule, f"{shown(value)}; a text")
        if value in words:
            return None
        if ":" not in value:
            return fault(rule, f"{shown(value)} is no word of it; {_nearest(value, words)}")
        if value.startswith(owned):
            return fault(rule, f"{shown(value)}; the standard's own words are written bare")
        if not is_uri(value):
            return fault(rule, f"{shown(value)}; {_nearest(value, words)}")
        return fault(PREFIX_RULE, context.flaws[value]) if prefix_needed and context.flaws[value] else None

    return check


def _nearest(value: str, words: Mapping[str, str]) -> str:
    near = [known for known in words if known[:_ALIKE] == value[:_ALIKE]]
    return f"{' or '.join(near)}?" if 0 < len(near) <= _ALIKE else f"one of {', '.join([*words][:_ALIKE])} …, or a URI"


def either(first: Check, when: Callable[[Any], bool], second: Check) -> Check:
    """Return a check that takes the first where `when` says so, the second otherwise: so one mistake stays one fault."""
    return lambda value, context: first(value, context) if when(value) else second(value, context)
