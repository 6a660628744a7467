"""Papers of a contest as pages that need nothing but a browser, in English and Chinese: ranking, protocols, certificates, lists."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vehiclenest.contest.model import Phase, Score
from vehiclenest.contest.outcome import recommended
from vehiclenest.contest.ranking import Ranking, rank
from vehiclenest.contest.replay import result_bytes
from vehiclenest.contest.state import State
from vehiclenest.core.errors import ConflictError, InputError

WHAT = ("ranking", "protocols", "certificates", "recommendations")
Table = list[list[str]]


def export(state: State, what: Sequence[str] = WHAT) -> tuple[dict[str, str], dict[str, Table]]:
    """Return pages and tables by file name.

    Parameters
    ----------
    what
        Which of `WHAT`; certificates and recommendations wait for the last stage.

    Raises
    ------
    ConflictError
        Where nothing can be made yet of what was asked for.
    """
    if state.config is None:
        raise InputError("there is no contest yet")
    makers = {"ranking": _rankings, "protocols": _protocols, "certificates": _certificates, "recommendations": _recommendations}
    pages: dict[str, str] = {}
    tables: dict[str, Table] = {}
    for name in what:
        more_pages, more_tables = makers[name](state)
        pages |= more_pages
        tables |= more_tables
    if not pages:
        raise ConflictError(f"there is nothing to export as {', '.join(what)} yet", expected="a stage that is judged")
    return pages, tables


def _rankings(state: State) -> tuple[dict[str, str], dict[str, Table]]:
    judged = _judged(state)
    if not judged:
        return {}, {}
    header = [
        "stage",
        "group",
        "place",
        "entry",
        "name",
        "organisation",
        "province",
        "result",
        "scores",
        "tie",
        "rank_low",
        "rank_high",
    ]
    rows = [header]
    for ranking in judged:
        for row in ranking.rows:
            entry = state.entries[row.entry]
            cells: list[Any] = [ranking.stage, ranking.group, row.place, entry.id, entry.name, entry.organisation, entry.province]
            cells += [row.result, row.scores, row.tie, row.low, row.high]
            rows.append(["" if cell is None else str(cell) for cell in cells])
    page = _render("ranking.html", state, rankings=judged)
    return {"ranking.html": page, "ranking.json": result_bytes(state).decode()}, {"ranking.csv": rows}


def _protocols(state: State) -> tuple[dict[str, str], dict[str, Table]]:
    """Give the score sheets of each stage and group: every mark of every judge, with time and number of the event that holds it."""
    pages: dict[str, str] = {}
    for ranking in _judged(state):
        stage, group = state.stages[ranking.stage], state.groups[ranking.group]
        sheets = [
            (row, [(judge, stage.scores.get((row.entry, judge), [])) for judge in stage.plan[row.entry]]) for row in ranking.rows
        ]
        name = f"protocol-{ranking.stage}-{ranking.group}.html"
        pages[name] = _render("protocol.html", state, ranking=ranking, stage=stage, group=group, sheets=sheets)
    return pages, {}


def _certificates(state: State) -> tuple[dict[str, str], dict[str, Table]]:
    if not state.awards:
        return {}, {}
    prizes = {(group.id, prize.id): prize for group in state.groups.values() for prize in group.prizes}
    certificates = [
        {"entry": state.entries[entry], "group": state.groups[group], "prize": prizes[group, prize]}
        for group, by_prize in state.awards.items()
        for prize, entries in by_prize.items()
        for entry in entries
    ]
    return {"certificates.html": _render("certificates.html", state, certificates=certificates)}, {}


def _recommendations(state: State) -> tuple[dict[str, str], dict[str, Table]]:
    lists = {group: entries for group, entries in recommended(state).items() if entries}
    if not lists:
        return {}, {}
    last = list(state.stages)[-1]
    results: dict[str, Decimal | None] = {row.entry: row.result for group in lists for row in rank(state, last, group).rows}
    rows = [["group", "number", "entry", "name", "name_zh", "organisation", "province", "result"]]
    for group, entries in lists.items():
        for number, identifier in enumerate(entries, start=1):
            entry = state.entries[identifier]
            named = [entry.id, entry.name, entry.name_zh, entry.organisation, entry.province]
            rows.append([group, str(number), *named, str(results[identifier])])
    page = _render("recommendations.html", state, lists=lists, results=results)
    return {"recommendations.html": page}, {"recommendations.csv": rows}


def _judged(state: State) -> list[Ranking]:
    """Return the rankings of stages that are closed or finalized."""
    return [
        rank(state, name, group)
        for name, stage in state.stages.items()
        if stage.phase in {Phase.CLOSED, Phase.FINALIZED}
        for group in stage.entries
    ]


def _render(template: str, state: State, **context: Any) -> str:
    stages = {name: stage.config for name, stage in state.stages.items()}
    return _environment().get_template(template).render(config=state.config, state=state, stages=stages, **context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = _points
    return environment


def _points(score: Score) -> str:
    return f"{score.points:f}"
