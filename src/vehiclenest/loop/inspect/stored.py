"""Arrays of a stored part, read from its files; what is wrong with a file is said with the way out."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.core.errors import InputError, Where


def broken(path: Path, what: str) -> InputError:
    """Return the error of a file that is not as it was written."""
    return InputError(what, expected="learn the part again: vnest inspect learn", where=Where(str(path)))


def arrays_of(path: Path, *prefixes: str) -> dict[str, Any]:
    """Return the arrays of an NPZ file by name; with prefixes only those whose name begins with one.

    Raises
    ------
    InputError
        Where the file is not there or cannot be read.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if name.startswith(prefixes or "")}
    except FileNotFoundError:
        raise broken(path, "the file is not there") from None
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise broken(path, f"the file cannot be read: {error}") from None
