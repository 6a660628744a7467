"""How many stamped part numbers of contrast ≤ 30 grey values are read: exactly, and as the right one of many known numbers.

Each picture is a relief lit from one side: height of the letters → slope → Lambert's shading, with noise, the texture of a cast, uneven
light and a turn of up to 4°. Run: python benchmarks/marking.py [how many].
"""

# OpenCV's stubs return unions of arrays.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vehiclenest.loop.inspect.marking import Mark, match_marking, normalised, read_marking

LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
FONTS = ("dejavu/DejaVuSans-Bold.ttf", "liberation/LiberationSans-Bold.ttf", "dejavu/DejaVuSansMono-Bold.ttf")


def numbers(count: int, seed: int = 5) -> list[str]:
    """Part numbers of 7 to 11 characters."""
    random = np.random.default_rng(seed)
    return ["".join(random.choice(list(LETTERS), int(random.integers(7, 12)))) for _ in range(count)]


def stamped(text: str, seed: int, contrast: float = 25) -> NDArray[np.uint8]:
    """Picture of a stamped (even seeds) or embossed (odd) text whose flanks differ by `contrast` grey values, from one light."""
    random = np.random.default_rng(seed)
    tall = 64
    face = Path("/usr/share/fonts/truetype") / FONTS[seed % len(FONTS)]
    font = ImageFont.truetype(str(face), 2 * tall) if face.is_file() else ImageFont.load_default(2 * tall)
    width, height = int(font.getlength(text) / 2) + 160, 3 * tall
    drawn = Image.new("L", (2 * width, 2 * height), 0)
    ImageDraw.Draw(drawn).text((160, 0.6 * height), text, font=font, fill=255)
    turned = drawn.rotate(float(random.uniform(-4, 4)), resample=Image.Resampling.BICUBIC).resize(
        (width, height), Image.Resampling.LANCZOS
    )
    relief = cv2.GaussianBlur(np.asarray(turned, dtype=np.float32) / 255, (0, 0), 1.6) * (6 if seed % 2 else -6)
    across, down = cv2.Sobel(relief, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(relief, cv2.CV_32F, 0, 1) / 8
    around, above = float(random.uniform(0, 2 * np.pi)), np.radians(35)
    light = np.array([np.cos(around) * np.cos(above), np.sin(around) * np.cos(above), np.sin(above)])
    shade = (light[2] - across * light[0] - down * light[1]) / np.sqrt(1 + across**2 + down**2) - light[2]
    shade *= contrast / 2 / np.percentile(np.abs(shade), 99.5)
    y, x = np.mgrid[:height, :width]
    slope = 30 * ((x / width - 0.5) * np.cos(around + 1) + (y / height - 0.5) * np.sin(around + 1))
    cast = cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), 3)
    noise = random.normal(0, 2, (height, width)) + 2 * cast / cast.std()
    return np.clip(random.uniform(90, 160) + shade + slope + noise, 0, 255).astype(np.uint8)


def read_all(texts: list[str], folder: Path, contrast: float = 25) -> list[list[Mark]]:
    """Read a picture of each text."""
    marks: list[list[Mark]] = []
    for seed, text in enumerate(texts):
        path = folder / f"{seed}.png"
        Image.fromarray(stamped(text, seed, contrast)).save(path)
        marks.append(read_marking(path))
    return marks


def rates(texts: list[str], marks: list[list[Mark]]) -> tuple[int, int, int]:
    """How many were read exactly as the first text, found as the right one of the known, and taken for a wrong one."""
    known = {text: [text] for text in texts}
    exact = sum(bool(found) and normalised(found[0].text) == text for text, found in zip(texts, marks, strict=True))
    first = [match_marking(found, known)[0][0] if found else "unknown" for found in marks]
    right = sum(name == text for name, text in zip(first, texts, strict=True))
    wrong = sum(name not in {text, "unknown"} for name, text in zip(first, texts, strict=True))
    return exact, right, wrong


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    texts = numbers(count)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        marks = read_all(texts, Path(folder))
        seconds = (time.perf_counter() - start) / count
    exact, right, wrong = rates(texts, marks)
    print(f"{count} stamped marks, contrast 25 grey values: {exact} read exactly, {right} matched right, {wrong} matched wrong")
    print(f"{seconds:.2f} s a picture")


if __name__ == "__main__":
    main()
