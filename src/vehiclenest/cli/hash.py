"""`vnest hash`: the event hash ids of a document, without a ledger."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vehiclenest.cli.options import file_bytes, json_flag
from vehiclenest.core.errors import InputError, Where

if TYPE_CHECKING:
    from vehiclenest.ledger.conformance import Checked


@click.command("hash", epilog="Example: vnest hash events.jsonld")
@click.argument("file", type=click.Path(path_type=Path))
@json_flag
def hash_events(file: Path, as_json: bool) -> None:
    """Print the CBV 2.0 event hash id of each event, one a line, in the order of the file.

    FILE is an EPCIS 2.0 document in JSON, a query document, one event or an array of events. What does not conform is refused, with the
    place of each mistake and the rule it breaks.
    """
    from vehiclenest.ledger.conformance import check
    from vehiclenest.ledger.event_hash import event_hash

    checked = check(file_bytes(file, "an EPCIS document in JSON"))
    if not checked.conforms:
        _refuse(file, checked, as_json)
    hashes = [(one.event.get("eventID"), event_hash(one.event, one.context)) for one in checked.events]
    if as_json:
        click.echo(
            json.dumps({"hashes": [{"eventID": known, "hash": computed} for known, computed in hashes], "errors": []}, indent=2)
        )
        return
    for _, computed in hashes:
        click.echo(computed)


def _refuse(file: Path, checked: "Checked", as_json: bool) -> None:
    for one in checked.faults:
        where = Where(str(file), field=one.pointer or "the document")
        click.echo(f"vnest: {InputError(f'{one.message} ({one.rule})', where=where)}", err=True)
    if checked.total_faults > len(checked.faults):
        click.echo(f"vnest: … and {checked.total_faults - len(checked.faults)} more", err=True)
    if as_json:
        errors = [one._asdict() for one in checked.faults]
        click.echo(json.dumps({"hashes": [], "errors": errors, "total_errors": checked.total_faults}, indent=2))
    sys.exit(2)
