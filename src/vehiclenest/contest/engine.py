"""The contest at work: statements are checked, sealed and appended; refused ones leave their reason in the log.

One `Contest` holds a log and its state. Whoever listens is told of every event after it is safe, in order: the web pages hang on that.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vehiclenest.contest.assign import Plan
from vehiclenest.contest.assign import assign as make_plan
from vehiclenest.contest.config import KEEPER, Config
from vehiclenest.contest.keys import public_text
from vehiclenest.contest.log import Event, Statement, sealed, signed_statement
from vehiclenest.contest.model import Kind
from vehiclenest.contest.outcome import advancing, prizes, running_order
from vehiclenest.contest.replay import replay
from vehiclenest.contest.rules import check, repeated
from vehiclenest.contest.scoring.table import number
from vehiclenest.contest.state import State
from vehiclenest.contest.store import EventStore
from vehiclenest.core.errors import ConflictError, InputError, VehicleNestError
from vehiclenest.core.time import format_time, parse_time

Clock = Callable[[], datetime]
Listener = Callable[[Event], None]
_LONGEST = 40  # characters of a foreign name that a refusal repeats


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a statement: the event that holds it, and whether it is new; or why it was refused.

    A statement that arrives twice is receipted with the event of the first time, and not `new`.
    """

    seq: int
    new: bool
    refused: VehicleNestError | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Contest:
    """A contest on a store.

    Parameters
    ----------
    store
        Where the log is.
    key
        The organiser's private key, with which the log is kept.
    clock
        Gives the time, UTC.
    state
        What the log adds up to, where that is known already; it is kept up to date. Otherwise the log is replayed.
    """

    def __init__(self, store: EventStore, key: Ed25519PrivateKey, clock: Clock = _now, state: State | None = None) -> None:
        self.state: State = replay(store.lines()) if state is None else state
        self._store, self._key, self._clock = store, key, clock
        self._listeners: list[Listener] = []
        if public_text(key) != self.state.keys[KEEPER]:
            raise InputError("this is not the organiser's key", expected="the private key that the log is kept with")

    @classmethod
    def create(cls, config: Config, store: EventStore, key: Ed25519PrivateKey, clock: Clock = _now) -> "Contest":
        """Begin a contest: the first event holds the configuration and the organiser's public key.

        Raises
        ------
        ConflictError
            Where the store holds a log already.
        InputError
            Where a judge has no public key.
        """
        if next(iter(store.lines()), None) is not None:
            raise ConflictError("there is a contest already", expected="another folder")
        if without := [judge.id for judge in config.judges if not judge.public_key]:
            raise InputError(f"judge {without[0]} has no public key", expected="a key for every judge")
        now = clock()
        data = {"config": config.model_dump(mode="json"), "key": public_text(key)}
        first = signed_statement(config.id, Kind.CREATED, KEEPER, now, data, key)
        state = State()
        check(state, first, now)
        store.append([sealed(1, now, state.head, first, key).line()])
        return cls(store, key, clock)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; return the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def say(self, kind: Kind, data: Mapping[str, Any]) -> Receipt:
        """Say something as the organiser; raise the reason where it is refused, which is logged."""
        return self.submit(signed_statement(self.state.contest_id, kind, KEEPER, self._clock(), data, self._key))

    def submit(self, statement: Statement) -> Receipt:
        """Take a signed statement; raise the reason where it is refused, which is logged."""
        receipt = self.submit_all([statement])[0]
        if receipt.refused:
            raise receipt.refused
        return receipt

    def submit_all(self, statements: Iterable[Statement]) -> list[Receipt]:
        """Take statements in order, refused ones with their reason; all that follows from them is safe when this returns."""
        events: list[Event] = []
        receipts = [self._take(statement, events) for statement in statements]
        if events:
            try:
                self._store.append([event.line() for event in events])
            except VehicleNestError:
                self.state = replay(self._store.lines())
                raise
        for event in events:
            for listener in tuple(self._listeners):
                listener(event)
        return receipts

    def say_all(self, kind: Kind, rows: Iterable[Mapping[str, Any]]) -> list[Receipt]:
        """Say many things as the organiser, each taken or refused by itself."""
        now = self._clock()
        return self.submit_all(signed_statement(self.state.contest_id, kind, KEEPER, now, row, self._key) for row in rows)

    def refuse(self, kind: str, author: str, reason: VehicleNestError) -> Receipt:
        """Log that something was refused before it could be said, such as a score by somebody unknown."""
        data = {"kind": kind[:_LONGEST], "author": author[:_LONGEST], "reason": reason.reason}
        said = signed_statement(self.state.contest_id, Kind.REFUSED, KEEPER, self._clock(), data, self._key)
        seq = self.submit(said).seq
        return Receipt(seq, new=True, refused=reason)

    def draw(self, stage: str, group: str, seed: str | None = None) -> list[str]:
        """Draw and publish the running order of a group, from the head of the log where no seed is given."""
        seed = seed or self.state.head
        with self._refusing(Kind.DRAWN):
            order = running_order(self.state, stage, group, seed)
        self.say(Kind.DRAWN, {"stage": stage, "group": group, "seed": seed, "order": order})
        return order

    def assign(self, stage: str, group: str, seed: str | None = None) -> Plan:
        """Make the judging plan of a group: conflict-free, balanced, connected; from the head of the log where no seed is given."""
        seed = seed or self.state.head
        with self._refusing(Kind.ASSIGNED):
            entries, plan = self._plan(stage, group, seed)
        judges_of = {entry: list(judges) for entry, judges in zip(entries, plan.judges_of, strict=True)}
        self.say(Kind.ASSIGNED, {"stage": stage, "group": group, "seed": seed, "plan": judges_of})
        return plan

    def _plan(self, stage: str, group: str, seed: str) -> tuple[list[str], Plan]:
        state = self.state
        config, entries = state.stage(stage).config, state.stage(stage).entries.get(state.group(group).id, [])
        panel = [judge for judge in state.judges.values() if judge.judges(stage, group)]
        plan = make_plan(
            entries,
            [judge.id for judge in panel if not judge.reserve],
            config.judges_per_entry,
            lambda judge, entry: state.conflict(judge, entry, stage) is None,
            seed,
            [judge.id for judge in panel if judge.reserve],
        )
        least = int(number("z_score", "least_entries"))
        fewest = min((load for load in plan.load.values() if load), default=0)
        if config.scheme == "z_score" and fewest < least:
            raise ConflictError(
                f"z-scores are refused: a judge would have {fewest} entries; below {least} his own mean and spread are mostly luck",
                expected="the severity scheme, or fewer judges",
            )
        return entries, plan

    def advance(self, stage: str) -> dict[str, list[str]]:
        """Send the best of a finalized stage on."""
        with self._refusing(Kind.ADVANCED):
            entries = advancing(self.state, stage)
        self.say(Kind.ADVANCED, {"stage": stage, "entries": entries})
        return entries

    def award(self) -> dict[str, dict[str, list[str]]]:
        """Award the prizes by the last stage."""
        with self._refusing(Kind.AWARDED):
            awards = prizes(self.state)
        self.say(Kind.AWARDED, {"awards": awards})
        return awards

    @contextmanager
    def _refusing(self, kind: Kind) -> Generator[None]:
        """Log it where what the organiser wants cannot even be worked out."""
        try:
            yield
        except VehicleNestError as error:
            self.refuse(kind, KEEPER, error)
            raise

    def _take(self, statement: Statement, events: list[Event]) -> Receipt:
        """Check and apply one statement; add its event, or the event of its refusal."""
        try:
            now = self._time()
            key, known = self.state.keys.get(statement.author), repeated(self.state, statement)
            if key and known and statement.is_signed_by(key):
                return Receipt(known.seq, new=False)
            check(self.state, statement, now)
        except VehicleNestError as error:
            event = self._seal(self._refusal(statement, error), self._time_at_least())
            events.append(event)
            return Receipt(event.seq, new=True, refused=error)
        event = self._seal(statement, now)
        events.append(event)
        return Receipt(event.seq, new=True)

    def _seal(self, statement: Statement, now: datetime) -> Event:
        event = sealed(self.state.seq + 1, now, self.state.head, statement, self._key)
        self.state.apply(event)
        return event

    def _refusal(self, statement: Statement, error: VehicleNestError) -> Statement:
        data = {"kind": statement.kind[:_LONGEST], "author": statement.author[:_LONGEST], "reason": error.reason}
        about = {
            name: str(statement.data[name])[:_LONGEST] for name in ("stage", "entry", "judge", "id") if name in statement.data
        }
        return signed_statement(self.state.contest_id, Kind.REFUSED, KEEPER, self._time_at_least(), {**data, **about}, self._key)

    def _time(self) -> datetime:
        """Return the time, never before the last event; refuse where the clock went back further than the skew allowed."""
        now, last = parse_time(format_time(self._clock()))[0], parse_time(self.state.time)[0]
        allowed = self.state.config.clock_skew_seconds if self.state.config else 0
        if last - now > timedelta(seconds=allowed):
            behind = (last - now).total_seconds()
            raise ConflictError(f"the clock of this machine is {behind:.0f} s behind the log", expected="a clock that is right")
        return max(now, last)

    def _time_at_least(self) -> datetime:
        return max(parse_time(format_time(self._clock()))[0], parse_time(self.state.time)[0])


def score_statement(
    state: State,
    stage: str,
    entry: str,
    judge: str,
    marks: Mapping[str, str],
    key: Ed25519PrivateKey,
    at: datetime,
) -> Statement:
    """Return a judge's signed score, ready to be submitted now or, from a queue, later."""
    data = {"stage": stage, "entry": entry, "judge": judge, "marks": dict(marks)}
    return signed_statement(state.contest_id, Kind.SCORE, judge, at, data, key)


def correction_statement(
    state: State,
    stage: str,
    entry: str,
    judge: str,
    marks: Mapping[str, str] | None,
    reason: str,
    key: Ed25519PrivateKey,
    at: datetime,
    author: str | None = None,
) -> Statement:
    """Return a signed correction: new marks, or None to withdraw the score; the score before stays in the log."""
    data: dict[str, Any] = {"stage": stage, "entry": entry, "judge": judge, "reason": reason}
    if marks:
        data["marks"] = dict(marks)
    return signed_statement(state.contest_id, Kind.CORRECTION, author or judge, at, data, key)


def load_by_judge(plan: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many entries each judge of a plan has."""
    load: dict[str, int] = {}
    for judges in plan.values():
        for judge in judges:
            load[judge] = load.get(judge, 0) + 1
    return dict(sorted(load.items()))
