"""Regenerate: a black mass comes in; lithium carbonate, metal products, residues, energy, reagents, water, money and carbon come out.

Three routes as flowsheets of unit operations: conventional hydrometallurgy (`hydro`), the one-step route (`one-step`: reduction
roast, leach by water and carbon dioxide, thermal decomposition) and direct recycling (`direct`). Every unit closes every element and
its enthalpy; recycles are solved until they no longer change. Lithium carbonate follows equilibrium with PHREEQC's constants. All
parameters have value, range, unit, source and tag in TOML; `claims` draws from the ranges and says what the one-step route's claims
are worth at three boundaries. Needs the extra ``regenerate`` (NumPy).
"""

from importlib.util import find_spec

from vehiclenest.core.errors import SettingsError

if find_spec("numpy") is None:
    raise SettingsError("the room regenerate needs NumPy", expected="pip install 'vehiclenest[regenerate]'")

from vehiclenest.loop.regenerate.accounts import BOUNDARIES
from vehiclenest.loop.regenerate.claims import Row, claims
from vehiclenest.loop.regenerate.compare import BOUNDARY_NAMES, compare
from vehiclenest.loop.regenerate.feed import BUNDLED, Feed, bundled_feed, read_feed
from vehiclenest.loop.regenerate.graphite import FATES
from vehiclenest.loop.regenerate.limits import Check, checks
from vehiclenest.loop.regenerate.outcome import FINISHES, Outcome, element_table, run
from vehiclenest.loop.regenerate.plan import Plan, plan
from vehiclenest.loop.regenerate.plant import ROUTES
from vehiclenest.loop.regenerate.substances import crossing, recycled_content, substances

__all__ = [
    "BOUNDARIES",
    "BOUNDARY_NAMES",
    "BUNDLED",
    "FATES",
    "FINISHES",
    "ROUTES",
    "Check",
    "Feed",
    "Outcome",
    "Plan",
    "Row",
    "bundled_feed",
    "checks",
    "claims",
    "compare",
    "crossing",
    "element_table",
    "plan",
    "read_feed",
    "recycled_content",
    "run",
    "substances",
]
