"""Where the lines of a log are kept: append-only, a small interface with one implementation on a file and one in memory."""

import fcntl
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from vehiclenest.core.errors import InputError, NotFoundError, Where


class EventStore(Protocol):
    """What the engine needs of a store. The web application can put a table of a database behind it."""

    def lines(self) -> Iterator[bytes]:
        """Yield every line in order, without line ends."""
        ...

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines, all or none; when this returns they are safe."""
        ...


class MemoryStore:
    """A log in memory."""

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self._lines = list(lines)

    def lines(self) -> Iterator[bytes]:
        """Yield every line in order."""
        return iter(tuple(self._lines))

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines."""
        self._lines.extend(lines)


class FileStore:
    """A log in a file of JSON lines. A last line without its end was never acknowledged and does not count."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> Iterator[bytes]:
        """Yield every whole line; raise `NotFoundError` or `InputError` where there is no file to read."""
        try:
            body = self.path.read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"there is no contest at {self.path}", expected="vnest contest new makes one") from None
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", expected="a log", where=Where(str(self.path))) from None
        return iter(body.split(b"\n")[:-1])

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines and wait until the disk has them; what a crash left of a line is cut off first."""
        body = b"".join(line + b"\n" for line in lines)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                end = _whole(file.seek(0, os.SEEK_END), self.path)
                file.truncate(end)
                try:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)
                    raise
        except OSError as error:
            raise InputError(
                f"cannot be written: {error.strerror}", expected="room to write", where=Where(str(self.path))
            ) from None

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the log against every other process while something is said."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = (self.path.parent / f".{self.path.name}.lock").open("w")
        except OSError as error:
            raise InputError(f"{self.path.parent} cannot be written: {error.strerror}", expected="a folder to write") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _whole(size: int, path: Path) -> int:
    """Return where the last whole line ends."""
    if size == 0:
        return 0
    with path.open("rb") as file:
        file.seek(size - 1)
        if file.read(1) == b"\n":
            return size
        file.seek(0)
        return file.read().rfind(b"\n") + 1
