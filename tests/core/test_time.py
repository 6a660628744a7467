"""Time: read with its zone and kept in UTC; a time without a zone is taken as UTC and said to be."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.time import format_time, parse_day, parse_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-12T18:02:58+08:00",
        "2026-08-12 10:02:58+00:00",
        "2026-08-12T10:02:58Z",
        " 2026-08-12T04:02:58-06:00 ",
        "20260812T100258Z",
    ],
)
def test_one_moment_is_one_time_whatever_its_zone(text: str) -> None:
    assert parse_time(text) == (datetime(2026, 8, 12, 10, 2, 58, tzinfo=UTC), False)


@pytest.mark.parametrize("text", ["2026-08-12T10:02:58", "2026-08-12 10:02:58"])
def test_a_time_without_zone_is_taken_as_utc_and_said_to_be(text: str) -> None:
    assert parse_time(text) == (datetime(2026, 8, 12, 10, 2, 58, tzinfo=UTC), True)


def test_a_day_alone_is_its_first_moment_and_its_zone_is_assumed() -> None:
    assert parse_time("2026-08-12") == (datetime(2026, 8, 12, tzinfo=UTC), True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "12.08.2026",
        "2026-13-01",
        "2026-08-12T25:00:00Z",
        "1786500178",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="is no time; ISO 8601, for example 2026-08-12T18:02:58"):
        parse_time(text)


def test_a_long_cell_is_not_repeated_at_length() -> None:
    with pytest.raises(InputError) as caught:
        parse_time("x" * 100_000)
    assert len(str(caught.value)) < 150


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    time = datetime(2026, 8, 12, 18, 2, 58, 123_999, tzinfo=timezone(timedelta(hours=8)))
    assert format_time(time) == "2026-08-12T10:02:58.123Z"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  # hypothesis adds the zone
def test_what_is_written_is_read_back_to_the_millisecond(time: datetime) -> None:
    read, assumed = parse_time(format_time(time))
    assert timedelta(0) <= time - read < timedelta(milliseconds=1)
    assert not assumed


@given(st.text())
def test_no_text_does_anything_but_give_a_time_in_utc_or_be_refused(text: str) -> None:
    try:
        time, _ = parse_time(text)
    except InputError:
        return
    assert time.tzinfo is UTC


def test_a_day_is_read_and_anything_else_refused() -> None:
    assert parse_day("2026-08-12") == date(2026, 8, 12)
    for text in ("", "12 August", "2026-02-30", "2026-08-12T10:00:00Z"):
        with pytest.raises(InputError, match="is no day; YYYY-MM-DD"):
            parse_day(text)
