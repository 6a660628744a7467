"""What every reader shares: a file that is there and not too large, and faults of foreign parsers told as ours."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from vehiclenest.core.errors import InputError, VehicleNestError, Where

GREATEST_FILE = 2_000_000_000  # bytes: a scan of 50 million points with colours and normals
GREATEST_COUNT = 50_000_000  # points, vertices or triangles: what 16 GB of memory can be asked to inspect


def opened(path: Path, endings: Iterable[str], *, greatest: int = GREATEST_FILE) -> str:
    """Return the ending of a file, in small letters, after a look at what it is.

    Raises
    ------
    InputError
        Where it is missing, a folder, empty, larger than `greatest` bytes, or its ending is none of `endings`.
    """
    where = Where(str(path))
    known = ", ".join(endings)
    try:
        if not path.exists():
            raise InputError("there is no such file", expected=f"a file of one of the kinds {known}", where=where)
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "no regular file"
            raise InputError(f"this is {kind}", expected=f"name one file of one of the kinds {known}", where=where)
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise InputError(f"the file cannot be opened: {error}", expected="check its name and its rights", where=where) from None
    ending = path.suffix.lower()
    if ending not in endings:
        raise InputError(f"the ending {ending!r} is not known", expected=f"the known ones are {known}", where=where)
    if size == 0:
        raise InputError("the file is empty", expected="export or copy it again", where=where)
    if size > greatest:
        raise InputError(f"the file has {size:,} bytes", expected=f"no more than {greatest:,}; thin it out first", where=where)
    return ending


@contextmanager
def foreign(path: Path, kind: str) -> Generator[None]:
    """Tell whatever a parser of someone else's raises over a damaged file as an `InputError`.

    Such parsers promise no family of errors (index, key, value, struct, zip, XML … have all been met), so all are caught here, and
    only here.
    """
    try:
        yield
    except VehicleNestError:
        raise
    except Exception as error:
        said = str(error).strip() or type(error).__name__
        raise InputError(
            f"the file cannot be read as {kind}: {said[:200]}",
            expected="it is damaged or of another kind: export it again",
            where=Where(str(path)),
        ) from error


def check_count(path: Path, count: int, noun: str) -> None:
    """Refuse a count that a header tells where it is negative or beyond what can be inspected; nothing is allocated before.

    Raises
    ------
    InputError
        With the count.
    """
    if count < 0 or count > GREATEST_COUNT:
        raise InputError(
            f"the header tells of {count:,} {noun}",
            expected=f"no more than {GREATEST_COUNT:,}; thin the data out first",
            where=Where(str(path)),
        )


def truncated(path: Path, present: int, told: int, noun: str) -> InputError:
    """Return the error of a file that ends too early."""
    return InputError(
        f"the file ends after {max(present, 0):,} of {told:,} {noun}",
        expected="it is truncated: copy or export it again",
        where=Where(str(path)),
    )
