"""Time is UTC with zone, everywhere inside."""

from datetime import UTC, date, datetime

from vehiclenest.core.errors import InputError


def parse_time(text: str) -> tuple[datetime, bool]:
    """Read an ISO 8601 time.

    Returns
    -------
    time
        In UTC.
    zone_assumed
        Whether the text named no zone, so that UTC was assumed: the caller flags it.

    Raises
    ------
    InputError
        Where the text is no ISO 8601 date or time.
    """
    try:
        time = datetime.fromisoformat(text.strip())
        return (time.replace(tzinfo=UTC), True) if time.tzinfo is None else (time.astimezone(UTC), False)
    except (ValueError, OverflowError):
        raise InputError(f"{text[:40]!r} is no time", expected="ISO 8601, for example 2026-08-12T18:02:58+08:00") from None


def format_time(time: datetime) -> str:
    """Write a time as EPCIS wants it: UTC, milliseconds, ``Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def parse_day(text: str) -> date:
    """Read a day such as 2026-08-12; raise `InputError` for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no day", expected="YYYY-MM-DD, for example 2026-08-12") from None
