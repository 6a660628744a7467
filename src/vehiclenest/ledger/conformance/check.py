"""Small checks and how they combine: each takes a value and its context and says what is wrong, with pointers from that value on.

A check that finds nothing returns None and builds nothing, so that a faultless document costs little. One mistake gives one fault.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

import orjson

from vehiclenest.ledger.conformance.context import UNKNOWN, Context
from vehiclenest.ledger.conformance.uri import is_uri

MOST_FAULTS: Final = 100
MOST_LEVELS: Final = 64
_CONTAINER: Final = (dict, list)
_CONTAINERS: Final = frozenset(_CONTAINER)
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
# Name and value of a field, the context, and what the object around it is called.
AddedCheck = Callable[[str, Any, Context, str], Found]

PREFIX_RULE: Final = "JSON-LD 1.1 compact IRI"
NESTING_RULE: Final = f"Vehicle Nest: at most {MOST_LEVELS} levels inside a field"

# Stands for a fault that is counted and not told, so that a million mistakes stay small.
UNTOLD: Final = Fault("", "", "")


def fault(rule: str, message: str, *tokens: str | int) -> list[Fault]:
    """Return one fault, at the value or at the member that the tokens lead to."""
    return [Fault(pointer(*tokens), rule, message)]


def pointer(*tokens: str | int) -> str:
    """Return the JSON Pointer of these members (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def place(found: list[Fault], head: str, into: list[Fault]) -> None:
    """Add the faults found at the place `head` to those of the whole.

    A prefix that nobody declared is one mistake, however often it is used: it is told where it is used first.
    """
    for one in found:
        if one.rule is PREFIX_RULE and any(one.message == other.message for other in into[:MOST_FAULTS]):
            continue
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
                place(found, f"/{index}", faults)
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
            faults += fault(rule, f"{shown(element)} stands at {first[element]} already; each once", index)
        else:
            first[element] = index


def record(rule: str, fields: Mapping[str, Check], *, required: tuple[str, ...] = (), added: AddedCheck | None = None) -> Check:
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
        Checks a field that the standard does not know; None where there may be none.
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
                found = added(name, member, context, rule)
            else:
                found = fault(rule, f"{shown(name)} is no field of it; {', '.join(fields)}")
            if found:
                place(found, pointer(name), faults)
        if not needed <= members.keys():
            faults += [Fault("", rule, f"{name} is missing") for name in required if name not in members]
        return faults or None

    return check


def users_field(name: str, value: Any, context: Context, rule: str) -> Found:
    """Check a field whose name has a declared prefix, or is a URI."""
    if ":" not in name:
        return fault(rule, f"{shown(name)} is no field of it; a user's field has a prefix that an @context declares")
    return any_field(name, value, context, rule)


def any_field(name: str, value: Any, context: Context, _rule: str) -> Found:
    """Check a field that may also have a plain name."""
    if ":" in name and context.flaws[name]:
        return fault(PREFIX_RULE, context.flaws[name])
    return nested(value, context) if isinstance(value, _CONTAINER) else None


def nested(value: Any, context: Context) -> Found:
    """Check what users nest in their fields: every prefix declared, and not too deep."""
    return None if _sound(value, context, 1) else nested_faults(value, context)


def _sound(value: Any, context: Context, level: int) -> bool:
    """Tell whether nothing is wrong, without saying what and where: this is what nearly every event asks."""
    if level > MOST_LEVELS:
        return False
    if type(value) is dict:
        members = cast("dict[str, Any]", value)
        if not context.sound.issuperset(members):
            if "@context" in members or any(map(context.undeclared, members)):
                return False
            context.sound.learn(members)
        value = members.values()
    elements = cast("Collection[Any]", value)
    if _CONTAINERS.isdisjoint(map(type, elements)):
        return True
    return all(_sound(member, context, level + 1) for member in elements if isinstance(member, _CONTAINER))


def nested_faults(value: Any, context: Context, level: int = 1) -> Found:
    """Return what is wrong in nested fields, and where."""
    if level > MOST_LEVELS:
        return fault(NESTING_RULE, f"it goes on deeper; at most {MOST_LEVELS} levels")
    faults: list[Fault] = []
    members: Iterable[tuple[str | int, Any]] = enumerate(cast("list[Any]", value))
    if type(value) is dict:
        found = cast("dict[str, Any]", value)
        members = found.items()
        context = _inner_context(found, context, faults)
    for name, member in members:
        wrong = context.undeclared(name) if isinstance(name, str) else ""
        if wrong:
            place(fault(PREFIX_RULE, wrong), pointer(name), faults)
        elif isinstance(member, _CONTAINER) and name != "@context":
            place(nested_faults(member, context, level + 1) or [], pointer(name), faults)
    return faults or None


def _inner_context(members: dict[str, Any], context: Context, faults: list[Fault]) -> Context:
    if "@context" not in members:
        return context
    found = json_ld_context(members["@context"], context)
    if found:
        place(found, "/@context", faults)
        return UNKNOWN
    return context.within(members["@context"])


_CONTEXT_RULE: Final = "JSON-LD 1.1 @context"


def json_ld_context(value: Any, _context: Context) -> Found:
    """Check an `@context`: an address, an object of declarations, or an array of these, each once."""
    if type(value) is not list:
        return _context_part(value)
    faults: list[Fault] = []
    first: dict[bytes, int] = {}
    for index, part in enumerate(cast("list[Any]", value)):
        found = _context_part(part)
        if not found and first.setdefault(orjson.dumps(part, option=orjson.OPT_SORT_KEYS), index) < index:
            found = fault(_CONTEXT_RULE, f"{shown(part)} stands there already; each once")
        if found:
            place(found, f"/{index}", faults)
    return faults or None


def _context_part(value: Any) -> Found:
    if type(value) is dict or (type(value) is str and is_uri(value)):
        return None
    return fault(_CONTEXT_RULE, f"{shown(value)}; a URI or an object of declarations")
