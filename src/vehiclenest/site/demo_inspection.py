"""Parts of the demo inspected: alternators and starters of its vehicles, as simulated parts under a simulated scanner.

Each is identified among learnt parts, measured and judged by the real chain, and its verdict booked; scan and damage are made up, and the
events say so. Needs the extra inspect. Never used on real lots.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vehiclenest.ledger import Event, InformationFlow, Ledger
from vehiclenest.site.inspect import inspected
from vehiclenest.site.settings import Settings

Progress = Callable[[str, int, int], None]
_FAMILIES = {"ALT": "alternator", "STA": "starter"}
_VARIANTS = ("01a", "02a")
_EACH = 2  # parts of each family
_POINTS = 250_000
_MINUTES = 20  # after dismantling
_SIMULATED = "simulated scan and damage: a demonstration, no measurement"


@dataclass(frozen=True, slots=True)
class Shown:
    """A part that was inspected: its name, what the inspection says, and the file name of its page (empty: the part is unknown)."""

    part: str
    document: dict[str, Any]
    page: str


def inspect_demo(ledger: Ledger, vehicles: Sequence[str], settings: Settings, folder: Path, show: Progress) -> Iterator[Shown]:
    """Yield parts of vehicles as they are inspected; their pages go to a folder, their events into the ledger.

    Parameters
    ----------
    vehicles
        References of vehicles of the ledger.
    """
    from vehiclenest.loop.inspect.inspection import inspect_file
    from vehiclenest.loop.inspect.reference import Library, Part, Reference
    from vehiclenest.loop.inspect.simulate.families import build, spec
    from vehiclenest.loop.inspect.simulate.scanner import Optics, any_motion, scan, turntable
    from vehiclenest.loop.inspect.simulate.writing import write_ply

    chosen = _chosen(ledger, vehicles, settings)
    known = [f"{family}-{variant}" for family in _FAMILIES.values() for variant in _VARIANTS]
    with TemporaryDirectory(prefix="vnest-demo-") as name:
        library = Library(Path(name) / "parts")
        for number, part_id in enumerate(known):
            show("learning", number, len(known))
            part = spec(part_id)
            library.add(
                Reference.learn(build(part_id), Part(part_id, part.family, part.material, part.tolerance_mm, (), "simulated"))
            )
        show("learning", len(known), len(known))
        for number, (lot, family, since) in enumerate(chosen):
            show("inspecting", number, len(chosen))
            mesh = build(f"{family}-{_VARIANTS[number % len(_VARIANTS)]}")
            made = scan(
                mesh,
                turntable(),
                motion=any_motion(number),
                displacement=_damage(mesh, number),
                optics=Optics(points=_POINTS),
                seed=number,
            )
            file = Path(name) / f"{lot.rpartition('.')[2]}.ply"
            write_ply(file, made.points)
            found = inspect_file(file, library)
            document = found.found.document()
            page = f"inspection-{file.stem}.html" if document["part_id"] else ""
            files = [(str(document["scan_sha256"]), "application/octet-stream", file.name)]
            if page:
                content = found.page(file.stem).encode()
                (folder / page).write_bytes(content)
                files.append((sha256(content).hexdigest(), "text/html", page))
            _book(ledger, inspected(lot, document, files, settings, since + timedelta(minutes=_MINUTES)))
            show("inspecting", number + 1, len(chosen))
            yield Shown(file.stem, document, page)


def _chosen(ledger: Ledger, vehicles: Sequence[str], settings: Settings) -> list[tuple[str, str, datetime]]:
    """Return parts of each family with the time of their dismantling, from vehicles in turn."""
    things = {settings.thing(f"{vehicle}-{code}"): code for code in _FAMILIES for vehicle in vehicles}
    with ledger.reading() as book:
        known = book.known_lots(list(things))
    found: list[tuple[str, str, datetime]] = []
    for code, family in _FAMILIES.items():
        of_family = [(thing, family, since) for thing, since in sorted(known.items()) if things[thing] == code]
        found.extend(of_family[:_EACH])
    return found


def _damage(mesh: Any, number: int) -> Any:
    """Return what happened to a part: nothing to the first of four, a dent to the second, a deep one to the third, wear to the fourth."""
    import numpy as np

    from vehiclenest.loop.inspect.simulate.wear_and_tear import dent, together, wear

    row = int(np.argmax(mesh.areas_mm2))  # the middle of the largest facet lies on a plain face
    centre, normal = mesh.corners[row].mean(axis=0), mesh.doubled_normals[row] / (2 * mesh.areas_mm2[row])
    marks = {
        1: [dent(centre, normal, depth_mm=0.4, diameter_mm=8.0)],
        2: [dent(centre, normal, depth_mm=1.4, diameter_mm=9.0)],
        3: [wear(centre, normal, depth_mm=0.25)],
    }
    return together(marks.get(number % 4, []))


def _book(ledger: Ledger, event: Event) -> None:
    said = Event(event.type, event.time, event.fields, information=[*event.information, InformationFlow("simulated", _SIMULATED)])
    ledger.capture([said])
