"""Marks in a picture: codes by ZXing, text by PP-OCRv4 over several renderings, of which those that agree are believed."""

# rapidocr publishes no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import zxingcpp
from rapidocr_onnxruntime import RapidOCR

from vehiclenest.loop.inspect.marking.picture import Grey, read_picture
from vehiclenest.loop.inspect.marking.relief import renderings

Box = tuple[tuple[float, float], ...]
_LONGEST_SIDE = 2000  # pixels, what the detector takes
_CLEAR = 0.97  # confidence of print that needs no relief
_SAME_PLACE = 0.5  # of the smaller box


@dataclass(frozen=True, slots=True)
class Mark:
    """A text in a picture: `confidence` 0 … 1, where it came from, and its four corners (x, y) in pixels."""

    text: str
    confidence: float
    kind: Literal["ocr", "datamatrix", "qr"]
    box: Box


def read_marking(image_path: Path) -> list[Mark]:
    """Return all marks of a picture, codes first, then texts by falling confidence.

    A text's confidence is the share of renderings' confidences that spoke for it; in one place the runners-up are kept as marks of
    their own, for the right reading may be among them.

    Raises
    ------
    InputError
        Where the file is no picture that can be read, or is too large.
    """
    grey = read_picture(Path(image_path))
    return [*_codes(grey), *_texts(grey)]


def _codes(grey: Grey) -> list[Mark]:
    """Return the codes of a picture, at any turn and in either polarity."""
    marks: dict[tuple[str, str], Mark] = {}
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode])
    for picture in renderings(grey)[:3]:
        for found in zxingcpp.read_barcodes(picture, formats):
            kind: Literal["datamatrix", "qr"] = "datamatrix" if found.format == zxingcpp.BarcodeFormat.DataMatrix else "qr"
            place = found.position
            corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            marks.setdefault((kind, found.text), Mark(found.text, 1.0, kind, tuple((float(c.x), float(c.y)) for c in corners)))
        if marks:
            break
    return list(marks.values())


def _texts(grey: Grey) -> list[Mark]:
    scale = min(1.0, _LONGEST_SIDE / max(grey.shape))
    small = (
        np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        if scale < 1
        else grey
    )
    first, *others = renderings(small)
    found = _recognised(first, scale)
    if found and min(mark.confidence for mark in found) >= _CLEAR:
        return sorted(found, key=lambda mark: -mark.confidence)
    runs = [found, *(_recognised(other, scale) for other in others)]
    return _agreed(runs)


def _recognised(picture: Grey, scale: float) -> list[Mark]:
    lines: Any = _engine()(np.dstack([picture] * 3))[0] or []
    return [
        Mark(str(text).strip(), float(sure), "ocr", tuple((float(x) / scale, float(y) / scale) for x, y in box))
        for box, text, sure in lines
        if str(text).strip()
    ]


@lru_cache(maxsize=1)
def _engine() -> Any:
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


def _agreed(runs: Sequence[Sequence[Mark]]) -> list[Mark]:
    """Return one mark for each text in each place; its confidence is what all runs give it over what they give the place."""
    places: list[list[Mark]] = []
    for mark in sorted((mark for run in runs for mark in run), key=lambda mark: -mark.confidence):
        home = next((place for place in places if _shared(place[0].box, mark.box) > _SAME_PLACE), None)
        if home is None:
            places.append([mark])
        else:
            home.append(mark)
    marks: list[Mark] = []
    for place in places:
        votes: defaultdict[str, float] = defaultdict(float)
        for mark in place:
            votes["".join(mark.text.split())] += mark.confidence**4  # the recogniser is sure where it is right
        total = sum(votes.values())
        best = place[0].confidence
        marks += [Mark(text, best * vote / total, "ocr", place[0].box) for text, vote in votes.items() if text]
    return sorted(marks, key=lambda mark: -mark.confidence)


def _shared(one: Box, other: Box) -> float:
    """Return the shared area of the upright boxes around two marks, over the smaller of them."""
    (a_low, a_high), (b_low, b_high) = ((np.min(box, axis=0), np.max(box, axis=0)) for box in (one, other))
    sides = np.clip(np.minimum(a_high, b_high) - np.maximum(a_low, b_low), 0, None)
    smaller = min(float(np.prod(a_high - a_low)), float(np.prod(b_high - b_low)))
    return float(np.prod(sides)) / max(smaller, 1e-9)
