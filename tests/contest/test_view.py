"""Everybody sees what is his and nothing else."""

from typing import Any

import pytest

from vehiclenest.contest import Kind
from vehiclenest.contest.log import parse_event
from vehiclenest.contest.summary import summary
from vehiclenest.contest.view import Reader, Role, feed, progress, scoreboard, scores

from .conftest import Desk, document

ORGANISER, PUBLIC, TEAM, JUDGE = Reader(Role.ORGANISER), Reader(Role.PUBLIC), Reader(Role.TEAM, "E1"), Reader(Role.JUDGE, "J1")


def kinds(desk: Desk, reader: Reader, after: int = 0) -> list[dict[str, Any]]:
    return list(feed(map(parse_event, desk.store.lines()), desk.state, reader, after))


def test_a_judge_sees_no_other_judges_scores_before_the_stage_closes(judging: Desk) -> None:
    judging.scored()
    assert {score.judge for score in scores(judging.state, "papers", JUDGE)} == {"J1"}
    assert scoreboard(judging.state, "papers", "all", JUDGE) is None
    seen = [event for event in kinds(judging, JUDGE) if event["kind"] == "score_submitted"]
    assert {event["data"]["judge"] for event in seen} == {"J1"}
    assert all(event["kind"] != "score_arrived" for event in kinds(judging, JUDGE))
    judging.contest.say(Kind.CLOSED, {"stage": "papers"})
    assert len({score.judge for score in scores(judging.state, "papers", JUDGE)}) > 1
    assert scoreboard(judging.state, "papers", "all", JUDGE) is not None


def test_the_public_sees_results_but_no_marks_and_nothing_new_while_frozen(judging: Desk) -> None:
    judging.scored()
    judging.contest.say(Kind.FROZEN, {"stage": "papers"})
    frozen = judging.state.seq
    before = scoreboard(judging.state, "papers", "all", PUBLIC)
    entry, judges = next(iter(judging.state.stage("papers").plan.items()))
    judging.watch.passes(5)
    judging.contest.submit(judging.correction("papers", entry, judges[0], {"idea": "1", "team": "1"}, "slip"))
    assert scoreboard(judging.state, "papers", "all", PUBLIC) == before
    assert scoreboard(judging.state, "papers", "all", ORGANISER) != before
    assert kinds(judging, PUBLIC, frozen) == []
    assert scores(judging.state, "papers", PUBLIC) == []
    judging.contest.say(Kind.CLOSED, {"stage": "papers"})
    judging.contest.say(Kind.THAWED, {"stage": "papers"})
    assert scoreboard(judging.state, "papers", "all", PUBLIC) == scoreboard(judging.state, "papers", "all", ORGANISER)
    assert [event["kind"] for event in kinds(judging, PUBLIC, frozen)] == ["score_arrived", "stage_closed", "stage_thawed"]
    assert all("marks" not in event["data"] for event in kinds(judging, PUBLIC))


def test_a_stage_that_is_not_live_shows_the_public_nothing_before_it_is_final() -> None:
    first, second = document()["stages"]
    desk = Desk(stages=[{**first, "live": False}, second]).with_entries().opened().scored()
    assert scoreboard(desk.state, "papers", "all", PUBLIC) is None
    assert all(event["kind"] != "score_arrived" for event in kinds(desk, PUBLIC))
    desk.finished()
    assert scoreboard(desk.state, "papers", "all", PUBLIC) is not None


def test_a_team_sees_the_marks_of_its_own_entry_once_they_are_final(judging: Desk) -> None:
    judging.scored()
    assert scores(judging.state, "papers", TEAM) == []
    judging.finished()
    assert {score.entry for score in scores(judging.state, "papers", TEAM)} == {"E1"}


def test_plans_conflicts_and_refusals_are_for_the_organiser_and_whom_they_concern(desk: Desk) -> None:
    desk.with_entries()
    desk.contest.say(Kind.CONFLICT, {"judge": "J1", "entry": "E1", "reason": "kin"})
    desk.opened()
    desk.refused(desk.score("papers", "E9", "J1"))
    seen = {reader.role: {event["kind"] for event in kinds(desk, reader)} for reader in (ORGANISER, JUDGE, TEAM, PUBLIC)}
    private = {"conflict_declared", "judges_assigned", "refused"}
    assert private <= seen[Role.ORGANISER]
    assert private <= seen[Role.JUDGE]
    assert not private & (seen[Role.TEAM] | seen[Role.PUBLIC])
    mine = next(event for event in kinds(desk, JUDGE) if event["kind"] == "judges_assigned")
    assert set(mine["data"]) == {"stage", "group", "entries"}
    assert private.isdisjoint({event["kind"] for event in kinds(desk, Reader(Role.JUDGE, "J6"))} - {"judges_assigned"})


def test_a_feed_goes_on_after_the_last_number_seen(judging: Desk) -> None:
    everything = kinds(judging, ORGANISER)
    assert [event["seq"] for event in everything] == list(range(1, judging.state.seq + 1))
    assert kinds(judging, ORGANISER, 5) == everything[5:]


def test_the_organiser_sees_who_has_scored_and_who_has_not(judging: Desk) -> None:
    entry, judges = next(iter(judging.state.stage("papers").plan.items()))
    judging.contest.submit(judging.score("papers", entry, judges[0]))
    judging.contest.say(Kind.CLOCK, {"stage": "papers", "entry": entry, "phase": "called"})
    found = progress(judging.state, "papers")[judges[0]]
    assert found["scored"] == 1
    assert entry not in found["missing"]
    whole = summary(judging.state, ORGANISER)
    assert whole["stages"]["papers"]["showing"]["all"]["entry"] == entry
    assert set(summary(judging.state, Reader(Role.JUDGE, judges[0]), "papers")["stages"]["papers"]["progress"]) == {judges[0]}
    public = summary(judging.state, PUBLIC)
    assert "progress" not in public["stages"]["papers"]
    assert "last_refused" not in public


@pytest.mark.parametrize("reader", [ORGANISER, PUBLIC, TEAM, JUDGE])
def test_before_a_stage_opens_there_is_no_scoreboard_but_the_organisers(desk: Desk, reader: Reader) -> None:
    desk.with_entries()
    assert (scoreboard(desk.state, "papers", "all", reader) is None) == (reader is not ORGANISER)
