"""How results read in a terminal."""

from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from vehiclenest.cli.console import console_for_people as _console
from vehiclenest.cli.console import plain_table as _table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vehiclenest.disclosure.authority import Upload
    from vehiclenest.disclosure.catenax import Document
    from vehiclenest.ledger import Mentioned, Trace
    from vehiclenest.ledger.trace import EventRecord
    from vehiclenest.site import Result

_REJECTED_SHOWN = 10
_EVENTS_SHOWN = 20
_SIGNS = {"met": "green", "not met": "red", "not assessed": "yellow"}


def _rate(rate: float | None, target: float, verdict: str) -> str:
    # Rounded down: what is just below a target never reads as the target.
    shown = "–" if rate is None else f"{floor(round(rate * 1e4, 6)) / 100:.2f} %"
    return f"{shown} of at least {target:.0%}: [{_SIGNS[verdict]}]{verdict}[/]"


def print_result(result: "Result", out: Path) -> None:
    """Print what a run did."""
    console = _console()
    console.print(
        f"[bold]{len(result.vehicles)}[/] of {result.rows_read} rows became vehicles, {len(result.rejected)} rejected; "
        f"{result.mass_in_kg / 1000:,.3f} t in, {result.events} events, {result.seconds:.1f} s"
    )
    if result.vehicles:
        _print_outcome(console, result)
    if result.rejected:
        rejected = _table("\nRejected", "where", "why")
        rejected.columns[1].justify = "left"
        for row in result.rejected[:_REJECTED_SHOWN]:
            place = row.file + (f" line {row.line}" if row.line is not None else "") + (f", {row.field}" if row.field else "")
            rejected.add_row(escape(place), escape(row.reason))
        console.print(rejected)
        if len(result.rejected) > _REJECTED_SHOWN:
            console.print(f"… and {len(result.rejected) - _REJECTED_SHOWN} more in {escape(str(out / 'rejected.csv'))}")
    if result.vehicles:
        console.print(f"\n{len(result.unverified)} unverified figures [U] stand behind this; the report lists them.")
        console.print(f"written: {escape(str(out / 'report.html'))}, events.jsonld, rejected.csv")


def _print_outcome(console: Console, result: "Result") -> None:
    from vehiclenest.disclosure import targets

    recycling, recovery = targets()
    routes = _table("\nWhere the mass went", "route", "kg", "share")
    ends = {"in stock": result.stock_kg, "lost as dust": result.lost_kg, "unaccounted": result.unaccounted_kg}
    for name, mass in (result.mass_by_route_kg | ends).items():
        routes.add_row(name.replace("_", " "), f"{mass:,.1f}", f"{mass / result.mass_in_kg:.2%}")
    console.print(routes)
    console.print(
        f"routes count what was delivered; of the parts delivered to reuse {result.expected_reuse_kg:,.1f} kg are expected to find a "
        "buyer, and money and carbon count that chance"
    )
    console.print(
        f"closure: largest error {result.max_closure_error:.1e} (relative); {result.estimated_mass_share:.0%} of the mass is estimated, "
        "there closure holds by construction"
    )
    if result.batteries:
        grades = ", ".join(f"{grade} {count}" for grade, count in result.batteries.items())
        console.print(f"traction batteries graded by a simulated pulse test: {grades}")
    console.print("\n[bold]Recovery achieved[/] (2005/293/EC, M1 and N1, without fuel; targets of 2000/53/EC Article 7(2)(b))")
    console.print(f"  reuse and recycling {_rate(result.rates.recycling_rate, recycling, result.rates.recycling_verdict)}")
    console.print(f"  reuse and recovery  {_rate(result.rates.recovery_rate, recovery, result.rates.recovery_verdict)}")
    console.print(
        f"\n[bold]Money[/] {float(result.money['net']):+,.0f} {result.money['currency']} net (sales at expected prices)   "
        f"[bold]Carbon[/] {result.carbon_kg / 1000:+,.1f} t CO2e (negative: avoided)"
    )


def print_trace(found: "Trace | Mentioned", most: int | None) -> None:
    """Print a trace; `most` outputs, or all for None."""
    from vehiclenest.ledger import Trace

    console = _console()
    if not isinstance(found, Trace):
        _print_mentioned(console, found, most)
        return
    lot = found.lot
    console.print(
        f"[bold]{escape(lot.name)}[/] ({lot.kind})  {escape(lot.uri)}\n{found.mass_kg:,.3f} kg, since {lot.created_at:%Y-%m-%d %H:%M} UTC"
    )
    for name, value in found.attributes.items():
        console.print(f"  [dim]{escape(name)}[/] {escape(value)}")
    back = _table("\nCame from", "vehicle", "kg", "share of this")
    for origin in found.origins[:most]:
        back.add_row(escape(f"{origin.lot.name} ({origin.lot.reference})"), f"{origin.mass_kg:,.3f}", f"{origin.share:.3%}")
    console.print(back)
    _more(console, len(found.origins), most)
    forward = _table("\nBecame", "thing", "route or end", "kg", "share of this")
    forward.columns[1].justify = "left"
    for output in found.outputs[:most]:
        name = f"{output.lot.name} ({output.lot.reference})" if output.lot else "–"
        forward.add_row(escape(name), output.end.replace("_", " "), f"{output.mass_kg:,.3f}", f"{output.share:.3%}")
    console.print(forward)
    _more(console, len(found.outputs), most)
    console.print(f"sum {sum(output.share for output in found.outputs):.6%}")
    _print_events(console, found.events)
    if found.unverified:
        console.print(f"{len(found.unverified)} unverified figures [U] stand behind this: --json lists them")


def _print_mentioned(console: Console, found: "Mentioned", most: int | None) -> None:
    console.print(f"[bold]{escape(found.uri)}[/]  named by foreign events alone: no mass is known, and no balance counts it")
    for title, uris in (("Made of", found.made_of), ("Went into", found.went_into)):
        if uris:
            console.print(f"\n[bold]{title}[/]")
            for uri in uris[:most]:
                console.print(f"  {escape(uri)}")
            _more(console, len(uris), most)
    _print_events(console, found.events)


def _print_events(console: Console, events: "Sequence[EventRecord]") -> None:
    table = _table("\nEvents", "time", "type", "step")
    for column in table.columns:
        column.justify = "left"
    for event in events[:_EVENTS_SHOWN]:
        table.add_row(f"{event.time:%Y-%m-%d %H:%M}", event.type, escape(event.biz_step or "–"))
    console.print(table)
    _more(console, len(events), _EVENTS_SHOWN)


def _more(console: Console, count: int, most: int | None) -> None:
    if most is not None and count > most:
        console.print(f"… and {count - most} more: --all or --json")


def print_balance(found: dict[str, Any]) -> None:
    """Print a balance of the four flows."""
    console = _console()
    by = str(found["by"])
    flows = ["received_kg", "consumed_kg", "produced_kg", "shipped_kg", "lost_kg", "unaccounted_kg", "stock_kg"]
    if by == "vehicle":
        table = _table("Material by vehicle, kg", by, "received", "became", "value", "carbon kg")
        for row in found["material"]:
            ends = ", ".join(f"{end.replace('_', ' ')} {mass:,.0f}" for end, mass in row["by_end_kg"].items())
            table.add_row(
                escape(f"{row['name']} ({row['vehicle']})"),
                f"{row['received_kg']:,.1f}",
                ends,
                row["value"],
                f"{row['carbon_kg']:,.0f}",
            )
    else:
        shown = [flow for flow in flows if any(flow in row for row in found["material"])]
        table = _table(f"Material by {by}, kg", by, *(flow.removesuffix("_kg") for flow in shown))
        for row in found["material"]:
            table.add_row(escape(row[by] or "–"), *(f"{row[flow]:,.1f}" for flow in shown))
    console.print(table)
    total = found["total"]
    console.print("total: " + ", ".join(f"{flow.removesuffix('_kg')} {total[flow]:,.1f}" for flow in flows))
    console.print(
        "\n[bold]Energy[/] " + (", ".join(f"{carrier} {kwh:,.1f} kWh" for carrier, kwh in found["energy_kwh"].items()) or "none")
    )
    money = _table("\nMoney", "purpose", "amount", "")
    for row in found["money"]:
        money.add_row(row["purpose"], f"{float(row['amount']):+,.2f}", row["currency"])
    console.print(money)
    console.print(
        "\n[bold]Information[/] "
        + (", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in found["information"].items()) or "none")
    )
    if found["foreign_events"]:
        console.print(f"{found['foreign_events']} events without our flows are stored and left out of these balances")
    if found["unverified"]:
        console.print(f"{len(found['unverified'])} unverified figures [U] stand behind this: --json lists them")


def print_upload(upload: "Upload", written: list[str]) -> None:
    """Print what a month's authority upload holds, how its deadlines stand and what is missing most."""
    console = _console()
    console.print(
        f"[bold]{upload.month}[/], as it stands on {upload.on}: {len(upload.vehicles)} vehicles, {len(upload.batteries)} batteries, "
        f"{len(upload.manifests)} hazardous-waste manifests; {upload.events:,} events read"
    )
    records = {"vehicles": upload.vehicles, "batteries": upload.batteries, "manifests": upload.manifests}
    deadlines = _table("\nDeadlines", "record", "status", "verdict", "how many", "first due")
    for name in ("vehicles", "batteries"):
        standing: dict[tuple[str, str], list[str]] = {}
        for record in (*upload.vehicles,) if name == "vehicles" else (*upload.batteries,):
            due = str(record.deadline.due or "–")
            standing.setdefault((record.deadline.status, record.deadline.verdict), []).append(due)
        for (status, verdict), due in standing.items():
            deadlines.add_row(name, status, f"[{_SIGNS[verdict]}]{verdict}[/]", str(len(due)), min(due))
    console.print(deadlines)
    gaps: dict[tuple[str, str, str], int] = {}
    for name, kind in records.items():
        for record in kind:
            for gap in record.missing:
                key = (name, gap.field, gap.supplied_by)
                gaps[key] = gaps.get(key, 0) + 1
    missing = _table("\nMissing: no event supplies it", "record", "field", "in how many", "what would supply it")
    missing.columns[1].justify = missing.columns[3].justify = "left"
    for (name, gap, source), count in gaps.items():
        missing.add_row(name, escape(gap), str(count), escape(source))
    console.print(missing)
    for file in written:
        console.print(f"written: {escape(file)}")


def print_document(document: "Document", out: Path | None) -> None:
    """Print a document, or what it lacks."""
    console = _console()
    if document.content is None:
        missing = _table(f"{document.aspect} of {escape(document.lot)}: missing", "field", "what would supply it")
        missing.columns[1].justify = "left"
        for gap in document.missing:
            missing.add_row(escape(gap.field), escape(gap.supplied_by))
        console.print(missing)
    elif out:
        console.print(f"{document.aspect} of {escape(document.lot)} written: {escape(str(out))}")
    else:
        console.print_json(data=document.content)
