"""A picture from a file as grey values, after a look at its size: an image of few bytes can unpack to gigabytes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vehiclenest.core.errors import InputError, Where

Grey = NDArray[np.uint8]
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
_GREATEST_FILE = 200_000_000  # bytes
_GREATEST_PICTURE = 60_000_000  # pixels, what cameras of industry give at most
_LEAST_SIDE = 16  # pixels, a letter of print


def read_picture(path: Path) -> Grey:
    """Return the grey values (height, width) of a picture, turned upright as its camera says.

    Raises
    ------
    InputError
        Where the file is missing, no picture, damaged, smaller than 16 pixels or larger than 60 megapixels.
    """
    where = Where(str(path))
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"the ending {path.suffix!r} is not known", expected=f"the known ones are {', '.join(ENDINGS)}", where=where
        )
    if not path.is_file():
        kind = "this is no file" if path.exists() else "there is no such file"
        raise InputError(kind, expected="name the picture of the marking", where=where)
    if path.stat().st_size > _GREATEST_FILE:
        raise InputError(f"the file has {path.stat().st_size:,} bytes", expected=f"no more than {_GREATEST_FILE:,}", where=where)
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(path, *image.size)
            return _grey(image)
    except InputError:
        raise
    except Exception as error:  # decoders raise what they like over damaged files
        said = (str(error) or type(error).__name__)[:200]
        raise InputError(f"the picture cannot be decoded: {said}", expected="take or copy it again", where=where) from error


def _check_size(path: Path, width: int, height: int) -> None:
    where = Where(str(path))
    if width * height > _GREATEST_PICTURE:
        told = f"the picture has {width:,} × {height:,} pixels"
        raise InputError(told, expected="no more than 60 megapixels: crop to the mark", where=where)
    if min(width, height) < _LEAST_SIDE:
        raise InputError(f"the picture has {width} × {height} pixels", expected=f"at least {_LEAST_SIDE} each way", where=where)


def _grey(image: Image.Image) -> Grey:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        values = np.asarray(upright, dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        return ((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    return np.ascontiguousarray(upright.convert("L"), dtype=np.uint8)
