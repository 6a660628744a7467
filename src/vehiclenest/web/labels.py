"""Labels to print: a thing's name, its reference, and a QR code that leads to its page. 62 x 29 mm, one a page, as label printers take."""

# reportlab and segno are only partly typed.
# pyright: reportUnknownMemberType=false
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import segno
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_WIDTH, _HEIGHT = 62 * mm, 29 * mm
_MARGIN, _CODE = 2 * mm, 25 * mm
_FONT = "STSong-Light"  # a reader's own font for Chinese; nothing is embedded
_NAME_SIZE, _TEXT_SIZE = 9, 7  # points


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label; `lines` are short."""

    name: str
    lines: tuple[str, ...]
    code: str


def labels(items: Iterable[Label]) -> bytes:
    """Return the labels as PDF."""
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = BytesIO()
    canvas = Canvas(file, pagesize=(_WIDTH, _HEIGHT), invariant=True)
    canvas.setTitle("Labels")
    for item in items:
        _draw_code(canvas, item.code)
        left = _MARGIN * 2 + _CODE
        canvas.setFont(_FONT, _NAME_SIZE)
        canvas.drawString(left, _HEIGHT - 6 * mm, _fitting(item.name, _NAME_SIZE, left))
        canvas.setFont(_FONT, _TEXT_SIZE)
        for number, line in enumerate(item.lines, start=1):
            canvas.drawString(left, _HEIGHT - 6 * mm - number * 4 * mm, _fitting(line, _TEXT_SIZE, left))
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _draw_code(canvas: Canvas, text: str) -> None:
    matrix = segno.make(text, error="m", micro=False).matrix
    size = _CODE / len(matrix)
    for row, cells in enumerate(matrix):
        for column, dark in enumerate(cells):
            if dark:
                canvas.rect(_MARGIN + column * size, _HEIGHT - _MARGIN - (row + 1) * size, size, size, stroke=0, fill=1)


def _fitting(text: str, size: int, left: float) -> str:
    while text and pdfmetrics.stringWidth(text, _FONT, size) > _WIDTH - left - _MARGIN:
        text = text[:-1]
    return text
