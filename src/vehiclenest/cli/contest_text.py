"""How the contest and its claims read in a terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from vehiclenest.cli.console import console_for_people, plain_table

if TYPE_CHECKING:
    from vehiclenest.contest import State

_MISSING_SHOWN = 6
_SIGNS = {"holds": "green", "fails": "red", "depends": "yellow"}


def print_state(found: dict[str, Any]) -> None:
    """Print where a contest stands."""
    console = console_for_people()
    entries = ", ".join(f"{group} {count}" for group, count in found["entries"].items())
    console.print(f"[bold]{escape(found['contest'])}[/]: {entries} entries, {found['judges']} judges, {found['events']} events")
    console.print(f"head {found['head']}")
    table = plain_table("\nStages", "stage", "phase", "public sees", "scheme", "entries", "scored")
    for name, stage in found["stages"].items():
        progress = stage.get("progress", {})
        scored = f"{sum(row['scored'] for row in progress.values())} of {sum(row['assigned'] for row in progress.values())}"
        count = str(sum(stage["entries"].values()))
        table.add_row(
            name, stage["phase"], stage["scoreboard"], stage["scheme"].replace("_", " "), count, scored if progress else "–"
        )
    console.print(table)
    for name, stage in found["stages"].items():
        _print_stage(console, name, stage)
    for group, prizes in found["awards"].items():
        console.print(f"{escape(group)}: " + "; ".join(f"{prize} {', '.join(entries)}" for prize, entries in prizes.items()))
    if found.get("refused"):
        refused = plain_table(
            f"\nRefused: {found['refused']}, the last {len(found['last_refused'])}", "event", "what", "who", "why"
        )
        for row in found["last_refused"]:
            refused.add_row(str(row["event"]), row["kind"].replace("_", " "), escape(row["author"]), escape(row["reason"]))
        refused.columns[3].justify = "left"
        console.print(refused)


def _print_stage(console: Console, name: str, stage: dict[str, Any]) -> None:
    for group, showing in stage["showing"].items():
        console.print(f"{name}, {group}: {showing['entry']} {showing['phase']} since {showing['since'][11:19]} UTC")
    if stage["phase"] != "open":
        return
    for judge, row in stage.get("progress", {}).items():
        if row["missing"]:
            missing = ", ".join(row["missing"][:_MISSING_SHOWN]) + (" …" if len(row["missing"]) > _MISSING_SHOWN else "")
            console.print(f"  {escape(judge)}: {row['scored']} of {row['assigned']} scored, missing {missing}")


def print_ranking(stage: str, group: str, found: dict[str, Any], most: int | None = None) -> None:
    """Print a ranking; `most` rows, or all for None."""
    console = console_for_people()
    title = f"\n{escape(stage)}, {escape(group)}: {found['scheme'].replace('_', ' ')}"
    table = plain_table(title, "place", "entry", "result", "scores", "rank from–to", "tie")
    table.columns[1].justify = "left"
    drawn = False
    for row in found["rows"][:most]:
        beyond = row["place"] is None or row["place"] > found["cut"]
        if beyond and not drawn and found["cut"]:
            table.add_section()
            table.add_row("", f"[dim]— the line, after place {found['cut']} —[/]", "", "", "", "")
            drawn = True
        interval = "–".join(map(str, row["rank_interval"])) if row["rank_interval"] else ""
        scores = f"{row['scores']}" if row["scores"] == row["wanted"] else f"{row['scores']} of {row['wanted']}"
        tie = (row["tie"] or "").replace("_", " ")
        table.add_row(
            str(row["place"] or "–"), escape(f"{row['entry']} {row['name']}"), row["result"] or "–", scores, interval, tie
        )
    console.print(table)
    if most and len(found["rows"]) > most:
        console.print(f"… and {len(found['rows']) - most} more")
    if explained := found.get("explained"):
        _print_explained(console, found, explained)


def _print_explained(console: Console, found: dict[str, Any], explained: dict[str, Any]) -> None:
    for name in ("rule", "rounding", "ties", "cut"):
        console.print(explained[name])
    facts = {name: float(value) for name, value in found["facts"].items()}
    if "variance_rest" in facts:
        total = sum(facts.values())
        shares = ", ".join(f"{name.removeprefix('variance_')} {value / total:.0%}" for name, value in facts.items())
        console.print(f"variance of the scores: {shares}")
    for entry in explained["entries"]:
        judges = ", ".join(
            f"{judge['judge']} {judge['points'] or '–'}"
            + (f" (gives {judge['gives_above_others']} above others)" if "gives_above_others" in judge else "")
            + (f" ({judge['note']})" if "note" in judge else "")
            for judge in entry["judges"]
        )
        console.print(f"  {entry['place'] or '–'}. {escape(entry['entry'])}: {escape(judges)}")


def print_demo(found: dict[str, Any], state: "State", out: Path) -> None:
    """Print what came of the model contest."""
    console = console_for_people()
    provinces = len({entry.province for entry in state.entries.values()})
    console.print(
        f"[bold]{escape(found['name'])}[/] (made up): {len(state.entries)} entries from {provinces} provinces, "
        f"{len(state.judges)} judges, {found['events']} signed events, {found['refused']} refused with the reason"
    )
    for name, stage in found["stages"].items():
        groups = ", ".join(f"{group} {len(ranking['rows'])}" for group, ranking in stage["groups"].items())
        console.print(f"  {name}: {groups}")
    last = list(found["stages"])[-1]
    for group, ranking in found["stages"][last]["groups"].items():
        print_ranking(last, group, ranking, ranking["cut"])
    folder = escape(str(out))
    console.print(f"\nwritten: {folder}/log.jsonl, ranking.json; the same bytes at every run")
    console.print(f"look: vnest contest state --dir {folder}, … rank, … export; vnest contest replay {folder}/log.jsonl")


def print_claims(rows: list[dict[str, Any]]) -> None:
    """Print what is claimed against what was measured."""
    console = console_for_people()
    columns = ("claim", "claimed", "measured", "interval", "unit", "verdict", "missing, or on what it depends")
    table = plain_table("What is claimed against what was measured", *columns)
    table.columns[6].justify = "left"
    for row in rows:
        measured = "–" if row["measured"] is None else f"{row['measured']:g}"
        interval = "–" if row["interval"] is None else "–".join(f"{bound:g}" for bound in row["interval"])
        verdict = f"[{_SIGNS.get(row['verdict'], 'dim')}]{row['verdict']}[/]"
        why = row["missing"] or row["depends_on"] or ""
        table.add_row(escape(row["claim"]), escape(row["claimed"]), measured, interval, escape(row["unit"]), verdict, escape(why))
    console.print(table)
    for row in rows:
        if row["baseline"]:
            console.print(f"[dim]{escape(row['claim'])}: compared with {escape(row['baseline'])}[/]")
    console.print("conditions, sources and times of measurement: --json")
