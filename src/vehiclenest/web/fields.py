"""What a form of free fields sent, as text by name; and the keyset pages that lists are read in."""

from collections.abc import Mapping
from typing import Annotated, Any

from litestar.params import PathParameter

LONGEST = 200
LARGEST_KEY = 2**63 - 1
PathKey = Annotated[int, PathParameter(ge=0, le=LARGEST_KEY)]  # a number in a path that a database can look up


def text(data: Mapping[str, Any], name: str, longest: int = LONGEST) -> str:
    """Return a field's text without the blanks around it; empty where it was not sent, or not as one text."""
    value = data.get(name, "")
    return value.strip()[:longest] if isinstance(value, str) else ""


def texts(data: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a field that may be sent several times, as ticks are."""
    value = data.get(name, [])
    found: list[Any] = [*value] if isinstance(value, (list, tuple)) else [value]
    return [item for item in found if isinstance(item, str) and item]


def starting_with(word: str) -> tuple[str, str]:
    """Return the first text that starts with a word, and the first that comes after all that do: a range that an index serves."""
    return word, word[:-1] + chr(ord(word[-1]) + 1)
