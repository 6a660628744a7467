"""Why a ranking is as it is, in words and figures: the scheme's rule, every judge's score and what was done with it."""

from collections.abc import Mapping
from typing import Any

from vehiclenest.contest.model import Score, StageState
from vehiclenest.contest.ranking import Ranking, Row
from vehiclenest.contest.state import State

_RULES = {
    "mean": "The result is the mean of the entry's scores.",
    "trimmed_mean": "One highest and one lowest score are dropped; the result is the mean of the others.",
    "severity": "The result is the best linear unbiased prediction of the entry's mean over all judges: what a judge gives above the "
    "others everywhere is taken off, and an entry is drawn to the mean of all the more, the less its scores tell.",
    "pairwise": "Each pair of entries that a judge scored is a comparison; the result is the share, in percent, that the entry is "
    "expected to win against an average one (Bradley and Terry).",
    "z_score": "Each judge's scores are brought to the mean and spread of all; the result is the mean of these.",
}
_TIES = {
    "earlier_stage": "the better result in the stage before",
    "heaviest_criterion": "the higher mean mark in the heaviest criterion",
    "lot": "a lot from the published seed of the draw",
}


def explain(state: State, ranking: Ranking) -> dict[str, Any]:
    """Return the rule in words, how ties are decided, where the cut is, and each entry's scores with what was done with them."""
    stage = state.stage(ranking.stage)
    ties = [_TIES[rule] for rule in stage.config.ties]
    return {
        "rule": _RULES[ranking.scheme],
        "rounding": "Results have two decimals, rounded half to even; what is ranked is the rounded result.",
        "ties": (f"Equal results are decided by {', then '.join(ties)}; " if ties else "")
        + "where nothing decides, the place is shared.",
        "cut": f"Places up to {ranking.cut} go on or get a prize; who shares the last of them is in.",
        "entries": [_entry(stage, ranking, row) for row in ranking.rows],
    }


def _entry(stage: StageState, ranking: Ranking, row: Row) -> dict[str, Any]:
    scores = [(judge, stage.score(row.entry, judge)) for judge in stage.plan.get(row.entry, ())]
    trimmed = ranking.scheme == "trimmed_mean" and row.place is not None
    notes: Mapping[str, str] = _dropped([score for _, score in scores if score]) if trimmed else {}
    judges: list[dict[str, Any]] = []
    for judge, score in scores:
        about: dict[str, Any] = {"judge": judge, "points": None if score is None else f"{score.points:f}"}
        if judge in ranking.severity:
            about["gives_above_others"] = str(ranking.severity[judge])
        if judge in notes:
            about["note"] = notes[judge]
        judges.append(about)
    return {"entry": row.entry, "place": row.place, "judges": judges}


def _dropped(scores: list[Score]) -> Mapping[str, str]:
    """Return which judges' scores were dropped: of equal ones the first."""
    low = min(scores, key=lambda score: score.millionths)
    high = max((score for score in scores if score is not low), key=lambda score: score.millionths)
    return {low.judge: "lowest, dropped", high.judge: "highest, dropped"}
