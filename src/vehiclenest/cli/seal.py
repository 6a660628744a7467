"""`vnest seal`, `vnest verify`, `vnest prove`: a ledger that others can trust without trusting whoever runs its database."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vehiclenest.cli.options import Command, database, json_flag, print_json, progress
from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    from vehiclenest.ledger import Ledger
    from vehiclenest.ledger.seal_folder import Seal
    from vehiclenest.ledger.verify import Verification

_PATH = click.Path(path_type=Path)
_SHOWN = 20  # problems that a person gets to see; --json lists a hundred


def _seals(command: Command) -> Command:
    return click.option(
        "--seals",
        "folder",
        type=_PATH,
        metavar="DIR",
        help="Folder of the seals, best a published copy.  [default: as vnest seal]",
    )(command)


@click.command("seal", epilog="Example: vnest seal --key /media/safe/seal-key.pem")
@database
@click.option(
    "--out",
    "folder",
    type=_PATH,
    metavar="DIR",
    help="Folder of the seals.  [default: NAME.seals beside NAME.db; ./vnest.seals for PostgreSQL]",
)
@click.option(
    "--key",
    type=_PATH,
    envvar="VNEST_SEAL_KEY",
    show_envvar=True,
    metavar="FILE",
    help="Private key, Ed25519 in PEM; made at first use.  [default: seal-key.pem in the user's settings folder]",
)
@click.option("--new-key", is_flag=True, help="Make a new key in that file, which must not exist, and seal with it from now on.")
@json_flag
def seal_ledger(db: str, folder: Path | None, key: Path | None, new_key: bool, as_json: bool) -> None:
    """Sign a root over everything captured so far.

    Writes seal-SIZE.json and the leaf hashes of the events since the last seal; nothing where nothing came since. Run it daily, and copy
    the folder to where whoever runs the database cannot change it.
    """
    with _packages(), _ledger(db) as ledger, progress() as show:
        from vehiclenest.ledger.seal import key_for, seal, seals_folder
        from vehiclenest.ledger.seal_folder import read_history

        folder = folder or seals_folder(ledger)
        key = key or Path(click.get_app_dir("vehiclenest")) / "seal-key.pem"
        fresh = not key.exists()
        signer = key_for(key, folder, new=new_key)
        made = seal(ledger, folder, signer, datetime.now(UTC), show)
        last = made or read_history(folder).last
    if as_json:
        found = {"sealed": made is not None, "folder": str(folder), "key": str(key), "new_key": fresh}
        print_json(found | {"seal": None if last is None else last.model_dump()})
        return
    if fresh:
        click.echo(f"new key in {key}: keep a copy; whoever has it can seal in your name")
    _say_sealed(made, last, folder)


def _say_sealed(made: "Seal | None", last: "Seal | None", folder: Path) -> None:
    if last is None:
        click.echo("the ledger is empty: nothing to seal")
    elif made is None:
        click.echo(f"nothing new since the seal of {last.time} over {last.tree_size} events")
    else:
        click.echo(
            f"{made.tree_size} events sealed, {made.tree_size - made.previous_tree_size} of them new, in {folder / made.file}"
        )
        click.echo(f"root {made.root}\nkey  {made.public_key}")


@click.command("verify", epilog="Example: vnest verify --seals /media/published/vnest.seals --public-key auditor/key.pem")
@database
@_seals
@click.option(
    "--public-key",
    "keys",
    type=_PATH,
    multiple=True,
    metavar="FILE",
    help="Key that may have sealed, PEM; may be repeated.  [default: those in the folder]",
)
@click.option(
    "--full/--quick", default=True, show_default=True, help="Whether every row is derived again from its event and compared."
)
@json_flag
def verify_ledger(db: str, folder: Path | None, keys: tuple[Path, ...], full: bool, as_json: bool) -> None:
    """Check seals, events and every row that follows from an event.

    Names what was changed, and the event it belongs to. Exit status 0 where all is well, 2 where anything is wrong.
    """
    with _packages(), _ledger(db) as ledger, progress() as show:
        from vehiclenest.ledger.seal import seals_folder
        from vehiclenest.ledger.verify import verify

        found = verify(ledger, folder or seals_folder(ledger), keys, full=full, progress=show)
    if as_json:
        print_json(found.as_dict())
    else:
        _say_verified(found)
    if not found.ok:
        sys.exit(2)


def _say_verified(found: "Verification") -> None:
    for problem in found.problems[:_SHOWN]:
        click.echo(f"vnest: {problem}", err=True)
    if found.problem_count > _SHOWN:
        click.echo(f"vnest: … and {found.problem_count - _SHOWN} more", err=True)
    last = found.last_seal
    seals = f"the last of {found.seals}, of {last.time} over {last.tree_size} events" if last else "none that holds"
    click.echo("all is well" if found.ok else f"problems: {found.problem_count}")
    click.echo(
        f"events: {found.events}, of which sealed {found.events - found.unsealed}, not sealed yet {found.unsealed}; seal: {seals}"
    )
    if not found.full:
        click.echo("quick: rows that follow from events were not compared")
    if not found.keys_given:
        click.echo(
            f"signatures were checked with the keys beside the seals ({', '.join(key[:16] + '…' for key in found.keys) or 'none'});"
        )
        click.echo("give the key that you know with --public-key: whoever can change the folder can change those")


@click.command("prove", epilog="Examples: vnest prove 1FTFW1ET5DFC10312 --out proof.json;  vnest prove --consistency 10432 20817")
@click.argument("name", required=False, metavar="EVENT|IDENTIFIER")
@click.option(
    "--consistency", type=(int, int), metavar="A B", help="Prove that the seal over B events only adds to the one over A."
)
@click.option("--seal", "size", type=int, metavar="N", help="Prove against the seal over N events.  [default: the newest]")
@_seals
@click.option("--out", type=_PATH, metavar="FILE", help="Write the proof to a file.")
@database
@json_flag
def prove_event(
    name: str | None,
    consistency: tuple[int, int] | None,
    size: int | None,
    folder: Path | None,
    out: Path | None,
    db: str,
    as_json: bool,
) -> None:
    """Prove that an event was captured, as JSON that anybody can check (docs/seal.md).

    EVENT is its number, event hash id or eventID; IDENTIFIER a VIN, lot number, part or EPC: all events that name it are proved.
    """
    if (name is None) == (consistency is None):
        raise InputError("nothing to prove" if name is None else "two things to prove", expected="an event, or --consistency A B")
    with _packages(), _ledger(db) as ledger:
        from vehiclenest.ledger.prove import prove_consistency, prove_inclusion
        from vehiclenest.ledger.seal import seals_folder
        from vehiclenest.site.files import whole_file

        folder = folder or seals_folder(ledger)
        proof = prove_consistency(folder, *consistency) if consistency else prove_inclusion(ledger, folder, name or "", size)
    text = json.dumps(proof, indent=2)
    if out is None:
        click.echo(text)
        return
    with whole_file(out) as file:
        file.write(text + "\n")
    proved = len(proof.get("entries", ()))
    if as_json:
        print_json({"file": str(out), "proves": proof["proves"], "entries": proved})
    else:
        click.echo(f"proof of {'consistency' if consistency else f'{proved} events'} written to {out}")


def _ledger(db: str) -> "Ledger":
    from vehiclenest.ledger import Ledger

    return Ledger(db, create=False)


@contextmanager
def _packages() -> Generator[None]:
    """Say which packages to install where they are missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"pymerkle", "cryptography"}:
            raise
        raise InputError(f"{package} is not installed", expected="pip install 'vehiclenest[seal]'") from None
