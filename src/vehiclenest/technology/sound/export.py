# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Plotly's figures carry no types
"""Filters and responses as WAV, and a design as a page of charts."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.design import Design
from vehiclenest.technology.sound.read import write_wav

Real = NDArray[np.float64]
_LINES: Final = (
    ("contrast_unseen_db", "unseen ears 未见过的耳位"),
    ("contrast_worst_condition_db", "worst single deviation 最差单项偏差"),
    ("contrast_joint_deviation_db", "all deviations at once 全部偏差同时"),
    ("contrast_control_db", "where it was designed 设计点"),
    ("contrast_plain_db", "without a design 无设计"),
)


def write_filters(design: Design, folder: Path) -> list[Path]:
    """Write the filters of every seat as one WAV, a channel a loudspeaker in the order of the cabin's file.

    Raises
    ------
    InputError
        Where the folder cannot be written.
    """
    names = [seat.name for seat in design.cabin.seat]
    return write_each(folder, names, design.filters, design.filtering.rate_hz)


def write_heard(design: Design, heard: Real, folder: Path) -> list[Path]:
    """Write what every seat hears, shape (seats, 2, samples), as one binaural WAV a seat."""
    return write_each(folder, [seat.name for seat in design.cabin.seat], heard, design.filtering.rate_hz)


def write_responses(cabin: Cabin, responses: Real, rate_hz: float, folder: Path) -> list[Path]:
    """Write responses, shape (receivers, loudspeakers, samples), as one WAV a loudspeaker, a channel a receiver."""
    return write_each(folder, [speaker.name for speaker in cabin.loudspeaker], responses.swapaxes(0, 1), rate_hz)


def write_each(folder: Path, names: list[str], channels: Real, rate_hz: float) -> list[Path]:
    """Write signals, shape (files, channels, samples), as one WAV a name; raise `InputError` where the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{name}.wav" for name in names]
        for path, samples in zip(paths, channels, strict=True):
            write_wav(path, samples, rate_hz)
    except (OSError, RuntimeError) as error:
        raise InputError(f"cannot be written: {error}", expected="a folder to write", where=Where(str(folder))) from None
    return paths


def write_page(design: Design, report: dict[str, Any], path: Path) -> None:
    """Write a design as a page that needs nothing but a browser: contrast and effort by band, filters over time.

    Raises
    ------
    InputError
        Where the file cannot be written.
    """
    from plotly.graph_objects import Bar, Scatter
    from plotly.subplots import make_subplots

    bands = [f"{hz:g}" for hz in report["bands_hz"]]
    titles = (
        "Contrast, mean over pairs of seats, dB 声学对比度（各座位对平均）",
        "Contrast of the worst pair, dB 最差座位对",
        "Effort over one zone alone and array gain, dB 能耗与阵列增益",
        f"Filters of {design.cabin.seat[0].name} 滤波器",
    )
    figure = make_subplots(rows=2, cols=2, subplot_titles=titles)
    for column, part in ((1, "mean"), (2, "worst")):
        for key, label in _LINES:
            line = Scatter(
                x=bands, y=report[key][part], name=label, legendgroup=key, showlegend=column == 1, mode="lines+markers"
            )
            figure.add_trace(line, row=1, col=column)
    for key, label in (("effort_db", "effort 能耗"), ("array_gain_db", "array gain 阵列增益")):
        figure.add_trace(Bar(x=bands, y=report[key], name=label), row=2, col=1)
    time = np.arange(design.filtering.taps) / design.filtering.rate_hz * 1e3
    for speaker, taps in zip(design.cabin.loudspeaker, design.filters[0], strict=True):
        figure.add_trace(Scatter(x=time, y=taps, name=speaker.name, mode="lines"), row=2, col=2)
    figure.update_xaxes(title_text="octave band, Hz 倍频程", row=1)
    figure.update_xaxes(title_text="octave band, Hz 倍频程", row=2, col=1)
    figure.update_xaxes(title_text="ms", row=2, col=2)
    told = f"{report['cabin']}, {report['method']}: simulated 仿真; {report['seconds']:.1f} s"
    figure.update_layout(title=told, height=900, barmode="group", template="plotly_white")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(figure.to_html(include_plotlyjs=True, full_html=True), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", expected="a file to write", where=Where(str(path))) from None
