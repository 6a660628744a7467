"""Places: by the rounded result, ties by the stated rule, said why."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from vehiclenest.contest import rank
from vehiclenest.contest.explain import explain
from vehiclenest.contest.outcome import recommended
from vehiclenest.contest.ranking import Ranking
from vehiclenest.core.errors import NotFoundError

from .conftest import Desk, document


def places(ranking: Ranking) -> list[tuple[int | None, str, str]]:
    return [(row.place, row.entry, row.tie) for row in ranking.rows]


def with_stages(**changes: Any) -> Desk:
    first, second = document()["stages"]
    return Desk(stages=[{**first, **changes}, second])


def give(desk: Desk, marks: Mapping[str, tuple[str, str]], stage: str = "papers") -> Desk:
    for entry, judges in desk.state.stage(stage).plan.items():
        for judge in judges:
            idea, team = marks[entry]
            desk.watch.passes(1)
            desk.contest.submit(desk.score(stage, entry, judge, idea, team))
    return desk


def test_equal_results_are_decided_by_the_heaviest_criterion_and_it_says_so() -> None:
    desk = give(Desk().with_entries(3).opened(), {"E1": ("80", "80"), "E2": ("90", "65"), "E3": ("60", "60")})
    ranking = rank(desk.state, "papers", "all")
    assert [row.result for row in ranking.rows] == [Decimal("80.00"), Decimal("80.00"), Decimal("60.00")]
    assert places(ranking) == [(1, "E2", "heaviest_criterion"), (2, "E1", "heaviest_criterion"), (3, "E3", "")]


def test_what_nothing_decides_is_decided_by_lot_or_shared() -> None:
    marks: dict[str, tuple[str, str]] = dict.fromkeys(("E1", "E2", "E3"), ("80", "80"))
    by_lot = rank(give(Desk().with_entries(3).opened(), marks).state, "papers", "all")
    assert [place for place, _, _ in places(by_lot)] == [1, 2, 3]
    assert {tie for _, _, tie in places(by_lot)} == {"lot"}
    shared = rank(give(with_stages(ties=["heaviest_criterion"]).with_entries(3).opened(), marks).state, "papers", "all")
    assert places(shared) == [(1, "E1", ""), (1, "E2", ""), (1, "E3", "")]


def test_who_shares_the_last_place_that_advances_advances_too() -> None:
    desk = with_stages(ties=[], advance={"all": 2}).with_entries(4).opened()
    give(desk, {"E1": ("90", "90"), "E2": ("80", "80"), "E3": ("80", "80"), "E4": ("70", "70")}).finished()
    assert desk.contest.advance("papers") == {"all": ["E1", "E2", "E3"]}


def test_a_tie_in_the_final_goes_to_the_better_earlier_round() -> None:
    desk = give(Desk().with_entries(3).opened(), {"E1": ("70", "70"), "E2": ("90", "90"), "E3": ("80", "80")}).finished()
    desk.contest.advance("papers")
    marks: dict[str, tuple[str, str]] = dict.fromkeys(("E1", "E2", "E3"), ("80", "80"))
    give(desk.opened("final"), marks, "final").finished("final")
    ranking = rank(desk.state, "final", "all")
    assert places(ranking) == [(1, "E2", "earlier_stage"), (2, "E3", "earlier_stage"), (3, "E1", "earlier_stage")]
    assert recommended(desk.state) == {"all": ["E2", "E3"]}
    assert rank(desk.state, "final", "all") is ranking


def test_an_entry_that_waits_for_scores_has_no_place_yet(judging: Desk) -> None:
    entry, judges = next(iter(judging.state.stage("papers").plan.items()))
    judging.contest.submit(judging.score("papers", entry, judges[0]))
    ranking = rank(judging.state, "papers", "all")
    assert [(row.place, row.scores, row.wanted) for row in ranking.rows][:2] == [(1, 1, 3), (None, 0, 3)]
    assert recommended(judging.state) == {"all": []}


def test_the_ranking_up_to_an_event_does_not_know_what_came_later(judging: Desk) -> None:
    plan = list(judging.state.stage("papers").plan.items())
    for entry, judges in plan[:2]:
        judging.contest.submit(judging.score("papers", entry, judges[0], "80", "80"))
    seq = judging.state.seq
    judging.watch.passes(5)
    entry, judges = plan[0]
    judging.contest.submit(judging.correction("papers", entry, judges[0], {"idea": "10", "team": "10"}, "slip"))
    assert rank(judging.state, "papers", "all", seq).rows[0].result == Decimal("80.00")
    assert {row.entry: row.result for row in rank(judging.state, "papers", "all").rows}[entry] == Decimal("10.00")


def test_a_severity_stage_says_how_sure_ranks_at_the_cut_are_and_what_each_judge_gives() -> None:
    desk = with_stages(scheme="severity", advance={"all": 3}).with_entries(6).opened()
    desk.scored(mark=lambda entry, judge: 50 + 5 * int(entry[1]) + 3 * int(judge[1]))
    ranking = rank(desk.state, "papers", "all")
    assert [row.entry for row in ranking.rows] == ["E6", "E5", "E4", "E3", "E2", "E1"]
    assert all(row.low and row.high and row.low <= (row.place or 0) <= row.high for row in ranking.rows)
    gifts = [ranking.severity[judge] for judge in sorted(ranking.severity)]
    assert gifts == sorted(gifts)
    explained = explain(desk.state, ranking)
    assert "linear unbiased prediction" in explained["rule"]
    assert explained["entries"][0]["judges"][0].keys() == {"judge", "points", "gives_above_others"}


def test_the_explanation_of_a_trimmed_mean_says_which_scores_were_dropped() -> None:
    desk = give(Desk().with_entries(3).opened(), {"E1": ("70", "70"), "E2": ("90", "90"), "E3": ("80", "80")}).finished()
    desk.contest.advance("papers")
    desk.opened("final").scored("final", lambda _entry, judge: 60 + int(judge[1]))
    found = explain(desk.state, rank(desk.state, "final", "all"))
    notes = {judge["judge"]: judge.get("note") for judge in found["entries"][0]["judges"]}
    assert notes == {"J1": "lowest, dropped", "J2": None, "J3": None, "J4": None, "J5": "highest, dropped"}
    assert found["entries"][0]["judges"][1]["points"] == "62"


def test_stages_and_groups_that_are_not_there_are_not_ranked(judging: Desk) -> None:
    for stage, group in (("lunch", "all"), ("papers", "none")):
        with pytest.raises(NotFoundError, match="there is no"):
            rank(judging.state, stage, group)
