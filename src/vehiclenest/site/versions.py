"""Versions of a base's own figures: folders of TOML files beside the ledger, one a version, each laid over the bundled tables.

`vnest serve` writes them when somebody changes a figure; the newest holds, also for `vnest run` where no --site is given.
"""

# What TOML holds carries no types.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from vehiclenest.core.errors import SettingsError, Where
from vehiclenest.ledger import Ledger
from vehiclenest.ledger.seal import seals_folder

Changes = Mapping[str, Mapping[str, Mapping[str, float]]]  # table, row, number


def versions_folder(ledger: Ledger) -> Path:
    """Return the folder of versions: beside a SQLite file, or in the working directory."""
    return seals_folder(ledger).with_suffix(".settings")


def newest_version(ledger: Ledger) -> Path | None:
    """Return the folder of the newest version; None where nobody changed a figure."""
    found = [path for path in versions_folder(ledger).glob("[0-9]*") if path.is_dir() and path.name[:6].isdigit()]
    return max(found, key=lambda path: (path.name[:6], path.stat().st_mtime_ns), default=None)


def write_version(target: Path, site: Path | None, changes: Changes) -> None:
    """Write a version, whole or not at all: the site's own files, and the changes over them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as name:
        made = Path(name) / "version"
        made.mkdir()
        for file in sorted(site.glob("*.toml")) if site else ():
            shutil.copyfile(file, made / file.name)
        for table, rows in changes.items():
            path = made / f"{table}.toml"
            document = _read(path) if path.is_file() else {}
            for row, numbers in rows.items():
                document.setdefault(row, {}).update(numbers)
            path.write_text(tomli_w.dumps(document), encoding="utf-8")
        if not target.exists():
            made.replace(target)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", expected="a TOML file in UTF-8", where=Where(os.fspath(path))) from error
