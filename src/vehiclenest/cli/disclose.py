"""`vnest disclose`: documents for authorities and partners, derived from the events of a ledger alone."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.options import as_of_option, database, json_flag, print_json, progress

if TYPE_CHECKING:
    from vehiclenest.disclosure.authority import Upload

_EVERY = 5000  # events between two steps of the progress bar


@click.group()
def disclose() -> None:
    """Draw up documents from the ledger: authority uploads of a month, Catena-X documents about a lot."""


@disclose.command(epilog="Example: vnest disclose authority --month 2026-08 --out upload --format csv")
@click.option("--month", required=True, metavar="MONTH", help="YYYY-MM: certificates issued and things shipped in it.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the files; without it a summary is printed alone."
)
@click.option(
    "--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True, help="What is written to DIR."
)
@click.option(
    "--today", metavar="DAY", help="Day on which an upload counts as open or overdue, YYYY-MM-DD; today (UTC) by default."
)
@as_of_option
@database
@json_flag
def authority(month: str, out: Path | None, form: str, today: str | None, as_of: datetime | None, db: str, as_json: bool) -> None:
    """Draw up a month's uploads: vehicles, traction batteries, hazardous-waste manifests.

    Each record says by which law it is due, until when, whether an event reports that it was sent, and which of its fields no event
    supplies.
    """
    from vehiclenest.core.time import parse_day
    from vehiclenest.disclosure.authority import as_dict, authority_upload
    from vehiclenest.ledger import Ledger

    on = parse_day(today) if today else (as_of or datetime.now(UTC)).date()
    with Ledger(db, create=False) as ledger, progress() as show:
        upload = authority_upload(_counted(ledger.bodies(as_of=as_of, in_force_only=True), show), month, on)
    written = _write(upload, out, form) if out else []
    if as_json:
        print_json(as_dict(upload) | {"files": written})
    else:
        from vehiclenest.cli.text import print_upload

        print_upload(upload, written)


@disclose.command(epilog="Example: vnest disclose catenax LSVAA49J132047371 --document destruction --out certificate.json")
@click.argument("lot")
@click.option(
    "--document",
    type=click.Choice(["destruction", "material", "remanufacturing", "reuse"]),
    help="By default destruction for vehicles, remanufacturing for components, material for other lots.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="File for the document; standard output by default.")
@as_of_option
@database
@json_flag
def catenax(lot: str, document: Any, out: Path | None, as_of: datetime | None, db: str, as_json: bool) -> None:
    """Draw up a Catena-X document about LOT: a VIN, lot number, part (VIN-ENG), EPC URN or GS1 Digital Link.

    A document that lacks what its model requires is refused with the list of what is missing and what would supply it.
    """
    import dataclasses
    import json

    from vehiclenest.disclosure.catenax import draw
    from vehiclenest.ledger import Ledger
    from vehiclenest.site.files import whole_file

    with Ledger(db, create=False) as ledger, progress() as show:
        drawn = draw(_counted(ledger.bodies(as_of=as_of, in_force_only=True), show), lot, document)
    if drawn.content is not None and out:
        with whole_file(out) as file:
            json.dump(drawn.content, file, indent=2, ensure_ascii=False)
            file.write("\n")
    if as_json:
        print_json(dataclasses.asdict(drawn) | {"file": str(out) if out and drawn.content is not None else None})
    else:
        from vehiclenest.cli.text import print_document

        print_document(drawn, out)
    if drawn.content is None:
        click.echo(f"vnest: {drawn.aspect} of {drawn.lot} is refused: {len(drawn.missing)} fields are missing", err=True)
        sys.exit(2)


def _counted(bodies: Iterable[bytes], show: Any) -> Iterator[bytes]:
    for number, body in enumerate(bodies):
        if number % _EVERY == 0:
            show("events", number, 0)
        yield body


def _write(upload: "Upload", out: Path, form: str) -> list[str]:
    import json

    from vehiclenest.disclosure.authority import as_dict, as_tables
    from vehiclenest.site.files import delivered_together, whole_file, write_table

    tables = as_tables(upload) if form == "csv" else {}
    names = [f"{name}-{upload.month}.csv" for name in tables] or [f"authority-{upload.month}.json"]
    with delivered_together(out, names) as folder:
        for name, rows in zip(names, tables.values(), strict=False):
            write_table([*([list(rows[0])] if rows else []), *(list(row.values()) for row in rows)], folder / name)
        if not tables:
            with whole_file(folder / names[0]) as file:
                json.dump(as_dict(upload), file, indent=2, ensure_ascii=False)
    return [str(out / name) for name in names]
