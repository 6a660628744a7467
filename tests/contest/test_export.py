"""Papers say what the log says, in both languages, and nothing that somebody typed becomes markup."""

import pytest

from vehiclenest.contest import Kind, MemoryStore, State
from vehiclenest.contest.demo import play
from vehiclenest.contest.export import WHAT, export
from vehiclenest.core.errors import ConflictError, InputError

from .conftest import Desk


@pytest.fixture(scope="module")
def finished() -> State:
    return play(MemoryStore()).state


def test_every_award_has_its_certificate_in_both_languages(finished: State) -> None:
    page = export(finished, ["certificates"])[0]["certificates.html"]
    assert page.count('<section class="certificate"') == 12
    for words in ("First prize", "一等奖", "Made up, for demonstration only", "虚构示范", finished.head[:16]):
        assert words in page


def test_a_protocol_holds_every_version_of_every_score(finished: State) -> None:
    pages, _ = export(finished, ["protocols"])
    assert len(pages) == 6
    page = pages["protocol-preliminary-enterprise.html"]
    stage = finished.stage("preliminary")
    versions = [score for (entry, _), each in stage.scores.items() for score in each if entry.startswith("E")]
    assert page.count('<td class="num">') >= len(versions)
    assert page.count('class="old"') == 3
    assert "typed 7 for 9" in page
    assert all(f">{score.seq}<" in page for score in versions)


def test_lists_and_ranking_are_also_tables(finished: State) -> None:
    pages, tables = export(finished, WHAT)
    assert len(tables["recommendations.csv"]) == 1 + 10 + 8
    assert len(tables["ranking.csv"]) == 1 + 183 + 60 + 35
    assert {"ranking.html", "ranking.json", "recommendations.html"} <= set(pages)


def test_what_somebody_typed_is_shown_and_not_run() -> None:
    desk = Desk().with_entries(3, name="<script>alert(1)</script>").opened().scored().finished()
    page = export(desk.state, ["ranking"])[0]["ranking.html"]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_there_are_no_papers_before_anything_is_judged(judging: Desk) -> None:
    for what in WHAT:
        with pytest.raises(ConflictError, match="nothing to export"):
            export(judging.state, [what])


def test_an_absent_score_stands_as_absent_in_the_protocol(judging: Desk) -> None:
    for entry, judges in judging.state.stage("papers").plan.items():
        judging.contest.submit(judging.score("papers", entry, judges[0]))
    judging.contest.say(Kind.CLOSED, {"stage": "papers", "reason": "time is up"})
    assert export(judging.state, ["protocols"])[0]["protocol-papers-all.html"].count("no score") == 12


def test_no_contest_has_no_papers() -> None:
    with pytest.raises((ConflictError, InputError)):
        export(State())
