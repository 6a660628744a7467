"""Working days in China: public holidays and the weekends that are worked for them, from the package `chinesecalendar`.

The State Council announces them year by year; for a year that the package does not hold yet nothing is guessed.
"""

from datetime import date, timedelta

_SATURDAY = 5


class NotCoveredError(Exception):
    """The calendar does not reach that far; `weekends_only` is what counting weekends alone would give [U]."""

    def __init__(self, reason: str, weekends_only: date) -> None:
        super().__init__(reason)
        self.weekends_only = weekends_only


def after_working_days(start: date, count: int) -> date:
    """Return the `count`-th working day after `start`, which itself does not count.

    Raises
    ------
    NotCoveredError
        Where a day on the way lies in a year whose holidays the calendar does not know, or no calendar is installed.
    """
    try:
        from chinese_calendar import is_workday  # pyright: ignore[reportUnknownVariableType]
    except ImportError:
        raise NotCoveredError(
            "no calendar of Chinese working days is installed: pip install 'vehiclenest[disclosure]'",
            _weekends_only(start, count),
        ) from None
    day, left = start, count
    while left:
        day += timedelta(days=1)
        try:
            left -= is_workday(day)
        except NotImplementedError:
            raise NotCoveredError(
                f"the holidays of {day.year} are not in the calendar (chinesecalendar)", _weekends_only(start, count)
            ) from None
    return day


def _weekends_only(start: date, count: int) -> date:
    day, left = start, count
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return day
