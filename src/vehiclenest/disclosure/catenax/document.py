"""A document under way: every field with its value and with what would supply it, settled into JSON or into the list of what is missing."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

COUNTRY = r"[A-Z]{2}"
DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
TIME = DAY + r"T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"
UUID = r"(urn:uuid:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
LEGAL_ENTITY, SITE = r"BPNL[a-zA-Z0-9]{12}", r"BPNS[a-zA-Z0-9]{12}"
PHONE = r"[+]?[0-9 ]+"
ZIP = r".{1,14}"
NUMBER = r"\d+(\.\d+)?"
AT_LEAST_ONE = r"[1-9]\d*(\.\d+)?"
YES_OR_NO = r"true|false"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field: its value, empty where no event supplies it; what would; what it has to look like; whether the model can do without."""

    value: object
    supplied_by: str
    pattern: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that is not there, and what would supply it."""

    field: str
    supplied_by: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document of an aspect model about one lot; `content` is None, and the document refused, where `missing` is not empty."""

    aspect: str
    lot: str
    content: dict[str, Any] | None
    missing: tuple[Gap, ...]
    left_out: tuple[Gap, ...]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gaps:
    missing: list[Gap] = field(default_factory=list[Gap])
    left_out: list[Gap] = field(default_factory=list[Gap])


def settle(aspect: str, lot: str, tree: Mapping[str, Any], notes: tuple[str, ...] = ()) -> Document:
    """Return the document that a tree of fields gives; refused where one that the model requires is missing or malformed."""
    gaps = _Gaps()
    content = _settle(tree, "", gaps)
    return Document(aspect, lot, None if gaps.missing else content, tuple(gaps.missing), tuple(gaps.left_out), notes)


def minted(epc: str) -> str:
    """Return the Catena-X id of a thing whose twin is ours to register: always the same UUID (version 5) for the same EPC."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, epc)}"


def _settle(node: object, path: str, gaps: _Gaps) -> Any:
    if isinstance(node, Mapping):
        children = cast("Mapping[str, object]", node).items()
        settled = {name: _settle(child, f"{path}.{name}" if path else name, gaps) for name, child in children}
        return {name: value for name, value in settled.items() if value is not None}
    if isinstance(node, list):
        return [_settle(child, f"{path}[{index}]", gaps) for index, child in enumerate(cast("list[object]", node))]
    return _leaf(node, path, gaps) if isinstance(node, Leaf) else node


def _leaf(leaf: Leaf, path: str, gaps: _Gaps) -> object:
    value = leaf.value
    if value in {"", None}:
        (gaps.left_out if leaf.optional else gaps.missing).append(Gap(path, leaf.supplied_by))
        return None
    if leaf.pattern and not _fits(str(value), leaf.pattern):
        gaps.missing.append(Gap(path, f"{leaf.supplied_by}; {str(value)[:40]!r} is not of the form {leaf.pattern}"))
        return None
    if leaf.pattern in {NUMBER, AT_LEAST_ONE}:
        return float(str(value))
    return value == "true" if leaf.pattern == YES_OR_NO else value


def _fits(text: str, pattern: str) -> bool:
    if not re.fullmatch(pattern, text):
        return False
    if pattern not in {DAY, TIME}:
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
