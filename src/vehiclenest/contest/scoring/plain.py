"""The plain schemes: mean, trimmed mean, and the z-score with the reason why it is mostly refused."""

import numpy as np

from vehiclenest.contest.scoring.sheet import MILLIONTHS, Integers, Outcome, Sheet, half_even
from vehiclenest.contest.scoring.table import number
from vehiclenest.core.errors import ConflictError


def mean(sheet: Sheet) -> Outcome:
    """Return the mean of each entry's scores, exact; an entry without a score is not ranked."""
    return _share_out(_sums(sheet, sheet.millionths), sheet.scores_of_entry)


def trimmed_mean(sheet: Sheet) -> Outcome:
    """Return the mean after one highest and one lowest score are dropped, exact; an entry with fewer than four is not ranked."""
    count = sheet.scores_of_entry
    high = np.full(sheet.entries, np.iinfo(np.int64).min)
    low = np.full(sheet.entries, np.iinfo(np.int64).max)
    np.maximum.at(high, sheet.entry, sheet.millionths)
    np.minimum.at(low, sheet.entry, sheet.millionths)
    enough = count >= number("trimmed_mean", "least_scores")
    left = _sums(sheet, sheet.millionths) - np.where(enough, high, 0) - np.where(enough, low, 0)
    return _share_out(left, np.where(enough, count - 2, 0))


def z_score(sheet: Sheet) -> Outcome:
    """Return the mean of scores after each judge's are brought to the mean and spread of all; an entry without a score is not ranked.

    Raises
    ------
    ConflictError
        Where a judge has fewer entries than make up his own mean and spread well enough, or gives all the same.
    """
    least = int(number("z_score", "least_entries"))
    count = sheet.scores_of_judge
    judging = count > 0
    fewest = int(count[judging].min(initial=least))
    if fewest < least:
        raise ConflictError(
            f"z-scores are refused: a judge has {fewest} entries, and below {least} a judge's own mean and spread are mostly the luck of "
            "who was dealt to him",
            expected="the severity-corrected scheme, which is never worse",
        )
    points = sheet.points
    centre = np.bincount(sheet.judge, points, sheet.judges) / np.maximum(count, 1)
    away = points - centre[sheet.judge]
    spread = np.sqrt(np.bincount(sheet.judge, away**2, sheet.judges) / np.maximum(count - 1, 1))
    if np.any(spread[judging] == 0):
        raise ConflictError("z-scores are refused: a judge gives every entry the same", expected="another scheme")
    ranked = sheet.scores_of_entry > 0
    overall = points.mean() if len(points) else 0.0
    sums = np.bincount(sheet.entry, away / np.where(judging, spread, 1)[sheet.judge], sheet.entries)
    value = overall + (points.std() if len(points) else 0.0) * sums / np.maximum(sheet.scores_of_entry, 1)
    return Outcome(np.rint(value * 100).astype(np.int64), value, ranked)


def _sums(sheet: Sheet, millionths: Integers) -> Integers:
    sums = np.zeros(sheet.entries, np.int64)
    np.add.at(sums, sheet.entry, millionths)
    return sums


def _share_out(sums: Integers, count: Integers) -> Outcome:
    ranked = count > 0
    divisor = np.where(ranked, count, 1)
    return Outcome(half_even(sums, divisor), np.where(ranked, sums / divisor / MILLIONTHS, 0.0), ranked)
