"""What may be said when: each rule takes the state and a statement and raises with the reason where it does not hold.

The same rules hold when something is said and when a log is replayed, so that a log cannot contain what could not have been said.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from vehiclenest.contest.assign import count_islands
from vehiclenest.contest.config import KEEPER, Group, Stage, as_config
from vehiclenest.contest.entries import as_entry
from vehiclenest.contest.keys import check_public, made_up_key, public_text
from vehiclenest.contest.log import Statement
from vehiclenest.contest.model import ClockPhase, Kind, Phase, Score, StageState
from vehiclenest.contest.outcome import advancing, prizes, running_order
from vehiclenest.contest.ranking import rank
from vehiclenest.contest.state import State
from vehiclenest.core.errors import ConflictError, InputError

_SHOWN = 5  # of a list in a reason
_NEXT_ON_CLOCK = {
    ClockPhase.TALK: ClockPhase.CALLED,
    ClockPhase.QUESTIONS: ClockPhase.TALK,
    ClockPhase.DONE: ClockPhase.QUESTIONS,
}


def check(state: State, statement: Statement, now: datetime) -> None:
    """Raise the reason why a statement cannot be taken.

    Raises
    ------
    InputError
        Where it is not what it has to be: unknown kind, judge or entry, a mark missing or out of range, a wrong signature or clock.
    ConflictError
        Where it is right as such, but not now: a stage that is closed, a second submission.
    """
    try:
        kind = Kind(statement.kind)
    except ValueError:
        raise InputError(f"nothing is called {statement.kind[:40]!r}", expected=f"one of {', '.join(Kind)}") from None
    if (kind is Kind.CREATED) != (state.config is None):
        raise ConflictError("the contest is there already" if state.config else "the log does not begin with a contest")
    if kind is not Kind.CREATED and statement.contest != state.contest_id:
        raise InputError(f"this is contest {state.contest_id}, not {statement.contest[:40]!r}")
    _check_author(state, kind, statement)
    try:
        _RULES[kind](state, statement, now)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{kind} lacks or garbles {error}", expected="the fields of docs/contest.md") from None


def _check_author(state: State, kind: Kind, statement: Statement) -> None:
    key = str(statement.data.get("key", "")) if kind is Kind.CREATED else state.keys.get(statement.author)
    if key is None:
        raise InputError(f"there is no judge {statement.author[:40]!r}", expected="a judge of this contest")
    if statement.author != KEEPER and kind not in _BY_JUDGES:
        raise InputError(f"{statement.author} is a judge", expected=f"the organiser says {kind}")
    check_public(key)
    if not statement.is_signed_by(key):
        raise InputError(f"the signature is not that of {statement.author}", expected="the key that the contest knows")


def _created(_state: State, statement: Statement, _now: datetime) -> None:
    config = as_config(statement.data["config"])
    if config.id != statement.contest:
        raise InputError(f"the statement is of contest {statement.contest!r}, the configuration of {config.id!r}")
    keys = {KEEPER: str(statement.data["key"])} | {judge.id: judge.public_key for judge in config.judges}
    for owner, key in keys.items():
        check_public(key)
        if not config.made_up and key == public_text(made_up_key(owner)):
            raise InputError(f"{owner} has the demonstration's key, which everybody knows", expected="a key of his own")


def _entry(state: State, statement: Statement, _now: datetime) -> None:
    entry = as_entry(statement.data)
    if entry.group not in state.groups:
        raise InputError(f"entry {entry.id}: there is no group {entry.group!r}", expected=f"one of {', '.join(state.groups)}")
    if entry.id in state.entries:
        raise ConflictError(f"entry {entry.id} is registered already")
    first = next(iter(state.stages.values()))
    if (
        first.phase is not Phase.PLANNED
        or first.order.get(entry.group)
        or any(other in first.plan for other in first.entries[entry.group])
    ):
        raise ConflictError(
            f"entry {entry.id} is too late", expected="registration before the draw and the judges of the first stage"
        )


def _conflict(state: State, statement: Statement, _now: datetime) -> None:
    judge, entry = statement.data["judge"], statement.data["entry"]
    _known_judge(state, judge)
    _known_entry(state, entry)
    _reason_in(statement.data, "a conflict")
    if statement.author not in {KEEPER, judge}:
        raise InputError(f"{statement.author} declares for {judge}", expected="each judge for himself, or the organiser")
    if any(stage.phase is Phase.OPEN and judge in stage.plan.get(entry, ()) for stage in state.stages.values()):
        raise ConflictError(
            f"{judge} is judging {entry} now", expected="to withdraw the score, or to declare before the stage opens"
        )


def _drawn(state: State, statement: Statement, _now: datetime) -> None:
    stage, group = _planned(state, statement.data), state.group(statement.data["group"])
    if group.id in stage.order:
        raise ConflictError(f"the order of {stage.config.id}, {group.id} is drawn already, from seed {stage.lot[group.id]!r}")
    _has_entries(stage, group)
    if list(statement.data["order"]) != running_order(state, stage.config.id, group.id, str(statement.data["seed"])):
        raise InputError("the order is not the one that the seed gives")


def _assigned(state: State, statement: Statement, _now: datetime) -> None:
    stage, group = _planned(state, statement.data), state.group(statement.data["group"])
    _has_entries(stage, group)
    check_plan(state, stage.config, group, statement.data["plan"])


def check_plan(state: State, stage: Stage, group: Group, plan: Mapping[str, Sequence[str]]) -> None:
    """Raise the reason why a judging plan cannot stand: not whole, a conflict of interest, or not connected."""
    entries = state.stage(stage.id).entries[group.id]
    if wrong := sorted(set(plan) ^ set(entries)):
        where = "is not in this stage and group" if wrong[0] in plan else "has no judges"
        raise InputError(f"entry {wrong[0]} {where}", expected=f"judges for each of the {len(entries)} entries")
    for entry in entries:
        judges = plan[entry]
        if len(set(judges)) != len(judges) or len(judges) != stage.judges_per_entry:
            raise InputError(f"entry {entry} has judges {', '.join(judges)}", expected=f"{stage.judges_per_entry} different ones")
        for judge in judges:
            if not _known_judge(state, judge).judges(stage.id, group.id):
                raise InputError(f"{judge} does not sit in {stage.id}, {group.id}")
            if why := state.conflict(judge, entry, stage.id):
                raise ConflictError(f"{judge} may not judge {entry}: {why}")
    if (islands := count_islands(plan)) > 1:
        raise ConflictError(
            f"the plan is not connected: it falls into {islands} islands that no judge connects, and scores cannot be compared across them",
            expected="common judges between all entries; contest assign makes such a plan",
        )


def _opened(state: State, statement: Statement, _now: datetime) -> None:
    stage = _planned(state, statement.data)
    before = state.stage_before(stage.config.id)
    if not any(stage.entries.values()):
        missing = f"advance from {before.config.id} first" if before else "import entries first"
        raise ConflictError(f"stage {stage.config.id} has no entries", expected=missing)
    for group, entries in stage.entries.items():
        if any(entry not in stage.plan for entry in entries):
            raise ConflictError(f"{stage.config.id}, {group} has no judging plan", expected="contest assign first")
        if entries and stage.config.talk_seconds and group not in stage.order:
            raise ConflictError(f"{stage.config.id}, {group} has no running order", expected="contest draw first")
        for entry in entries:
            for judge in stage.plan[entry]:
                if why := state.conflict(judge, entry, stage.config.id):
                    raise ConflictError(f"{judge} may not judge {entry} any more: {why}", expected="contest assign again")


def _clock(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.OPEN)
    entry = statement.data["entry"]
    if entry not in stage.plan:
        raise InputError(f"entry {str(entry)[:40]!r} is not in {stage.config.id}")
    try:
        phase = ClockPhase(statement.data["phase"])
    except ValueError:
        raise InputError(f"the clock knows no {statement.data['phase']!r}", expected=f"one of {', '.join(ClockPhase)}") from None
    showing = stage.showing.get(state.entries[entry].group)
    before = _NEXT_ON_CLOCK.get(phase)
    if before is None:
        if showing and showing.phase in {ClockPhase.TALK, ClockPhase.QUESTIONS}:
            raise ConflictError(f"entry {showing.entry} is still on", expected="done before the next is called")
    elif showing is None or showing.entry != entry or showing.phase is not before:
        raise ConflictError(f"{phase} of {entry} does not come now", expected="called, talk, questions, done, in this order")


def _score(state: State, statement: Statement, now: datetime) -> None:
    stage, entry = _scorable(state, statement, now)
    if statement.author != statement.data["judge"]:
        raise InputError(f"{statement.author} scores for {statement.data['judge']}", expected="each judge for himself")
    if stage.scores.get((entry, statement.author)):
        raise ConflictError(
            f"{statement.author} has scored {entry} already", expected="a correction with its reason, not a second submission"
        )
    check_marks(stage.config, state.groups[state.entries[entry].group], statement.data["marks"])


def _correction(state: State, statement: Statement, now: datetime) -> None:
    stage, entry = _scorable(state, statement, now)
    judge, marks = statement.data["judge"], statement.data.get("marks")
    _reason_in(statement.data, "a correction")
    if not stage.scores.get((entry, judge)):
        raise ConflictError(f"{judge} has not scored {entry}", expected="a first score before its correction")
    if statement.author not in {KEEPER, judge}:
        raise InputError(f"{statement.author} corrects {judge}", expected="each judge for himself")
    if marks:
        if statement.author == KEEPER:
            raise InputError(
                "the organiser gives no marks", expected="to withdraw a score, with the reason; the judge marks anew"
            )
        check_marks(stage.config, state.groups[state.entries[entry].group], marks)


def _scorable(state: State, statement: Statement, now: datetime) -> tuple[StageState, str]:
    """Check stage, judge, entry, assignment and clock; return the stage and the entry."""
    data = statement.data
    _known_judge(state, data["judge"])
    stage = state.stage(data["stage"])
    _known_entry(state, data["entry"])
    if stage.phase is not Phase.OPEN:
        raise ConflictError(f"stage {stage.config.id} is {stage.phase}", expected="scores while it is open")
    entry, judge = str(data["entry"]), str(data["judge"])
    if judge not in stage.plan.get(entry, ()):
        why = state.conflict(judge, entry, stage.config.id)
        raise InputError(f"{judge} is not assigned to {entry}" + (f": {why}" if why else ""), expected="an entry of his plan")
    _check_clock(state, stage, statement, now)
    return stage, entry


def _check_clock(state: State, stage: StageState, statement: Statement, now: datetime) -> None:
    """Refuse a time to come or from before the stage; an old time is right: a phone may have been offline."""
    allowed = state.config.clock_skew_seconds if state.config else 0
    ahead = (statement.time - now).total_seconds()
    if ahead > allowed:
        raise InputError(f"the clock of {statement.author} is {ahead:.0f} s ahead", expected=f"at most {allowed} s")
    early = (stage.opened - statement.time).total_seconds() if stage.opened else 0.0
    if early > allowed:
        raise InputError(
            f"{statement.author} says to have scored {early:.0f} s before the stage opened",
            expected=f"a clock right to {allowed} s",
        )


def check_marks(stage: Stage, group: Group, marks: Mapping[str, object]) -> None:
    """Raise the reason why marks are no score: a criterion missing or unknown, no number, or out of range."""
    known = [criterion.id for criterion in group.criteria]
    if missing := [name for name in known if name not in marks]:
        raise InputError(f"no mark for {', '.join(missing)}", expected=f"one for each of {', '.join(known)}")
    if unknown := [str(name)[:40] for name in marks if name not in known]:
        raise InputError(f"{unknown[0]!r} is no criterion of {group.id}", expected=f"marks for {', '.join(known)}")
    for name, text in marks.items():
        mark = parse_mark(text, name)
        if not stage.lowest <= mark <= stage.highest:
            raise InputError(f"{name} {mark} is out of range", expected=f"{stage.lowest} to {stage.highest}")


def parse_mark(text: object, name: str) -> Decimal:
    """Read a mark of up to two decimals; raise `InputError` for anything else."""
    try:
        mark = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    except InvalidOperation:
        mark = Decimal("NaN")
    if not mark.is_finite() or -int(mark.as_tuple().exponent) > 2:  # noqa: PLR2004  # two decimals
        raise InputError(f"{name} {str(text)[:40]!r} is no mark", expected="a number with up to two decimals, as text")
    return mark


def repeated(state: State, statement: Statement) -> Score | None:
    """Return the version that a statement repeats, as a queue does that was sent twice; None where it says something new."""
    if statement.kind not in {Kind.SCORE, Kind.CORRECTION}:
        return None
    data, stage = statement.data, state.stages.get(str(statement.data.get("stage")))
    versions = stage.scores.get((str(data.get("entry")), str(data.get("judge"))), []) if stage else []
    return next((score for score in versions if score.signature == statement.signature), None)


def _frozen(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.OPEN)
    if not stage.config.live:
        raise ConflictError(f"{stage.config.id} shows no results while it is judged", expected="a live stage to freeze")
    if stage.frozen_seq is not None:
        raise ConflictError(f"the scoreboard of {stage.config.id} is frozen already")


def _closed(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.OPEN)
    missing = stage.missing()
    if missing and not str(statement.data.get("reason", "")).strip():
        shown = ", ".join(f"{judge} of {entry}" for entry, judge in missing[:_SHOWN])
        raise ConflictError(
            f"{len(missing)} scores are missing: {shown}", expected="all scores, or the reason to go without them"
        )
    for group in stage.entries:
        ranking = rank(state, stage.config.id, group)
        if without := [row for row in ranking.rows if row.place is None]:
            raise ConflictError(
                f"entry {without[0].entry} has {without[0].scores} scores and no result by {stage.config.scheme}",
                expected="more scores before the stage closes",
            )


def _thawed(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.CLOSED)
    if stage.scoreboard != "frozen":
        raise ConflictError(f"the scoreboard of {stage.config.id} is {stage.scoreboard}", expected="a frozen one to thaw")


def _finalized(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.CLOSED)
    if stage.scoreboard == "frozen":
        raise ConflictError(f"the scoreboard of {stage.config.id} is still frozen", expected="to thaw it first")


def _advanced(state: State, statement: Statement, _now: datetime) -> None:
    stage = _in_phase(state, statement.data, Phase.FINALIZED)
    after = state.stage_after(stage.config.id)
    if after is None:
        raise ConflictError(f"{stage.config.id} is the last stage", expected="contest award")
    if after.entries:
        raise ConflictError(f"entries have advanced from {stage.config.id} already")
    if {group: list(entries) for group, entries in statement.data["entries"].items()} != advancing(state, stage.config.id):
        raise InputError("these are not the entries that the ranking sends on")


def _awarded(state: State, statement: Statement, _now: datetime) -> None:
    _in_phase(state, {"stage": list(state.stages)[-1]}, Phase.FINALIZED)
    if state.awards:
        raise ConflictError("the prizes are awarded already")
    if statement.data["awards"] != prizes(state):
        raise InputError("these are not the prizes that the ranking gives")


def _refused(_state: State, statement: Statement, _now: datetime) -> None:
    for name in ("kind", "author", "reason"):
        if not isinstance(statement.data[name], str):
            raise InputError(f"{name} of a refusal is no text")


def _known_judge(state: State, judge: object) -> Any:
    found = state.judges.get(str(judge))
    if found is None:
        raise InputError(f"there is no judge {str(judge)[:40]!r}", expected="a judge of this contest")
    return found


def _known_entry(state: State, entry: object) -> None:
    if str(entry) not in state.entries:
        raise InputError(f"there is no entry {str(entry)[:40]!r}", expected="an entry of this contest")


def _reason_in(data: Mapping[str, Any], what: str) -> None:
    if not str(data.get("reason", "")).strip():
        raise InputError(f"{what} has no reason", expected="reason in words")


def _planned(state: State, data: Mapping[str, Any]) -> StageState:
    return _in_phase(state, data, Phase.PLANNED)


def _in_phase(state: State, data: Mapping[str, Any], phase: Phase) -> StageState:
    stage = state.stage(str(data["stage"]))
    if stage.phase is not phase:
        raise ConflictError(f"stage {stage.config.id} is {stage.phase}", expected=f"a stage that is {phase}")
    return stage


def _has_entries(stage: StageState, group: Group) -> None:
    if not stage.entries.get(group.id):
        raise ConflictError(f"there are no entries in {stage.config.id}, {group.id}", expected="entries first")


_BY_JUDGES = frozenset({Kind.SCORE, Kind.CORRECTION, Kind.CONFLICT})
_RULES: dict[Kind, Callable[[State, Statement, datetime], None]] = {
    Kind.CREATED: _created,
    Kind.ENTRY: _entry,
    Kind.CONFLICT: _conflict,
    Kind.DRAWN: _drawn,
    Kind.ASSIGNED: _assigned,
    Kind.OPENED: _opened,
    Kind.CLOCK: _clock,
    Kind.SCORE: _score,
    Kind.CORRECTION: _correction,
    Kind.FROZEN: _frozen,
    Kind.CLOSED: _closed,
    Kind.THAWED: _thawed,
    Kind.FINALIZED: _finalized,
    Kind.ADVANCED: _advanced,
    Kind.AWARDED: _awarded,
    Kind.REFUSED: _refused,
}
