"""Which of many parts a scan is of, or none of them: ranked by looks, posed once for all parts nearly alike, decided by exact distances.

The pose is searched for on the likeliest part of a group and carried over to the others (catalogue.py); what fits best on coarse fields
is judged by exact distances (evidence.py), and the judgement is a calibrated probability (confidence.py).
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.catalogue import Catalogue
from vehiclenest.loop.inspect.confidence import likeliest, probabilities
from vehiclenest.loop.inspect.descriptor import Facets, facets
from vehiclenest.loop.inspect.evidence import Cloud, Evidence, Judges, closer, evidence
from vehiclenest.loop.inspect.global_pose import LEAST_POINTS, best_near, carried, searched, some
from vehiclenest.loop.inspect.judge import CORES
from vehiclenest.loop.inspect.marking.fusion import UNKNOWN, fuse
from vehiclenest.loop.inspect.mesh import Points
from vehiclenest.loop.inspect.model import Candidate
from vehiclenest.loop.inspect.reference import Library
from vehiclenest.loop.inspect.symmetry import undone

GEOMETRY, MARKING = "geometry", "marking"
_LEAST_FACETS = 30
_PROPOSALS = 30_000
_CLOSE = 0.6  # share of the points that a part has to explain to be looked at twice
_GROUPS, _DOUBT = 3, 0.5  # groups that are searched while unknown is as likely as this
_LISTED, _JUDGED, _TWO = 6, 4, 2  # parts of a group that near symmetries are tried on; that exact distances judge, and at least
_APART = 2.0  # times the least cost on the coarse field: a part beyond is not judged
_FAR, _UNLIKE = 0.03, 0.35  # of the diagonal; mean clipped distance over the clip beyond which a scan is of no part of a group
_CARRIED = 24  # poses that are carried over
_FEW, _CLOUD = 1_500, 6_000  # points that carry a pose over to a part
_CLOSER = 120_000  # points that judge the likeliest part


@dataclass(frozen=True, slots=True)
class Identified:
    """What a scan is of: `part_id`, or None where no part of the library is likelier than all; how sure that is.

    `candidates` are the parts that were judged, the likeliest first; `poses` (4, 4) bring the scan near its place on each.
    """

    part_id: str | None
    confidence: float
    candidates: tuple[Candidate, ...]
    poses: Mapping[str, Points]

    @property
    def pose(self) -> Points:
        """The pose (4, 4) to start from on the likeliest part."""
        return self.poses[self.candidates[0].part_id]


def identify(points: NDArray[np.float32], library: Library, marks: Mapping[str, float] | None = None) -> Identified:
    """Return which part of a library a scan (n, 3) in mm is of; `marks` are probabilities of parts by what is marked on it.

    Raises
    ------
    InputError
        Where the library is empty, the scan holds too few points, or they lie on no surface.
    """
    return decided(judged(points, library, library.catalogue(), frozenset(marks or ())), marks)


def decided(found: Mapping[str, Evidence], marks: Mapping[str, float] | None = None) -> Identified:
    """Return what follows from what a scan says of parts, and from what is marked on it."""
    geometry = probabilities(found)
    shares = fuse(geometry, marks, unknown=geometry[UNKNOWN]) if marks else geometry
    candidates = [
        Candidate(name, shares[name], said.rms_mm, said.coverage, f"{GEOMETRY}, {MARKING}" if name in (marks or ()) else GEOMETRY)
        for name, said in found.items()
    ]
    candidates.sort(key=lambda candidate: -candidate.confidence)
    best = candidates[0]
    known = best.confidence > shares[UNKNOWN]
    return Identified(
        best.part_id if known else None,
        best.confidence if known else shares[UNKNOWN],
        tuple(candidates),
        {name: said.pose for name, said in found.items()},
    )


def judged(
    points: NDArray[np.float32], library: Library, catalogue: Catalogue, marked: frozenset[str] = frozenset()
) -> dict[str, Evidence]:
    """Return what a scan says of the parts of a catalogue that it may be, and of those marked on it; raises as `identify` does."""
    if not catalogue.shelved:
        raise InputError("the library is empty", expected="vnest inspect learn MESH")
    scan = _facets(points)
    judges, cloud = Judges(scan), Cloud(points[:: max(1, -(-len(points) // _CLOSER))].astype(np.float64))
    ranked = list(_ranked(catalogue, scan))
    found: dict[str, Evidence] = {}
    for number, names in enumerate(ranked):
        if marked & set(names) or (number < _GROUPS and not _sure(found)):
            _look(found, names, names[0], judges, library, catalogue, marked)
            _look_closer(found, cloud, library)
    nearest = next(names for names in ranked if likeliest(found) in names)
    if not _sure(found) and len(nearest) > 1 and found[likeliest(found)].beyond.explained > _CLOSE:
        _look(
            found, nearest, nearest[1], judges, library, catalogue, marked
        )  # from another part, in case the pose was a wrong one
        _look_closer(found, cloud, library)
    return found


def _look_closer(found: dict[str, Evidence], cloud: Cloud, library: Library) -> None:
    """Judge the likeliest part by more points."""
    best = likeliest(found)
    if found[best].beyond.points < len(cloud.points):
        found[best] = closer(found[best], cloud, library[best].learnt)


def _sure(found: Mapping[str, Evidence]) -> bool:
    return bool(found) and probabilities(found)[UNKNOWN] < _DOUBT


def _look(
    found: dict[str, Evidence],
    names: list[str],
    on: str,
    judges: Judges,
    library: Library,
    catalogue: Catalogue,
    marked: frozenset[str],
) -> None:
    """Add what a scan says of the parts of a group, the pose being searched for on one of them; what fits better stands."""
    for name, poses in _fitting(catalogue, names, on, judges.scan, marked):
        said = evidence(judges, library[name].learnt, poses)
        if name not in found or said.loss < found[name].loss:
            found[name] = said


def _ranked(catalogue: Catalogue, scan: Facets) -> Iterator[list[str]]:
    """Yield the parts of each group, the likeliest first, and the groups in the order of their likeliest."""
    names = list(catalogue.shelved)
    likeness = catalogue.looks.likeness(scan)
    groups: dict[str, list[str]] = {}
    order: list[int] = np.argsort(-likeness, kind="stable").tolist()
    for row in order:
        groups.setdefault(catalogue.places[names[row]].leader, []).append(names[row])
    yield from groups.values()


def _fitting(catalogue: Catalogue, names: list[str], on: str, scan: Facets, marked: frozenset[str]) -> list[tuple[str, Points]]:
    """Return the parts of a group that a scan fits best on their coarse fields, with its poses there, and those that are marked on it."""
    less = Facets(some(scan.cloud, _CLOUD), scan.even[:_FEW], scan.points, scan.normals)
    first = catalogue.shelved[on]
    found = searched(scan, first.learnt, _PROPOSALS, near=False)
    clip = _FAR * first.descriptor.diagonal_mm
    if first.learnt.judge.costs(found[:1], less.even, clip)[0] > _UNLIKE * clip and not marked & set(names):
        return [(on, found[:1])]
    turned = (first.symmetry.rotations @ found[:, None]).reshape(
        -1, 4, 4
    )  # which of them it was is seen on a part less symmetric
    poses = catalogue.places[on].frame @ turned[:_CARRIED]

    def brought(name: str) -> tuple[float, Points]:
        frame = undone(catalogue.places[name].frame[None])[0]
        return carried(frame @ poses, less, catalogue.shelved[name].learnt)

    def settled(name: str) -> tuple[float, Points]:
        return best_near(near[name][1], less, catalogue.shelved[name].learnt)

    with ThreadPoolExecutor(CORES) as workers:
        near = dict(zip(names, workers.map(brought, names), strict=True))
        listed = _least(near, _LISTED, marked)
        fits = dict(zip(listed, workers.map(settled, listed), strict=True))
    chosen = _least(fits, _JUDGED, marked)
    most = _APART * fits[chosen[0]][0]
    return [
        (name, fits[name][1]) for number, name in enumerate(chosen) if number < _TWO or fits[name][0] <= most or name in marked
    ]


def _least(fits: Mapping[str, tuple[float, Points]], most: int, marked: frozenset[str]) -> list[str]:
    """Return the parts of least cost, and those that are marked, in order of cost."""
    order = sorted(fits, key=lambda name: fits[name][0])
    return [name for number, name in enumerate(order) if number < most or name in marked]


def _facets(points: NDArray[np.float32]) -> Facets:
    """Return what a search needs of a scan of a part whose size is not known."""
    if len(points) < LEAST_POINTS:
        raise InputError(f"the scan holds {len(points)} points", expected=f"at least {LEAST_POINTS}")
    scan = facets(points, _size(points))
    if len(scan.points) < _LEAST_FACETS:
        raise InputError("the points of the scan lie on no surface", expected="points closer together than the part's details")
    return scan


def _size(points: NDArray[np.float32]) -> float:
    """Return the diagonal of the box around a scan's points but for outliers, in mm."""
    low, high = np.quantile(points[:: max(1, len(points) // 5_000)], (0.03, 0.97), axis=0)
    return float(np.linalg.norm(high - low))
