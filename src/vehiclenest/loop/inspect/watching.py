"""Scans of a folder inspected as they arrive: the next file is read while the one before is worked on.

A file is taken when it has not grown between two looks; what is moved in under another name first is whole at once.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.loop.inspect.inspection import Inspected, Read, Settings, inspect_read, read_file
from vehiclenest.loop.inspect.reading import SCAN_ENDINGS
from vehiclenest.loop.inspect.reference import Library

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Arrival:
    """A scan that arrived: what it shows, or why it was refused; `seconds` since the one before was done, or it was there."""

    path: Path
    made: Inspected | None
    refused: VehicleNestError | None
    seconds: float


def watch(
    folder: Path,
    library: Library,
    settings: Settings | None = None,
    *,
    once: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Arrival]:
    """Yield the scans of a folder in the order in which they came; with `once`, those that are there, otherwise until `stopped`."""
    settings = settings or Settings()
    with ThreadPoolExecutor(1) as reader:
        reading: list[tuple[Path, Future[Read]]] = []
        coming = _arriving(folder, once=once, stopped=stopped)
        done = perf_counter()
        for batch in coming:
            for path in batch:
                reading.append((path, reader.submit(read_file, path, settings.unit)))
                if len(reading) > 1:
                    yield _inspected(*reading.pop(0), library, settings, done)
                    done = perf_counter()
            while reading:
                yield _inspected(*reading.pop(0), library, settings, done)
                done = perf_counter()
            done = perf_counter()


def _inspected(path: Path, read: Future[Read], library: Library, settings: Settings, since: float) -> Arrival:
    try:
        made = inspect_read(read.result(), library, settings)
    except VehicleNestError as error:
        return Arrival(path, None, error, perf_counter() - since)
    return Arrival(path, made, None, perf_counter() - since)


def _arriving(folder: Path, *, once: bool, stopped: Callable[[], bool]) -> Iterator[list[Path]]:
    """Yield lists of files that are new and whole, oldest first."""
    seen: dict[Path, tuple[int, int]] = {}
    taken: set[Path] = set()
    while True:
        looked: dict[Path, tuple[int, int]] = {}
        for path in folder.iterdir():
            if path.suffix.lower() in SCAN_ENDINGS and not path.name.startswith(".") and path.is_file():
                found = path.stat()
                looked[path] = (found.st_mtime_ns, found.st_size)
        whole = [path for path, mark in looked.items() if path not in taken and (once or seen.get(path) == mark)]
        whole.sort(key=lambda path: (looked[path], path.name))
        taken.update(whole)
        taken &= looked.keys()
        seen = looked
        if whole:
            yield whole
        if once or stopped():
            return
        sleep(_LOOK_SECONDS)
