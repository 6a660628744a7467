"""Dismantle: a `Vehicle` comes in; its depollution, its graded components and its hulk go out, and hulks become shredder fractions.

Depollution always comes first (2000/53/EC Annex I point 3; GB 22128): `dismantle` asks for its record. Components by mass shares per
family and powertrain, graded after the Automotive Recyclers Association; shredding by transfer coefficients. Every figure is in
`components.toml` and `yields.toml` and may be set by the site.
"""

from vehiclenest.loop.dismantle.depollute import depollute
from vehiclenest.loop.dismantle.grade import grade
from vehiclenest.loop.dismantle.shred import shred
from vehiclenest.loop.dismantle.teardown import dismantle

__all__ = ["depollute", "dismantle", "grade", "shred"]
