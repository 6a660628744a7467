"""What crosstalk cancellation is worth on a measured head: known, turned, and of another size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.core.errors import InputError, Where
from vehiclenest.technology.sound.binaural import feeds
from vehiclenest.technology.sound.crosstalk import Canceller, bands_hz, constants, design, natural_separation_db, separation_db
from vehiclenest.technology.sound.hrtf import Head, horizontal, read_head
from vehiclenest.technology.sound.octave import Array
from vehiclenest.technology.sound.read import read_wav, require_rate, write_wav

Show = Callable[[str, int, int], None]
YAWS_DEG = (-10.0, -5.0, 5.0, 10.0)
_SHOWN_HZ = (250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
_SAME_DIRECTION = 0.99999  # cosine: measured at the very direction that is asked for


def head_report(
    path: Path, span_deg: float, limit_db: float, other_head: float, *, tracked: bool, show: Show
) -> tuple[dict[str, Any], Canceller]:
    """Return the report on a head and the filters for it at rest.

    Parameters
    ----------
    path
        SOFA file of a head in the free field.
    span_deg
        Angle between the loudspeakers, which stand symmetrically.
    limit_db
        Limit of the effort.
    other_head
        Size of the mismatched head against the measured one.
    tracked
        Whether filters are designed for the turned head; of a direction that was measured the design is not told, so that it interpolates
        as it would between directions.

    Raises
    ------
    InputError
        Where the file is no such SOFA, or a limit is below plain playback.
    """
    head = read_head(path)
    speakers = np.array([span_deg / 2, -span_deg / 2])
    rest = head.turned_to(speakers, 0.0)
    still = design(rest, head.rate_hz, limit_db=limit_db)
    cases = [
        _case("without filters", natural_separation_db(rest, head.rate_hz)),
        _case("the head it knows", separation_db(still, rest)),
    ]
    efforts = [still.effort_db(bands_hz()).max()]
    for index, yaw in enumerate(YAWS_DEG):
        show("head", index, len(YAWS_DEG))
        used = design(_unmeasured(head, speakers, yaw), head.rate_hz, limit_db=limit_db) if tracked else still
        efforts.append(used.effort_db(bands_hz()).max())
        truth = "" if _measured(head, speakers, yaw).all() else " (interpolated: not measured there)"
        cases.append(_case(f"turned {yaw:+g}°{truth}", separation_db(used, head.turned_to(speakers, yaw))))
    cases.append(
        _case(f"a head of {other_head:g} times the size", separation_db(still, head.scaled(other_head).turned_to(speakers, 0.0)))
    )
    show("head", len(YAWS_DEG), len(YAWS_DEG))
    return {
        "head": str(path),
        "span_deg": span_deg,
        "tracked": tracked,
        "bands_hz": [float(hz) for hz in bands_hz()],
        "shown_hz": list(_SHOWN_HZ),
        "cases": cases,
        "lowest_turned_db": min(case["lowest_db"] for case in cases if case["case"].startswith("turned")),
        "effort_db": float(max(efforts)),
        "peak_gain_db": still.peak_gain_db(bands_hz()),
        "taps": int(constants().number("taps")),
        "rate_hz": head.rate_hz,
        "delay_s": still.delay / head.rate_hz,
    }, still


def _unmeasured(head: Head, speakers_deg: Array, yaw_deg: float) -> Array:
    """Return paths to a turned head as somebody knows them who has no measurement at these very directions."""
    asked = horizontal(speakers_deg - yaw_deg)
    known = head.without(np.asarray((head.directions @ asked.T).max(axis=1) < _SAME_DIRECTION))
    return known.turned_to(speakers_deg, yaw_deg)


def _measured(head: Head, speakers_deg: Array, yaw_deg: float) -> Any:
    """Return for each loudspeaker whether the head was measured at its very direction."""
    return (head.directions @ horizontal(speakers_deg - yaw_deg).T).max(axis=0) >= _SAME_DIRECTION


def _case(name: str, separation: Array) -> dict[str, Any]:
    lowest = separation.min(axis=1)
    shown = [float(lowest[np.abs(np.log(bands_hz() / hz)).argmin()]) for hz in _SHOWN_HZ]
    return {
        "case": name,
        "separation_db": [float(value) for value in lowest],
        "shown_db": shown,
        "lowest_db": float(lowest.min()),
    }


def write_canceller(canceller: Canceller, path: Path) -> None:
    """Write the four filters as one WAV: from the left signal to both loudspeakers, then from the right.

    Raises
    ------
    InputError
        Where the file cannot be written.
    """
    try:
        write_wav(path, canceller.filters.swapaxes(0, 1).reshape(-1, canceller.filters.shape[-1]), canceller.rate_hz)
    except (OSError, RuntimeError) as error:
        raise InputError(f"cannot be written: {error}", expected="a WAV file to write", where=Where(str(path))) from None


def render_source(
    path: Path, span_deg: float, azimuth_deg: float, programme: Path, yaws: Path | None, out: Path
) -> dict[str, Any]:
    """Write what two loudspeakers play so that a source stays where it is, and return how long that is and how far the head turned.

    Parameters
    ----------
    path, span_deg
        The head, and the angle between the loudspeakers.
    azimuth_deg
        Where the source is, to the left of straight ahead.
    programme
        Its sound, at the sample rate of the head; channels are summed.
    yaws
        What a tracker said: one yaw in degrees a line, evenly spread over the sound; without it the head is at rest.
    out
        WAV file with the feeds of the left and the right loudspeaker.

    Raises
    ------
    InputError
        Where a file cannot be read or written, sample rates differ, or a yaw is no number.
    """
    head = read_head(path)
    samples, rate = read_wav(programme)
    require_rate(rate, head.rate_hz, programme, path.name)
    turned = _yaws(yaws) if yaws else np.zeros(1)
    played = feeds(head, [span_deg / 2, -span_deg / 2], azimuth_deg, samples.mean(axis=0), turned)
    try:
        write_wav(out, played, rate)
    except (OSError, RuntimeError) as error:
        raise InputError(f"cannot be written: {error}", expected="a WAV file to write", where=Where(str(out))) from None
    return {
        "azimuth_deg": azimuth_deg,
        "seconds_of_sound": played.shape[1] / rate,
        "largest_yaw_deg": float(np.abs(turned).max()),
    }


def _yaws(path: Path) -> Array:
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise InputError("cannot be read", expected="one yaw in degrees a line", where=Where(str(path))) from None
    found: list[float] = []
    for number, line in enumerate(lines, 1):
        try:
            yaw = float(line)
        except ValueError:
            yaw = np.nan
        if not -90 <= yaw <= 90:  # noqa: PLR2004  # further a seated head does not turn
            raise InputError(f"{line[:20]!r} is no yaw", expected="degrees from -90 to 90", where=Where(str(path), line=number))
        found.append(yaw)
    if not found:
        raise InputError("holds no yaw", expected="one yaw in degrees a line", where=Where(str(path)))
    return np.array(found)
