"""A mesh knows its figures, and whether it bounds a volume."""

import manifold3d
import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Mesh, move

from .shapes import mesh_of


@pytest.fixture(scope="module")
def block() -> Mesh:
    return mesh_of(manifold3d.Manifold.cube((10, 20, 30)))


def test_a_block_has_the_area_and_volume_of_a_block(block: Mesh) -> None:
    assert block.checked("block").volume_mm3 == pytest.approx(6000)
    assert block.area_mm2 == pytest.approx(2200)
    assert block.diagonal_mm == pytest.approx(np.sqrt(1400))


def test_a_motion_keeps_the_volume(block: Mesh) -> None:
    pose = np.array([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    moved = block.moved(pose)
    assert moved.volume_mm3 == pytest.approx(6000)
    assert move(pose, np.array([[1.0, 2, 3]])) == pytest.approx(np.array([[3, 7, 10]]))


def test_a_hole_is_counted_and_refused(block: Mesh) -> None:
    opened = Mesh(block.vertices, block.triangles[1:])
    assert opened.open_edges() == 3
    with pytest.raises(InputError, match=r"part\.stl: the mesh is not watertight: 3 edges"):
        opened.checked("part.stl")


def test_a_mesh_inside_out_and_one_without_numbers_are_refused(block: Mesh) -> None:
    with pytest.raises(InputError, match="face inwards"):
        Mesh(block.vertices, block.triangles[:, ::-1]).checked("part.stl")
    broken = block.vertices.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match="vertex 3"):
        Mesh(broken, block.triangles).checked("part.stl")
    with pytest.raises(InputError, match="no triangle"):
        Mesh(block.vertices, block.triangles[:0]).checked("part.stl")
