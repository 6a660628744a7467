"""The page of an inspection: deviation map, sections, defects and verdict as one file that needs nothing but a browser.

English and Chinese stand side by side in it; every figure is in its tables, which need no script. Its policy lets nothing else run.
"""

import tomllib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from numpy.typing import NDArray

from vehiclenest.core.page import plotly_script, security_policy
from vehiclenest.loop.inspect.model import Figure, Inspection
from vehiclenest.loop.inspect.surface_map import SurfaceMap

_TEMPLATES = Path(__file__).with_name("templates")
_MISSING = "–"
_LEAST_SCALE = 1.5  # of the tolerance: its band never fills the scale
_SHOWN_SHARE = 0.995  # of the vertices that the scale holds at first
_SMALL_INDEX = 65_536  # vertices that two bytes can number


def page(title: str, inspection: Inspection, display: SurfaceMap) -> str:
    """Return the HTML page of an inspection with the map of its scan, about 6 MB, most of which is Plotly's script."""
    scripts = {"plotly": plotly_script(), "own": _asset("inspection.js")}
    uncertainty = inspection.pose.uncertainty()
    text = (
        _environment()
        .get_template("inspection.html")
        .render(
            title=title,
            inspection=inspection,
            damage=inspection.damage,
            deviation=inspection.deviation,
            verdict=inspection.verdict,
            pose=inspection.pose,
            rotation_deg=uncertainty["rotation_deg"],
            translation_mm=uncertainty["translation_mm"],
            display=display,
            bins=_bins(display),
            names=_names(),
            scripts=scripts,
            style=_asset("inspection.css"),
            policy=security_policy(scripts.values()),
            data=htmlsafe_json_dumps(_drawing(inspection, display)),
        )
    )
    # A file name that is no UTF-8 carries lone surrogates, which no UTF-8 page can hold.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _names() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(_asset("names.toml"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {"number": _number, "extent": _length, "figure": _figure, "figure_length": _figure_length}
    environment.filters.update(filters)
    return environment


def _number(value: float, digits: int = 0) -> str:
    if not isfinite(value):
        return _MISSING
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = "−" + text[1:] if any(digit in "123456789" for digit in text) else text[1:]
    return text


def _length(mm: float) -> str:
    """Write a length: in µm below a millimetre."""
    if not isfinite(mm):
        return _MISSING
    return f"{_number(mm, 2)} mm" if abs(mm) >= 1 else f"{_number(mm * 1000, 1 if abs(mm) < 0.01 else 0)} µm"  # noqa: PLR2004  # 10 µm


def _figure_length(figure: Figure) -> str:
    """Write a length with its uncertainty, both in the same unit."""
    if not isfinite(figure.value) or abs(figure.value) >= 1:
        return f"{_figure(figure, 2)} mm"
    return f"{_number(figure.value * 1000)} ± {_number(figure.uncertainty * 1000, 1 if figure.uncertainty < 0.01 else 0)} µm"  # noqa: PLR2004  # 10 µm


def _figure(figure: Figure, digits: int = 1) -> str:
    """Write a figure with its uncertainty."""
    return f"{_number(figure.value, digits)} ± {_number(figure.uncertainty, digits)}"


def _bins(display: SurfaceMap) -> list[tuple[float, float, int]]:
    """Return the histogram for its table: from, to, points; in a few rows, each several bars wide."""
    found = display.histogram
    starts = range(0, len(found.counts), max(1, len(found.counts) // 12))
    ends = [*list(starts)[1:], len(found.counts)]
    return [
        (float(found.edges_mm[start]), float(found.edges_mm[end]), int(found.counts[start:end].sum()))
        for start, end in zip(starts, ends, strict=True)
    ]


def _drawing(inspection: Inspection, display: SurfaceMap) -> dict[str, Any]:
    """Return what the page's script draws: arrays as base64 of little-endian numbers, lengths in mm."""
    count = len(display.mesh.vertices)
    return {
        "vertices": _packed(display.mesh.vertices, "<f4"),
        "triangles": _packed(display.mesh.triangles, "<u2" if count <= _SMALL_INDEX else "<u4"),
        "wide": count > _SMALL_INDEX,
        "deviation": _packed(display.deviation_mm, "<f4"),
        "tolerance": inspection.tolerance_mm,
        "scales": _scales(inspection.tolerance_mm, display),
        "histogram": {"edges": display.histogram.edges_mm.tolist(), "counts": display.histogram.counts.tolist()},
        "defects": [{"kind": defect.kind, "centre": list(defect.centre_mm)} for defect in inspection.damage.defects],
        "kinds": _names()["kind"],
    }


def _packed(values: NDArray[Any], kind: str) -> str:
    return b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _scales(tolerance_mm: float, display: SurfaceMap) -> list[float]:
    """Return the ends that the colour scale may have, mm, first the one that holds nearly every vertex."""
    sizes = np.abs(display.deviation_mm[display.covered])
    if len(sizes) == 0:
        return [2 * tolerance_mm]
    least = _LEAST_SCALE * tolerance_mm
    ends = [max(least, float(np.quantile(sizes, _SHOWN_SHARE))), 2 * tolerance_mm, max(least, float(sizes.max()))]
    return list(dict.fromkeys(float(f"{end:.2g}") for end in ends))
