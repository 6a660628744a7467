"""Assignment: nobody judges where he should not, all are about equally busy, and every entry can be compared with every other."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vehiclenest.contest.assign import assign, count_islands
from vehiclenest.core.errors import ConflictError


def everybody(_judge: str, _entry: str) -> bool:
    return True


@given(st.integers(8, 60), st.integers(4, 12), st.integers(2, 4), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_a_plan_is_whole_balanced_and_connected(entries: int, judges: int, each: int, seed: int) -> None:
    assume(entries * (each - 1) >= judges - 1)  # with fewer no plan connects all
    names, panel = [f"E{number}" for number in range(entries)], [f"J{number}" for number in range(judges)]
    plan = assign(names, panel, each, everybody, str(seed))
    assert all(len(set(taken)) == each for taken in plan.judges_of)
    assert count_islands(dict(zip(names, plan.judges_of, strict=True))) == 1
    assert max(plan.load.values()) - min(plan.load.values()) <= 1
    assert assign(names, panel, each, everybody, str(seed)) == plan


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_conflicts_are_kept_and_work_moves_to_who_may(seed: int) -> None:
    """Half of the judges are from the province of most entries: the others carry more, but no more than they must."""
    names, panel = [f"E{number}" for number in range(24)], [f"J{number}" for number in range(8)]
    home = {name: number % 4 == 0 for number, name in enumerate(names)} | {name: number < 4 for number, name in enumerate(panel)}

    def may(judge: str, entry: str) -> bool:
        return not (home[judge] and not home[entry])

    plan = assign(names, panel, 3, may, str(seed))
    assert all(may(judge, name) for name, taken in zip(names, plan.judges_of, strict=True) for judge in taken)
    outside = [plan.load[judge] for judge in panel[4:]]
    assert max(outside) - min(outside) <= 1
    assert count_islands(dict(zip(names, plan.judges_of, strict=True))) == 1


def test_the_reserve_steps_in_only_where_another_may_not() -> None:
    names, panel = [f"E{number}" for number in range(10)], [f"J{number}" for number in range(7)]
    plan = assign(names, panel, 7, lambda judge, entry: (judge, entry) != ("J2", "E3"), "s", ["R"])
    judges_of = dict(zip(names, plan.judges_of, strict=True))
    assert [name for name, taken in judges_of.items() if "R" in taken] == ["E3"]
    assert "J2" not in judges_of["E3"]


def test_an_entry_with_too_few_judges_is_named() -> None:
    with pytest.raises(ConflictError, match="entry E1 has 2 judges without a conflict"):
        assign(["E0", "E1"], ["J0", "J1", "J2"], 3, lambda judge, entry: (judge, entry) != ("J0", "E1"), "s")
    with pytest.raises(ConflictError, match="no entry"):
        assign([], ["J0"], 1, everybody, "s")


def test_a_plan_that_cannot_be_connected_is_refused() -> None:
    side = {"E0": {"J0", "J1"}, "E1": {"J2", "J3"}}
    with pytest.raises(ConflictError, match="2 islands are left"):
        assign(["E0", "E1"], ["J0", "J1", "J2", "J3"], 2, lambda judge, entry: judge in side[entry], "s")


def test_balance_is_given_up_where_it_would_cost_the_connection() -> None:
    plan = assign([f"E{number}" for number in range(5)], [f"J{number}" for number in range(9)], 2, everybody, "s")
    assert count_islands({str(number): taken for number, taken in enumerate(plan.judges_of)}) == 1


@pytest.mark.parametrize(
    ("plan", "islands"),
    [
        ({"A": ["1", "2"], "B": ["2", "3"], "C": ["3", "4"]}, 1),
        ({"A": ["1"], "B": ["2"], "C": ["2"]}, 2),
        ({"A": ["1"], "B": []}, 2),
        ({}, 0),
    ],
)
def test_islands_are_counted(plan: Mapping[str, list[str]], islands: int) -> None:
    assert count_islands(plan) == islands
