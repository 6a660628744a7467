"""Parts of `vnest demo` inspected, where the extra inspect is installed."""

from collections.abc import Sequence
from pathlib import Path

import click

from vehiclenest.cli.inspect import needs_extra
from vehiclenest.cli.inspect_text import one_line
from vehiclenest.cli.options import progress
from vehiclenest.core.errors import InputError


def inspect_demo_parts(url: str, vehicles: Sequence[str], out: Path, place: str, site: Path | None) -> None:
    """Inspect some parts of the demo's vehicles under a simulated scanner and say what came of it; without the extra, say how to."""
    try:
        needs_extra()
    except InputError:
        click.echo(
            "\nTo see parts inspected as well: make demo-inspect, or pip install 'vehiclenest[inspect]' and vnest demo again."
        )
        return
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings
    from vehiclenest.site.demo_inspection import inspect_demo

    click.echo("\nParts inspected under a simulated scanner (the first time the programs are compiled, which takes a minute)")
    with Ledger(url, create=False) as ledger, progress() as show:
        for shown in inspect_demo(ledger, vehicles, Settings(place, site), out, show):
            click.echo(f"  {one_line(shown.document)}" + (f"  {out / shown.page}" if shown.page else ""))
            for reason in shown.document["reasons"][:2]:
                click.echo(f"    {reason}")
