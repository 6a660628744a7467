"""The contest's pages as organiser, judge, team and public have them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.contest.conftest import JUDGES
from tests.web.contest.conftest import Hosted, at_work

from vehiclenest.contest import Kind, score_statement
from vehiclenest.contest.keys import made_up_key
from vehiclenest.web.policy import Role

MARKS = {"mark_idea": "80", "mark_team": "70.5"}


def sent(entry: str, **more: Any) -> dict[str, Any]:
    marks = {"idea": "80", "team": "70.5"}
    return {"stage": "papers", "entry": entry, "marks": marks, "at": datetime.now(UTC).isoformat(), **more}


def post_score(hosted: Hosted, judge: str, score: dict[str, Any]) -> Any:
    browser = hosted.judge(judge)
    headers = {"x-csrf-token": browser.csrf("/contest/judging"), "accept": "application/json"}
    return browser.client.post("/api/contest/scores", json=score, headers=headers)


def test_everybody_sees_stages_scoreboard_and_entries(hosted: Hosted) -> None:
    browser = hosted.base.browser()
    assert "Spring contest" in browser.get("/contest").text
    board = browser.get("/contest/board/papers/all")
    assert board.status_code == 200
    assert "Live: places change" in board.text
    entry = browser.get("/contest/entries/E1").text
    assert 'href="https://example.com/1"' in entry
    assert "javascript:" in entry
    assert 'href="javascript' not in entry
    assert "Sound zones" in entry  # evidence; its claims are shown to those who judge
    assert "What it claims" not in entry
    assert "What it claims" in hosted.judge("J1").get("/contest/entries/E1").text


def test_in_chinese_too(hosted: Hosted) -> None:
    browser = hosted.base.browser()
    browser.client.cookies.set("vnest_language", "zh")
    assert "春季赛" in browser.get("/contest").text
    assert "创意1" in browser.get("/contest/board/papers/all").text


def test_a_score_by_form_arrives_and_a_second_one_needs_a_reason(hosted: Hosted) -> None:
    entry, judge, _ = hosted.assigned()
    browser = hosted.judge(judge)
    path = f"/contest/judging/papers/{entry}"
    token = browser.csrf("/contest/judging")
    assert browser.post(path, MARKS, token=token).headers["location"] == f"/contest/judging#papers-{entry}"
    again = browser.post(path, MARKS, token=token)
    assert again.status_code == 409
    assert "has scored" in again.text
    assert browser.post(path, {**MARKS, "mark_idea": "90", "reason": "typed 8 for 9"}, token=token).status_code == 303
    score = at_work(hosted.folder).state.stage("papers").score(entry, judge)
    assert score is not None
    assert (str(score.marks["idea"]), score.reason) == ("90", "typed 8 for 9")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({"mark_idea": "101", "mark_team": "1"}, "101"),
        ({"mark_idea": "a lot", "mark_team": "1"}, "a lot"),
        ({"mark_idea": "50"}, "team"),
    ],
)
def test_a_wrong_score_is_refused_with_the_reason_and_logged(hosted: Hosted, marks: dict[str, str], said: str) -> None:
    entry, judge, _ = hosted.assigned()
    browser = hosted.judge(judge)
    answer = browser.post(f"/contest/judging/papers/{entry}", marks, token=browser.csrf("/contest/judging"))
    assert answer.status_code == 422
    assert said in answer.text
    assert at_work(hosted.folder).state.refusals[-1].author == judge


def test_a_score_that_is_sent_twice_counts_once(hosted: Hosted) -> None:
    entry, judge, _ = hosted.assigned()
    score = sent(entry)
    first, second = post_score(hosted, judge, score), post_score(hosted, judge, score)
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json()["new"], second.json()["new"]) == (True, False)
    assert first.json()["seq"] == second.json()["seq"]
    assert sum(event.kind == "score_submitted" for event in hosted.hall.after(0)) == 1


def test_a_judge_sees_nobody_elses_score_before_the_stage_closes(hosted: Hosted) -> None:
    entry, one, other = hosted.assigned()
    post_score(hosted, one, sent(entry))
    assert "70.5" in hosted.judge(one).get(f"/contest/entries/{entry}").text
    for reader in (hosted.judge(other), hosted.base.browser(), hosted.base.browser(Role.TEAM, entry.lower())):
        assert "70.5" not in reader.get(f"/contest/entries/{entry}").text
    assert "data-ranking hidden" in hosted.judge(other).get("/contest/board/papers/all").text


def test_a_judge_who_keeps_his_key_sends_signed_statements_and_only_his_own(hosted: Hosted) -> None:
    entry, judge, other = hosted.assigned()
    state = at_work(hosted.folder).state
    browser = hosted.judge(judge)
    headers = {"x-csrf-token": browser.csrf("/contest/judging"), "accept": "application/json"}

    def send(author: str) -> Any:
        statement = score_statement(
            state, "papers", entry, author, {"idea": "1", "team": "2"}, made_up_key(author), datetime.now(UTC)
        )
        return browser.client.post("/api/contest/statements", json=statement.document(), headers=headers)

    assert send(other).status_code == 403
    assert send(judge).status_code == 201
    assert browser.client.post("/api/contest/statements", json={"kind": 1}, headers=headers).status_code == 422


def test_a_judge_of_another_contest_is_told_so(hosted: Hosted) -> None:
    stranger = hosted.base.browser(Role.JUDGE, "nobody")
    assert "No judge of this contest" in stranger.get("/contest/judging").text
    assert stranger.post("/contest/judging/papers/E1", MARKS, token=stranger.csrf("/contest/judging")).status_code == 403


def test_the_console_leads_a_stage_to_its_end(hosted: Hosted) -> None:
    organiser = hosted.base.browser(Role.ORGANISER)
    console = "/contest/console/papers/all"

    def do(deed: str, reason: str = "") -> Any:
        return organiser.post(f"{console}/deed", {"deed": deed, "reason": reason}, token=organiser.csrf(console))

    page = organiser.get(console).text
    first, second = at_work(hosted.folder).state.stage("papers").order["all"][:2]
    assert f"Call the next entry, {first}" in page
    assert "0/" in page
    assert (
        organiser.post(f"{console}/clock", {"entry": first, "phase": "called"}, token=organiser.csrf(console)).status_code == 303
    )
    wrong = organiser.post(f"{console}/clock", {"entry": second, "phase": "talk"}, token=organiser.csrf(console))
    assert wrong.status_code == 409
    assert "does not come now" in wrong.text
    refused = do("closed")
    assert refused.status_code == 409
    assert "scores are missing" in refused.text
    for judge in JUDGES:
        for entry in hosted.mine(judge):
            assert post_score(hosted, judge, sent(entry)).status_code == 201
    for deed in ("frozen", "closed", "thawed", "finalized", "advance"):
        assert do(deed).status_code == 303, deed
    assert do("award").status_code == 409
    assert do("sing").status_code == 422
    assert at_work(hosted.folder).state.stage("final").entries["all"]
    public = hosted.base.browser().get("/contest/board/papers/all").text
    assert "Final result." in public
    assert "76.20" in public
    team = hosted.base.browser(Role.TEAM, "e1").get("/contest/entries/E1").text
    assert "70.5" in team


def test_what_is_not_there_is_not_found(hosted: Hosted) -> None:
    organiser = hosted.base.browser(Role.ORGANISER)
    for path in ("/contest/board/none/all", "/contest/board/papers/none", "/contest/entries/E99", "/contest/console/none/all"):
        assert organiser.get(path).status_code == 404, path
    assert organiser.get("/contest/live?stage=none&group=all").status_code == 404
    assert organiser.get("/contest/live?stage=papers").status_code in {400, 422}


def test_without_a_contest_the_pages_say_how_to_serve_one(fresh_base: Any) -> None:
    answer = fresh_base.browser().get("/contest")
    assert answer.status_code == 404
    assert "vnest serve --contest" in answer.text
    assert 'href="/contest"' not in answer.text


def test_commands_and_pages_work_on_the_same_contest(hosted: Hosted) -> None:
    at_work(hosted.folder).say(Kind.FROZEN, {"stage": "papers"})
    hosted.hall.catch_up()
    assert "Frozen" in hosted.base.browser().get("/contest/board/papers/all").text
