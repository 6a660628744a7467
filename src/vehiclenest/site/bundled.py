"""Files that come with the package: the example manifest, and every table of figures that a site may set for itself."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from vehiclenest.core.errors import InputError

_TABLES = ("loop/intake", "loop/dismantle", "loop/route", "loop/battery", "site")


@contextmanager
def example_manifest() -> Generator[Path]:
    """Give the path of the bundled manifest of 60 made-up vehicles."""
    with as_file(files("vehiclenest").joinpath("site", "examples", "manifest-60.csv")) as path:
        yield path


def tables() -> dict[str, Path]:
    """Return the bundled tables of figures by name."""
    root = Path(__file__).parents[1]
    return {path.stem: path for room in _TABLES for path in sorted(root.joinpath(*room.split("/")).glob("*.toml"))}


def copy_settings(folder: Path) -> tuple[list[str], list[str]]:
    """Copy every table of figures into a folder.

    Returns
    -------
    written, kept
        Names of the files that were written, and of those that were there already and stay as they are.
    """
    written: list[str] = []
    kept: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for room in _TABLES:
            for table in sorted(files("vehiclenest").joinpath(*room.split("/")).iterdir(), key=lambda entry: entry.name):
                if not table.name.endswith(".toml"):
                    continue
                target = folder / table.name
                if target.exists():
                    kept.append(table.name)
                    continue
                target.write_text(table.read_text(encoding="utf-8"), encoding="utf-8")
                written.append(table.name)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}", expected="a folder that can be written") from None
    return written, kept
