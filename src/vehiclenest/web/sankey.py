"""A Sankey diagram of two steps as inline SVG: it reads without script, and its figures stand in the table below it.

Bands are as wide as their share of the whole; columns are laid out from the top, the largest first.
"""

from collections.abc import Mapping
from html import escape

_WIDTH, _HEIGHT, _BAR, _GAP = 900.0, 460.0, 16.0, 7.0
_LEFT, _MIDDLE, _RIGHT = 0.0, 320.0, 620.0
_COLOURS = ("#0b5a7a", "#176236", "#9a6b00", "#7a3b8f", "#a11212", "#35618f", "#5c6b1e", "#4a5866")
_THINNEST = 0.004  # share below which a band is drawn without its name

Links = Mapping[tuple[str, str], float]  # (middle, right) → kg


def sankey(start: str, links: Links, title: str) -> str:
    """Return the SVG of ``start`` → middle → right; names are plain text and are escaped here."""
    whole = sum(links.values())
    if whole <= 0:
        return ""
    middle, right = _column(links, 0), _column(links, 1)
    room = _HEIGHT - _GAP * max(len(middle), len(right))
    scale = room / whole
    tops = [_tops(middle, scale), _tops(right, scale)]
    drawn = [_bar(_LEFT, 0.0, whole * scale, start, 1.0, _COLOURS[0])]
    from_start, from_middle, to_right = 0.0, dict(tops[0]), dict(tops[1])
    for number, (name, mass) in enumerate(middle.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(_band(_LEFT + _BAR, from_start, _MIDDLE, tops[0][name], mass * scale, colour))
        from_start += mass * scale
        for end in right:
            width = links.get((name, end), 0.0) * scale
            if width > 0:
                drawn.append(_band(_MIDDLE + _BAR, from_middle[name], _RIGHT, to_right[end], width, colour))
                from_middle[name] += width
                to_right[end] += width
        drawn.append(_bar(_MIDDLE, tops[0][name], mass * scale, name, mass / whole, colour))
    drawn += [_bar(_RIGHT, tops[1][end], mass * scale, end, mass / whole, "#17212b") for end, mass in right.items()]
    label = escape(title)
    return f'<svg class="sankey" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _column(links: Links, side: int) -> dict[str, float]:
    sums: dict[str, float] = {}
    for names, mass in links.items():
        sums[names[side]] = sums.get(names[side], 0.0) + mass
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _tops(column: Mapping[str, float], scale: float) -> dict[str, float]:
    top, found = 0.0, dict[str, float]()
    for name, mass in column.items():
        found[name] = top
        top += mass * scale + _GAP
    return found


def _bar(x: float, y: float, height: float, name: str, share: float, colour: str) -> str:
    bar = f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BAR:.0f}" height="{max(height, 0.5):.1f}" fill="{colour}"/>'
    if share < _THINNEST:
        return bar
    return bar + f'<text x="{x + _BAR + 5:.1f}" y="{y + height / 2 + 4:.1f}">{escape(name)} {share:.1%}</text>'


def _band(x: float, y: float, to_x: float, to_y: float, width: float, colour: str) -> str:
    half = (x + to_x) / 2
    return (
        f'<path d="M{x:.1f} {y:.1f} C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f} L{to_x:.1f} {to_y + width:.1f} '
        f'C{half:.1f} {to_y + width:.1f} {half:.1f} {y + width:.1f} {x:.1f} {y + width:.1f} Z" fill="{colour}" fill-opacity="0.25"/>'
    )
