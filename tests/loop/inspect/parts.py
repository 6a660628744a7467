"""Parts for the tests of pose and symmetry: some symmetric, some nearly so; and scans that show a half of them."""

from collections.abc import Callable
from functools import cache
from typing import Any

import manifold3d
import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.coarse import CoarseField
from vehiclenest.loop.inspect.field import Field
from vehiclenest.loop.inspect.flip import without_flat
from vehiclenest.loop.inspect.global_pose import Learnt, learn
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.symmetry import undone

from .shapes import Array, mesh_of, motion, sampled

NOISE_MM = 0.02
Solid: Any = manifold3d.Manifold


def rod_of(height: float, radius: float, sides: int = 96) -> Any:
    return Solid.cylinder(height, radius, radius, sides)


def drum(*, marked: bool = True) -> Any:
    """Return a brake drum with four bolt holes; a small hole between two of them alone tells its four positions apart."""
    solid = rod_of(60, 130) - rod_of(55, 120).translate((0, 0, -1)) - rod_of(80, 30).translate((0, 0, -2))
    for turn in range(4):
        solid -= rod_of(80, 6, 32).translate((50, 0, 0)).rotate((0, 0, 90 * turn))
    return solid - rod_of(80, 4, 32).translate((56, 0, 0)).rotate((0, 0, 45)) if marked else solid


def crankshaft() -> Any:
    """Return a crankshaft of four throws in one plane: turned end for end it is itself but for its flange and a keyway."""
    solid = rod_of(460, 27, 64)
    for number, turn in enumerate((0, 180, 180, 0)):
        place = 60 + number * 95
        for at in (place, place + 50):
            web = rod_of(16, 60, 64).translate((-12, 0, at)) - Solid.cube((80, 200, 20), True).translate((50, 0, at + 8))
            web += Solid.cube((70, 56, 16), True).translate((28, 0, at + 8))
            solid += web.rotate((0, 0, turn))
        solid += rod_of(50, 24, 64).translate((43, 0, place + 8)).rotate((0, 0, turn))
    return solid + rod_of(14, 48, 64).translate((0, 0, 460)) - Solid.cube((8, 8, 30), True).translate((25, 0, 15))


def camshaft() -> Any:
    """Return a camshaft with eight lobes in four directions."""
    solid = rod_of(420, 13, 64)
    for number in range(8):
        lobe = Solid.batch_hull([rod_of(16, 17, 64), rod_of(16, 6, 32).translate((19, 0, 0))])
        solid += lobe.rotate((0, 0, (45, 225, 315, 135)[number // 2])).translate((0, 0, 30 + number * 46))
    return solid + rod_of(10, 22, 64).translate((0, 0, 410)) - rod_of(20, 3, 24).translate((17, 0, 400))


def rod() -> Any:
    """Return a connecting rod that half a turn about its length maps onto itself."""
    solid = rod_of(26, 38).translate((0, 0, -13)) + rod_of(32, 20).translate((150, 0, -16))
    solid += Solid.cube((150, 22, 14), True).translate((75, 0, 0)) + Solid.cube((30, 104, 24), True).translate((-8, 0, 0))
    return solid - rod_of(60, 28).translate((0, 0, -30)) - rod_of(60, 12).translate((150, 0, -30))


def brake_disc(*, marked: bool = True, vanes: int = 0) -> Any:
    """Return a brake disc with five bolt holes; a small hole between two of them alone tells its five positions apart."""
    solid = rod_of(22, 140) - rod_of(30, 75).translate((0, 0, -4)) + rod_of(45, 78)
    solid -= rod_of(40, 70).translate((0, 0, -2)) + rod_of(60, 32).translate((0, 0, -2))
    for turn in range(5):
        solid -= rod_of(60, 7, 32).translate((55, 0, 0)).rotate((0, 0, 72 * turn))
    for turn in range(vanes):
        solid -= Solid.cube((80, 6, 8), True).translate((120, 0, 11)).rotate((0, 0, 360 * turn / vanes))
    return solid - rod_of(60, 4, 32).translate((58, 0, 0)).rotate((0, 0, 36)) if marked else solid


def gear() -> Any:
    """Return a gear of 36 teeth with a keyway in its bore: half a turn about the keyway maps it onto itself."""
    solid = rod_of(20, 50, 180)
    for turn in range(36):
        solid += Solid.cube((14, 4.5, 20), True).translate((53, 0, 10)).rotate((0, 0, 10 * turn))
    return solid - rod_of(30, 15, 64).translate((0, 0, -5)) - Solid.cube((10, 5, 60), True).translate((15, 0, 10))


def wedge() -> Any:
    """Return a block with a slanted top and a pocket: no motion maps it onto itself."""
    slant = block(200, 200, 40).rotate((0, 25, 0)).translate((0, 0, 35))
    return block(90, 50, 40) - slant - block(20, 30, 8).translate((20, 20, -20))


def block(x: float, y: float, z: float) -> Any:
    return Solid.cube((x, y, z), True)


PARTS: dict[str, Callable[[], Any]] = {
    "drum": drum,
    "crankshaft": crankshaft,
    "camshaft": camshaft,
    "rod": rod,
    "ring": lambda: rod_of(30, 60, 256) - rod_of(40, 40, 256).translate((0, 0, -5)),
    "even drum": lambda: drum(marked=False),
    "cuboid": lambda: block(100, 60, 20),
    "cube": lambda: block(50, 50, 50),
    "wedge": wedge,
    "brake disc": brake_disc,
    "ventilated disc": lambda: brake_disc(vanes=37),
    "even disc": lambda: brake_disc(marked=False),
    "gear": gear,
}


@cache
def part(name: str) -> tuple[Mesh, Learnt]:
    """Return a part's mesh and what is learnt of it."""
    mesh = without_flat(mesh_of(PARTS[name](), 8.0))
    field = Field.of(mesh)
    return mesh, learn(mesh, field, CoarseField.of(mesh, field))


def half_scan(mesh: Mesh, seed: int, share: float = 0.5, count: int = 60_000) -> tuple[NDArray[np.float32], Array]:
    """Return points of a part in any pose of which a plane leaves `share`, 3 % of them outliers, and the pose that brings them home."""
    chance = np.random.default_rng(seed)
    on = sampled(mesh, int(count / share), seed)
    way = chance.normal(size=3)
    height = on.points @ way
    points = on.points[height >= np.quantile(height, 1 - share)]
    points = points + chance.normal(0, NOISE_MM, points.shape)
    astray = chance.choice(len(points), int(0.03 * len(points)), replace=False)
    points[astray] += chance.normal(0, 0.03 * mesh.diagonal_mm, (len(astray), 3))
    truth = motion(180, 300, seed)
    return move(undone(truth[None])[0], points).astype(np.float32), truth
