"""How the results of `vnest regenerate` read in a terminal."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from vehiclenest.loop.regenerate import Row

_WIDTH = 170  # no terminal folds what goes into a file
_COLOURS = {"met": "green", "holds": "green", "not met": "red", "fails": "red"}
_MISSING = "–"
_BOUNDARIES = {
    "lithium": "lithium circuit",
    "oxide": "to mixed oxide",
    "salts": "to battery-grade salts",
    "all": "all three",
}
_SMALL = 1e-3  # a share that is not worth a line


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _WIDTH)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    return table


def _verdict(word: str) -> str:
    return f"[{_COLOURS.get(word, 'yellow')}]{word}[/]"


def _share(share: float | None) -> str:
    return _MISSING if share is None else f"{share:.2%}"


def print_run(result: Mapping[str, Any], html: Path | None) -> None:
    """Print the outcome of a run."""
    console = _console()
    mass = result["mass_t"]
    console.print(
        f"[bold]{escape(result['feed'])}[/], {mass:,.3f} t, route [bold]{result['route']}[/] to {result['to']}, "
        f"graphite {result['graphite']['fate']}"
    )
    products = _table("\nProducts", "product", "t", "purity")
    for name, product in result["products"].items():
        products.add_row(name, f"{product['t']:,.4f}", _share(product["purity"]) if product["purity"] else "not modelled")
    console.print(products)
    leaves = _table("\nResidues and gases", "stream", "t")
    for name, tonnes in (result["residues_t"] | result["gases_t"]).items():
        leaves.add_row(name, f"{tonnes:,.4f}")
    console.print(leaves)
    console.print("\n[bold]Recovery[/]  " + "   ".join(f"{name} {_share(share)}" for name, share in result["recovery"].items()))
    for title, rows in (
        ("Lithium after the roast", result["lithium_after_roast"]),
        ("Where the lithium went", result["lithium_went"]),
    ):
        if rows:
            console.print(
                f"[bold]{title}[/]  " + "   ".join(f"{name} {share:.1%}" for name, share in rows.items() if share > _SMALL)
            )
    console.print(
        "[bold]Where the graphite went[/]  "
        + "   ".join(f"{name} {share:.1%}" for name, share in result["graphite"]["went"].items())
    )
    _print_accounts(console, result)
    limits = _table("\nLimits", "article", "limit", "figure", "verdict", "")
    for check in result["limits"]:
        sign = "<" if check["kind"] == "below" else "≥"
        figure = _MISSING if check["figure"] is None else f"{check['figure']:.4g}"
        limits.add_row(
            check["article"],
            _MISSING if check["limit"] is None else f"{sign} {check['limit']:g} {check['unit']}",
            figure,
            _verdict(check["verdict"]),
            escape(check["why"]),
        )
    console.print(limits)
    if "ledger" in result:
        console.print(f"\n{result['ledger']['events']} events booked: {', '.join(result['ledger']['lots'])}")
        carbonate = result["ledger"]["lots"].get("lithium carbonate")
        if carbonate:
            console.print(f"trace it back: vnest trace {carbonate}")
    console.print(f"\n{len(result['unverified'])} unverified figures [U] stand behind this: --json lists them")
    _written(console, html)


def _print_accounts(console: Console, result: Mapping[str, Any]) -> None:
    rows = _table("\nUsed", "what", "amount")
    for carrier, kwh in result["energy_by_carrier_kwh"].items():
        rows.add_row(carrier, f"{kwh:,.0f} kWh")
    for name, tonnes in result["reagents_t"].items():
        rows.add_row(f"{name} (100 %)", f"{tonnes:,.4f} t")
    rows.add_row("fresh water", f"{result['water_t']:,.3f} t")
    rows.add_row("water used again", _share(result["water_reuse"]))
    rows.add_row("labour", _MISSING if result["labour_h"] is None else f"{result['labour_h']:,.1f} h")
    console.print(rows)
    money = _table("\nMoney", "what", "CNY")
    for name, amount in result["opex"]["by"].items():
        money.add_row(name, f"{-float(amount):,.0f}")
    for name, amount in result["revenue"]["by"].items():
        money.add_row(f"sale of {name}", f"{float(amount):,.0f}")
    money.add_row("without purchase of the feed", f"{float(result['revenue']['amount']) - float(result['opex']['amount']):+,.0f}")
    money.add_row("capital of the plant", _MISSING if result["capex"] is None else f"{float(result['capex']['amount']):,.0f}")
    console.print(money)
    for name in result["missing"]:
        console.print(f"[yellow]missing[/] {escape(name)}")
    sources = ", ".join(f"{name} {kg:,.0f}" for name, kg in result["carbon_by_source_kg"].items())
    console.print(f"\n[bold]Carbon[/] {result['carbon_kg']:,.0f} kg CO2e, nothing credited ({sources})")
    console.print(
        f"[bold]Closure[/] elements {max(result['closure'].values()):.1e}, enthalpy {result['enthalpy_closure']:.1e} (largest of any unit, "
        f"relative); recycles settled to {result['loop']['relative_change']:.1e} in {result['loop']['rounds']} rounds"
    )


def print_compare(feed: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print routes side by side."""
    console = _console()
    console.print(f"[bold]{escape(feed)}[/], per t of black mass, parameters at their values")
    columns = ("boundary", "route", "energy kWh", "reagents kg", "carbon kg", "lithium", "labour h", "capital CNY")
    table = _table("", *columns)
    table.columns[1].justify = "left"
    notes: dict[str, None] = {}
    for row in rows:
        if row["refused"]:
            table.add_row(row["boundary_name"], row["route"], *[_MISSING] * 6)
            notes[f"{row['route']}, {row['boundary_name']}: {row['refused']}"] = None
            continue
        table.add_row(
            row["boundary_name"],
            row["route"],
            f"{row['energy_kwh_per_t']:,.0f}",
            f"{row['reagents_kg_per_t']:,.0f}",
            f"{row['carbon_kg_per_t']:,.0f}",
            _share(row["lithium_recovery"]),
            _MISSING if row["labour_h_per_t"] is None else f"{row['labour_h_per_t']:.0f}",
            _MISSING if row["capex_cny"] is None else f"{float(row['capex_cny']):,.0f}",
        )
        notes |= dict.fromkeys(f"missing: {name}" for name in row["missing"])
    console.print(table)
    for note in notes:
        console.print(escape(note))


def print_claims(feed: str, runs: int, rows: "Sequence[Row]", html: Path | None) -> None:
    """Print what the claims are worth."""
    console = _console()
    console.print(f"[bold]{escape(feed)}[/], {runs:,} draws; holds from a probability of 0.95, fails up to 0.05")
    table = _table("", "claim", "boundary", "probability", "median (5–95 %)", "verdict")
    for row in rows:
        table.add_row(
            row.says if row.boundary == "lithium" else "",
            _BOUNDARIES[row.boundary],
            _MISSING if row.probability is None else f"{row.probability:.3f}",
            _figure(row),
            _verdict(row.verdict.value),
        )
    console.print(table)
    for claim, missing in dict.fromkeys((row.claim, row.missing) for row in rows if row.missing and row.boundary != "all"):
        console.print(f"[yellow]missing[/] for {claim}: {escape(missing)}")
    drivers = _table("\nWhat drives them (rank correlation with the claim's margin)", "claim", "boundary", "parameters")
    drivers.columns[2].justify = "left"
    for row in rows:
        if row.drivers:
            drivers.add_row(
                row.claim, _BOUNDARIES[row.boundary], ", ".join(f"{name} {value:+.2f}" for name, value in row.drivers[:4])
            )
    console.print(drivers)
    _written(console, html)


def claims_markdown(feed: str, runs: int, seed: int, rows: "Sequence[Row]") -> str:
    """Return the verdicts as a Markdown table."""
    by_claim: dict[str, list[Row]] = {}
    for row in rows:
        by_claim.setdefault(row.claim, []).append(row)
    lines = [
        f"{feed}, {runs:,} draws, seed {seed}.",
        "",
        "| Claim | " + " | ".join(_BOUNDARIES[name].capitalize() for name in ("lithium", "oxide", "salts")) + " | Verdict |",
        "|---|---|---|---|---|",
    ]
    for found in by_claim.values():
        cells = [
            f"{row.verdict.value}" + ("" if row.probability is None else f" (p {row.probability:.2f}; {_figure(row)})")
            for row in found[:3]
        ]
        missing = f": {found[3].missing}" if found[3].missing else ""
        lines.append(
            f"| {found[0].says[0].upper()}{found[0].says[1:]} | "
            + " | ".join(cells)
            + f" | **{found[3].verdict.value}**{missing} |"
        )
    return "\n".join(lines)


def _figure(row: "Row") -> str:
    if row.figure is None:
        return _MISSING
    low, middle, high = row.figure
    if row.unit == "1":
        return f"{middle:+.0%} ({low:+.0%} to {high:+.0%})" if middle > -10 else "no product to save on"  # noqa: PLR2004  # tenfold use
    return f"{middle:,.0f} {row.unit} ({low:,.0f} to {high:,.0f})"


def print_plan(found: Mapping[str, Any]) -> None:
    """Print a year's plan."""
    console = _console()
    console.print(
        f"[bold]{found['year']}[/]: {found['packs_t']:,.0f} t of packs, {found['share_iron_phosphate']:.0%} iron phosphate, "
        f"route {found['route']} in campaigns of {' and '.join(found['black_mass_t'])}"
    )
    table = _table("", "what", "amount")
    table.add_row("chemical lines", str(found["lines"]))
    table.add_row("one module every", f"{found['seconds_per_module']:.2f} s")
    for name, channels in found["test_channels"].items():
        table.add_row(f"test channels, {name.replace('_', ' ')}", f"{channels:,}")
    stock = found["stock_t"]
    table.add_row("packs in stock, mean", f"{stock['mean']:,.0f} t")
    table.add_row("packs in stock, largest", f"{stock['largest']:,.0f} t")
    table.add_row("floor for the largest stock", f"{found['floor_m2']:,.0f} m²")
    for side in ("products_t", "reagents_t"):
        for name, tonnes in found[side].items():
            table.add_row(f"{side[:-3]}: {name}", f"{tonnes:,.0f} t")
    table.add_row("fresh water", f"{found['water_t']:,.0f} t")
    table.add_row("energy", f"{found['energy_kwh'] / 1e6:,.1f} GWh")
    table.add_row("carbon", f"{found['carbon_kg'] / 1e3:,.0f} t CO2e")
    carbonate = found["lithium_carbonate_t"]
    table.add_row("lithium carbonate lost if shredded unsorted", f"{carbonate['lost_without_sorting']:,.0f} t")
    console.print(table)
    for name in found["missing"]:
        console.print(f"[yellow]missing[/] {escape(name)}")
    console.print(f"{len(found['unverified'])} unverified figures [U] stand behind this: --json lists them")


def _written(console: Console, html: Path | None) -> None:
    if html:
        console.print(f"written: {escape(str(html))}")
