"""Every part of the catalogue is a solid body, and no two are the same."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

from vehiclenest.core.errors import NotFoundError
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.simulate.families import FAMILIES, build, parts, spec


def _farthest(one: Mesh, other: Mesh) -> float:
    """Return how far a corner of one part lies from all corners of the other, at most, in mm."""
    distances: Any = cKDTree(other.vertices).query(one.vertices)[0]
    return float(np.max(distances))


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Mesh]:
    return {part.id: build(part.id) for part in parts()}


@pytest.mark.slow
def test_every_part_bounds_a_volume(catalogue: dict[str, Mesh]) -> None:
    assert len(catalogue) == 208
    for part_id, mesh in catalogue.items():
        assert mesh.checked(part_id).volume_mm3 > 10_000, part_id
        assert 60 < mesh.diagonal_mm < 500, part_id


@pytest.mark.slow
def test_no_two_parts_of_a_family_are_the_same(catalogue: dict[str, Mesh]) -> None:
    for family in FAMILIES:
        mine = [mesh for part_id, mesh in catalogue.items() if part_id.startswith(family + "-")]
        assert len(mine) == 16
        for one, other in combinations(mine, 2):
            away = max(_farthest(one, other), _farthest(other, one))
            assert away > 0.4, family  # mm: some corner of one lies nowhere near a corner of the other
        volumes = np.array([mesh.volume_mm3 for mesh in mine])
        assert np.abs(volumes / volumes[0] - 1).max() < 0.15, family


def test_near_duplicates_differ_by_what_the_table_says() -> None:
    first, second = build("disc-01a"), build("disc-02a")
    assert second.high[0] - first.high[0] == pytest.approx(2)
    assert spec("disc-01b").dimensions["bolts"] == spec("disc-01a").dimensions["bolts"] - 1
    hole = np.pi * 6.8**2 * 7  # one bolt hole less through the hat's wall of 7 mm
    assert build("disc-01b").volume_mm3 - first.volume_mm3 == pytest.approx(hole, rel=0.01)


def test_a_part_is_built_the_same_every_time_and_refined_without_moving_its_surface() -> None:
    plain, again, fine = build("knuckle-03b"), build("knuckle-03b"), build("knuckle-03b", 3.0)
    assert np.array_equal(plain.vertices, again.vertices)
    assert np.array_equal(plain.triangles, again.triangles)
    assert fine.checked("fine").volume_mm3 == pytest.approx(plain.volume_mm3, rel=1e-9)
    edges = np.linalg.norm(fine.corners - np.roll(fine.corners, 1, axis=1), axis=2)
    assert np.quantile(edges, 0.98) < 4.5
    assert len(fine.triangles) > 4 * len(plain.triangles)


def test_a_ventilated_disc_has_the_volume_of_its_rings_vanes_and_hat() -> None:
    d = spec("disc-01a").dimensions
    mesh = build("disc-01a")
    rings = np.pi * d["cheek"] * ((d["outer_radius"] ** 2 - d["inner_radius"] ** 2) + (d["outer_radius"] ** 2 - 71**2))
    vanes = d["vanes"] * 44 * d["vane_width"] * 10
    hat = np.pi * (20 * (78**2 - 71**2) + 7 * (71**2 - 32.5**2)) - 5 * np.pi * 6.8**2 * 7 - np.pi * 3.3**2 * 7
    assert mesh.volume_mm3 == pytest.approx(rings + vanes + hat, rel=0.005)


def test_an_unknown_part_is_refused_with_the_families_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"no simulated part is called 'disc-99z'; a family \(disc, drum"):
        build("disc-99z")
