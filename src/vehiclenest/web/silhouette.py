"""A vehicle seen from above, as inline SVG: the deeper a zone's colour, the more ARA damage units it has.

Colour is not the only sign: each damaged zone carries its units as a number, and the page lists them as text beside the picture.
"""

from collections.abc import Iterable
from html import escape

from vehiclenest.loop.records import Damage

_LIGHT, _HEAVY = 2.0, 6.0  # ARA damage units above which a zone is drawn as damaged, and as badly damaged
# Zone → outline and where its number stands; the front is to the left. Interior, underbody and powertrain are drawn within.
_ZONES: dict[str, tuple[str, tuple[int, int]]] = {
    "front": ("M20 40 Q8 80 20 120 L70 128 L70 32 Z", (42, 86)),
    "rear": ("M290 32 L330 40 Q340 80 330 120 L290 128 Z", (312, 86)),
    "left": ("M70 128 L290 128 L280 146 L84 146 Z", (180, 143)),
    "right": ("M70 32 L290 32 L280 14 L84 14 Z", (180, 29)),
    "roof": ("M130 48 L240 48 L240 112 L130 112 Z", (185, 70)),
    "interior": ("M92 44 L128 48 L128 112 L92 116 Z", (110, 86)),
    "powertrain": ("M72 60 L90 60 L90 100 L72 100 Z", (81, 86)),
    "underbody": ("M242 48 L288 44 L288 116 L242 112 Z", (265, 86)),
}


def silhouette(damage: Iterable[Damage], title: str) -> str:
    """Return the SVG of a damage map; `title` is what a screen reader says of it."""
    units: dict[str, float] = {}
    for item in damage:
        units[item.zone] = units.get(item.zone, 0.0) + item.units
    drawn: list[str] = []
    for zone, (outline, (x, y)) in _ZONES.items():
        found = units.get(zone, 0.0)
        drawn.append(f'<path class="{_level(found)}" d="{outline}"/>')
        if found:
            drawn.append(f'<text x="{x}" y="{y}" text-anchor="middle">{found:g}</text>')
    return (
        f'<svg class="silhouette" viewBox="0 0 350 160" width="350" height="160" role="img" aria-label="{escape(title)}">'
        + "".join(drawn)
        + "</svg>"
    )


def zones() -> tuple[str, ...]:
    """Return the zones that the picture knows."""
    return tuple(_ZONES)


def _level(units: float) -> str:
    if units > _HEAVY:
        return "heavy"
    return "damaged" if units > _LIGHT else "light" if units else "sound"
