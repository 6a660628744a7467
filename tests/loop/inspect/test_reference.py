"""What was learnt is kept whole, and opened as it was."""

from pathlib import Path

import numpy as np
import pytest

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.reference import Library, Part, Reference

from .shapes import disc, sampled


@pytest.fixture(scope="module")
def learnt() -> Reference:
    return Reference.learn(disc(), Part("disc-1", "disc", "EN-GJL-250", 0.15, ("A 123",), "disc.stl"))


def test_a_part_that_was_kept_measures_as_before(learnt: Reference, tmp_path: Path) -> None:
    library = Library(tmp_path / "library")
    library.add(learnt)
    opened = Library(tmp_path / "library")["disc-1"]
    points = sampled(disc(), 5_000).points + 0.1
    assert opened.part == learnt.part
    assert (opened.field.distance(points) == learnt.field.distance(points)).all()
    assert (opened.coarse.distance(points) == learnt.coarse.distance(points)).all()


def test_a_part_is_replaced_only_where_that_is_said(learnt: Reference, tmp_path: Path) -> None:
    library = Library(tmp_path)
    library.add(learnt)
    with pytest.raises(ConflictError, match="has a part disc-1"):
        library.add(learnt)
    library.add(learnt, replace=True)
    assert [part.part_id for part in library] == ["disc-1"]
    assert [path.name for path in tmp_path.iterdir()] == ["disc-1"]


def test_a_part_that_is_not_there_is_named_with_those_that_are(learnt: Reference, tmp_path: Path) -> None:
    library = Library(tmp_path / "none")
    assert len(library) == 0
    with pytest.raises(NotFoundError, match="the library is empty"):
        _ = library["drum"]
    library.add(learnt)
    with pytest.raises(NotFoundError, match=r"no part drum in .*; it has disc-1"):
        _ = library["drum"]


@pytest.mark.parametrize("name", ["shape.npz", "part.json"])
def test_a_file_cut_short_says_what_to_do(learnt: Reference, tmp_path: Path, name: str) -> None:
    folder = Library(tmp_path).add(learnt)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"{name}: .*learn the part again"):
        Reference.load(folder)
    (folder / name).unlink()
    with pytest.raises((InputError, NotFoundError)):
        Reference.load(folder)


def test_a_name_that_is_a_path_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be the name of a part"):
        Reference.learn(disc(), Part("../disc"))


def test_an_open_mesh_is_refused_by_the_name_of_its_file() -> None:
    with pytest.raises(InputError, match=r"part\.stl: the mesh is not watertight"):
        Reference.learn(Mesh(disc().vertices, disc().triangles[1:]), Part("disc", source="part.stl"))


def test_the_coarse_field_is_near_the_exact_one(learnt: Reference) -> None:
    points = np.random.default_rng(1).uniform(disc().low - 5, disc().high + 5, (2_000, 3))
    apart = np.abs(learnt.coarse.distance(points) - learnt.field.distance(points))
    assert np.median(apart) < 0.05 * learnt.coarse.step
    assert apart.max() < learnt.coarse.step
