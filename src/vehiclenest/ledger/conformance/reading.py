"""Bytes become JSON that means one thing: text in UTF-8, finite numbers, no name twice in an object, not nested without end."""

import json
from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

from vehiclenest.ledger.conformance.check import MOST_FAULTS, UNTOLD, Fault, fault, pointer, shown

_JSON: Final = "RFC 8259 JSON"
_HASH_ID: Final = "ni:///sha"


def read(document: bytes | str | dict[str, Any] | list[Any]) -> tuple[Any, list[Fault]]:
    """Parse JSON; what a parser would let pass or drop in silence is a fault. What is parsed already is written and read again."""
    raw, faults = _written(document)
    return (None, faults) if faults else _read(raw)


def _written(document: bytes | str | dict[str, Any] | list[Any]) -> tuple[bytes, list[Fault]]:
    if isinstance(document, bytes):
        return document.removeprefix(b"\xef\xbb\xbf"), []
    try:
        text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, allow_nan=False)
        return text.encode(), []
    except (TypeError, ValueError, RecursionError) as error:
        return b"", fault(_JSON, f"{error}; objects, arrays, texts, finite numbers, true, false, null")


def _read(raw: bytes) -> tuple[Any, list[Fault]]:
    try:
        parsed: Any = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return None, fault(_JSON, f"line {error.lineno}, column {error.colno}: {error.msg}")
    try:
        again = orjson.dumps(parsed)
    except TypeError as error:
        return None, fault(_JSON, f"{error}; fewer levels of nesting")
    # The parser keeps the last of two members with one name. Then quotes are fewer in what it kept than in what it was given.
    if _quotes(again) != _quotes(raw):
        return parsed, _repeated_names(raw)
    return parsed, []


def _quotes(text: bytes) -> int:
    """Return how many quotes begin or end a text."""
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return text.count(b'"')


class _Members(dict[str, Any]):
    """An object that remembers the names it was given more than once."""

    repeated: tuple[str, ...] = ()


def _members(pairs: list[tuple[str, Any]]) -> _Members:
    members = _Members(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        repeated = {name: None for name, _ in pairs if name in seen or seen.add(name)}
        members.repeated = tuple(name for name in repeated if name != "eventID" or not _hash_beside_id(pairs))
    return members


def _hash_beside_id(pairs: list[tuple[str, Any]]) -> bool:
    """Tell whether an event has two ids of which one is a hash: as in a document of GS1's, and nothing about it is ambiguous.

    An event's identity is the hash computed from it; no `eventID` takes part in that.
    """
    hashes = [str(value).startswith(_HASH_ID) for name, value in pairs if name == "eventID"]
    return sorted(hashes) == [False, True]


def _repeated_names(raw: bytes) -> list[Fault]:
    faults: list[Fault] = []
    for at, names in _with_repeated(json.loads(raw, object_pairs_hook=_members, parse_int=float), ""):
        for name in names:
            one = Fault(at + pointer(name), _JSON, f"the name {shown(name)} stands there more than once; each name once")
            faults.append(one if len(faults) < MOST_FAULTS else UNTOLD)
    return faults


def _with_repeated(value: Any, at: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, _Members):
        if value.repeated:
            yield at, value.repeated
        for name, member in value.items():
            yield from _with_repeated(member, at + pointer(name))
    elif isinstance(value, list):
        for index, element in enumerate(cast("list[Any]", value)):
            yield from _with_repeated(element, f"{at}/{index}")
