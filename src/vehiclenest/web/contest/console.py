"""The organiser's console: the next entry, the stage clock, who has scored and who has not, and the stage from planned to finalized."""

from collections.abc import Callable
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from pydantic import BaseModel, Field

from vehiclenest.contest import Contest, Kind
from vehiclenest.contest.model import Phase, StageState
from vehiclenest.contest.view import Reader, Role
from vehiclenest.core.errors import InputError, VehicleNestError, Where
from vehiclenest.web.contest.board import board, next_entry, running_order
from vehiclenest.web.contest.pages import live_of
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

_ORGANISER = Reader(Role.ORGANISER)
_Short = Annotated[str, Field(max_length=40)]
_SHOWN = 10  # refusals
_STATES = {
    "open": Kind.OPENED,
    "frozen": Kind.FROZEN,
    "closed": Kind.CLOSED,
    "thawed": Kind.THAWED,
    "finalized": Kind.FINALIZED,
}
Act = Callable[[Contest, str, str], object]
_ACTS: dict[str, Act] = {
    "draw": lambda contest, stage, group: contest.draw(stage, group),
    "assign": lambda contest, stage, group: contest.assign(stage, group),
    "advance": lambda contest, stage, _group: contest.advance(stage),
    "award": lambda contest, _stage, _group: contest.award(),
}


class Clock(BaseModel):
    """Which entry is on, and what runs."""

    entry: _Short
    phase: _Short


class Deed(BaseModel):
    """What shall be done with the stage, and why where a reason is asked for."""

    deed: _Short
    reason: str = Field("", max_length=500)


@page("/contest/console/{stage:str}/{group:str}", Permission.CONTEST_ORGANISE)
def console(visit: Here, stage: FromPath[str], group: FromPath[str]) -> Response[str]:
    """Show the console."""
    return _console(visit, stage, group)


def _console(visit: Visit, stage: str, group: str, error: VehicleNestError | None = None) -> Response[str]:
    with live_of(visit).hall.reading() as state:
        shown = board(state, stage, group, _ORGANISER)
        now = state.stage(stage)
        return visit.render(
            "contest_console.html",
            error.status if error else 200,
            contest=state.config,
            stage=now.config,
            group=state.group(group),
            board=shown,
            order=[state.entries[entry] for entry in running_order(now, group)],
            following=next_entry(now, group),
            deeds=_deeds(now, group, last=state.stage_after(stage) is None),
            refusals=state.refusals[-_SHOWN:][::-1],
            error=error,
        )


def _deeds(stage: StageState, group: str, *, last: bool) -> list[str]:
    """Return what can be done now, in the order in which it is usually done."""
    if stage.phase is Phase.PLANNED:
        on_stage = ["draw"] if stage.config.talk_seconds and group not in stage.order else []
        return [*on_stage, "assign", "open"]
    if stage.phase is Phase.OPEN:
        return (["frozen"] if stage.scoreboard == "live" else []) + ["closed"]
    if stage.phase is Phase.CLOSED:
        return (["thawed"] if stage.scoreboard == "frozen" else []) + ["finalized"]
    return ["award"] if last else ["advance"]


@form("/contest/console/{stage:str}/{group:str}/clock", Permission.CONTEST_ORGANISE)
def clock(visit: Here, stage: FromPath[str], group: FromPath[str], data: URLEncodedBody[Clock]) -> Response[Any]:
    """Call an entry, start its talk or its questions, or end it."""

    def act(contest: Contest) -> None:
        contest.say(Kind.CLOCK, {"stage": stage, "entry": data.entry, "phase": data.phase})

    return _done(visit, stage, group, act, entry=data.entry, phase=data.phase)


@form("/contest/console/{stage:str}/{group:str}/deed", Permission.CONTEST_ORGANISE)
def deed(visit: Here, stage: FromPath[str], group: FromPath[str], data: URLEncodedBody[Deed]) -> Response[Any]:
    """Draw, assign, open, freeze, close, thaw, finalize, send on or award."""

    def act(contest: Contest) -> None:
        if data.deed in _STATES:
            reason = {"reason": data.reason} if data.reason.strip() else {}
            contest.say(_STATES[data.deed], {"stage": stage, **reason})
        elif data.deed in _ACTS:
            _ACTS[data.deed](contest, stage, group)
        else:
            known = ", ".join([*_ACTS, *_STATES])
            raise InputError(f"nobody can {data.deed!r} a stage", expected=f"one of {known}", where=Where(field="deed"))

    return _done(visit, stage, group, act, deed=data.deed)


def _done(visit: Visit, stage: str, group: str, act: Callable[[Contest], None], **detail: object) -> Response[Any]:
    """Act, and note it; what the rules refuse is said on the console, with the reason."""
    live = live_of(visit)
    with live.hall.reading() as state:
        state.stage(stage)
        state.group(group)
    try:
        with live.hall.speaking() as contest:
            act(contest)
    except VehicleNestError as error:
        return _console(visit, stage, group, error)
    with visit.database.writing() as connection:
        visit.note(connection, "contest run", f"{stage}/{group}", **detail)
    return Redirect(f"/contest/console/{stage}/{group}", status_code=303)


HANDLERS = [console, clock, deed]
