"""The hall follows the log, whoever writes it, and says things under the contest's own rules."""

from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contest.conftest import Desk
from tests.web.contest.conftest import at_work, make_contest, open_papers

from vehiclenest.contest import Kind
from vehiclenest.contest.view import Reader, Role
from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.contest.live import Screen, news

PUBLIC = Screen("papers", "all", Reader(Role.PUBLIC))


def test_it_follows_what_others_write_and_others_follow_it(tmp_path: Path) -> None:
    hall = Hall(make_contest(tmp_path))
    open_papers(tmp_path)
    assert hall.has_news()
    hall.catch_up()
    assert not hall.has_news()
    with hall.speaking() as contest:
        contest.say(Kind.FROZEN, {"stage": "papers"})
    assert not hall.has_news()
    with hall.reading() as state:
        assert at_work(tmp_path).state.head == state.head
    assert [event.seq for event in hall.after(0)] == list(range(1, hall.seq + 1))


def test_half_a_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    hall = Hall(make_contest(tmp_path))
    before = hall.seq
    open_papers(tmp_path)
    log = tmp_path / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-10])
    hall.catch_up()
    assert hall.seq == before + 2
    log.write_bytes(whole)
    hall.catch_up()
    assert hall.seq == before + 3


def test_a_changed_line_is_named_and_not_taken(tmp_path: Path) -> None:
    hall = Hall(make_contest(tmp_path))
    before = hall.seq
    open_papers(tmp_path)
    log = tmp_path / "log.jsonl"
    lines = log.read_bytes().split(b"\n")
    lines[-2] = lines[-2].replace(b"stage_opened", b"stage_frozen")
    log.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match=f"event {before + 3} of .* is broken"):
        hall.catch_up()
    assert hall.seq == before + 2


def test_without_contest_or_keys_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="cannot be read"):
        Hall(tmp_path)
    (tmp_path / "log.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        Hall(tmp_path)
    hall = Hall(make_contest(tmp_path / "spring"))
    (tmp_path / "spring" / "keys" / "organiser.pem").unlink()
    with pytest.raises(NotFoundError, match="there is no key"), hall.speaking():
        pass


def sequence(messages: bytes) -> list[int]:
    """Return the numbers of the events in a stream."""
    return [int(line[4:]) for line in messages.split(b"\n") if line.startswith(b"id: ")]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    """A contest whose papers were judged, frozen in between."""
    desk = Desk().with_entries().opened()
    pairs = [(entry, judge) for entry, judges in desk.state.stage("papers").plan.items() for judge in judges]
    for number, (entry, judge) in enumerate(pairs):
        if number == len(pairs) // 2:
            desk.contest.say(Kind.FROZEN, {"stage": "papers"})
        desk.watch.passes(1)
        desk.contest.submit(desk.score("papers", entry, judge))
    folder = tmp_path_factory.mktemp("judged")
    (folder / "log.jsonl").write_bytes(b"".join(line + b"\n" for line in desk.store.lines()))
    return Hall(folder)


@given(cuts=st.lists(st.integers(0, 60), max_size=8), role=st.sampled_from(list(Role)))
def test_however_often_a_screen_connects_again_each_event_comes_once(judged: Hall, cuts: list[int], role: Role) -> None:
    screen = Screen("papers", "all", Reader(role, {"judge": "J1", "team": "E1"}.get(role.value, "")))
    places = [0, *sorted(min(cut, judged.seq) for cut in cuts), judged.seq]
    parts = [sequence(news(judged, screen, start, end)) for start, end in pairwise(places)]
    assert list(chain.from_iterable(parts)) == sequence(news(judged, screen, 0, judged.seq))


def test_the_public_sees_no_score_after_the_freeze_and_a_judge_only_his_own(judged: Hall) -> None:
    scores = [event for event in judged.after(0) if event.kind == "score_submitted"]
    public = news(judged, PUBLIC, 0, judged.seq)
    assert public.count(b"event: score_arrived") == len(scores) // 2
    assert b"score_submitted" not in public
    own = news(judged, Screen("papers", "all", Reader(Role.JUDGE, "J1")), 0, judged.seq)
    assert own.count(b"event: score_submitted") == sum(event.author == "J1" for event in scores)
    assert own.count(b"event: score_arrived") == 0
    organiser = news(judged, Screen("papers", "all", Reader(Role.ORGANISER)), 0, judged.seq)
    assert organiser.count(b"event: score_submitted") == len(scores)
