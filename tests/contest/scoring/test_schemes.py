"""Schemes: exact where they are plain, fair where judges differ, refused where they would mislead."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from vehiclenest.contest.scoring import MILLIONTHS, SCHEMES, Outcome, Sheet, islands
from vehiclenest.contest.scoring.cutline import rank_intervals
from vehiclenest.contest.scoring.equations import Equations
from vehiclenest.contest.scoring.sheet import Floats, half_even
from vehiclenest.core.errors import ConflictError, InputError

Rows = Sequence[tuple[int, int, float]]


def sheet(rows: Rows, entries: int | None = None, judges: int | None = None) -> Sheet:
    """Make a sheet of (entry, judge, points)."""
    entry, judge = np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64)
    millionths = np.array([round(row[2] * MILLIONTHS) for row in rows], np.int64)
    return Sheet(entries or int(entry.max()) + 1, judges or int(judge.max()) + 1, entry, judge, millionths)


def results(outcome: Outcome) -> list[str | None]:
    pairs = zip(outcome.hundredths, outcome.ranked, strict=True)
    return [str(Decimal(int(value)).scaleb(-2)) if ranked else None for value, ranked in pairs]


def made_up(entries: int, judges: int, each: int, seed: int, severity: float) -> tuple[Sheet, Floats]:
    """Make scores of random panels with a known truth; noise has a standard deviation of 3 points, the truth of 8."""
    chance = np.random.default_rng(seed)
    judge = np.concatenate([chance.permutation(judges)[:each] for _ in range(entries)])
    entry = np.repeat(np.arange(entries), each)
    truth = chance.normal(70, 8, entries)
    points = truth[entry] + chance.normal(0, severity, judges)[judge] + chance.normal(0, 3, len(entry))
    return Sheet(entries, judges, entry, judge, np.rint(points * MILLIONTHS).astype(np.int64)), truth


@given(st.lists(st.integers(0, 100 * MILLIONTHS), min_size=1, max_size=9))
def test_the_mean_is_exact_and_rounded_half_even(millionths: list[int]) -> None:
    rows = Sheet(1, len(millionths), np.zeros(len(millionths), np.int64), np.arange(len(millionths)), np.array(millionths))
    exact = Fraction(sum(millionths), len(millionths) * MILLIONTHS)
    expected = Decimal(round(exact * 100)).scaleb(-2)  # round() of a fraction is half-even
    assert results(SCHEMES["mean"](rows)) == [str(expected)]


def test_half_a_hundredth_goes_to_the_even_one() -> None:
    halves = np.array([int(Decimal(text) * MILLIONTHS) for text in ("85.125", "85.135", "-0.005", "85.1250000001")], np.int64)
    found = [Decimal(int(value)).scaleb(-2) for value in half_even(halves, np.ones(4, np.int64))]
    assert found[:3] == [Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_EVEN) for text in ("85.125", "85.135", "-0.005")]


def test_the_highest_and_the_lowest_are_dropped_once_each_and_three_scores_are_too_few() -> None:
    given = {0: (60, 80, 81, 100), 1: (90, 90, 90), 2: (70, 70, 70, 70)}
    rows: Rows = [(entry, judge, float(points)) for entry, scores in given.items() for judge, points in enumerate(scores)]
    assert results(SCHEMES["trimmed_mean"](sheet(rows))) == ["80.50", None, "70.00"]


@pytest.mark.parametrize("name", ["mean", "severity", "pairwise", "trimmed_mean"])
def test_an_entry_without_a_score_has_no_result(name: str) -> None:
    rows: Rows = [(entry, judge, 80 - 10 * entry + judge) for entry in range(2) for judge in range(4)]
    outcome = SCHEMES[name](sheet(rows, entries=3))
    assert list(outcome.ranked) == [True, True, False]
    assert outcome.hundredths[0] > outcome.hundredths[1]


@pytest.mark.parametrize("name", list(SCHEMES))
def test_an_empty_sheet_ranks_nobody(name: str) -> None:
    nothing = np.zeros(0, np.int64)
    assert not SCHEMES[name](Sheet(3, 2, nothing, nothing, nothing)).ranked.any()


def test_a_severe_judge_costs_no_place_after_correction() -> None:
    """Entry 1 is better by every common judge, but entry 0 met the lenient pair."""
    rows: Rows = [(entry, judge, 70 + entry + gift) for entry in range(6) for judge, gift in ((0, 0), (1, 10), (2, -10))]
    kept: Rows = [row for row in rows if not (row[0] == 0 and row[1] == 2) and not (row[0] == 1 and row[1] == 1)]
    raw, corrected = SCHEMES["mean"](sheet(kept)), SCHEMES["severity"](sheet(kept))
    assert raw.hundredths[0] > raw.hundredths[1]
    assert corrected.hundredths[0] < corrected.hundredths[1]
    assert corrected.severity is not None
    assert corrected.severity[1] > corrected.severity[0] > corrected.severity[2]


def test_on_a_complete_panel_the_correction_changes_no_place() -> None:
    chance = np.random.default_rng(1)
    rows: Rows = [(entry, judge, float(chance.normal(70, 5))) for entry in range(12) for judge in range(7)]
    mean, corrected = SCHEMES["mean"](sheet(rows)), SCHEMES["severity"](sheet(rows))
    assert list(np.argsort(mean.value)) == list(np.argsort(corrected.value))


@pytest.mark.parametrize("judges", [20, 250])
def test_variances_are_found_by_both_ways_of_estimating_them(judges: int) -> None:
    rows, truth = made_up(3000, judges, 3, 5, severity=4)
    outcome = SCHEMES["severity"](rows)
    facts = outcome.facts or {}
    assert facts["variance_entry"] == pytest.approx(64, rel=0.15)
    assert facts["variance_judge"] == pytest.approx(16, rel=0.6 if judges == 20 else 0.2)
    assert facts["variance_rest"] == pytest.approx(9, rel=0.1)
    assert outcome.deviation is not None
    error = outcome.value - truth
    assert float(np.std(error / outcome.deviation)) == pytest.approx(1, abs=0.25)


def test_conjugate_gradients_and_the_equations_written_out_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = made_up(60, 12, 3, 7, severity=3)
    equations = Equations(rows.entry, rows.judge, rows.points - rows.points.mean())
    entry, judge = equations.solve(equations.points, 0.2, 1.5)
    monkeypatch.setattr(Equations, "dense", False)
    by_gradients = equations.solve(equations.points, 0.2, 1.5)
    np.testing.assert_allclose(by_gradients[0], entry, atol=1e-7)
    np.testing.assert_allclose(by_gradients[1], judge, atol=1e-7)


def test_equal_scores_of_all_are_one_result() -> None:
    assert results(SCHEMES["severity"](sheet([(0, 0, 80), (0, 1, 80), (1, 0, 80), (1, 1, 80)]))) == ["80.00", "80.00"]


def test_a_plan_that_only_just_connects_is_still_ranked() -> None:
    assert all(results(SCHEMES["severity"](sheet([(0, 0, 80), (0, 1, 82), (1, 1, 79)]))))


@pytest.mark.parametrize("name", ["severity", "pairwise"])
def test_islands_are_not_compared(name: str) -> None:
    rows = sheet([(0, 0, 80), (1, 0, 70), (2, 1, 90), (3, 1, 60)])
    assert islands(4, 2, rows.entry, rows.judge)[0] == 2
    with pytest.raises(ConflictError, match="2 islands"):
        SCHEMES[name](rows)


def test_pairwise_hears_only_the_order_of_each_judge() -> None:
    chance = np.random.default_rng(3)
    rows: Rows = [(entry, judge, float(chance.integers(40, 90))) for entry in range(8) for judge in range(5)]
    other: Rows = [(entry, judge, (judge + 1) * points / 10 + judge) for entry, judge, points in rows]
    np.testing.assert_allclose(SCHEMES["pairwise"](sheet(rows)).value, SCHEMES["pairwise"](sheet(other)).value, atol=1e-4)


def test_a_pairwise_winner_of_everything_stays_finite_and_a_tie_is_a_half() -> None:
    rows: Rows = [(entry, judge, 50 if entry else 90) for entry in range(3) for judge in range(5)]
    first, second, third = SCHEMES["pairwise"](sheet(rows)).value
    assert 50 < first < 100
    assert second == pytest.approx(third)


def test_too_many_comparisons_are_refused_before_they_fill_the_memory() -> None:
    entries = 5000
    rows = Sheet(entries, 1, np.arange(entries), np.zeros(entries, np.int64), np.arange(entries))
    with pytest.raises(ConflictError, match="comparisons are too many"):
        SCHEMES["pairwise"](rows)


def test_z_scores_are_refused_with_few_entries_a_judge_and_taken_with_many() -> None:
    few, _ = made_up(40, 10, 3, 11, severity=3)
    with pytest.raises(ConflictError, match=r"a judge has \d+ entries"):
        SCHEMES["z_score"](few)
    many, truth = made_up(600, 6, 3, 12, severity=6)
    assert kendalltau(truth, SCHEMES["z_score"](many).value).statistic > kendalltau(truth, SCHEMES["mean"](many).value).statistic


def test_z_scores_of_a_judge_who_gives_all_the_same_are_refused() -> None:
    rows: Rows = [(entry, judge, entry if judge else 80) for entry in range(40) for judge in range(2)]
    with pytest.raises(ConflictError, match="gives every entry the same"):
        SCHEMES["z_score"](sheet(rows))


@pytest.mark.parametrize(
    ("entry", "judge", "points", "match"),
    [([0, 1], [0], [1, 2], "differ in length"), ([0, 5], [0, 0], [1, 2], "numbered outside"), ([0, 0], [1, 1], [1, 2], "twice")],
)
def test_a_sheet_that_is_none_is_refused(entry: list[int], judge: list[int], points: list[int], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Sheet(2, 2, np.array(entry), np.array(judge), np.array(points))


def test_a_rank_is_sure_where_values_lie_apart_and_open_where_they_do_not() -> None:
    apart = rank_intervals(np.array([90.0, 80.0, 70.0]), np.array([0.5, 0.5, 0.5]), np.arange(3))
    assert apart == [(1, 1), (2, 2), (3, 3)]
    equal = rank_intervals(np.full(20, 80.0), np.full(20, 3.0), np.array([4]))[0]
    assert equal[0] <= 3
    assert equal[1] >= 18
    assert rank_intervals(np.array([3.0, 2.0]), np.zeros(2), np.arange(2)) == [(1, 1), (2, 2)]
