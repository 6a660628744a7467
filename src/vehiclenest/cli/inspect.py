"""`vnest inspect`: learn, list, scan."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vehiclenest.cli.options import FILE, Command, json_flag, print_json, progress
from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    from vehiclenest.loop.inspect.measure import Measured
    from vehiclenest.loop.inspect.reading import Unit

_EXTRA = ("numba", "numpy", "pye57", "scipy", "trimesh")
_UNITS = click.Choice(["micron", "mm", "cm", "inch", "foot", "m"])


def _library(command: Command) -> Command:
    return click.option(
        "--library",
        type=FILE,
        default="vnest-parts",
        show_default=True,
        metavar="DIR",
        help="Folder of the parts that were learnt.",
    )(command)


@click.group()
def inspect() -> None:
    """Identify used parts by their scans and measure them (extra: inspect)."""


def _needs_extra() -> None:
    from importlib.util import find_spec

    if missing := next((name for name in _EXTRA if find_spec(name) is None), None):
        raise InputError(f"{missing} is not installed", expected="pip install 'vehiclenest[inspect]'")


@inspect.command(epilog="Example: vnest inspect learn disc.stl drum.3mf --library parts")
@click.argument("meshes", nargs=-1, required=True, type=FILE, metavar="MESH...")
@click.option("--id", "part_id", metavar="ID", help="Name of the part, where one mesh is learnt; otherwise its card's or file's.")
@click.option("--unit", type=_UNITS, help="Unit of the files; by default what card or 3MF say, or mm.")
@click.option("--replace", is_flag=True, help="Learn anew a part that the library has.")
@_library
@json_flag
def learn(
    meshes: tuple[Path, ...], part_id: str | None, unit: "Unit | None", library: Path, *, replace: bool, as_json: bool
) -> None:
    """Add reference parts (STL, PLY, OBJ, 3MF) to a library.

    A card beside the mesh (part.stl → part.toml) may name id, family, material, tolerance_mm and unit. The first run compiles, which
    takes a minute.
    """
    _needs_extra()
    if part_id and len(meshes) > 1:
        raise InputError(f"--id names one part and {len(meshes)} meshes are given", expected="one mesh, or a card beside each")
    from vehiclenest.loop.inspect.reading import read_card, read_mesh
    from vehiclenest.loop.inspect.reference import TOLERANCE_MM, Library, Part, Reference

    shelf = Library(library)
    learnt: list[Part] = []
    with progress() as show:
        for number, mesh in enumerate(meshes):
            show("learning", number, len(meshes))
            card = read_card(mesh)
            part = Part(part_id or card.id, card.family, card.material, card.tolerance_mm or TOLERANCE_MM, (), mesh.name)
            shelf.check_new(part.part_id, replace=replace)
            shelf.add(Reference.learn(read_mesh(mesh, unit or card.unit), part), replace=replace)
            learnt.append(part)
            show("learning", number + 1, len(meshes))
    if as_json:
        print_json({"library": str(library), "learnt": [asdict(part) for part in learnt]})
        return
    for part in learnt:
        click.echo(f"learnt: {part.part_id} ({part.family}, tolerance {part.tolerance_mm:g} mm)")


@inspect.command("list", epilog="Example: vnest inspect list --library parts")
@_library
@json_flag
def list_parts(library: Path, *, as_json: bool) -> None:
    """List the parts that were learnt."""
    _needs_extra()
    from vehiclenest.loop.inspect.reference import Library

    parts = list(Library(library))
    if as_json:
        print_json({"library": str(library), "parts": [asdict(part) for part in parts]})
        return
    for part in parts:
        click.echo(f"{part.part_id:<24} {part.family:<20} {part.material:<20} {part.tolerance_mm:g} mm  {part.source}")
    click.echo(f"{len(parts)} parts in {library}")


@inspect.command(epilog="Example: vnest inspect scan core-17.ply --library parts --json")
@click.argument("scan", type=FILE, metavar="SCAN")
@click.option("--part", "part_id", metavar="ID", help="Which part it is, where that is known.")
@click.option("--fixture", is_flag=True, help="A fixture holds the part in the reference's place (±5 mm, ±3°); asks for --part.")
@click.option("--unit", type=_UNITS, help="Unit of the file; by default m for E57, mm for the rest.")
@click.option("--distances", type=FILE, metavar="FILE", help="Also write the signed distance of every point, mm, as NPY.")
@_library
@json_flag
def scan(
    scan: Path, part_id: str | None, unit: "Unit | None", distances: Path | None, library: Path, *, fixture: bool, as_json: bool
) -> None:
    """Find which part a scan (PLY, XYZ, NPY, E57) is of, align it, and measure how far its surface is off.

    Defects and a verdict are not assessed by this command yet.
    """
    _needs_extra()
    if fixture and part_id is None:
        raise InputError("--fixture without --part", expected="--part ID: a fixture is made for one part")
    from vehiclenest.loop.inspect.measure import measure
    from vehiclenest.loop.inspect.reading import read_scan
    from vehiclenest.loop.inspect.reference import Library

    shelf = Library(library)
    references = [shelf[name] for name in ([part_id] if part_id else list(shelf.parts))]
    found = measure(read_scan(scan, unit), references, fixture=fixture)
    if distances:
        _write_distances(distances, found)
    if as_json:
        print_json(found.document())
        return
    _print_measured(found)


def _write_distances(path: Path, found: "Measured") -> None:
    import numpy as np

    from vehiclenest.site import delivered_together

    with delivered_together(path.parent, [path.name]) as folder, (folder / path.name).open("wb") as file:
        np.save(file, found.distances, allow_pickle=False)


def _print_measured(found: "Measured") -> None:
    off, pose = found.deviation, found.pose
    click.echo(f"part {found.part_id}, {len(found.distances):,} points")
    for name, score in found.candidates[1:]:
        click.echo(f"  also tried: {name} (score {score:.3f}, the best {found.candidates[0][1]:.3f})")
    click.echo(
        f"deviation, mm: mean {off.mean:+.4f}, rms {off.rms:.4f}, 1 % {off.p01:+.4f}, 99 % {off.p99:+.4f}, greatest {off.max:+.4f}"
    )
    if pose.ambiguous or len(pose.free):
        click.echo(f"symmetric: {len(pose.ambiguous)} other poses fit as well, {len(pose.free)} motions are free")
    for note in pose.notes:
        click.echo(f"note: {note}")
    click.echo("defects and verdict: not assessed")
    click.echo("seconds: " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in found.seconds.items()))
