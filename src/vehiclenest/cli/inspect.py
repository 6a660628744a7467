"""`vnest inspect`: learn, list, scan (watch: cli/inspect_watch.py)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.options import FILE, Command, database, json_flag, print_json, progress
from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    from vehiclenest.loop.inspect.inspection import Inspected
    from vehiclenest.loop.inspect.reading import Unit
    from vehiclenest.loop.inspect.reference import Library

_EXTRA = ("cv2", "numba", "numpy", "pye57", "scipy", "trimesh")
UNITS = click.Choice(["micron", "mm", "cm", "inch", "foot", "m"])


def library_option(command: Command) -> Command:
    """Add --library."""
    return click.option(
        "--library",
        type=FILE,
        default="vnest-parts",
        show_default=True,
        metavar="DIR",
        help="Folder of the parts that were learnt.",
    )(command)


def site_option(command: Command) -> Command:
    """Add --site."""
    return click.option("--site", type=FILE, metavar="DIR", help="Folder of the site's own TOML files (see vnest settings).")(
        command
    )


@click.group()
def inspect() -> None:
    """Identify used parts by their scans, measure them, judge them (extra: inspect)."""


def needs_extra() -> None:
    """Raise `InputError` where the extra is not installed."""
    from importlib.util import find_spec

    if missing := next((name for name in _EXTRA if find_spec(name) is None), None):
        raise InputError(f"{missing} is not installed", expected="pip install 'vehiclenest[inspect]'")


@inspect.command(epilog="Example: vnest inspect learn disc.stl drum.3mf --library parts")
@click.argument("meshes", nargs=-1, required=True, type=FILE, metavar="MESH...")
@click.option("--id", "part_id", metavar="ID", help="Name of the part, where one mesh is learnt; otherwise its card's or file's.")
@click.option("--unit", type=UNITS, help="Unit of the files; by default what card or 3MF say, or mm.")
@click.option("--replace", is_flag=True, help="Learn anew a part that the library has.")
@library_option
@json_flag
def learn(
    meshes: tuple[Path, ...], part_id: str | None, unit: "Unit | None", library: Path, *, replace: bool, as_json: bool
) -> None:
    """Add reference parts (STL, PLY, OBJ, 3MF) to a library.

    A card beside the mesh (part.stl → part.toml) may name id, family, material, tolerance_mm, marks (part numbers that stand on it) and
    unit. The first run compiles, which takes a minute.
    """
    needs_extra()
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
            part = Part(part_id or card.id, card.family, card.material, card.tolerance_mm or TOLERANCE_MM, card.marks, mesh.name)
            shelf.check_new(part.part_id, replace=replace)
            shelf.add(Reference.learn(read_mesh(mesh, unit or card.unit), part), replace=replace)
            learnt.append(part)
            show("learning", number + 1, len(meshes))
        shelf.catalogue()  # finds what is nearly alike now, so that no scan waits for it
    if as_json:
        print_json({"library": str(library), "learnt": [asdict(part) for part in learnt]})
        return
    for part in learnt:
        click.echo(f"learnt: {part.part_id} ({part.family}, tolerance {part.tolerance_mm:g} mm)")


@inspect.command("list", epilog="Example: vnest inspect list --library parts")
@library_option
@json_flag
def list_parts(library: Path, *, as_json: bool) -> None:
    """List the parts that were learnt."""
    needs_extra()
    from vehiclenest.loop.inspect.reference import Library

    parts = list(Library(library))
    if as_json:
        print_json({"library": str(library), "parts": [asdict(part) for part in parts]})
        return
    for part in parts:
        click.echo(f"{part.part_id:<24} {part.family:<20} {part.material:<20} {part.tolerance_mm:g} mm  {part.source}")
    click.echo(f"{len(parts)} parts in {library}")


@inspect.command(epilog="Example: vnest inspect scan core-17.ply --library parts --html core-17.html")
@click.argument("scan", type=FILE, metavar="SCAN")
@click.option("--part", "part_id", metavar="ID", help="Which part it is, where that is known.")
@click.option("--fixture", is_flag=True, help="A fixture holds the part in the reference's place (±5 mm, ±3°); asks for --part.")
@click.option("--image", type=FILE, metavar="PICTURE", help="Picture of the marking (number, DataMatrix, QR); helps to identify.")
@click.option("--unit", type=UNITS, help="Unit of the file; by default m for E57, mm for the rest.")
@click.option("--distances", type=FILE, metavar="FILE", help="Also write the signed distance of every point, mm, as NPY.")
@click.option("--html", type=FILE, metavar="FILE", help="Also write a page: deviation map in 3D, sections, defects.")
@click.option("--lot", metavar="ID", help="Part in the ledger that was scanned; books the inspection there.")
@database
@site_option
@library_option
@json_flag
def scan(
    scan: Path, part_id: str | None, image: Path | None, unit: "Unit | None", distances: Path | None, html: Path | None,
    lot: str | None, db: str, site: Path | None, library: Path, *, fixture: bool, as_json: bool,
) -> None:  # fmt: skip
    """Find which part a scan (PLY, XYZ, NPY, E57) is of, align it, measure its surface, find its defects, and judge it.

    The verdict is reuse, remanufacture, recycle, or manual where a person has to look. The first run compiles, which takes a minute.
    """
    needs_extra()
    if fixture and part_id is None:
        raise InputError("--fixture without --part", expected="--part ID: a fixture is made for one part")
    from vehiclenest.loop.inspect.inspection import Settings, inspect_file
    from vehiclenest.loop.inspect.reference import Library

    shelf = Library(library)
    if lot:
        _check_lot(lot, db, site)  # before any work is done
    marks = read_marks(image, shelf) if image else dict[str, float]()
    made = inspect_file(scan, shelf, Settings(part_id, fixture=fixture, unit=unit, marks=marks, site=site))
    page = made.page(scan.name).encode() if html else None
    _deliver(made, {path: content for path, content in ((html, page), (distances, None)) if path})
    document = made.found.document()
    if lot:
        document["lot"] = _record(lot, db, site, document, html, page)
    if as_json:
        print_json(document)
        return
    from vehiclenest.cli.inspect_text import print_inspection

    print_inspection(document)
    for path in (html, distances):
        if path:
            click.echo(f"written: {path}")
    if lot:
        click.echo(f"booked: {document['lot']}")


def read_marks(image: Path, library: "Library") -> Mapping[str, float]:
    """Return how likely each part of a library is by the marks in a picture."""
    from vehiclenest.loop.inspect.marking import match_marking, read_marking

    known = {part.part_id: (part.part_id, *part.marks) for part in library}
    return dict(match_marking(read_marking(image), known))


def _deliver(made: "Inspected", files: Mapping[Path, bytes | None]) -> None:
    """Write the files that were asked for, whole or not at all; what has no content yet are the distances."""
    import numpy as np

    from vehiclenest.site import delivered_together

    for path, content in files.items():
        if content is None and made.distances is None:
            raise InputError("the part is unknown: there are no distances", expected="--part ID, or learn the part")
        with delivered_together(path.parent, [path.name]) as folder, (folder / path.name).open("wb") as file:
            if content is None:
                np.save(file, made.distances, allow_pickle=False)  # pyright: ignore[reportArgumentType]
            else:
                file.write(content)


def _check_lot(lot: str, db: str, site: Path | None) -> None:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings
    from vehiclenest.site.inspect import lot_in

    with Ledger(db, create=False) as ledger:
        lot_in(ledger, lot, Settings(folder=site))


def _record(lot: str, db: str, site: Path | None, document: Mapping[str, Any], html: Path | None, page: bytes | None) -> str:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings
    from vehiclenest.site.inspect import record_inspection

    files = [(str(document["scan_sha256"]), "application/octet-stream", str(document["scan"]))]
    if html and page:
        files.append((sha256(page).hexdigest(), "text/html", html.name))
    with Ledger(db, create=False) as ledger:
        return record_inspection(ledger, lot, document, files, Settings(folder=site), datetime.now(UTC))
