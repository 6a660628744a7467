"""Rows of numbers in text: three columns of each, by Arrow where the text is regular, line by line where it is not.

The slow way defines what is right, and names the line that is wrong; the quick way only reads what the slow one would read too.
"""

# Arrow publishes no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false
# pyright: reportAttributeAccessIssue=false, reportMissingTypeStubs=false
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.inspect.reading.files import GREATEST_COUNT, check_count

Columns = tuple[int, int, int]
_COMMENTS = (b"#", b"//", b";", b"%")


def rows_of_text(
    path: Path, data: bytes, columns: Columns = (0, 1, 2), *, skip: int = 0, greatest: int | None = None
) -> NDArray[np.float64]:
    """Return three columns (n, 3) of rows of numbers parted by spaces, tabs, commas or semicolons.

    Lines that begin with #, //, ; or % are comments, and the first line may name the columns. `skip` rows are passed over, and no
    more than `greatest` read.

    Raises
    ------
    InputError
        With the line that is not a row of numbers.
    """
    if b"\0" in data:
        raise InputError(
            "the file holds bytes that are no text",
            expected="rows of numbers in UTF-8; is it a binary file?",
            where=Where(str(path)),
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not skip and greatest is None:
        quick = _quick(data, columns)
        if quick is not None:
            check_count(path, len(quick), "points")
            return quick
    return _careful(path, data, columns, skip, greatest)


def _quick(data: bytes, columns: Columns) -> NDArray[np.float64] | None:
    """Read text whose rows all look like the first; nothing where they do not."""
    first = next((line for line in io.BytesIO(data) if line.strip()), b"").strip()
    delimiter = next((sign for sign in (b",", b";", b"\t") if sign in first), b" ")
    irregular = delimiter == b" " and (b"  " in data or b"\n " in data or b"\t" in data or b" \n" in data or b" \r" in data)
    if (
        irregular
        or any(sign in data for sign in _COMMENTS if sign != delimiter)
        or b'"' in data
        or not numeric(first.split(delimiter))
    ):
        return None
    names = [f"c{number}" for number in range(len(first.split(delimiter)))]
    if len(names) <= max(columns):
        return None
    wanted = [names[column] for column in columns]
    try:
        table = csv.read_csv(
            io.BytesIO(data),
            read_options=csv.ReadOptions(column_names=names),
            parse_options=csv.ParseOptions(delimiter=delimiter.decode(), quote_char=False),
            convert_options=csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.float64()), null_values=[], check_utf8=False
            ),
        )
    except pa.ArrowException:
        return None
    return np.column_stack([table[name].to_numpy() for name in wanted])


def numeric(words: Iterable[bytes | str]) -> bool:
    """Return whether every word is a number, which may be NaN or infinite."""
    try:
        for word in words:
            float(word)
    except ValueError:
        return False
    return True


def _careful(path: Path, data: bytes, columns: Columns, skip: int, greatest: int | None) -> NDArray[np.float64]:
    bound = GREATEST_COUNT if greatest is None else greatest
    rows: list[tuple[float, float, float]] = []
    for place, (line, words) in enumerate(_lines(data)):
        if place < skip:
            continue
        if len(rows) >= bound:
            break
        if len(words) <= max(columns):
            raise InputError(
                f"the row has {len(words)} columns", expected=f"at least {max(columns) + 1}: x y z", where=Where(str(path), line)
            )
        try:
            rows.append((float(words[columns[0]]), float(words[columns[1]]), float(words[columns[2]])))
        except ValueError:
            if place == 0 and not skip:  # names of the columns
                continue
            told = b" ".join(words)[:60].decode("utf-8", "replace")
            raise InputError(
                f"{told!r} is no row of numbers", expected="x y z in each line", where=Where(str(path), line)
            ) from None
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _lines(data: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the number and the words of every line that says something."""
    for number, line in enumerate(io.BytesIO(data), 1):
        said = line.strip()
        if said and not said.startswith(_COMMENTS):
            yield number, said.replace(b",", b" ").replace(b";", b" ").split()
