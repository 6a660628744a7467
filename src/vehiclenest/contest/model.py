"""Records of a contest as replayed from its log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from vehiclenest.contest.config import Judge, Stage


class Kind(StrEnum):
    """What can be said in a contest."""

    CREATED = "contest_created"
    ENTRY = "entry_registered"
    CONFLICT = "conflict_declared"
    DRAWN = "order_drawn"
    ASSIGNED = "judges_assigned"
    OPENED = "stage_opened"
    CLOCK = "clock_set"
    SCORE = "score_submitted"
    CORRECTION = "score_corrected"
    FROZEN = "stage_frozen"
    CLOSED = "stage_closed"
    THAWED = "stage_thawed"
    FINALIZED = "stage_finalized"
    ADVANCED = "entries_advanced"
    AWARDED = "prizes_awarded"
    REFUSED = "refused"


class Phase(StrEnum):
    """Where a stage stands."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    FINALIZED = "finalized"


class ClockPhase(StrEnum):
    """What runs on the stage clock."""

    CALLED = "called"
    TALK = "talk"
    QUESTIONS = "questions"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Entry:
    """What competes. `details` are further columns of the import, kept as they are."""

    id: str
    name: str
    group: str
    organisation: str
    province: str
    name_zh: str = ""
    details: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Score:
    """One version of a judge's score of an entry; `withdrawn` ones do not count.

    `millionths` is the weighted score in millionths of a point; `seq` the event that holds it, `at` the author's own time, `signature`
    what tells a statement that arrives again from a new one.
    """

    seq: int
    entry: str
    judge: str
    marks: Mapping[str, Decimal]
    millionths: int
    at: datetime
    received: datetime
    signature: str
    reason: str = ""
    withdrawn: bool = False

    @property
    def points(self) -> Decimal:
        """The weighted score, exact."""
        return Decimal(self.millionths).scaleb(-6).normalize()


@dataclass(frozen=True, slots=True)
class Showing:
    """Which entry is on, and since when its talk or its questions run."""

    entry: str
    phase: ClockPhase
    since: datetime


@dataclass(slots=True)
class StageState:
    """A stage as it stands.

    Parameters
    ----------
    entries
        Entries of each group, in the order of their registration.
    order
        Running order of each group, once drawn, and `lot` the seed of the draw.
    plan
        Judges of each entry.
    scores
        Every version of each score, the last one counts.
    frozen_seq
        Last event that the frozen scoreboard shows.
    showing
        What is on in each group.
    """

    config: Stage
    phase: Phase = Phase.PLANNED
    entries: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    order: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    lot: dict[str, str] = field(default_factory=dict[str, str])
    plan: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    scores: dict[tuple[str, str], list[Score]] = field(default_factory=dict[tuple[str, str], list[Score]])
    opened: datetime | None = None
    frozen_seq: int | None = None
    thawed: bool = False
    showing: dict[str, Showing] = field(default_factory=dict[str, Showing])

    @property
    def scoreboard(self) -> str:
        """What the public sees: none, live, frozen, thawed or finalized."""
        if self.phase is Phase.FINALIZED:
            return "finalized"
        if self.phase is Phase.PLANNED or not self.config.live:
            return "none"
        if self.frozen_seq is not None:
            return "thawed" if self.thawed else "frozen"
        return "live"

    def score(self, entry: str, judge: str, until: int | None = None) -> Score | None:
        """Return the version that counts (of those up to event `until`), None where there is none or it is withdrawn."""
        versions = [score for score in self.scores.get((entry, judge), ()) if until is None or score.seq <= until]
        return versions[-1] if versions and not versions[-1].withdrawn else None

    def missing(self) -> list[tuple[str, str]]:
        """Return (entry, judge) pairs of the plan that have no score."""
        return [(entry, judge) for entry, judges in self.plan.items() for judge in judges if self.score(entry, judge) is None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not taken, and why."""

    seq: int
    kind: str
    author: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """A declared conflict of interest."""

    judge: str
    entry: str
    reason: str


def conflict_of(judge: Judge, entry: Entry, stage: Stage) -> str | None:
    """Return why a judge may not judge an entry by who they are, None where he may. Declared conflicts come on top."""
    if judge.organisation and _same(judge.organisation, entry.organisation):
        return f"same organisation, {entry.organisation}"
    if stage.same_province and judge.province and _same(judge.province, entry.province):
        return f"same province, {entry.province}"
    return None


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
