"""Cases for identification: a scan against the whole library, and against one that lacks its part or its whole family."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from benchmarks.identify_scans import mesh_of, scan_of

from vehiclenest.loop.inspect.catalogue import Catalogue
from vehiclenest.loop.inspect.evidence import Evidence
from vehiclenest.loop.inspect.identify import judged
from vehiclenest.loop.inspect.reference import Library, Part, Reference
from vehiclenest.loop.inspect.simulate.families import PartSpec, parts

Kind = Literal["known", "family unknown", "part unknown"]
KINDS: tuple[Kind, ...] = ("known", "family unknown", "part unknown")
MIX = (0.8, 0.1, 0.1)  # shares of the kinds


@dataclass(frozen=True)
class Case:
    """What a scan of a part says of a library that holds it (known) or not, and how long that took; what it says of the part itself."""

    part_id: str
    kind: Kind
    found: dict[str, Evidence]
    seconds: float
    own: Evidence | None


def filled(folder: Path, wanted: Sequence[PartSpec]) -> Library:
    """Return a library of simulated parts; what it lacks is learnt."""
    library = Library(folder)
    for part in wanted:
        if part.id in library.parts:
            continue
        began = time.perf_counter()
        library.add(
            Reference.learn(mesh_of(part.id), Part(part.id, part.family, part.material, part.tolerance_mm, (), "simulated"))
        )
        print(f"learnt {part.id} in {time.perf_counter() - began:.1f} s", flush=True)
    return library


def spread(count: int) -> list[PartSpec]:
    """Return so many parts of the catalogue, spread over the families: near-duplicates a and b of one number after the other."""
    return sorted(sorted(parts(), key=lambda part: part.id[-3:])[:count], key=lambda part: part.id)


def cases(
    library: Library, wanted: Sequence[PartSpec], count: int, seed: int, of: Callable[[PartSpec], bool] | None = None
) -> Iterator[Case]:
    """Yield so many cases; the library holds the parts that are wanted and no more, the scans are of those that `of` chooses."""
    chance = np.random.default_rng(seed)
    whole = library.catalogue()
    whole = whole.without(set(whole.shelved) - {part.id for part in wanted})
    scanned = [part for part in wanted if of is None or of(part)]
    order = np.concatenate([chance.permutation(len(scanned)) for _ in range(-(-count // len(scanned)))])[:count]
    kinds: list[Kind] = [KINDS[int(row)] for row in chance.choice(len(KINDS), count, p=MIX)]
    for row, kind in zip(order, kinds, strict=True):
        part = scanned[int(row)]
        points = scan_of(part.id, chance)
        catalogue = _lacking(whole, part, kind, wanted)
        began = time.perf_counter()
        found = judged(points, library, catalogue)
        seconds = time.perf_counter() - began
        with_it = judged(points, library, whole) if kind == "part unknown" else found
        yield Case(part.id, kind, found, seconds, with_it.get(part.id))


def _lacking(whole: Catalogue, part: PartSpec, kind: Kind, wanted: Sequence[PartSpec]) -> Catalogue:
    if kind == "known":
        return whole
    return whole.without({other.id for other in wanted if other.family == part.family} if kind == "family unknown" else {part.id})
