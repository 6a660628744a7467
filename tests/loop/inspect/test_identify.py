"""A scan of half a part is told from other parts, near-duplicates among them, and a part that nobody learnt is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.descriptor import Descriptor, Looks, facets
from vehiclenest.loop.inspect.field import Field
from vehiclenest.loop.inspect.identify import identify
from vehiclenest.loop.inspect.marking.fusion import UNKNOWN
from vehiclenest.loop.inspect.mesh import move
from vehiclenest.loop.inspect.reference import Library, Part, Reference

from .parts import half_scan, part

NAMES = ["drum", "even drum", "camshaft", "rod", "wedge", "cuboid"]
Shelf = Callable[..., Library]


def reference(name: str, part_id: str | None = None) -> Reference:
    mesh, learnt = part(name)
    assert isinstance(learnt.surface, Field)
    return Reference(Part(part_id or name.replace(" ", "-")), mesh, learnt.surface, learnt.coarse, learnt)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    def filled(*references: Reference) -> Library:
        library = Library(tmp_path / "library")
        for one in references:
            library.add(one)
        return library

    return filled


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_part_of_a_scan_is_named_and_the_scan_brought_near_its_place(name: str, shelf: Shelf) -> None:
    library = shelf(*(reference(other) for other in NAMES))
    for seed in (0, 1):
        points, truth = half_scan(part(name)[0], seed, share=0.7)
        found = identify(points, library)
        assert found.part_id == name.replace(" ", "-")
        assert found.confidence == found.candidates[0].confidence > 0.9
        mesh, learnt = part(name)
        assert learnt.symmetry.difference_mm(found.pose, truth, mesh.vertices) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gear", "ring", "brake disc"])
def test_a_part_that_nobody_learnt_is_unknown(name: str, shelf: Shelf) -> None:
    found = identify(half_scan(part(name)[0], 2, share=0.7)[0], shelf(*(reference(other) for other in NAMES)))
    assert found.part_id is None
    assert found.confidence > 0.9


def test_what_the_geometry_leaves_open_the_marking_decides(shelf: Shelf) -> None:
    library = shelf(reference("wedge", "wedge-1"), reference("wedge", "wedge-2"), reference("rod"))
    points = half_scan(part("wedge")[0], 3, share=0.7)[0]
    alone = identify(points, library)
    assert {candidate.part_id for candidate in alone.candidates[:2]} == {"wedge-1", "wedge-2"}
    assert all(candidate.confidence == pytest.approx(0.5, abs=0.1) for candidate in alone.candidates[:2])
    marked = identify(points, library, {"wedge-2": 0.95})
    assert (marked.part_id, marked.candidates[0].by) == ("wedge-2", "geometry, marking")
    assert marked.confidence > 0.9


def test_a_mark_does_not_make_a_part_of_what_it_is_not(shelf: Shelf) -> None:
    library = shelf(reference("wedge"), reference("rod"))
    points = half_scan(part("wedge")[0], 3, share=0.7)[0]
    found = identify(points, library, {"rod": 0.5, UNKNOWN: 0.5})
    assert found.part_id != "rod"
    assert "rod" in {candidate.part_id for candidate in found.candidates}


def test_a_library_is_brought_up_to_date_without_reading_what_did_not_change(shelf: Shelf) -> None:
    library = shelf(reference("rod"), reference("wedge", "wedge-1"))
    before = library.catalogue()
    assert library.catalogue() is before
    assert before.groups == {"rod": ("rod",), "wedge-1": ("wedge-1",)}
    Library(library.folder).add(reference("wedge", "wedge-2"))
    after = library.catalogue()
    assert after.groups == {"rod": ("rod",), "wedge-1": ("wedge-1", "wedge-2")}
    assert after.shelved["rod"] is before.shelved["rod"]
    assert library["wedge-2"].part.part_id == "wedge-2"


def test_parts_nearly_alike_are_kept_with_the_motion_between_them(shelf: Shelf) -> None:
    library = shelf(reference("wedge", "wedge-1"), reference("wedge", "wedge-2"))
    place = library.catalogue().places["wedge-2"]
    points = part("wedge")[1].descriptor.points
    assert np.abs(move(place.frame, points) - points).max() < 0.5
    again = Library(library.folder).catalogue()
    assert (again.places["wedge-2"].frame == place.frame).all()
    groups = library.folder / ".groups.npz"
    groups.write_bytes(groups.read_bytes()[:100])
    assert Library(library.folder).catalogue().groups == again.groups


def test_a_search_file_cut_short_says_what_to_do(shelf: Shelf) -> None:
    library = shelf(reference("wedge"))
    path = library.folder / "wedge" / "search.npz"
    path.write_bytes(path.read_bytes()[:1_000])
    with pytest.raises(InputError, match=r"search\.npz: .*learn the part again"):
        library.catalogue()


def test_likeness_does_not_change_with_the_pose() -> None:
    mesh, learnt = part("rod")
    points, truth = half_scan(mesh, 4)
    turned = (points.astype(np.float64) @ truth[:3, :3].T).astype(np.float32)
    looks = Looks.of([learnt.descriptor, part("wedge")[1].descriptor])
    first, second = (looks.likeness(facets(scan, mesh.diagonal_mm)) for scan in (points, turned))
    np.testing.assert_allclose(first, second, atol=0.5)  # cubes of the thinning lie otherwise
    assert first[0] > first[1] + 1


def test_a_descriptor_comes_back_from_its_arrays() -> None:
    descriptor = part("wedge")[1].descriptor
    again = Descriptor.stored(descriptor.arrays())
    assert again.diagonal_mm == descriptor.diagonal_mm
    for name in ("points", "normals", "shares", "views"):
        np.testing.assert_array_equal(getattr(again, name), getattr(descriptor, name))


def test_few_points_are_refused(shelf: Shelf) -> None:
    with pytest.raises(InputError, match="200 points"):
        identify(half_scan(part("wedge")[0], 0)[0][:200], shelf(reference("wedge")))


def test_points_on_a_line_are_of_no_part(shelf: Shelf) -> None:
    line = np.linspace(0, 90, 2_000)[:, None] * np.array([1.0, 0.2, 0.1])
    points = (line + np.random.default_rng(0).normal(0, 1e-3, line.shape)).astype(np.float32)
    with pytest.raises(InputError, match="no surface"):
        identify(points, shelf(reference("wedge")))


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"empty.*vnest inspect learn"):
        identify(half_scan(part("wedge")[0], 0)[0], Library(tmp_path))
