"""Claims: what technologies claim, held against what the house's own rooms measure.

The register (`claims.toml`, or one of your own) names entry, quantity, operator, value, unit, conditions and source. A `Bench` measures
with a room and says: holds, fails, depends (on what), cannot be judged (what is missing). What no room measures yet is never passed.
"""

from vehiclenest.contest.claims.kept import keep, last_kept
from vehiclenest.contest.claims.measuring import measure
from vehiclenest.contest.claims.model import Bench, Claim, Finding, Measurement
from vehiclenest.contest.claims.register import BUNDLED, Register, read_register
from vehiclenest.contest.claims.table import claim_rows

__all__ = [
    "BUNDLED",
    "Bench",
    "Claim",
    "Finding",
    "Measurement",
    "Register",
    "claim_rows",
    "keep",
    "last_kept",
    "measure",
    "read_register",
]
