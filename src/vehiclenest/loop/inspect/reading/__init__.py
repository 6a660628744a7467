"""Files of scanners and drawings: points of a scan, the mesh of a part, and the card beside the mesh, all in mm.

Nothing of a file is believed before it is checked: counts against the size of the file, coordinates against numbers, archives
against what they unpack to. What is refused is refused with an `InputError` that names the file and the way out.
"""

from vehiclenest.loop.inspect.reading.card import Card, read_card
from vehiclenest.loop.inspect.reading.meshes import MESH_ENDINGS, read_mesh
from vehiclenest.loop.inspect.reading.scans import SCAN_ENDINGS, read_scan
from vehiclenest.loop.inspect.reading.units import UNITS, Unit, unit_hint

__all__ = ["MESH_ENDINGS", "SCAN_ENDINGS", "UNITS", "Card", "Unit", "read_card", "read_mesh", "read_scan", "unit_hint"]
