"""`vnest claims`: what technologies claim against what was measured."""

from datetime import UTC, datetime
from pathlib import Path

import click

from vehiclenest.cli.contest import ContestCommand
from vehiclenest.cli.options import FILE, json_flag, print_json


@click.command(cls=ContestCommand, epilog="Example: vnest claims --measure --json")
@click.option("--measure", "anew", is_flag=True, help="Measure anew what the rooms there are can measure.")
@click.option("--entry", metavar="NAME", help="Only the claims of one entry.")
@click.option("--register", "register_file", type=FILE, metavar="FILE", help="A register of your own instead of the bundled one.")
@click.option(
    "--kept",
    type=FILE,
    envvar="VNEST_CLAIMS",
    default="vnest-claims.jsonl",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="Measurements that are kept; lines are only added.",
)
@json_flag
def claims(anew: bool, entry: str | None, register_file: Path | None, kept: Path, as_json: bool) -> None:
    """Print what technologies claim against the last measurements. What was not measured is never passed."""
    from vehiclenest.cli.contest_text import print_claims
    from vehiclenest.contest.claims import BUNDLED, claim_rows, keep, last_kept, measure, read_register
    from vehiclenest.core.verdict import ClaimVerdict

    register = read_register(register_file or BUNDLED)
    chosen = register.about(entry) if entry else register.claim
    before = last_kept(kept)
    if anew:
        found = [(claim, finding) for claim, finding in measure(chosen) if finding.verdict is not ClaimVerdict.NOT_MEASURED]
        keep(kept, found, datetime.now(UTC))
        before = last_kept(kept)
    rows = claim_rows(register, chosen, before)
    if as_json:
        print_json({"claims": rows})
    else:
        print_claims(rows)
