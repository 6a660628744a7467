"""Seals made by page, as background work (the job kind `seal`), and the folder of seals as one file for an auditor.

The private key never leaves the server: the file that `VNEST_SEAL_KEY` names, or else the one beside the base or in the user's settings
folder that made the last seal, or else a new one beside the base (mode 0600). No backup and no download holds it.
"""

import os
import re
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from vehiclenest.core.errors import NotFoundError, VehicleNestError
from vehiclenest.ledger import Ledger
from vehiclenest.ledger.seal import key_for, seal, seals_folder
from vehiclenest.ledger.seal_folder import read_history
from vehiclenest.ledger.signing import load_key, public_hex
from vehiclenest.web.jobs import Running

SEAL_FILES = re.compile(r"seal-\d{12}\.json|leaves-\d{12}-\d{12}\.bin|key-[0-9a-f]{16}\.pem")
_SAID_SECONDS = 1.0


def key_file(ledger: Ledger) -> Path:
    """Return the file of the key to seal with; it need not exist yet.

    Raises
    ------
    InputError
        Where the folder of seals is damaged.
    """
    named = os.environ.get("VNEST_SEAL_KEY")
    if named:
        return Path(named)
    beside = seals_folder(ledger).absolute().with_suffix(".seal-key.pem")
    last = read_history(seals_folder(ledger)).sound().last
    if last is not None:
        import click  # where `vnest seal` looks: the same folder by the same words

        for path in (beside, Path(click.get_app_dir("vehiclenest")) / "seal-key.pem"):
            if _public(path) == last.public_key:
                return path
    return beside


def _public(path: Path) -> str | None:
    try:
        return public_hex(load_key(path))
    except VehicleNestError:
        return None


def seal_ledger(running: Running) -> None:
    """Seal everything captured so far; after a restart nothing is sealed twice, for what has a seal is not new."""
    ledger = running.database.ledger
    folder = seals_folder(ledger)
    said = time.monotonic()

    def progress(_stage: str, done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said < _SAID_SECONDS:
            return
        said = time.monotonic()
        with running.step() as step:
            step.done, step.total = done, total

    with running.step():  # whoever asked for the end before the start gets it
        pass
    signer = key_for(key_file(ledger), folder, new=False)
    made = seal(ledger, folder, signer, datetime.now(UTC), progress)
    last = made or read_history(folder).last
    with running.step() as step:
        step.cursor = {"sealed": made is not None, "root": last.root if last else "", "size": last.tree_size if last else 0}
        step.done = step.total = last.tree_size if last else 0
        if made is not None:
            step.message = f"{made.tree_size} events sealed, {made.tree_size - made.previous_tree_size} of them new"
        else:
            step.message = "nothing new since the last seal" if last else "the ledger is empty: nothing to seal"


def published_files(folder: Path) -> list[Path]:
    """Return the files of a folder of seals that are published; whatever else lies there is left out."""
    return [
        path for path in sorted(folder.glob("*")) if SEAL_FILES.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    ]


def pack(ledger: Ledger, target: Path) -> None:
    """Write the folder of seals as a zip; raise `NotFoundError` where there is no seal."""
    files = published_files(seals_folder(ledger))
    if not any(path.name.startswith("seal-") for path in files):
        raise NotFoundError("the ledger has no seal yet", expected="a seal, made on the page of the ledger")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, path.name)
