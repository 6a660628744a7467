"""Working days in China, against the State Council's calendar of 2026 worked out by hand."""

import sys
from datetime import date, timedelta

import pytest
from chinese_calendar import is_workday  # pyright: ignore[reportUnknownVariableType]
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.disclosure.authority.working_days import NotCoveredError, after_working_days


def test_fifteen_working_days_over_national_day_count_the_saturday_that_is_worked() -> None:
    # Mid-Autumn 25 to 27 September and National Day 1 to 7 October are free; Saturday 10 October is worked.
    assert after_working_days(date(2026, 9, 24), 15) == date(2026, 10, 22)


def test_the_day_itself_does_not_count() -> None:
    assert after_working_days(date(2026, 8, 7), 1) == date(2026, 8, 10)  # a Friday, and the Monday after


def test_a_year_whose_holidays_are_not_announced_is_not_guessed() -> None:
    with pytest.raises(NotCoveredError, match="2099") as caught:
        after_working_days(date(2098, 12, 31), 15)
    assert caught.value.weekends_only == date(2099, 1, 21)


def test_without_the_package_nothing_is_guessed_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(NotCoveredError, match=r"vehiclenest\[disclosure\]"):
        after_working_days(date(2026, 8, 7), 15)


@given(st.dates(date(2018, 8, 1), date(2025, 10, 1)), st.integers(1, 40))
def test_a_deadline_is_a_working_day_with_that_many_working_days_up_to_it(start: date, count: int) -> None:
    due = after_working_days(start, count)
    days = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert is_workday(due)
    assert sum(map(is_workday, days)) == count  # pyright: ignore[reportUnknownArgumentType]
