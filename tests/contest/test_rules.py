"""What is refused is refused with its reason, and the reason is in the log."""

from datetime import timedelta
from typing import Any

import pytest

from vehiclenest.contest import KEEPER, Contest, Kind, MemoryStore
from vehiclenest.contest.config import as_config
from vehiclenest.contest.keys import made_up_key
from vehiclenest.contest.log import Statement, signed_statement
from vehiclenest.core.errors import ConflictError, InputError, VehicleNestError

from .conftest import Desk, document


def pair(desk: Desk, place: int = 0) -> tuple[str, str]:
    entry, judges = list(desk.state.stage("papers").plan.items())[place]
    return entry, judges[0]


@pytest.mark.parametrize("mark", ["100.01", "-1", "1e3", "80.123", "NaN", "Infinity", "", "eighty"])
def test_a_mark_that_is_out_of_range_or_no_mark_is_refused(judging: Desk, mark: str) -> None:
    entry, judge = pair(judging)
    assert "idea" in judging.refused(judging.score("papers", entry, judge, idea=mark))
    assert judging.state.stage("papers").score(entry, judge) is None


def test_a_number_that_is_no_text_is_refused_since_a_float_is_not_what_was_typed(judging: Desk) -> None:
    entry, judge = pair(judging)
    said = judging.statement(
        Kind.SCORE, judge, {"stage": "papers", "entry": entry, "judge": judge, "marks": {"idea": 80.1, "team": 70}}
    )
    assert "as text" in judging.refused(said)


def test_a_missing_and_an_unknown_criterion_are_refused_by_name(judging: Desk) -> None:
    entry, judge = pair(judging)
    assert "no mark for team" in judging.refused(judging.score("papers", entry, judge, marks={"idea": "80"}))
    marks = {"idea": "80", "team": "70", "looks": "90"}
    assert "'looks' is no criterion" in judging.refused(judging.score("papers", entry, judge, marks=marks))


def test_an_unknown_judge_and_a_judge_without_this_entry_are_refused(judging: Desk) -> None:
    entry, _ = pair(judging)
    assert "no judge 'J99'" in judging.refused(judging.score("papers", entry, "J99"))
    stranger = next(judge for judge in ("J1", "J2", "J3", "J4", "J5") if judge not in judging.state.stage("papers").plan[entry])
    assert f"{stranger} is not assigned to {entry}" in judging.refused(judging.score("papers", entry, stranger))
    judge = judging.state.stage("papers").plan[entry][0]
    assert "no entry 'E99'" in judging.refused(judging.score("papers", "E99", judge))


def test_a_second_submission_is_refused_and_a_correction_needs_a_reason(judging: Desk) -> None:
    entry, judge = pair(judging)
    judging.contest.submit(judging.score("papers", entry, judge))
    judging.watch.passes(5)
    assert "has scored" in judging.refused(judging.score("papers", entry, judge, idea="90"))
    assert "no reason" in judging.refused(judging.correction("papers", entry, judge, {"idea": "90", "team": "70"}, " "))
    other, other_judge = pair(judging, 1)
    assert "has not scored" in judging.refused(
        judging.correction("papers", other, other_judge, {"idea": "9", "team": "7"}, "slip")
    )


def test_a_correction_counts_and_leaves_what_it_corrects_in_the_log(judging: Desk) -> None:
    entry, judge = pair(judging)
    judging.contest.submit(judging.score("papers", entry, judge))
    judging.watch.passes(5)
    judging.contest.submit(judging.correction("papers", entry, judge, {"idea": "90", "team": "70"}, "typed 8 for 9"))
    stage = judging.state.stage("papers")
    assert [str(score.points) for score in stage.scores[entry, judge]] == ["76", "82"]
    assert stage.score(entry, judge).reason == "typed 8 for 9"


def test_the_organiser_can_withdraw_a_score_but_gives_no_marks(judging: Desk) -> None:
    entry, judge = pair(judging)
    judging.contest.submit(judging.score("papers", entry, judge))
    assert "gives no marks" in judging.refused(
        judging.correction("papers", entry, judge, {"idea": "9", "team": "7"}, "better", KEEPER)
    )
    judging.contest.submit(judging.correction("papers", entry, judge, None, "line was down", KEEPER))
    assert judging.state.stage("papers").score(entry, judge) is None
    assert (entry, judge) in judging.state.stage("papers").missing()
    another = next(name for name in ("J1", "J2") if name != judge)
    assert "corrects" in judging.refused(judging.correction("papers", entry, judge, None, "spite", another))


def test_nobody_scores_for_another_or_with_anothers_key(judging: Desk) -> None:
    entry, judge = pair(judging)
    another = next(name for name in judging.state.stage("papers").plan[entry] if name != judge)
    data = {"stage": "papers", "entry": entry, "judge": judge, "marks": {"idea": "1", "team": "1"}}
    assert "each judge for himself" in judging.refused(judging.statement(Kind.SCORE, another, data))
    assert "signature" in judging.refused(judging.score("papers", entry, judge, key=another))
    assert "the organiser says" in judging.refused(judging.statement(Kind.CLOSED, judge, {"stage": "papers"}))


def test_a_clock_that_is_ahead_or_before_the_stage_is_refused_but_a_late_arrival_is_not(judging: Desk) -> None:
    entry, judge = pair(judging)
    now = judging.watch.now
    assert "300 s ahead" in judging.refused(judging.score("papers", entry, judge, at=now + timedelta(seconds=300)))
    assert "before the stage opened" in judging.refused(judging.score("papers", entry, judge, at=now - timedelta(hours=1)))
    offline = judging.score("papers", entry, judge)
    judging.watch.passes(7200)
    assert judging.contest.submit(offline).new


def test_a_stage_that_is_not_open_takes_no_score(judging: Desk) -> None:
    entry, judge = pair(judging)
    late = judging.score("papers", entry, judge)
    judging.scored().finished()
    judging.watch.passes(5)
    assert "closed" in judging.refused(late) or "finalized" in judging.state.refusals[-1].reason
    final = judging.score("final", entry, judge)
    assert "planned" in judging.refused(final)


def test_a_queue_that_is_sent_twice_counts_once(judging: Desk) -> None:
    entry, judge = pair(judging)
    first = judging.score("papers", entry, judge)
    one = judging.contest.submit(first)
    judging.watch.passes(5)
    corrected = judging.correction("papers", entry, judge, {"idea": "90", "team": "70"}, "slip")
    two = judging.contest.submit(corrected)
    events = judging.state.seq
    again = judging.contest.submit_all([first, corrected])
    assert [(receipt.seq, receipt.new) for receipt in again] == [(one.seq, False), (two.seq, False)]
    assert judging.state.seq == events
    forged = Statement(first.contest, first.kind, first.author, first.at, first.data, corrected.signature)
    assert "signature" in judging.refused(forged)


def test_a_plan_of_islands_is_refused_and_says_how_many(desk: Desk) -> None:
    desk.with_entries(2)
    plan = {"E1": ["J1", "J2", "J3"], "E2": ["J4", "J5", "J6"]}
    said = desk.statement(Kind.ASSIGNED, KEEPER, {"stage": "papers", "group": "all", "seed": "own", "plan": plan})
    assert "falls into 2 islands" in desk.refused(said)
    assert desk.state.stage("papers").plan == {}


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"E1": ["J1", "J2", "J3"]}, "E2 has no judges"),
        ({"E1": ["J1", "J2", "J3"], "E2": ["J1", "J2", "J3"], "E9": ["J1", "J2", "J3"]}, "E9 is not in this stage"),
        ({"E1": ["J1", "J2"], "E2": ["J1", "J2", "J3"]}, "3 different ones"),
        ({"E1": ["J1", "J1", "J3"], "E2": ["J1", "J2", "J3"]}, "3 different ones"),
        ({"E1": ["J1", "J2", "J9"], "E2": ["J1", "J2", "J3"]}, "no judge 'J9'"),
        ([1, 2], "garbles"),
        ({"E1": [["J1"], "J2", "J3"], "E2": []}, "garbles"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused(desk: Desk, plan: Any, reason: str) -> None:
    desk.with_entries(2)
    said = desk.statement(Kind.ASSIGNED, KEEPER, {"stage": "papers", "group": "all", "seed": "own", "plan": plan})
    assert reason in desk.refused(said)


def test_a_plan_with_a_conflict_of_interest_is_refused_with_the_conflict() -> None:
    judges = document()["judges"]
    judges[0] |= {"organisation": " works 1 "}
    judges[1] |= {"province": "HEBEI"}
    judges[2] |= {"stages": ["final"]}
    desk = Desk(
        judges=[*judges, {**judges[5], "id": "J7", "reserve": False, "public_key": judges[3]["public_key"]}]
    ).with_entries(2)
    reasons = {"J1": "same organisation", "J2": "same province", "J3": "does not sit"}
    for judge, reason in reasons.items():
        taken = [judge, "J4", "J5"]
        data = {"stage": "papers", "group": "all", "seed": "own", "plan": {"E1": taken, "E2": ["J4", "J5", "J7"]}}
        assert reason in desk.refused(desk.statement(Kind.ASSIGNED, KEEPER, data))


def test_a_declared_conflict_keeps_the_judge_away_and_needs_a_reason(desk: Desk) -> None:
    desk.with_entries()
    desk.contest.submit(desk.statement(Kind.CONFLICT, "J1", {"judge": "J1", "entry": "E2", "reason": "advised them"}))
    desk.opened()
    assert "J1" not in desk.state.stage("papers").plan["E2"]
    assert "no reason" in desk.refused(desk.statement(Kind.CONFLICT, "J1", {"judge": "J1", "entry": "E3", "reason": ""}))
    assert "each judge for himself" in desk.refused(
        desk.statement(Kind.CONFLICT, "J1", {"judge": "J2", "entry": "E3", "reason": "spite"})
    )
    entry, judge = pair(desk)
    assert "judging" in desk.refused(desk.statement(Kind.CONFLICT, judge, {"judge": judge, "entry": entry, "reason": "late"}))
    with pytest.raises(InputError, match="advised them"):
        desk.contest.submit(desk.score("papers", "E2", "J1"))


def test_a_conflict_declared_after_the_plan_stops_the_opening(desk: Desk) -> None:
    desk.with_entries()
    desk.contest.assign("papers", "all")
    judge = desk.state.stage("papers").plan["E1"][0]
    desk.contest.say(Kind.CONFLICT, {"judge": judge, "entry": "E1", "reason": "found out"})
    with pytest.raises(ConflictError, match="assign again"):
        desk.contest.say(Kind.OPENED, {"stage": "papers"})
    desk.contest.assign("papers", "all")
    desk.contest.say(Kind.OPENED, {"stage": "papers"})


def test_entries_come_before_the_draw_and_once(desk: Desk) -> None:
    desk.with_entries(4)
    entry = {"id": "E1", "name": "Again", "group": "all", "organisation": "W", "province": "P"}
    with pytest.raises(ConflictError, match="registered already"):
        desk.contest.say(Kind.ENTRY, entry)
    with pytest.raises(InputError, match="no group 'none'"):
        desk.contest.say(Kind.ENTRY, {**entry, "id": "E5", "group": "none"})
    for wrong in ({"name": " "}, {"id": "a b"}, {"province": 3}, {"prize": "first"}):
        with pytest.raises(InputError):
            desk.contest.say(Kind.ENTRY, {**entry, "id": "E5", **wrong})
    desk.contest.draw("papers", "all")
    with pytest.raises(ConflictError, match="too late"):
        desk.contest.say(Kind.ENTRY, {**entry, "id": "E5"})


def test_the_order_is_the_one_of_the_published_seed_and_is_drawn_once(desk: Desk) -> None:
    desk.with_entries()
    with pytest.raises(InputError, match="not the one that the seed gives"):
        desk.contest.say(
            Kind.DRAWN, {"stage": "papers", "group": "all", "seed": "s", "order": ["E1", "E2", "E3", "E4", "E5", "E6"]}
        )
    order = desk.contest.draw("papers", "all", "s")
    assert sorted(order) == ["E1", "E2", "E3", "E4", "E5", "E6"]
    with pytest.raises(ConflictError, match="drawn already"):
        desk.contest.draw("papers", "all", "better for me")


def test_stages_open_only_with_entries_plan_and_order(desk: Desk) -> None:
    for stage, wanted in (("papers", "import entries"), ("final", "advance from papers")):
        with pytest.raises(ConflictError, match=wanted):
            desk.contest.say(Kind.OPENED, {"stage": stage})
    for say in (desk.contest.draw, desk.contest.assign):
        with pytest.raises(ConflictError, match="no entr"):
            say("papers", "all")
    desk.with_entries()
    with pytest.raises(ConflictError, match="assign first"):
        desk.contest.say(Kind.OPENED, {"stage": "papers"})
    desk.opened().scored(mark=lambda entry, _: 50 + int(entry[1])).finished()
    desk.contest.advance("papers")
    desk.contest.assign("final", "all")
    with pytest.raises(ConflictError, match="draw first"):
        desk.contest.say(Kind.OPENED, {"stage": "final"})


def test_a_stage_closes_with_all_scores_or_with_the_reason_and_never_without_a_result(judging: Desk) -> None:
    with pytest.raises(ConflictError, match="18 scores are missing"):
        judging.contest.say(Kind.CLOSED, {"stage": "papers"})
    with pytest.raises(ConflictError, match="no result"):
        judging.contest.say(Kind.CLOSED, {"stage": "papers", "reason": "time is up"})
    for entry, judges in judging.state.stage("papers").plan.items():
        judging.contest.submit(judging.score("papers", entry, judges[0]))
    judging.contest.say(Kind.CLOSED, {"stage": "papers", "reason": "time is up"})
    assert judging.state.stage("papers").phase == "closed"


def test_the_stage_clock_runs_called_talk_questions_done(judging: Desk) -> None:
    def clock(entry: str, phase: str) -> None:
        judging.contest.say(Kind.CLOCK, {"stage": "papers", "entry": entry, "phase": phase})

    clock("E1", "called")
    with pytest.raises(ConflictError, match="does not come now"):
        clock("E1", "questions")
    clock("E1", "talk")
    with pytest.raises(ConflictError, match="still on"):
        clock("E2", "called")
    clock("E1", "questions")
    clock("E1", "done")
    clock("E2", "called")
    assert judging.state.stage("papers").showing["all"].entry == "E2"
    with pytest.raises(InputError, match="knows no"):
        clock("E2", "lunch")
    with pytest.raises(InputError, match="is not in"):
        clock("E9", "called")


def test_a_scoreboard_is_frozen_then_thawed_then_final(judging: Desk) -> None:
    say = judging.contest.say
    say(Kind.FROZEN, {"stage": "papers"})
    with pytest.raises(ConflictError, match="frozen already"):
        say(Kind.FROZEN, {"stage": "papers"})
    judging.scored()
    with pytest.raises(ConflictError, match="is open"):
        say(Kind.THAWED, {"stage": "papers"})
    say(Kind.CLOSED, {"stage": "papers"})
    with pytest.raises(ConflictError, match="still frozen"):
        say(Kind.FINALIZED, {"stage": "papers"})
    say(Kind.THAWED, {"stage": "papers"})
    with pytest.raises(ConflictError, match="is thawed"):
        say(Kind.THAWED, {"stage": "papers"})
    say(Kind.FINALIZED, {"stage": "papers"})
    assert judging.state.stage("papers").scoreboard == "finalized"


def test_a_stage_that_shows_nothing_has_nothing_to_freeze() -> None:
    stages = document()["stages"]
    desk = Desk(stages=[{**stages[0], "live": False}, stages[1]]).with_entries().opened()
    with pytest.raises(ConflictError, match="live stage"):
        desk.contest.say(Kind.FROZEN, {"stage": "papers"})


def test_who_advances_and_who_wins_is_what_the_ranking_says(judging: Desk) -> None:
    judging.scored(mark=lambda entry, _: 50 + int(entry[1]))
    with pytest.raises(ConflictError, match="is open"):
        judging.contest.advance("papers")
    judging.finished()
    with pytest.raises(InputError, match="not the entries"):
        judging.contest.say(Kind.ADVANCED, {"stage": "papers", "entries": {"all": ["E1", "E2", "E3"]}})
    assert judging.contest.advance("papers") == {"all": ["E6", "E5", "E4"]}
    with pytest.raises(ConflictError, match="advanced from papers already"):
        judging.contest.advance("papers")
    judging.opened("final").scored("final", lambda entry, _: 50 + int(entry[1])).finished("final")
    with pytest.raises(ConflictError, match="last stage"):
        judging.contest.say(Kind.ADVANCED, {"stage": "final", "entries": {}})
    with pytest.raises(InputError, match="not the prizes"):
        judging.contest.say(Kind.AWARDED, {"awards": {"all": {"first": ["E4"], "second": ["E5"]}}})
    assert judging.contest.award() == {"all": {"first": ["E6"], "second": ["E5"]}}
    with pytest.raises(ConflictError, match="awarded already"):
        judging.contest.award()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("nonsense", {}),
        (Kind.CREATED, {"config": {}, "key": ""}),
        (Kind.OPENED, {}),
        (Kind.OPENED, {"stage": "lunch"}),
        (Kind.SCORE, {"stage": "papers"}),
        (Kind.ENTRY, {}),
        (Kind.DRAWN, {"stage": "papers", "group": "none"}),
        (Kind.REFUSED, {"kind": 1, "author": "a", "reason": "r"}),
        (Kind.ADVANCED, {"stage": "papers", "entries": 3}),
    ],
)
def test_what_is_garbled_is_refused_in_one_line(desk: Desk, kind: Any, data: dict[str, Any]) -> None:
    said = signed_statement("spring", kind, KEEPER, desk.watch.now, data, made_up_key(KEEPER))
    assert "\n" not in desk.refused(said)


def test_a_statement_of_another_contest_is_refused(desk: Desk) -> None:
    said = signed_statement("autumn", Kind.OPENED, KEEPER, desk.watch.now, {"stage": "papers"}, made_up_key(KEEPER))
    assert "this is contest spring" in desk.refused(said)


def test_a_real_contest_takes_no_key_of_the_demonstration() -> None:
    with pytest.raises(InputError, match="demonstration's key"):
        Contest.create(as_config(document(made_up=False)), MemoryStore(), made_up_key(KEEPER))


def test_a_contest_begins_once_and_with_a_key_for_every_judge(desk: Desk) -> None:
    with pytest.raises(ConflictError, match="a contest already"):
        Contest.create(as_config(document()), desk.store, made_up_key(KEEPER))
    judges = document()["judges"]
    judges[2]["public_key"] = ""
    with pytest.raises(InputError, match="J3 has no public key"):
        Contest.create(as_config(document(judges=judges)), MemoryStore(), made_up_key(KEEPER))
    judges[2]["public_key"] = "short"
    with pytest.raises(InputError, match="is no public key"):
        Contest.create(as_config(document(judges=judges)), MemoryStore(), made_up_key(KEEPER))


def test_a_z_score_stage_is_refused_when_judges_would_have_few_entries() -> None:
    stages = document()["stages"]
    desk = Desk(stages=[{**stages[0], "scheme": "z_score"}, stages[1]]).with_entries()
    with pytest.raises(ConflictError, match="z-scores are refused"):
        desk.contest.assign("papers", "all")
    assert "z-scores are refused" in desk.state.refusals[-1].reason


def test_every_error_of_a_rule_is_of_the_family(desk: Desk) -> None:
    with pytest.raises(VehicleNestError):
        desk.contest.say(Kind.CLOSED, {"stage": "papers"})
