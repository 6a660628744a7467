"""The contest that is served: its log followed as it grows, whoever writes it, and things said in it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from vehiclenest.contest import KEEPER, Contest, FileStore, State
from vehiclenest.contest.keys import load_key
from vehiclenest.contest.log import Event, Statement, parse_event
from vehiclenest.contest.replay import verify
from vehiclenest.core.errors import InputError, NotFoundError, VehicleNestError

LOG = "log.jsonl"
KEYS = "keys"


class Hall:
    """The contest of a folder, in this process.

    Several processes and the commands may work on the same folder: the log is the only thing that they share. Every event is verified
    when it is read.

    Raises
    ------
    NotFoundError
        Where the folder holds no contest.
    InputError
        Where its log is broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = FileStore(folder / LOG)
        self._lock = RLock()
        self._read = 0  # bytes of the log that are in the state
        self._state = State()
        self._events: list[Event] = []
        self.catch_up()
        if self._state.config is None:
            raise InputError(f"{self._store.path} is empty", expected="a contest made by vnest contest new")

    @property
    def seq(self) -> int:
        """Number of the last event that is known here."""
        return self._state.seq

    def has_news(self) -> bool:
        """Return whether the log holds more than is known here; asks the file system only."""
        try:
            return self._store.path.stat().st_size > self._read
        except OSError:
            return False

    def catch_up(self) -> None:
        """Take in what others wrote; raise where it is no event that could have come next."""
        with self._lock:
            for line in self._new_lines():
                try:
                    event = parse_event(line)
                    verify(self._state, event)
                except VehicleNestError as error:
                    place = self._state.seq + 1
                    raise InputError(
                        f"event {place} of {self._store.path} is broken: {error.what}", expected=error.expected
                    ) from error
                self._state.apply(event)
                self._events.append(event)
                self._read += len(line) + 1

    def _new_lines(self) -> list[bytes]:
        try:
            with self._store.path.open("rb") as file:
                file.seek(self._read)
                return file.read().split(b"\n")[:-1]  # a line without its end is still being written
        except OSError as error:
            raise NotFoundError(
                f"{self._store.path} cannot be read: {error.strerror}",
                expected="the folder of a contest, vnest contest new makes one",
            ) from None

    @contextmanager
    def reading(self) -> Generator[State]:
        """Give the contest as it stands; nothing changes meanwhile."""
        with self._lock:
            yield self._state

    def after(self, seq: int) -> list[Event]:
        """Return the events with greater numbers."""
        with self._lock:
            return self._events[max(0, seq) :]

    @contextmanager
    def speaking(self) -> Generator[Contest]:
        """Give the contest to say something in it; nobody else says anything meanwhile, in any process.

        Raises
        ------
        NotFoundError
            Where the organiser's key is not on this machine: the contest can be looked at only.
        """
        key = load_key(self.folder / KEYS / f"{KEEPER}.pem")
        with self._lock, self._store.alone():
            self.catch_up()
            contest = Contest(self._store, key, state=self._state)
            contest.subscribe(self._events.append)
            try:
                yield contest
            finally:
                if contest.state is self._state:
                    self._read = self._store.path.stat().st_size
                else:  # the engine could not write and went back to what is safe
                    self._read, self._state, self._events = 0, State(), []
                    self.catch_up()

    def sign(self, judge: str, unsigned: Statement) -> Statement:
        """Sign what a judge says with his key, which this machine keeps for him."""
        from vehiclenest.contest.keys import sign

        key = load_key(self.folder / KEYS / f"{judge}.pem")
        return Statement(
            unsigned.contest, unsigned.kind, unsigned.author, unsigned.at, unsigned.data, sign(key, unsigned.message())
        )
