"""Scores corrected for how severe each judge is: y = mean + entry + judge + rest, entry, judge and rest random and independent.

Best linear unbiased prediction (Henderson 1975). The variances are averaged over for panels and pools of judges (`likelihood`); for
thousands of judges, where they are sharp, they are estimated by Henderson's method III (fitting constants, 1953; Searle, Casella and
McCulloch, Variance Components, 1992).
"""

import numpy as np

from vehiclenest.contest.scoring.equations import Equations, Variances
from vehiclenest.contest.scoring.likelihood import Prediction, averaged
from vehiclenest.contest.scoring.sheet import Outcome, Sheet, require_connected
from vehiclenest.contest.scoring.table import number

NAME = "the severity-corrected scheme"


def severity_corrected(sheet: Sheet) -> Outcome:
    """Return each entry's predicted mean over all judges, with its standard deviation.

    An entry with fewer scores is drawn more to the mean of all, as the prediction has it. An entry without a score is not ranked.

    Raises
    ------
    ConflictError
        Where the plan is not connected.
    """
    require_connected(sheet, NAME)
    ranked = sheet.scores_of_entry > 0
    value, deviation, severity = np.zeros(sheet.entries), np.zeros(sheet.entries), np.zeros(sheet.judges)
    points = sheet.points
    centre = float(points.mean()) if len(points) else 0.0
    if len(points) and np.ptp(points) == 0:  # everybody gave the same: nothing to tell apart
        value[ranked] = centre
        return Outcome(np.rint(value * 100).astype(np.int64), value, ranked, deviation, severity)
    if not len(points):
        return Outcome(np.zeros(sheet.entries, np.int64), value, ranked, deviation, severity)
    judges = np.flatnonzero(sheet.scores_of_judge)
    equations = Equations(np.cumsum(ranked)[sheet.entry] - 1, np.searchsorted(judges, sheet.judge), points - centre)
    found = averaged(equations) if equations.dense else _plugged_in(equations)
    value[ranked] = centre + found.mean + found.entry
    deviation[ranked] = found.deviation
    severity[judges] = found.judge
    facts = {
        "variance_entry": found.variances.entry,
        "variance_judge": found.variances.judge,
        "variance_rest": found.variances.rest,
    }
    return Outcome(np.rint(value * 100).astype(np.int64), value, ranked, deviation, severity, facts)


def _plugged_in(equations: Equations) -> Prediction:
    found = _by_fitting_constants(equations)
    shrink = found.rest / found.entry, found.rest / found.judge
    entry, judge = equations.solve(equations.points, *shrink)
    entry_of_one, judge_of_one = equations.solve(np.ones_like(equations.points), *shrink)
    left = float((equations.points - entry[equations.entry] - judge[equations.judge]).sum())
    mean = left / float((1 - entry_of_one[equations.entry] - judge_of_one[equations.judge]).sum())
    return Prediction(mean, entry - mean * entry_of_one, judge - mean * judge_of_one, equations.deviation(found), found)


def _by_fitting_constants(equations: Equations) -> Variances:
    """Estimate the variances: what each factor explains beyond the other, held against what is expected of it.

    A component that comes out below the smallest share that the scheme tells from nothing counts as that share.
    """
    points = equations.points
    scores, entries, judges = len(points), len(equations.of_entry), len(equations.of_judge)
    total = float(points @ points)
    entry, judge = equations.solve(points, 0.0, 0.0)
    left = points - entry[equations.entry] - judge[equations.judge]
    unexplained = float(left @ left)
    without_judges = total - float((np.bincount(equations.entry, points) ** 2 / equations.of_entry).sum())
    without_entries = total - float((np.bincount(equations.judge, points) ** 2 / equations.of_judge).sum())
    least = number("severity", "least_share") * total / scores
    rest = max(unexplained / max(scores - entries - judges + 1, 1), least)
    of_judges = (without_judges - unexplained - (judges - 1) * rest) / max(scores - entries, 1)
    of_entries = (without_entries - unexplained - (entries - 1) * rest) / max(scores - judges, 1)
    return Variances(max(of_entries, least), max(of_judges, least), rest)
