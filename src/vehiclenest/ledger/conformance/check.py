"""Small checks and how they combine: each takes a value and its context and says what is wrong, with pointers from that value on.

A check that finds nothing returns None and builds nothing, so that a faultless document costs little. One mistake gives one fault.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from vehiclenest.ledger.conformance.context import Context

MOST_FAULTS: Final = 100
MOST_LEVELS: Final = 64
_SHOWN: Final = 60


class Fault(NamedTuple):
    """One mistake.

    Attributes
    ----------
    pointer
        JSON Pointer (RFC 6901) to the place; empty for the document itself.
    rule
        The standard and the field or definition that it breaks.
    message
        What is wrong, and what would be right.
    """

    pointer: str
    rule: str
    message: str


Found = list[Fault] | None
Check = Callable[[Any, Context], Found]

# Stands for a fault that is counted and not told, so that a million mistakes stay small.
UNTOLD: Final = Fault("", "", "")


def fault(rule: str, message: str, *tokens: str | int) -> list[Fault]:
    """Return one fault, at the value or at the member that the tokens lead to."""
    return [Fault(pointer(*tokens), rule, message)]


def pointer(*tokens: str | int) -> str:
    """Return the JSON Pointer of these members (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def place(found: list[Fault], token: str | int, into: list[Fault]) -> None:
    """Add the faults found in a member to those of the whole."""
    head = pointer(token)
    for one in found:
        told = one is not UNTOLD and len(into) < MOST_FAULTS
        into.append(Fault(head + one.pointer, one.rule, one.message) if told else UNTOLD)


def shown(value: Any) -> str:
    """Return a value in a few words."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, dict):
        return "an object"
    return "an array" if isinstance(value, list) else repr(value)


def text(rule: str, expected: str, accepts: Callable[[str], bool] = lambda _text: True) -> Check:
    """Return a check for a text that something accepts."""

    def check(value: Any, _context: Context) -> Found:
        return None if type(value) is str and accepts(value) else fault(rule, f"{shown(value)}; {expected}")

    return check


def number(rule: str) -> Check:
    """Return a check for a number."""

    def check(value: Any, _context: Context) -> Found:
        return None if type(value) is float or type(value) is int else fault(rule, f"{shown(value)}; a number")

    return check


def boolean(rule: str) -> Check:
    """Return a check for true or false."""

    def check(value: Any, _context: Context) -> Found:
        return None if type(value) is bool else fault(rule, f"{shown(value)}; true or false")

    return check


def items(rule: str, check_one: Check, *, least: int = 0, unique: bool = False) -> Check:
    """Return a check for an array of things of one kind."""

    def check(value: Any, context: Context) -> Found:
        if type(value) is not list:
            return fault(rule, f"{shown(value)}; an array")
        elements = cast("list[Any]", value)
        if len(elements) < least:
            return fault(rule, "an empty array; at least one element")
        faults: list[Fault] = []
        for index, element in enumerate(elements):
            found = check_one(element, context)
            if found:
                place(found, index, faults)
        if unique and not faults and len(elements) > 1:
            _repeated(rule, elements, faults)
        return faults or None

    return check


def _repeated(rule: str, elements: list[Any], faults: list[Fault]) -> None:
    """Add a fault for each element that stands there already; elements are texts here."""
    if len(set(elements)) == len(elements):
        return
    first: dict[Any, int] = {}
    for index, element in enumerate(elements):
        if element in first:
            place(fault(rule, f"{shown(element)} stands at {first[element]} already; each once"), index, faults)
        else:
            first[element] = index


def record(
    rule: str, fields: Mapping[str, Check], *, required: tuple[str, ...] = (), added: Callable[[str], Check] | None = None
) -> Check:
    """Return a check for an object.

    Parameters
    ----------
    rule
        What the object is called in the standard.
    fields
        The standard's fields.
    required
        Those that must be there; each missing one is a fault.
    added
        Gives the check of a field that the standard does not know, by its name; None where there may be none.
    """
    needed = frozenset(required)

    def check(value: Any, context: Context) -> Found:
        if type(value) is not dict:
            return fault(rule, f"{shown(value)}; an object")
        faults: list[Fault] = []
        members = cast("dict[str, Any]", value)
        for name, member in members.items():
            check_one = fields.get(name)
            if check_one is not None:
                found = check_one(member, context)
            elif added is not None:
                found = added(name)(member, context)
            else:
                found = fault(rule, f"{shown(name)} is no field of it; {', '.join(fields)}")
            if found:
                place(found, name, faults)
        if not needed <= members.keys():
            faults += [Fault("", rule, f"{name} is missing") for name in required if name not in members]
        return faults or None

    return check


def added_field(rule: str) -> Callable[[str], Check]:
    """Return the checks of fields that users add under a name with a declared prefix, or under a full URI."""

    def named(name: str) -> Check:
        def check(value: Any, context: Context) -> Found:
            flaw = context.flaws[name]
            if flaw:
                return fault(rule, f"{shown(name)}: {flaw}; a field of {rule} or a user's field with a declared prefix")
            return nested(value, context) if type(value) in _CONTAINERS else None

        return check

    return named


def any_field(_name: str) -> Check:
    """Return the check of a field that may have any name."""
    return lambda value, context: nested(value, context) if type(value) in _CONTAINERS else None


_CONTAINERS: Final = frozenset({dict, list})
_USER_RULE: Final = "JSON-LD 1.1 compact IRI"


def nested(value: Any, context: Context, level: int = 1) -> Found:
    """Check what users nest in their fields: every prefix declared, and not too deep."""
    if level > MOST_LEVELS:
        return fault("nesting", f"more than {MOST_LEVELS} levels; fewer")
    faults: list[Fault] = []
    if type(value) is dict:
        members = cast("dict[str, Any]", value)
        if "@context" in members:
            found = json_ld_context(members["@context"], context)
            if found:
                place(found, "@context", faults)
            else:
                context = context.within(members["@context"])
        flaws = context.flaws
        for name, member in members.items():
            if ":" in name and flaws[name]:
                place(fault(_USER_RULE, f"{shown(name)}: {flaws[name]}"), name, faults)
            elif type(member) in _CONTAINERS and name != "@context":
                found = nested(member, context, level + 1)
                if found:
                    place(found, name, faults)
    else:
        for index, element in enumerate(cast("list[Any]", value)):
            if type(element) in _CONTAINERS:
                found = nested(element, context, level + 1)
                if found:
                    place(found, index, faults)
    return faults or None


def json_ld_context(value: Any, context: Context) -> Found:
    """Check an `@context`: an address, an object of declarations, or an array of these."""
    del context
    rule = "JSON-LD 1.1 @context"
    if type(value) is not list:
        return _context_part(value, rule)
    faults: list[Fault] = []
    for index, part in enumerate(cast("list[Any]", value)):
        found = _context_part(part, rule)
        if found:
            place(found, index, faults)
    return faults or None


def _context_part(value: Any, rule: str) -> Found:
    from vehiclenest.ledger.conformance.uri import is_uri

    if type(value) is dict or (type(value) is str and is_uri(value)):
        return None
    return fault(rule, f"{shown(value)}; a URI or an object of declarations")
