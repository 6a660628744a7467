"""The judge's page and what it sends: scores by form, or from the queue of a phone that was offline, each arriving once.

A score is signed with the judge's key, which the server keeps in the contest's folder; who keeps it himself sends signed statements. The
judge's own time is part of what is signed: a score that is sent again is the same statement, and is receipted with the first event.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Response
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, Field

from vehiclenest.contest import Contest, Kind, Receipt, State
from vehiclenest.contest.log import Statement, parse_statement
from vehiclenest.contest.model import Phase, Score
from vehiclenest.contest.view import Role
from vehiclenest.core.errors import VehicleNestError
from vehiclenest.core.time import format_time, parse_time
from vehiclenest.web.contest.board import running_order
from vehiclenest.web.contest.pages import live_of
from vehiclenest.web.policy import Permission, contest_reader
from vehiclenest.web.routes import form, page, write
from vehiclenest.web.visit import Here, Visit

_MARK = "mark_"  # fields of a form: mark_CRITERION


class SentScore(BaseModel):
    """A score as a page's queue sends it. `at` is when the judge gave it; with a `reason` it replaces his score before."""

    stage: str = Field(max_length=40)
    entry: str = Field(max_length=40)
    marks: dict[str, str] = Field(max_length=100)
    at: str = Field(max_length=40)
    reason: str = Field("", max_length=500)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The number of the event that holds a score, and whether it is there since now."""

    seq: int
    new: bool


@page("/contest/judging", Permission.CONTEST_JUDGE)
def judging(visit: Here) -> Response[str]:
    """Show a judge his entries of the open stages, to score them."""
    return _judging(visit)


def _judging(
    visit: Visit, error: VehicleNestError | None = None, wrong: str = "", given: dict[str, str] | None = None
) -> Response[str]:
    with live_of(visit).hall.reading() as state:
        reader = contest_reader(visit.principal, state)
        judge = reader.id if reader.role is Role.JUDGE else ""
        return visit.render(
            "contest_judging.html",
            error.status if error else 200,
            contest=state.config,
            judge=state.judges.get(judge),
            stages=_tasks(state, judge),
            error=error,
            wrong=wrong,
            given=given or {},
        )


def _tasks(state: State, judge: str) -> list[dict[str, Any]]:
    """Return for each open stage the judge's entries in running order, with his own score."""
    found: list[dict[str, Any]] = []
    for name, stage in state.stages.items():
        if stage.phase is not Phase.OPEN:
            continue
        tasks: list[tuple[Any, Any, Score | None, bool]] = []
        for group in stage.entries:
            showing = stage.showing.get(group)
            tasks += [
                (
                    state.entries[entry],
                    state.groups[group],
                    stage.score(entry, judge),
                    showing is not None and showing.entry == entry,
                )
                for entry in running_order(stage, group)
                if judge in stage.plan.get(entry, ())
            ]
        if tasks:
            found.append({"id": name, "config": stage.config, "tasks": tasks})
    return found


@form("/contest/judging/{stage:str}/{entry:str}", Permission.CONTEST_JUDGE)
def score(visit: Here, stage: FromPath[str], entry: FromPath[str], data: URLEncodedBody[dict[str, str]]) -> Response[Any]:
    """Score an entry, or correct the score with a reason."""
    marks = {name.removeprefix(_MARK): text.strip() for name, text in data.items() if name.startswith(_MARK)}
    sent = SentScore(
        stage=stage[:40], entry=entry[:40], marks=marks, at=format_time(datetime.now(UTC)), reason=data.get("reason", "")[:500]
    )
    try:
        _submit(visit, sent)
    except VehicleNestError as error:
        return _judging(visit, error, f"{stage}/{entry}", dict(data))
    return Redirect(f"/contest/judging#{stage}-{entry}", status_code=303)


@write("/api/contest/scores", Permission.CONTEST_JUDGE)
def send_score(visit: Here, data: JSONBody[SentScore]) -> Arrived:
    """Take a score from a page's queue; the same score sent again counts once."""
    receipt = _submit(visit, data)
    return Arrived(receipt.seq, receipt.new)


@write("/api/contest/statements", Permission.CONTEST_JUDGE)
def send_statement(visit: Here, data: JSONBody[dict[str, Any]]) -> Arrived:
    """Take a statement that the judge signed himself: contest, kind, author, at, data, signature."""
    statement = parse_statement(data)
    with live_of(visit).hall.reading() as state:
        judge = _judge(visit, state)
    if statement.author != judge:
        raise PermissionDeniedException(f"{visit.principal.name} cannot speak for {statement.author[:40]!r}")
    with live_of(visit).hall.speaking() as contest:
        receipt = contest.submit(statement)
    _note(visit, statement)
    return Arrived(receipt.seq, receipt.new)


def _submit(visit: Visit, sent: SentScore) -> Receipt:
    hall = live_of(visit).hall
    with hall.speaking() as contest:
        judge = _judge(visit, contest.state)
        statement = hall.sign(judge, _unsigned(contest, judge, sent))
        receipt = contest.submit(statement)
    if receipt.new:
        _note(visit, statement)
    return receipt


def _unsigned(contest: Contest, judge: str, sent: SentScore) -> Statement:
    data: dict[str, Any] = {"stage": sent.stage, "entry": sent.entry, "judge": judge, "marks": sent.marks}
    kind = Kind.SCORE
    if sent.reason.strip():
        data["reason"], kind = sent.reason.strip(), Kind.CORRECTION
    return Statement(contest.state.contest_id, kind, judge, format_time(parse_time(sent.at)[0]), data)


def _judge(visit: Visit, state: State) -> str:
    """Return the identifier of the judge who asks; raise where the user of that name is no judge of this contest."""
    reader = contest_reader(visit.principal, state)
    if reader.role is not Role.JUDGE:
        raise PermissionDeniedException(f"no judge of this contest has the identifier {visit.principal.name}")
    return reader.id


def _note(visit: Visit, statement: Statement) -> None:
    with visit.database.writing() as connection:
        visit.note(connection, "score submitted", f"{statement.data.get('stage')}/{statement.data.get('entry')}"[:100])


HANDLERS = [judging, score, send_score, send_statement]
