"""Scoring schemes: a sheet of scores comes in, a result for each entry goes out; every scheme is one function of a `Sheet`.

Mean and trimmed mean are exact; the severity-corrected scheme follows Henderson's mixed model, the pairwise one Bradley and Terry.
"""

from collections.abc import Callable

from vehiclenest.contest.scoring.pairwise import pairwise
from vehiclenest.contest.scoring.plain import mean, trimmed_mean, z_score
from vehiclenest.contest.scoring.severity import severity_corrected
from vehiclenest.contest.scoring.sheet import MILLIONTHS, Outcome, Sheet, islands

SCHEMES: dict[str, Callable[[Sheet], Outcome]] = {
    "mean": mean,
    "trimmed_mean": trimmed_mean,
    "severity": severity_corrected,
    "pairwise": pairwise,
    "z_score": z_score,
}

__all__ = ["MILLIONTHS", "SCHEMES", "Outcome", "Sheet", "islands"]
