"""A log replays to the same bytes, and any change of it is found at the event that was changed."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.contest import KEEPER, Contest, FileStore, Kind, MemoryStore, replay, result, result_bytes
from vehiclenest.contest.demo import play
from vehiclenest.contest.keys import made_up_key, public_text
from vehiclenest.contest.log import canonical, parse_event, parse_statement, sealed, signed_statement
from vehiclenest.contest.state import State
from vehiclenest.core.errors import ConflictError, InputError, NotFoundError

from .conftest import Desk


@pytest.fixture(scope="module")
def played() -> list[bytes]:
    store = MemoryStore()
    play(store)
    return list(store.lines())


def test_the_model_contest_is_the_same_to_the_byte_at_every_run_and_replay(played: list[bytes]) -> None:
    again = MemoryStore()
    contest = play(again)
    assert list(again.lines()) == played
    assert result_bytes(replay(played)) == result_bytes(contest.state)


def test_the_model_contest_is_the_one_of_the_facts(played: list[bytes]) -> None:
    state = replay(played)
    assert len(state.entries) == 183
    assert len({entry.province for entry in state.entries.values()}) == 22
    semi, final = state.stage("semi-final"), state.stage("final")
    assert sum(map(len, semi.entries.values())) == 60
    assert {group: len(entries) for group, entries in final.entries.items()} == {"enterprise": 20, "startup": 15}
    assert (semi.config.talk_seconds, semi.config.questions_seconds, semi.config.judges_per_entry) == (480, 300, 7)
    assert [criterion.id for criterion in state.groups["enterprise"].criteria] == ["technology", "business", "team"]
    assert [criterion.id for criterion in state.groups["startup"].criteria] == [
        "innovation",
        "maturity",
        "practicality",
        "environment",
    ]
    assert {group: list(prizes) for group, prizes in state.awards.items()} == {
        "enterprise": ["first", "second", "third"],
        "startup": ["first", "second", "third"],
    }
    assert state.config is not None
    assert state.config.made_up


def test_the_model_contest_shows_every_kind_of_refusal(played: list[bytes]) -> None:
    reasons = " ".join(refusal.reason for refusal in replay(played).refusals)
    for words in (
        "not connected",
        "has scored",
        "no judge",
        "out of range",
        "no mark for",
        "no reason",
        "ahead",
        "signature",
        "is closed",
    ):
        assert words in reasons


def test_no_judge_of_the_model_contest_judges_his_own_organisation_or_province_or_friends(played: list[bytes]) -> None:
    state = replay(played)
    for name, stage in state.stages.items():
        for entry, judges in stage.plan.items():
            assert all(state.conflict(judge, entry, name) is None for judge in judges)
    stepped_in = [entry for entry, judges in state.stage("semi-final").plan.items() if "P-E8" in judges]
    assert len(stepped_in) == 1


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_changed_event_is_named(data: st.DataObject) -> None:
    lines = _small()
    place = data.draw(st.integers(0, len(lines) - 1))
    event = orjson.loads(lines[place])
    path = data.draw(
        st.sampled_from(["time", "previous", "seal", "seq", "kind", "author", "at", "signature", "data", "drop", "swap"])
    )
    changed = [*lines]
    if path == "drop" and place < len(lines) - 1:
        del changed[place]
    elif path == "swap" and place < len(lines) - 1:
        changed[place], changed[place + 1] = changed[place + 1], changed[place]
    else:
        _change(event, path)
        changed[place] = canonical(event)
    with pytest.raises(InputError, match=rf"log\.jsonl, line {place + 1}.*event {place + 1} is broken"):
        replay(changed, "log.jsonl")


def _change(event: dict[str, Any], path: str) -> None:
    if path in {"drop", "swap", "data"}:
        event["statement"]["data"]["added"] = "later"
    elif path in {"time", "previous", "seal"}:
        event[path] = {"time": "2031-01-01T00:00:00.000Z", "previous": "f" * 64, "seal": "AAAA"}[path]
    elif path == "seq":
        event["seq"] += 1
    else:
        event["statement"][path] += "x"


def _small() -> list[bytes]:
    desk = Desk().with_entries(3).opened().scored()
    return list(desk.store.lines())


def test_a_keeper_who_seals_a_false_result_is_found() -> None:
    """Whoever holds the organiser's key can seal anything; what does not follow from the scores is still refused."""
    desk = Desk().with_entries().opened().scored(mark=lambda entry, _: 50 + int(entry[1])).finished()
    key = made_up_key(KEEPER)
    data = {"stage": "papers", "entries": {"all": ["E1", "E2", "E3"]}}
    said = signed_statement("spring", Kind.ADVANCED, KEEPER, desk.watch.now, data, key)
    forged = sealed(desk.state.seq + 1, desk.watch.now, desk.state.head, said, key)
    with pytest.raises(InputError, match="not the entries that the ranking sends on"):
        replay([*desk.store.lines(), forged.line()])


def test_a_log_kept_with_another_key_than_the_published_one_is_refused() -> None:
    lines = _small()
    assert replay(lines, keeper=public_text(made_up_key(KEEPER))).seq == len(lines)
    with pytest.raises(InputError, match="another key"):
        replay(lines, keeper=public_text(made_up_key("somebody")))


@pytest.mark.parametrize("line", [b"", b"{", b"[1]", b"{}", b'{"seq":true}', "é".encode("latin-1")])
def test_what_is_no_event_is_said_in_one_line(line: bytes) -> None:
    with pytest.raises(InputError, match="event 1 is broken"):
        replay([line])


def test_an_event_is_written_in_one_way_only() -> None:
    line = _small()[0]
    with pytest.raises(InputError, match="the one way"):
        parse_event(line.replace(b'":', b'": ', 1))
    with pytest.raises(InputError, match="no statement"):
        parse_statement([])
    with pytest.raises(InputError, match="is no time"):
        parse_statement({"contest": "c", "kind": "k", "author": "a", "at": "noon", "data": {}, "signature": ""})


def test_an_empty_log_is_no_contest() -> None:
    with pytest.raises(InputError, match="empty"):
        replay([])
    with pytest.raises(InputError, match="no contest yet"):
        result(State())


def test_times_never_run_backwards_and_a_clock_far_behind_is_refused(judging: Desk) -> None:
    judging.watch.passes(-100)
    judging.contest.say(Kind.CLOCK, {"stage": "papers", "entry": "E1", "phase": "called"})
    times = [parse_event(line).received for line in judging.store.lines()]
    assert times == sorted(times)
    judging.watch.passes(-1000)
    with pytest.raises(ConflictError, match="behind the log"):
        judging.contest.say(Kind.CLOCK, {"stage": "papers", "entry": "E1", "phase": "talk"})
    assert replay(judging.store.lines()).seq == judging.state.seq


def test_listeners_hear_each_event_once_and_in_order_until_they_leave(desk: Desk) -> None:
    heard: list[int] = []
    leave = desk.contest.subscribe(lambda event: heard.append(event.seq))
    desk.with_entries(2)
    desk.contest.submit_all([desk.statement(Kind.OPENED, "J1", {"stage": "papers"})])
    leave()
    desk.contest.say(Kind.CONFLICT, {"judge": "J1", "entry": "E1", "reason": "kin"})
    assert heard == [2, 3, 4]


def test_only_the_organisers_key_opens_a_log(desk: Desk) -> None:
    with pytest.raises(InputError, match="not the organiser's key"):
        Contest(desk.store, made_up_key("J1"))


def test_a_refusal_can_be_logged_before_anything_was_said(desk: Desk) -> None:
    receipt = desk.contest.refuse("score_submitted", "x" * 100, InputError("there is no key"))
    assert desk.state.refusals[-1].reason == "there is no key"
    assert len(desk.state.refusals[-1].author) == 40
    assert receipt.refused is not None


def test_a_file_keeps_whole_lines_only_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = _small()
    store = FileStore(path)
    store.append(lines[:3])
    with path.open("ab") as file:
        file.write(lines[3][:20])
    assert list(store.lines()) == lines[:3]
    store.append(lines[3:])
    assert replay(store.lines()).seq == len(lines)
    path.write_bytes(lines[0])
    store.append(lines[:1])
    assert list(store.lines()) == lines[:1]


def test_a_store_says_what_is_wrong_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no contest at"):
        FileStore(tmp_path / "none").lines()
    with pytest.raises(InputError, match="cannot be read"):
        FileStore(tmp_path).lines()
    with pytest.raises(InputError, match="cannot be written"):
        FileStore(tmp_path).append([b"{}"])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"), FileStore(tmp_path / "file" / "log").alone():
        pass


def test_when_the_store_fails_nothing_was_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.state.seq

    def fail(_lines: object) -> None:
        raise InputError("the disk is full")

    monkeypatch.setattr(desk.store, "append", fail)
    with pytest.raises(InputError, match="disk is full"):
        desk.with_entries(1)
    assert desk.contest.state.seq == before
    assert desk.contest.state.entries == {}
