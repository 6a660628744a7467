"""Renderings of a picture in which a faint relief stands out: a stamped letter has no colour of its own, only shaded flanks.

Contrast-limited equalisation (Zuiderveld 1994), shading normalised by its local mean and spread, gradient magnitude over two
scales, which knows no direction of light, and top-hats over three sizes of stroke (Serra 1982).
"""

# OpenCV's stubs return unions of arrays.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import cv2
import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.marking.picture import Grey

_MIDDLE, _SPREAD = 128, 40  # grey values of the normalised picture
_FULL = 255
_STRONG = 99.5  # percentile that becomes full black; above it is glare


def renderings(grey: Grey) -> tuple[Grey, ...]:
    """Return the picture (h, w) and what brings out relief in it, the most telling first after the picture itself."""
    return (
        grey,
        equalised(grey, 4.0),
        flattened(grey, 1.2),
        equalised(smoothed(grey, 1.5), 4.0),
        edges(grey),
        strokes(grey),
    )


def smoothed(grey: Grey, sigma: float) -> Grey:
    """Return the picture without noise finer than `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), dtype=np.uint8)


def equalised(grey: Grey, limit: float) -> Grey:
    """Return the picture with its contrast stretched in each of 8 × 8 tiles."""
    return np.asarray(cv2.createCLAHE(limit, (8, 8)).apply(grey), dtype=np.uint8)


def flattened(grey: Grey, sigma: float) -> Grey:
    """Return the picture free of uneven light: minus its local mean, over its local spread."""
    values = grey.astype(np.float32)
    detail = cv2.GaussianBlur(values, (0, 0), sigma) - cv2.GaussianBlur(values, (0, 0), 25)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 40)) + 1
    return np.clip(_MIDDLE + _SPREAD * detail / spread, 0, _FULL).astype(np.uint8)


def edges(grey: Grey) -> Grey:
    """Return the flanks of a relief in black, from whichever side the light comes."""
    values = grey.astype(np.float32)
    sizes: list[NDArray[np.float32]] = []
    for sigma in (1.5, 2.5):
        smooth = cv2.GaussianBlur(values, (0, 0), sigma)
        size = np.hypot(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1))
        sizes.append(np.asarray(size / max(float(np.percentile(size, _STRONG)), 1e-6), dtype=np.float32))
    return _black(np.maximum(sizes[0], sizes[1]))


def strokes(grey: Grey) -> Grey:
    """Return what is brighter or darker than its surroundings and no wider than a stroke, in black."""
    smooth = smoothed(grey, 1.2)
    best = np.zeros(grey.shape, dtype=np.float32)
    for size in (9, 15, 25):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        hat = np.maximum(cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, kernel), cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, kernel))
        best = np.maximum(best, hat.astype(np.float32) / max(float(np.percentile(hat, _STRONG)), 1.0))
    return _black(best)


def _black(strength: NDArray[np.float32]) -> Grey:
    return (_FULL - np.clip(strength * _FULL, 0, _FULL)).astype(np.uint8)
