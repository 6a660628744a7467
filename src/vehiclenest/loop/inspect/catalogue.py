"""What identification needs of a library: how its parts look, opened in a moment, and which of them are nearly alike.

Parts nearly alike (the numbers of one family) form a group: the pose of a scan is searched for on one of them and carried over to the
others by motions that are found once, when a part is new, and kept in the library's `.groups.npz`. Distance fields stay closed here.
"""

import os
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.coarse import CoarseField
from vehiclenest.loop.inspect.descriptor import Descriptor, Facets, Looks
from vehiclenest.loop.inspect.global_pose import Learnt, searched
from vehiclenest.loop.inspect.mesh import Points
from vehiclenest.loop.inspect.stored import arrays_of, broken
from vehiclenest.loop.inspect.symmetry import Symmetry

Stamp = tuple[int, int]
_SHAPE, _SEARCH, _GROUPS = "shape.npz", "search.npz", ".groups.npz"
_PROPOSALS = 30_000
_SIZES = 0.25  # diagonals of parts of one group differ by no more than this share
_CLIP, _ALIKE = 0.03, 0.15  # of the diagonal; mean clipped distance over the clip, at most, within a group
_LEADERS = 2  # groups that a new part is held against


@dataclass(frozen=True)
class Shelved:
    """A part of a library whose distance field stays in its file; `stamp` says whether the files are still those that were read."""

    part_id: str
    folder: Path
    stamp: Stamp
    descriptor: Descriptor
    symmetry: Symmetry

    @staticmethod
    def opened(folder: Path, stamp: Stamp) -> "Shelved":
        """Return the part in a folder; raise `InputError` where its file is cut short or not ours."""
        arrays = arrays_of(folder / _SEARCH)
        try:
            return Shelved(folder.name, folder, stamp, *Learnt.looks_stored(arrays))
        except KeyError as error:
            raise broken(folder / _SEARCH, f"{error} is not in it") from None

    @cached_property
    def learnt(self) -> Learnt:
        """What finds poses on the coarse field, which stands for the exact distances too."""
        path = self.folder / _SHAPE
        arrays = arrays_of(path, "coarse_")
        try:
            coarse = CoarseField(arrays["coarse_origin"], float(arrays["coarse_step"]), arrays["coarse_values"])
        except KeyError as error:
            raise broken(path, f"{error} is not in it") from None
        return Learnt(coarse, coarse, self.descriptor, self.symmetry)

    @property
    def facets(self) -> Facets:
        """The part itself as a scan."""
        points = self.descriptor.points
        return Facets(points, points, points, self.descriptor.normals)


@dataclass(frozen=True)
class Place:
    """Where a part stands among those nearly alike: `frame` (4, 4) moves it onto the part that leads its group."""

    leader: str
    frame: Points


@dataclass(frozen=True)
class Catalogue:
    """The parts of a library by name, in order, and the place of each in its group."""

    folder: Path
    shelved: Mapping[str, Shelved]
    places: Mapping[str, Place]

    @staticmethod
    def empty(folder: Path) -> "Catalogue":
        """Return a catalogue of nothing; `renewed` opens the folder."""
        return Catalogue(folder, {}, {})

    @cached_property
    def looks(self) -> Looks:
        """How the parts look, in the order of `shelved`."""
        return Looks.of([part.descriptor for part in self.shelved.values()])

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The parts of each group, by the part that leads it."""
        found: dict[str, list[str]] = {}
        for name, place in self.places.items():
            found.setdefault(place.leader, []).append(name)
        return {leader: tuple(names) for leader, names in found.items()}

    def without(self, names: Set[str]) -> "Catalogue":
        """Return the catalogue less some parts; their groups stay as they are."""
        shelved = {name: part for name, part in self.shelved.items() if name not in names}
        return Catalogue(self.folder, shelved, {name: self.places[name] for name in shelved})

    def renewed(self) -> "Catalogue":
        """Return the catalogue of what the folder holds now: itself where nothing changed, what did not change as it was.

        Raises
        ------
        InputError
            Where a file is cut short or not ours.
        """
        stamps = _stamps(self.folder)
        if stamps == {name: part.stamp for name, part in self.shelved.items()}:
            return self
        shelved = {
            name: self.shelved[name]
            if name in self.shelved and self.shelved[name].stamp == stamp
            else Shelved.opened(self.folder / name, stamp)
            for name, stamp in stamps.items()
        }
        known = _kept(self.places, {name: part.stamp for name, part in self.shelved.items()}, stamps)
        if len(known) < len(shelved):
            known = {**_read(self.folder / _GROUPS, stamps), **known}
        found = _placed(shelved, known)
        if len(found) > len(known):
            _write(self.folder / _GROUPS, found, stamps)
        return Catalogue(self.folder, shelved, {name: found[name] for name in shelved})


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Return when each part was written, by name, in order."""
    if not folder.is_dir():
        return {}
    found: dict[str, Stamp] = {}
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    for name in names:
        with suppress(FileNotFoundError):
            said = (folder / name / _SEARCH).stat()
            found[name] = said.st_mtime_ns, said.st_size
    return found


def _kept(places: Mapping[str, Place], then: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> dict[str, Place]:
    """Return the places of parts that have not changed, nor has their leader."""
    same = {name for name, stamp in now.items() if then.get(name) == stamp}
    return {name: place for name, place in places.items() if name in same and place.leader in same}


def _placed(shelved: Mapping[str, Shelved], known: Mapping[str, Place]) -> dict[str, Place]:
    """Return the place of every part; those that are not known are held against the groups that look like them."""
    found = dict(known)
    leaders = [name for name, place in found.items() if place.leader == name]
    looks = Looks.of([shelved[name].descriptor for name in leaders])
    for name, part in shelved.items():
        if name in found:
            continue
        order: list[int] = np.argsort(-looks.likeness(part.facets), kind="stable").tolist()
        near = [leaders[row] for row in order if _of_a_size(part, shelved[leaders[row]])][:_LEADERS]
        place = min((_held(part, shelved[leader]) for leader in near), key=lambda pair: pair[0], default=None)
        if place is not None and place[0] <= _ALIKE:
            found[name] = place[1]
            continue
        found[name] = Place(name, np.eye(4))
        leaders.append(name)
        looks = Looks.of([shelved[leader].descriptor for leader in leaders])
    return found


def _of_a_size(part: Shelved, other: Shelved) -> bool:
    return abs(np.log(part.descriptor.diagonal_mm / other.descriptor.diagonal_mm)) <= _SIZES


def _held(part: Shelved, leader: Shelved) -> tuple[float, Place]:
    """Return how far a part is from the leader of a group, as a share of the clip, and where it lies on it."""
    pose = searched(part.facets, leader.learnt, _PROPOSALS)[0]
    clip = _CLIP * leader.descriptor.diagonal_mm
    away = np.abs(leader.learnt.coarse.distance(part.descriptor.points @ pose[:3, :3].T + pose[:3, 3]))
    return float(np.minimum(away, clip).mean()) / clip, Place(leader.part_id, pose)


def _read(path: Path, now: Mapping[str, Stamp]) -> dict[str, Place]:
    """Return the places that a file holds of parts that have not changed since; none where it cannot be read."""
    try:
        arrays = arrays_of(path)
        names = [str(name) for name in arrays["names"]]
        leaders = [str(name) for name in arrays["leaders"]]
        places = {name: Place(leader, frame) for name, leader, frame in zip(names, leaders, arrays["frames"], strict=True)}
        then = {name: (int(stamp[0]), int(stamp[1])) for name, stamp in zip(names, arrays["stamps"], strict=True)}
    except (InputError, KeyError, ValueError):
        return {}  # it only saves time: whatever it does not say is found again
    return _kept(places, then, now)


def _write(path: Path, places: Mapping[str, Place], stamps: Mapping[str, Stamp]) -> None:
    """Write the places whole or not at all; a folder that may not be written to goes without."""
    made = path.with_name(f"{path.stem}-{os.getpid()}.npz")
    names = list(places)
    with suppress(OSError):
        try:
            np.savez(
                made,
                names=np.array(names),
                stamps=np.array([stamps[name] for name in names], dtype=np.int64),
                leaders=np.array([places[name].leader for name in names]),
                frames=np.stack([places[name].frame for name in names]),
            )
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
