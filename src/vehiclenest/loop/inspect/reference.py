"""A reference part and the library of them: learnt once from a mesh, kept in a folder, opened in a moment.

A folder of the library holds one part: `part.json` (who it is), `shape.npz` (mesh and distance field) and `search.npz` (what finds
it among others and in any pose).
"""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.loop.inspect.catalogue import Catalogue
from vehiclenest.loop.inspect.coarse import CoarseField
from vehiclenest.loop.inspect.field import Field
from vehiclenest.loop.inspect.flip import without_flat
from vehiclenest.loop.inspect.global_pose import Learnt, learn
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.stored import arrays_of, broken
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

_VERSION = 1
TOLERANCE_MM = 0.1  # where a card names none
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_SHAPE, _SEARCH, _PART = "shape.npz", "search.npz", "part.json"
_OPEN = 64  # references that a library holds open, some 10 to 30 MB each: the last ones that were asked for


@dataclass(frozen=True, slots=True)
class Part:
    """Who a reference is: `marks` are part numbers that may stand on it; `tolerance_mm` is what a surface may be off and be reused."""

    part_id: str
    family: str = "general"
    material: str = ""
    tolerance_mm: float = TOLERANCE_MM
    marks: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Reference:
    """A part with the fields that measure scans against it."""

    part: Part
    mesh: Mesh
    field: Field
    coarse: CoarseField
    learnt: Learnt

    @cached_property
    def cells(self) -> SurfaceCells:
        """The cells that a scan is averaged over, made when they are first asked for."""
        return SurfaceCells.of(self.mesh)

    @staticmethod
    def learn(mesh: Mesh, part: Part) -> "Reference":
        """Return the reference of a mesh in mm.

        Raises
        ------
        InputError
            Where the mesh bounds no volume, or the name cannot be that of a folder.
        """
        if not _NAME.fullmatch(part.part_id):
            raise InputError(
                f"{part.part_id!r} cannot be the name of a part", expected="up to 80 letters, digits, '.', '_' and '-'"
            )
        whole = without_flat(_rounded(mesh).checked(part.source or part.part_id))
        field = Field.of(whole)
        coarse = CoarseField.of(whole, field)
        return Reference(part, whole, field, coarse, learn(whole, field, coarse))

    def save(self, folder: Path) -> None:
        """Write the reference into a folder of its own, whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".learning-"))
        try:
            shape: dict[str, Any] = {"vertices": self.mesh.vertices, "triangles": self.mesh.triangles}
            _compress(made / _SHAPE, **shape, **self.field.arrays(), **_named("coarse", self.coarse))
            search: dict[str, Any] = {**self.learnt.arrays()}
            _compress(made / _SEARCH, **search)
            (made / _PART).write_text(json.dumps({"version": _VERSION, **asdict(self.part)}, indent=1), encoding="utf-8")
            old = folder.with_name(f".old-{folder.name}")
            if folder.exists():
                folder.replace(old)
            made.replace(folder)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @staticmethod
    def load(folder: Path) -> "Reference":
        """Return the reference that a folder holds.

        Raises
        ------
        NotFoundError
            Where there is none.
        InputError
            Where a file is cut short or not ours.
        """
        part = read_part(folder)
        arrays = arrays_of(folder / _SHAPE)
        try:
            mesh = Mesh(arrays["vertices"], arrays["triangles"])
            coarse = CoarseField(arrays["coarse_origin"], float(arrays["coarse_step"]), arrays["coarse_values"])
            field = Field.stored(mesh, arrays)
            return Reference(part, mesh, field, coarse, Learnt.stored(field, coarse, arrays_of(folder / _SEARCH)))
        except KeyError as error:
            raise broken(folder / _SHAPE, f"{error} is not in it") from None


def signed_distance(reference: Reference, points: NDArray[Any], pose: NDArray[np.float64] | None = None) -> NDArray[np.float32]:
    """Return the distance (n,) in mm of points (n, 3) in mm from a part, negative inside; a pose (4, 4) is applied to them first."""
    return reference.field.distance(np.ascontiguousarray(points, dtype=np.float32), pose)


def _compress(path: Path, **arrays: Any) -> None:
    """Write arrays as `np.savez_compressed` does, three times as fast for a tenth more room."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def _named(name: str, record: Any) -> dict[str, Any]:
    return {f"{name}_{field.name}": getattr(record, field.name) for field in fields(record)}


def _rounded(mesh: Mesh) -> Mesh:
    """Return the mesh in double precision with its middle kept: the coordinates that a scanner's single precision can tell apart."""
    return Mesh(np.ascontiguousarray(mesh.vertices, dtype=np.float64), np.ascontiguousarray(mesh.triangles, dtype=np.int32))


def read_part(folder: Path) -> Part:
    """Return who the reference in a folder is."""
    path = folder / _PART
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != _VERSION:
            raise broken(path, f"version {said['version']} of the library, not {_VERSION}")
        known: dict[str, Any] = {key: value for key, value in said.items() if key != "version"}
        known["marks"] = tuple(known["marks"])
        return Part(**known)
    except FileNotFoundError:
        raise NotFoundError(f"no part {folder.name} in {folder.parent}", expected="see vnest inspect list") from None
    except (ValueError, KeyError, TypeError) as error:
        raise broken(path, f"the file is not that of a part: {error}") from None


class Library:
    """The parts in a folder, each opened when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, Reference] = {}
        self._catalogue = Catalogue.empty(folder)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts.values())

    def __len__(self) -> int:
        return len(self.parts)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts by their name, in order."""
        if not self.folder.is_dir():
            return {}
        folders = sorted(path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        return {folder.name: read_part(folder) for folder in folders}

    def __getitem__(self, part_id: str) -> Reference:
        if part_id not in self._open:
            if part_id not in self.parts:
                raise NotFoundError(f"no part {part_id} in {self.folder}", expected=self._known())
            reference = Reference.load(self.folder / part_id)
        else:
            reference = self._open.pop(part_id)
        self._open[part_id] = reference  # at the end: the last that was asked for
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
        return reference

    def catalogue(self) -> Catalogue:
        """Return what finds a scan's part among all: opened once, and brought up to date with the folder at every call.

        Raises
        ------
        InputError
            Where a file is cut short or not ours.
        """
        before, now = self._catalogue, self._catalogue.renewed()
        if now is not before:
            self._catalogue = now
            self.__dict__.pop("parts", None)
            for name, part in before.shelved.items():
                if now.shelved.get(name) is not part:
                    self._open.pop(name, None)
        return now

    def _known(self) -> str:
        if not self.parts:
            return "the library is empty: vnest inspect learn MESH"
        return "it has " + ", ".join(list(self.parts)[:10]) + (" …" if len(self.parts) > 10 else "")  # noqa: PLR2004

    def add(self, reference: Reference, *, replace: bool = False) -> Path:
        """Keep a reference; return its folder.

        Raises
        ------
        ConflictError
            Where the library has a part of this name and it is not to be replaced.
        """
        folder = self.check_new(reference.part.part_id, replace=replace)
        reference.save(folder)
        self.__dict__.pop("parts", None)
        self._open.pop(reference.part.part_id, None)
        return folder

    def check_new(self, part_id: str, *, replace: bool = False) -> Path:
        """Return the folder that a part will have; raise `ConflictError` where there is one and it is not to be replaced."""
        folder = self.folder / part_id
        if folder.exists() and not replace:
            raise ConflictError(f"the library has a part {part_id}", expected="another --id, or --replace")
        return folder
