"""What everybody sees of the contest: stages, scoreboards, entries, and the stream of what happens."""

import os
from pathlib import Path
from typing import Annotated, Any

from litestar import Request, Response
from litestar.datastructures import State as AppState
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from vehiclenest.contest import State
from vehiclenest.contest.claims import BUNDLED, claim_rows, last_kept, read_register
from vehiclenest.contest.model import Entry
from vehiclenest.contest.view import Reader, Role, scores
from vehiclenest.core.errors import NotFoundError
from vehiclenest.web.contest.board import board, running_order
from vehiclenest.web.contest.live import Live, Screen
from vehiclenest.web.policy import Permission, contest_reader
from vehiclenest.web.routes import page, read
from vehiclenest.web.visit import Here, Visit

_KEPT = "vnest-claims.jsonl"  # where vnest claims keeps measurements


def live_of(visit: Visit) -> Live:
    """Return the contest that is served; raise `NotFoundError` where there is none."""
    live = visit.application.contest
    if live is None:
        raise NotFoundError("no contest is served here", expected="vnest serve --contest FOLDER, made by vnest contest new")
    return live


@page("/contest", Permission.CONTEST_READ)
def contest(visit: Here) -> Response[str]:
    """Show stages and groups of the contest."""
    live = live_of(visit)
    with live.hall.reading() as state:
        reader = contest_reader(visit.principal, state)
        stages = [
            {
                "config": stage.config,
                "phase": stage.phase.value,
                "scoreboard": stage.scoreboard,
                "groups": [(state.groups[group], len(entries)) for group, entries in stage.entries.items() if entries],
            }
            for stage in state.stages.values()
        ]
        return visit.render("contest.html", contest=state.config, stages=stages, reader=reader, awards=_awards(state))


@page("/contest/board/{stage:str}/{group:str}", Permission.CONTEST_READ)
def scoreboard(visit: Here, stage: FromPath[str], group: FromPath[str]) -> Response[str]:
    """Show the scoreboard of a group in a stage; it goes on by itself where scripts run."""
    live = live_of(visit)
    with live.hall.reading() as state:
        reader = contest_reader(visit.principal, state)
        shown = board(state, stage, group, reader)
        return visit.render(
            "contest_board.html",
            contest=state.config,
            stage=state.stage(stage).config,
            group=state.group(group),
            board=shown,
            order=[state.entries[entry] for entry in running_order(state.stage(stage), group)],
            reader=reader,
        )


@read("/contest/live", Permission.CONTEST_READ, quick=True, media_type="text/event-stream")
def live(
    request: Request[Any, Any, AppState],
    visit: Here,
    stage: Annotated[str, QueryParameter(max_length=40)],
    group: Annotated[str, QueryParameter(max_length=40)],
    after: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
) -> Stream:
    """Stream what happens, as server-sent events: those after `after`, or after the header `Last-Event-ID`."""
    running = live_of(visit)
    with running.hall.reading() as state:
        state.stage(stage)
        state.group(group)
        screen = Screen(stage, group, contest_reader(visit.principal, state))
    seen = request.headers.get("last-event-id", "")
    position = int(seen) if seen.isascii() and seen.isdigit() else after
    return Stream(
        running.stream(screen, position),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@page("/contest/entries/{entry:str}", Permission.CONTEST_READ)
def entry_page(visit: Here, entry: FromPath[str]) -> Response[str]:
    """Show an entry with its evidence, its claims to those who judge, and its results as far as the reader may see them."""
    live = live_of(visit)
    with live.hall.reading() as state:
        known = state.entries.get(entry)
        if known is None:
            raise NotFoundError(f"there is no entry {entry[:40]!r}", expected="an entry of this contest")
        reader = contest_reader(visit.principal, state)
        return visit.render(
            "contest_entry.html",
            contest=state.config,
            entry=known,
            group=state.group(known.group),
            evidence=[(name, text, _is_link(text)) for name, text in known.details.items() if text],
            results=_results(state, known, reader),
            claims=_claims(known) if reader.role in {Role.ORGANISER, Role.JUDGE} else [],
            reader=reader,
        )


def _results(state: State, entry: Entry, reader: Reader) -> list[dict[str, Any]]:
    """Return place, result and visible scores of an entry in each stage that it was in."""
    found: list[dict[str, Any]] = []
    for name, stage in state.stages.items():
        if entry.id not in stage.entries.get(entry.group, ()):
            continue
        shown = board(state, name, entry.group, reader)
        found.append(
            {
                "stage": stage.config,
                "scoreboard": shown["scoreboard"],
                "row": next((row for row in shown["rows"] or () if row["entry"] == entry.id), None),
                "scores": [score for score in scores(state, name, reader) if score.entry == entry.id],
            }
        )
    return found


def _claims(entry: Entry) -> list[dict[str, Any]]:
    """Return what the register says of an entry: under its identifier, its name, or the name in its column `claims`."""
    register = read_register(BUNDLED)
    names = {name.strip().casefold() for name in (entry.id, entry.name, entry.details.get("claims", ""))}
    claims = [claim for claim in register.claim if claim.entry.casefold() in names]
    kept = last_kept(Path(os.environ.get("VNEST_CLAIMS", _KEPT))) if claims else {}
    return claim_rows(register, claims, kept)


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://")) and not any(character.isspace() for character in text)


def _awards(state: State) -> list[tuple[Any, list[tuple[Any, list[Entry]]]]]:
    return [
        (
            state.groups[group],
            [
                (prize, [state.entries[entry] for entry in prizes[prize.id]])
                for prize in state.groups[group].prizes
                if prizes.get(prize.id)
            ],
        )
        for group, prizes in state.awards.items()
    ]


HANDLERS = [contest, scoreboard, live, entry_page]
