"""Inspection: scan and image of a used part → identity, pose, deviation, damage, verdict.

In come points of a structured-light scanner (mm) and, where there is one, a picture of the marking; out goes an `Inspection`
(model.py). Distances are exact against the reference's triangles, or certified to be within 1 µm of that (field.py).

On arrays of NumPy: `Reference.learn`, `identify`, `register`, `signed_distance`, `assess`; the whole chain is `inspect_points`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vehiclenest.loop.inspect.damage import assess_damage as assess
    from vehiclenest.loop.inspect.identify import identify
    from vehiclenest.loop.inspect.inspection import inspect_file, inspect_points
    from vehiclenest.loop.inspect.reference import Library, Part, Reference, signed_distance
    from vehiclenest.loop.inspect.register import register

__all__ = [
    "Library",
    "Part",
    "Reference",
    "assess",
    "identify",
    "inspect_file",
    "inspect_points",
    "register",
    "signed_distance",
]

_HOMES = {
    "Library": "reference",
    "Part": "reference",
    "Reference": "reference",
    "assess": "damage.assess_damage",
    "identify": "identify",
    "inspect_file": "inspection",
    "inspect_points": "inspection",
    "register": "register",
    "signed_distance": "reference",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: compiled code is loaded by who needs it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, _, other = _HOMES[name].partition(".")
    return getattr(import_module(f"{__name__}.{home}"), other or name)
