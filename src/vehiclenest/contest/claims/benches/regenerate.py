"""The one-step route's claims, measured by the regeneration room's Monte Carlo over sourced ranges, at three boundaries.

Each row of the room is a claim at one boundary; the finding says the boundary that it gives figures for, and where boundaries disagree
that the claim depends on the boundary.
"""

from functools import cache

from vehiclenest.contest.claims.model import Claim, Finding
from vehiclenest.core.verdict import ClaimVerdict
from vehiclenest.loop.regenerate import Row, bundled_feed, claims
from vehiclenest.loop.regenerate.claims import Standing

_FEED, _RUNS, _SEED = "nmc622", 10_000, 1
# The whole way to products of the same kind is what a buyer of a plant compares; the room's other boundaries are named beside it.
_BOUNDARY = "salts"
# The room's name of each claim, and what its figure is times to be the register's quantity; None where it is about another quantity.
_CLAIMS = {
    "regeneration-lithium-loss": ("lithium_loss", None),
    "regeneration-energy": ("energy", 1.0),
    "regeneration-reagents": ("reagents", 1.0),
    "regeneration-labour": ("labour", 1.0),
    "regeneration-investment": ("equipment", 1.0),
    "regeneration-carbon": ("zero_carbon", 1e-3),
}
_VERDICTS = {
    Standing.HOLDS: ClaimVerdict.HOLDS,
    Standing.FAILS: ClaimVerdict.FAILS,
    Standing.DEPENDS: ClaimVerdict.DEPENDS,
    Standing.UNKNOWN: ClaimVerdict.CANNOT_BE_JUDGED,
}


def measure(claim: Claim) -> Finding:
    """Return what the room finds of a claim of the register."""
    name, factor = _CLAIMS[claim.id]
    rows = [row for row in _rows() if row.claim == name]
    whole = next(row for row in rows if row.boundary == "all")
    at = {row.boundary: row for row in rows if row is not whole}
    figure = at[_BOUNDARY].figure
    low, middle, high = (value * factor for value in figure) if figure and factor else (None, None, None)
    shown = (
        f"figure at the boundary {_BOUNDARY}: median, 5th to 95th percentile"
        if middle is not None
        else "no figure of this quantity"
    )
    depends = "; ".join(f"{boundary}: {row.verdict.value}" for boundary, row in at.items())
    return Finding(
        verdict=_VERDICTS[whole.verdict],
        measured=middle,
        low=low,
        high=high,
        conditions=f"bundled feed {_FEED}, {_RUNS:,} draws over sourced ranges; {shown}",
        depends_on=f"the boundary ({depends})" if whole.verdict is Standing.DEPENDS else "",
        missing=whole.missing,
    )


@cache
def _rows() -> list[Row]:
    return claims(bundled_feed(_FEED), _RUNS, _SEED)
