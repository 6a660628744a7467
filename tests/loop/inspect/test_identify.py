"""A scan of half a part is told from other parts, near-duplicates among them."""

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.descriptor import Descriptor, facets, likeness
from vehiclenest.loop.inspect.identify import identify, shortlist

from .parts import half_scan, part

NAMES = ["drum", "even drum", "camshaft", "rod", "wedge", "cuboid"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_the_part_of_a_scan_comes_first(name: str, seed: int) -> None:
    points, _ = half_scan(part(name)[0], seed, share=0.7)
    matches = identify(points, [part(other)[1] for other in NAMES])
    assert NAMES[matches[0].number] == name
    assert [match.start.score for match in matches] == sorted((match.start.score for match in matches), reverse=True)


def test_the_shortlist_names_each_part_once_and_likely_ones_first() -> None:
    learnt = [part(name)[1] for name in ("rod", "wedge", "cuboid")]
    for number, name in enumerate(("rod", "wedge", "cuboid")):
        listed = shortlist(half_scan(part(name)[0], 3)[0], learnt, most=2)
        assert len(set(listed)) == 2
        assert listed[0] == number


def test_likeness_does_not_change_with_the_pose() -> None:
    mesh, learnt = part("rod")
    points, truth = half_scan(mesh, 4)
    turned = (points.astype(np.float64) @ truth[:3, :3].T).astype(np.float32)
    parts = [learnt.descriptor, part("wedge")[1].descriptor]
    first, second = (likeness(facets(scan, mesh.diagonal_mm), parts) for scan in (points, turned))
    np.testing.assert_allclose(first, second, atol=0.5)  # cubes of the thinning lie otherwise
    assert first[0] > first[1] + 1


def test_a_descriptor_comes_back_from_its_arrays() -> None:
    descriptor = part("wedge")[1].descriptor
    again = Descriptor.stored(descriptor.arrays())
    assert again.diagonal_mm == descriptor.diagonal_mm
    for name in ("points", "normals", "shares", "views"):
        np.testing.assert_array_equal(getattr(again, name), getattr(descriptor, name))


def test_few_points_are_refused() -> None:
    with pytest.raises(InputError, match="points"):
        identify(half_scan(part("wedge")[0], 0)[0][:200], [part("wedge")[1]])


def test_points_on_a_line_are_of_no_part() -> None:
    line = np.linspace(0, 90, 2_000)[:, None] * np.array([1.0, 0.2, 0.1])
    with pytest.raises(InputError, match="no surface"):
        shortlist(line + np.random.default_rng(0).normal(0, 1e-3, line.shape), [part("wedge")[1]])
