"""Codes and texts on parts are read, compared with known numbers, and joined with geometry; the unknown is an answer."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image, ImageDraw, ImageFont, ImageOps

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.marking import UNKNOWN, Mark, fuse, match_marking, read_marking

BOX = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def _matrix(text: str) -> Image.Image:
    code: Any = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    return ImageOps.expand(Image.fromarray(np.asarray(code.to_image(scale=8))).convert("L"), 60, 255)


@pytest.mark.parametrize("turn", [0, 33, 90, 180])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_data_matrix_is_read_at_any_turn_and_polarity(tmp_path: Path, turn: int, inverted: bool) -> None:
    picture = _matrix("04E115561H").rotate(turn, expand=True, fillcolor=255)
    path = tmp_path / "code.png"
    (ImageOps.invert(picture) if inverted else picture).save(path)
    found = [mark for mark in read_marking(path) if mark.kind == "datamatrix"]
    assert [(mark.text, mark.confidence, len(mark.box)) for mark in found] == [("04E115561H", 1.0, 4)]


def test_a_qr_code_is_read(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    segno.make("06A-103-601", micro=False).save(str(path), scale=6, border=6)
    assert ("06A-103-601", "qr") in [(mark.text, mark.kind) for mark in read_marking(path)]


def test_printed_numbers_are_read_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "print.png"
    picture = Image.new("L", (700, 200), 235)
    ImageDraw.Draw(picture).text((80, 60), "5Q0615301F", font=ImageFont.load_default(64), fill=20)
    picture.save(path)
    mark = read_marking(path)[0]
    assert mark.text.replace(" ", "") == "5Q0615301F"
    assert all(60 < x < 640 and 30 < y < 170 for x, y in mark.box)


def test_an_empty_surface_has_no_code_and_matches_evenly(tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    Image.new("L", (300, 200), 128).save(path)
    marks = read_marking(path)
    assert marks == []
    assert match_marking(marks, {"a": ["1234567"]}) == [("a", 0.5), (UNKNOWN, 0.5)]


def _bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )


def test_bad_pictures_are_refused_with_the_file(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    Image.new("L", (300, 200), 128).save(whole)
    for name, data, said in (
        ("a.png", b"no picture", "cannot be decoded"),
        ("a.png", whole.read_bytes()[:60], "cannot be decoded"),
        ("a.png", _bomb(), "9,000 × 9,000 pixels; no more than 60 megapixels"),
        ("a.svg", b"<svg/>", "the known ones are"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(InputError, match=said) as caught:
            read_marking(path)
        assert str(caught.value).startswith(str(path))
    with pytest.raises(InputError, match="no such file"):
        read_marking(tmp_path / "none.png")
    Image.new("L", (8, 200)).save(whole)
    with pytest.raises(InputError, match="at least 16"):
        read_marking(whole)


def test_numbers_that_nearly_agree_stay_apart_and_look_alikes_are_forgiven() -> None:
    known = {"left": ["5Q0 615 301 F"], "right": ["5Q0 615 301 G"], "other": ["1K0615423A"]}
    assert match_marking([Mark("5Q0615301F", 0.95, "ocr", BOX)], known)[0][0] == "left"
    misread = match_marking([Mark("SQO6153O1G", 0.9, "ocr", BOX)], known)
    assert misread[0][0] == "right"
    assert dict(misread)["left"] < dict(misread)["right"] / 5
    assert match_marking([Mark("ZZTOP99", 0.99, "ocr", BOX)], known)[0][0] == UNKNOWN
    assert match_marking([Mark("5Q0615301H", 1.0, "datamatrix", BOX)], known)[0] == (UNKNOWN, 1.0)
    assert sum(share for _, share in misread) == pytest.approx(1)


def test_geometry_and_marking_together_decide_what_neither_does_alone() -> None:
    both = fuse({"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.05, UNKNOWN: 0.05})
    assert next(iter(both)) == "a"
    assert both["a"] == pytest.approx(0.9 * 0.5 / (0.9 * 0.5 + 0.05 * 0.5 + 0.05 * 0.01), rel=1e-3)
    assert sum(both.values()) == pytest.approx(1)
    assert next(iter(fuse({"a": 0.001, UNKNOWN: 0.999}, {"a": 0.01, UNKNOWN: 0.99}))) == UNKNOWN
    assert fuse({}, {}) == {UNKNOWN: 1.0}
    assert fuse({"a": 1.0}, {})["a"] == pytest.approx(1 / 1.01)
    with pytest.raises(InputError, match="geometry gives 'a' the likelihood -1"):
        fuse({"a": -1}, {})
