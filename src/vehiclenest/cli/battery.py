"""`vnest battery`: learn, grade, match, line, code."""

import csv
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.options import FILE, Command, database, json_flag, print_json, progress
from vehiclenest.core.errors import InputError, Where

if TYPE_CHECKING:
    from vehiclenest.loop.battery.grade import Grading
    from vehiclenest.loop.battery.match import Matching, Modules

_PRINTED = 20
_EXTRA = ("numpy", "scipy", "simpy")


def _ledger(command: Command) -> Command:
    return click.option("--lot", metavar="ID", help="Lot of the ledger that this is about; records the outcome there.")(
        database(command)
    )


def _site(command: Command) -> Command:
    return click.option("--site", type=FILE, metavar="DIR", help="Folder of the site's own TOML files (see vnest settings).")(
        command
    )


@click.group()
def battery() -> None:
    """State of health in seconds, grades, second-life packs (extra: battery)."""


def _needs_extra() -> None:
    from importlib.util import find_spec

    # Before NumPy is imported: threads that share small matrix products wait for each other longer than they work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    if missing := next((name for name in _EXTRA if find_spec(name) is None), None):
        raise InputError(f"{missing} is not installed", expected="pip install 'vehiclenest[battery]'")


@battery.command(epilog="Example: vnest battery learn LFP.csv NMC.csv --model cells.json")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="CSV...")
@click.option(
    "--model", type=FILE, default="battery-model.json", show_default=True, help="Where the model goes; its card beside it (.md)."
)
@click.option("--mapping", type=FILE, metavar="TOML", help='Other names of columns, lines such as Mat = "chemistry".')
@click.option("--compact", type=FILE, metavar="FILE", help="Also write a small model that is evaluated without the extra.")
@json_flag
def learn(files: tuple[Path, ...], model: Path, mapping: Path | None, compact: Path | None, as_json: bool) -> None:
    """Learn SOH from pulse tests with measured SOH.

    Columns: Mat, ID, Qn (Ah), SOC (percent), SOH (fraction of Qn), U1 … U21 (V). Reports errors on physical cells that were left out
    of learning, by type of cell.
    """
    _needs_extra()
    from vehiclenest.loop.battery.learn import learn as learn_model
    from vehiclenest.loop.battery.learn import model_card
    from vehiclenest.loop.battery.reading import read_mapping
    from vehiclenest.loop.battery.stored import dump_model
    from vehiclenest.site import delivered_together

    card = model.with_suffix(".md")
    with delivered_together(model.parent, [model.name, card.name]) as folder:
        with progress() as show:
            learnt = learn_model(files, read_mapping(mapping), show)
        if compact:
            _write_compact(files, read_mapping(mapping), compact)
        (folder / model.name).write_bytes(dump_model(learnt))
        (folder / card.name).write_text(model_card(learnt, [file.name for file in files]), encoding="utf-8")
    if as_json:
        print_json(
            {
                "model": str(model),
                "card": str(card),
                "data_sha256": learnt.data_sha256,
                "seed": learnt.seed,
                "cross_validation": learnt.report,
            }
        )
        return
    for mode, by_type in learnt.report.items():
        click.echo(f"\nSOC {mode}: errors on cells left out, in points of SOH")
        click.echo(f"{'type':<14} {'tests':>6} {'cells':>6} {'MAE':>6} {'combined':>9} {'coverage':>9} {'width':>6}")
        for name, row in by_type.items():
            click.echo(
                f"{name:<14} {row['tests']:>6.0f} {row['cells']:>6.0f} {row['mae']:>6.2f} {row['mae_combined']:>9.2f} "
                f"{row['coverage']:>9.1%} {row['width']:>6.1f}"
            )
    click.echo(f"\nwritten: {model}, {card}")


def _write_compact(files: tuple[Path, ...], mapping: dict[str, str], path: Path) -> None:
    from vehiclenest.loop.battery.compact import dump_compact
    from vehiclenest.loop.battery.compact_learn import learn_compact
    from vehiclenest.loop.battery.learn import read_tests
    from vehiclenest.site.files import whole_file

    with whole_file(path) as file:
        file.write(dump_compact(learn_compact(*read_tests(files, mapping))))


@battery.command(epilog="Example: vnest battery grade tests.csv --model cells.json --out graded.csv")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="CSV...")
@click.option("--model", type=FILE, default="battery-model.json", show_default=True, help="A model of vnest battery learn.")
@click.option(
    "--soc", type=click.Choice(["known", "unknown"]), default="known", show_default=True, help="Whether the column SOC counts."
)
@click.option("--mapping", type=FILE, metavar="TOML", help='Other names of columns, lines such as Mat = "chemistry".')
@click.option("--out", type=FILE, metavar="FILE", help="CSV with one row a test; without it the first rows are printed.")
@click.option(
    "--code",
    metavar="CODE",
    help="GB/T 34014 code of the battery that --lot names; each graded part gets a new one linked to it.",
)
@_ledger
@_site
@json_flag
def grade(
    files: tuple[Path, ...], model: Path, soc: Any, mapping: Path | None, out: Path | None, code: str | None,
    lot: str | None, db: str, site: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Grade pulse tests: SOH with its 90 % interval, grade, disposition and reason, one row a test.

    Columns: Mat, ID, Qn, SOC (percent, where known), U1 … U21 (V); where measured also insulation_ohm_per_v, temperature_c,
    swelling_percent, lowest_voltage_v. Tests of one cell (ID) are combined. SOH is in percent.
    """
    _needs_extra()
    from vehiclenest.loop.battery.grade import COLUMNS, GradedTest, Grading
    from vehiclenest.loop.battery.reading import read_chunks, read_mapping
    from vehiclenest.loop.battery.stored import load_model
    from vehiclenest.site.files import whole_file

    if code and not lot:
        raise InputError("--code without --lot", expected="--lot, the battery in the ledger that the code belongs to")
    learnt, names = load_model(model), read_mapping(mapping)
    with Grading(learnt, soc, site) as grading, progress() as show:
        tests = 0
        for path in files:
            for chunk in read_chunks(path, names, grading.needed, grading.optional):
                grading.add(chunk)
                tests += len(chunk)
                show("tests", tests, 0)
        _something_done(grading, tests, files)
        kept: list[GradedTest] = []
        with whole_file(out) if out else nullcontext() as file:
            writer = csv.writer(file) if file else None
            if writer:
                writer.writerow(COLUMNS)
            by_cell: dict[str, GradedTest] = {}
            for row in grading.rows():
                if writer:
                    writer.writerow(row.cells())
                if len(kept) < _PRINTED:
                    kept.append(row)
                if lot:
                    _keep_best(by_cell, row)
            recorded = (
                _record_grades(lot, db, list(by_cell.values()), code, learnt.data_sha256, site, grading.unverified) if lot else {}
            )
    found = {
        "tests": tests, "grades": dict(sorted(grading.counts.items())), "retest_reasons": dict(grading.retest_reasons.most_common(10)),
        "soc": soc, "not_measured": sorted(grading.unmeasured), "out": str(out) if out else None,
        "unverified": list(grading.unverified), **recorded,
    }  # fmt: skip
    if as_json:
        print_json(found if out else found | {"first_rows": [dict(zip(COLUMNS, row.cells(), strict=True)) for row in kept]})
        return
    _print_grades(found, kept, out)


def _something_done(grading: "Grading", tests: int, files: tuple[Path, ...]) -> None:
    where = Where(", ".join(str(file) for file in files[:3]))
    if not tests:
        raise InputError("there are no tests in the file", expected="one row a test below the header", where=where)
    if grading.retests == tests:
        reason, count = grading.retest_reasons.most_common(1)[0]
        what, _, expected = reason.partition("; ")
        raise InputError(f"none of {tests:,} tests can be graded; {count:,} because {what}", expected=expected, where=where)


def _keep_best(by_cell: dict[str, Any], row: Any) -> None:
    """Keep one row a cell: a rejection before a grade, a grade before a retest."""
    rank = {"X": 0, "retest": 2}
    held = by_cell.get(row.cell)
    if held is None or rank.get(row.grade, 1) < rank.get(held.grade, 1):
        by_cell[row.cell] = row


def _record_grades(
    lot: str, db: str, rows: list[Any], code: str | None, data: str, site: Path | None, unverified: tuple[str, ...]
) -> dict[str, Any]:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings
    from vehiclenest.site.battery import GradedPart, record_grades

    parts = [GradedPart(row.cell, row.grade, row.disposition, row.reason, row.soh, row.soh_low, row.soh_high) for row in rows]
    with Ledger(db, create=False) as ledger:
        recorded = record_grades(ledger, lot, parts, code, data, Settings(folder=site), datetime.now(UTC), unverified)
    return {"lots": recorded.lots, "codes": recorded.codes, "events": recorded.events}


def _print_grades(found: dict[str, Any], rows: list[Any], out: Path | None) -> None:
    click.echo(
        f"{found['tests']:,} tests, SOC {found['soc']}: "
        + ", ".join(f"{grade} {count:,}" for grade, count in found["grades"].items())
    )
    for reason, count in found["retest_reasons"].items():
        click.echo(f"  retest {count:,}: {reason}")
    if not out:
        for row in rows:
            soh = "" if row.soh is None else f"{row.soh:5.1f} % ({row.soh_low:.1f}–{row.soh_high:.1f})"
            click.echo(f"  {row.cell:<28.28} {soh:<22} {row.grade:<6} {row.disposition}; {row.reason}")
        if found["tests"] > len(rows):
            click.echo(f"  … and {found['tests'] - len(rows):,} more: --out FILE")
    if found["not_measured"]:
        click.echo(f"not measured, so no safety rule looked at it: {', '.join(found['not_measured'])}")
    click.echo(f"{len(found['unverified'])} unverified limits [U] stand behind this: --json lists them")
    if out:
        click.echo(f"written: {out}")
    for name in found.get("lots", []):
        click.echo(f"recorded: {name}")


@battery.command(epilog="Example: vnest battery match modules.csv --pack 15S2P --out packs.csv")
@click.argument("file", type=FILE, metavar="MODULES.csv")
@click.option("--pack", default="15S2P", show_default=True, help="Groups in series, modules in parallel.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many packs, those with the most energy.")
@click.option("--out", type=FILE, metavar="FILE", help="CSV with one row a module: pack, group, id.")
@_ledger
@_site
@json_flag
def match(
    file: Path, pack: str, limit: int | None, out: Path | None, lot: str | None, db: str, site: Path | None, as_json: bool
) -> None:
    """Build second-life packs out of graded modules, with a proven bound on what any other choice could give.

    Columns: id, capacity_ah, resistance_mohm, ocv_v, self_discharge_percent_per_month. With --lot the modules are lots of the ledger and
    the packs become new ones, LOT-P0001 and so on.
    """
    _needs_extra()
    from vehiclenest.loop.battery.match import match as match_modules
    from vehiclenest.loop.battery.match import parse_layout
    from vehiclenest.loop.battery.modules import read_modules
    from vehiclenest.loop.battery.packs import energy_kwh

    layout = parse_layout(pack)
    modules, rejected = read_modules(file)
    found = match_modules(modules, layout, limit, site)
    if not len(found.packs):
        raise InputError(
            f"no pack of {layout.modules} can be made of {len(modules)} modules"
            + (f"; first refused row: {rejected[0]}" if rejected else ""),
            expected="more modules, or wider limits in match.toml (--site)", where=Where(str(file)),
        )  # fmt: skip
    energy = energy_kwh(modules, found.packs, site)
    if out:
        _write_packs(out, modules, found, energy)
    events = _record_packs(lot, db, modules, found, site) if lot else None
    summary = {
        "modules": len(modules), "rejected": [str(error) for error in rejected], "excluded_by_self_discharge": found.excluded,
        "packs": len(found.packs), "modules_used": int(found.packs.size), "usable_ah": found.found_ah, "bound_ah": found.bound_ah,
        "gap": found.gap, "energy_kwh": float(energy.sum()), "out": str(out) if out else None, "unverified": list(found.unverified),
    } | ({"events": events} if events is not None else {})  # fmt: skip
    if as_json:
        print_json(summary)
        return
    click.echo(
        f"{len(found.packs):,} packs {pack.upper()} of {found.packs.size:,} from {len(modules):,} modules, {energy.sum():,.1f} kWh usable"
    )
    click.echo(
        f"usable capacity {found.found_ah:,.0f} Ah, proven to be within {found.gap:.2%} of what any choice of packs can give "
        f"({found.bound_ah:,.0f} Ah)"
    )
    for error in rejected[:_PRINTED]:
        click.echo(f"  rejected: {error}")
    if out:
        click.echo(f"written: {out}")


def _write_packs(out: Path, modules: "Modules", found: "Matching", energy: Any) -> None:
    from vehiclenest.site.files import whole_file

    with whole_file(out) as file:
        writer = csv.writer(file)
        writer.writerow(["pack", "group", "position", "id", "capacity_ah", "pack_usable_ah", "pack_energy_kwh"])
        for number, pack in enumerate(found.packs):
            for group, members in enumerate(pack):
                for position, module in enumerate(members):
                    values = (f"{modules.capacity[module]:.4g}", f"{found.usable_ah[number]:.4g}", f"{energy[number]:.4g}")
                    writer.writerow([f"P{number + 1:04d}", group + 1, position + 1, modules.names[module], *values])


def _record_packs(lot: str, db: str, modules: "Modules", found: "Matching", site: Path | None) -> int:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings
    from vehiclenest.site.battery import record_packs

    packs = [[modules.names[module] for module in members] for members in found.packs.reshape(len(found.packs), -1).tolist()]
    with Ledger(db, create=False) as ledger:
        return record_packs(
            ledger, lot, packs, f"{found.layout.series}S{found.layout.parallel}P", Settings(folder=site), datetime.now(UTC)
        )


@battery.command(epilog="Example: vnest battery line --seed 1")
@click.argument("config", required=False, type=FILE)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@_site
@json_flag
def line(config: Path | None, seed: int, site: Path | None, as_json: bool) -> None:
    """Simulate the test line for four methods: channels, waiting, missed defects, cost per module.

    CONFIG is a TOML file with figures laid over the bundled ones (vnest settings DIR writes them as line.toml).
    """
    _needs_extra()
    from dataclasses import asdict

    from vehiclenest.loop.battery.line import simulate_line

    with progress():
        results, unverified = simulate_line(seed, config, site)
    if as_json:
        print_json({"seed": seed, "methods": [asdict(result) for result in results], "unverified": list(unverified)})
        return
    click.echo(
        f"{'method':<15} {'least channels':>22} {'bought':>8} {'busy':>6} {'wait p95':>10} {'missed':>8} {'false alarm':>12} "
        f"{'CNY/module':>11}"
    )
    for result in results:
        low, high = result.offered_load_range
        least = f"{result.offered_load:,.1f}" if low == high else f"{low:,.0f}–{high:,.0f}"
        click.echo(
            f"{result.title:<15} {least:>22} {result.channels:>8,} {result.utilisation:>6.0%} {result.wait_p95_s:>8.1f} s "
            f"{result.missed_defects:>8.1%} {result.false_alarms:>12.1%} {result.cost_cny:>11.2f}"
        )
    click.echo("missed: share of modules below the limit that pass; least channels: offered load, test time over gap of arrivals")
    click.echo(f"{len(unverified)} unverified figures [U] stand behind this: --json lists them")


@battery.command(epilog="Example: vnest battery code 001PE0A0000000B3S0000001")
@click.argument("text", metavar="CODE")
@json_flag
def code(text: str, as_json: bool) -> None:
    """Explain a GB/T 34014 code."""
    from vehiclenest.core.identifiers import parse_battery_code

    found = parse_battery_code(text)
    fields = {
        "code": found.text, "maker": found.maker, "level": found.product_type, "chemistry": found.chemistry_name,
        "specification": found.specification, "traceability": found.traceability, "produced": found.produced.isoformat(),
        "serial": found.serial, "reused": found.reused, "reused_as": found.reused_as,
    }  # fmt: skip
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        click.echo(
            f"{name.replace('_', ' '):<14} {'–' if value is None else 'yes' if value is True else 'no' if value is False else value}"
        )
    click.echo("after GB/T 34014-2017; year, month and day signs and chemistry letters other than B and E are from memory [U]")
