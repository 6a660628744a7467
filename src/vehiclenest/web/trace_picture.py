"""A trace as inline SVG: what a thing came from on the left, the thing, what it became on the right; every known thing is a link.

Bands are as wide as their share of the thing's mass. What is too little or too much to be drawn is put together in one box; the tables
below the picture have all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from vehiclenest.ledger.trace import Output, Trace

_DRAWN = 14  # boxes of a side
_WIDTH, _ROW, _GAP, _BOX = 960.0, 44.0, 8.0, 270.0
_LEFT, _MIDDLE, _RIGHT = 0.0, (_WIDTH - _BOX) / 2, _WIDTH - _BOX
_LONGEST = 25  # letters in a box

Say = Callable[..., str]


@dataclass(frozen=True, slots=True)
class _Box:
    """A box of one side: what stands in it, where it leads, and its share."""

    name: str
    uri: str | None
    share: float


def trace_picture(found: Trace, say: Say) -> str:
    """Return the SVG of a trace in the language of ``say``; what stands in it is escaped here."""
    left = _side(
        [_Box(f"{origin.lot.name} {origin.lot.reference}", origin.lot.uri, origin.share) for origin in found.origins], say
    )
    right = _side(
        [_Box(_became(output, say), output.lot.uri if output.lot else None, output.share) for output in found.outputs], say
    )
    rows = max(len(left), len(right), 1)
    height = rows * (_ROW + _GAP)
    middle = height / 2
    drawn: list[str] = []
    for boxes, x, edge in ((left, _LEFT, _MIDDLE), (right, _RIGHT, _MIDDLE + _BOX)):
        top = (height - len(boxes) * (_ROW + _GAP)) / 2
        whole = sum(box.share for box in boxes) or 1.0
        at = middle - _ROW / 2
        for number, box in enumerate(boxes):
            y = top + number * (_ROW + _GAP)
            part = _ROW * box.share / whole
            drawn.append(_band(x + (_BOX if x < edge else 0.0), y, _ROW, edge, at, part))
            at += part
            drawn.append(_drawn_box(box, x, y, "trace-box"))
    drawn.append(
        _drawn_box(_Box(f"{say(found.lot.name)} {found.lot.reference}", None, 1.0), _MIDDLE, middle - _ROW / 2, "trace-thing")
    )
    label = escape(say("Where {thing} came from and what it became, by shares of mass", thing=found.lot.reference))
    return f'<svg class="trace" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="group" aria-label="{label}">{"".join(drawn)}</svg>'


def _became(output: Output, say: Say) -> str:
    end = say(output.end)
    return f"{say(output.lot.name)} {output.lot.reference} → {end}" if output.lot else end


def _side(boxes: Sequence[_Box], say: Say) -> list[_Box]:
    """Return the boxes of a side, the largest first; the rest is one."""
    ordered = sorted(boxes, key=lambda box: -box.share)
    if len(ordered) <= _DRAWN:
        return ordered
    rest = ordered[_DRAWN - 1 :]
    return [*ordered[: _DRAWN - 1], _Box(say("and {count} more", count=len(rest)), None, sum(box.share for box in rest))]


def _drawn_box(box: _Box, x: float, y: float, kind: str) -> str:
    short = box.name if len(box.name) <= _LONGEST else box.name[: _LONGEST - 1] + "…"
    text = (
        f"<title>{escape(box.name)}: {box.share:.1%}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_BOX:.0f}" height="{_ROW:.0f}" rx="4"/>'
        f'<text x="{x + 8:.1f}" y="{y + _ROW / 2 + 5:.1f}">{escape(short)}</text>'
        f'<text class="trace-share" x="{x + _BOX - 8:.1f}" y="{y + _ROW / 2 + 5:.1f}" text-anchor="end">{box.share:.1%}</text>'
    )
    if box.uri is None:
        return f'<g class="{kind}">{text}</g>'
    return f'<a class="{kind}" href="/trace?id={quote(box.uri, safe="")}">{text}</a>'


def _band(x: float, y: float, height: float, to_x: float, to_y: float, to_height: float) -> str:
    half = (x + to_x) / 2
    return (
        f'<path class="trace-band" d="M{x:.1f} {y:.1f} C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f} '
        f"L{to_x:.1f} {to_y + to_height:.1f} C{half:.1f} {to_y + to_height:.1f} {half:.1f} {y + height:.1f} "
        f'{x:.1f} {y + height:.1f} Z"/>'
    )
