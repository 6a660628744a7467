"""Claims are measured by the benches there are; a room that is not built, or has no bench, leaves its claims not measured yet."""

import importlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import cast

from vehiclenest.contest.claims.model import Bench, Claim, Finding
from vehiclenest.core.verdict import ClaimVerdict

_BENCHES = "vehiclenest.contest.claims.benches"


def measure(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Finding]]:
    """Yield what each claim's bench finds; claims that have none stand as not measured yet, with the reason."""
    for claim in claims:
        yield claim, _measure(claim)


def _measure(claim: Claim) -> Finding:
    name = f"{_BENCHES}.{claim.bench}"
    if find_spec(name) is None:
        return not_measured(claim)
    try:
        return cast("Bench", importlib.import_module(name)).measure(claim)
    except ModuleNotFoundError as error:
        return Finding(verdict=ClaimVerdict.NOT_MEASURED, missing=f"{error.name} is not installed; see the extras of vehiclenest")


def not_measured(claim: Claim) -> Finding:
    """Return why a claim is not measured yet."""
    if not _exists(f"vehiclenest.{claim.room}"):
        missing = f"the room {claim.room} is not built yet"
    elif find_spec(f"{_BENCHES}.{claim.bench}") is None:
        missing = f"the room {claim.room} has no bench for it yet"
    else:
        missing = "nobody has run vnest claims --measure yet"
    return Finding(verdict=ClaimVerdict.NOT_MEASURED, missing=missing)


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
