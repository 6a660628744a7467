"""`vnest capture`: an EPCIS document from outside into the ledger."""

import json
import sys
from pathlib import Path

import click

from vehiclenest.cli.options import database, file_bytes, json_flag


@click.command(epilog="Example: vnest capture supplier.jsonld --json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--proceed", is_flag=True, help="Store the events that are right although others are not; by default all or none.")
@database
@json_flag
def capture(file: Path, proceed: bool, db: str, as_json: bool) -> None:
    """Capture an EPCIS 2.0 document: each event is checked, hashed and stored once.

    FILE is an EPCIS document in JSON, a query document, one event or an array of events. Each mistake is told with its place (JSON
    Pointer) and the rule that it breaks. Events of the namespace of Vehicle Nest have to close and to use lots that exist; foreign
    events are stored and traced, and no balance counts them. Exit status 2 where anything was refused.
    """
    from vehiclenest.ledger import Ledger, capture_document

    document = file_bytes(file, "an EPCIS document in JSON")
    with Ledger(db) as ledger:
        outcome = capture_document(ledger, document, proceed=proceed)
    if as_json:
        click.echo(json.dumps(outcome.as_dict(), indent=2))
    else:
        click.echo(f"{outcome.accepted} events accepted, {outcome.stored} of them new; {outcome.total_errors} errors")
        for fault in outcome.errors:
            click.echo(f"{file.name} {fault.pointer or '/'}: {fault.message} ({fault.rule})", err=True)
        if outcome.total_errors > len(outcome.errors):
            click.echo(f"… and {outcome.total_errors - len(outcome.errors)} more", err=True)
    if outcome.total_errors:
        sys.exit(2)
