"""Everything of one month for the authority, and its forms: one object, or three tables."""

import dataclasses
import re
from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from vehiclenest.core.errors import InputError, Where
from vehiclenest.disclosure.authority.manifest import manifest, unverified
from vehiclenest.disclosure.authority.model import Deadline, Manifest, Missing, Upload
from vehiclenest.disclosure.authority.reading import read_month
from vehiclenest.disclosure.authority.records import battery_record, vehicle_record

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DECEMBER = 12

Table = list[dict[str, str]]


def parse_month(text: str) -> tuple[date, date]:
    """Return the first day of a month such as 2026-08, and of the month after it; raise `InputError` for anything else."""
    found = _MONTH.fullmatch(text)
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= month <= _DECEMBER and 1 <= year < date.max.year):
        raise InputError(f"{text[:40]!r} is no month", expected="YYYY-MM, for example 2026-08", where=Where(field="month"))
    after = date(year + month // _DECEMBER, month % _DECEMBER + 1, 1)
    return date(year, month, 1), after


def authority_upload(bodies: Iterable[bytes], month: str, on: date) -> Upload:
    """Return the records of a month as they stand on a day.

    Parameters
    ----------
    bodies
        The JSON of every valid event, in the order of capture.
    month
        YYYY-MM: certificates issued and things shipped on its days, at the place of the event.
    on
        The day on which an upload that no event reports counts as open or overdue.

    Raises
    ------
    InputError
        For something that is no month.
    """
    first, end = parse_month(month)
    read = read_month(bodies, first, end)
    manifests = [manifest(shipment) for shipment in read.shipments]
    return Upload(
        month=month,
        on=on,
        events=read.events,
        vehicles=[vehicle_record(certified, read, on) for certified in read.certified.values()],
        batteries=[battery_record(outbound, read, on) for outbound in read.outbound.values()],
        manifests=manifests,
        unverified=unverified(manifests),
    )


def as_dict(upload: Upload) -> dict[str, Any]:
    """Return an upload as plain data for JSON: dates as YYYY-MM-DD, what is unknown as null."""
    return {
        "month": upload.month,
        "on": upload.on.isoformat(),
        "events_read": upload.events,
        "vehicles": [_plain(record) for record in upload.vehicles],
        "batteries": [_plain(record) for record in upload.batteries],
        "manifests": [_plain(record) for record in upload.manifests],
        "unverified": list(upload.unverified),
    }


def as_tables(upload: Upload) -> dict[str, Table]:
    """Return an upload as tables of text: vehicles, batteries, and a row for every kind of waste on a manifest."""
    return {
        "vehicles": [_row(record) for record in upload.vehicles],
        "batteries": [_row(record) for record in upload.batteries],
        "manifests": [row for record in upload.manifests for row in _waste_rows(record)],
    }


def _waste_rows(record: Manifest) -> Table:
    head = {name: value for name, value in _row(record).items() if name not in {"waste", "missing"}}
    gaps = _cell(record.missing)
    return [
        head | {f"waste_{name}": value for name, value in _row(line).items()} | {"missing": gaps} for line in record.waste
    ] or [head | {"missing": gaps}]


def _row(record: Any) -> dict[str, str]:
    row: dict[str, str] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Deadline):
            prefix = field.name.removesuffix("deadline")
            row |= {f"{prefix}{name}": cell for name, cell in _row(value).items()}
        elif dataclasses.is_dataclass(value):
            row |= {f"{field.name}_{name}": cell for name, cell in _row(value).items()}
        else:
            row[field.name] = _cell(value)
    return row


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return "; ".join(item.field if isinstance(item, Missing) else str(item) for item in items)
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value
