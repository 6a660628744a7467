"""Where listeners' ears and the points beside them are, as the file has it and under deviations from it."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vehiclenest.technology.sound.cabin import Cabin, Point

Real = NDArray[np.float64]
_GRID_M = 0.08  # half a zone without heads: control points on a 3 × 3 grid, other points between them


@dataclass(frozen=True, slots=True)
class Condition:
    """How things stand when somebody listens, against the cabin's file.

    Attributes
    ----------
    name
        What deviates.
    warmer_k
        Air temperature above the file's, K.
    shift_m, yaw_deg
        Of every head; shift in the cabin's axes, cut where the headrest is.
    gain_db
        Deviation of each loudspeaker, empty for none.
    """

    name: str = "nominal"
    warmer_k: float = 0.0
    shift_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    gain_db: tuple[float, ...] = ()

    def heads(self, cabin: Cabin) -> Real:
        """Return the centres of the heads, m, shape (seats, 3)."""
        shift = np.tile(self.shift_m, (len(cabin.seat), 1)).astype(np.float64)
        shift[:, 0] = np.minimum(shift[:, 0], [seat.free_back_m for seat in cabin.seat])
        return cabin.heads + shift


@dataclass(frozen=True, slots=True)
class Receivers:
    """Points where sound is heard: positions, m, shape (receivers, 3), and the seat that each belongs to."""

    position: Real
    seat: NDArray[np.int64]


def ears(cabin: Cabin, condition: Condition) -> Receivers:
    """Return the left and right ear of every seat's listener, shape (2 · seats, 3)."""
    azimuth = np.deg2rad([cabin.head.ear_azimuth_deg, -cabin.head.ear_azimuth_deg])
    # Ahead is −x and left is −y: an azimuth to the left turns −x towards −y.
    offset = cabin.head.radius_m * np.column_stack([-np.cos(azimuth), -np.sin(azimuth), np.zeros(2)])
    seats = np.repeat(np.arange(len(cabin.seat)), 2)
    return _moved(cabin, condition, np.tile(offset, (len(cabin.seat), 1)), seats)


def receivers(cabin: Cabin, condition: Condition, purpose: Literal["control", "evaluation"]) -> Receivers:
    """Return the points that a design controls, or is scored at: those of the file, else the ears, else points of a grid in the air.

    Points of the file move and turn with the head of their seat.
    """
    points: tuple[Point, ...] = cabin.control if purpose == "control" else cabin.evaluation
    if points:
        names = [seat.name for seat in cabin.seat]
        seats = np.array([names.index(point.seat) for point in points])
        return _moved(cabin, condition, np.array([point.point_m for point in points]) - cabin.heads[seats], seats)
    if cabin.head.kind != "none":
        return ears(cabin, condition)
    steps = (-1.0, 0.0, 1.0) if purpose == "control" else (-0.5, 0.5)
    offset = _GRID_M * np.array([(x, y, 0.0) for x, y in product(steps, steps)])
    seats = np.repeat(np.arange(len(cabin.seat)), len(offset))
    return _moved(cabin, condition, np.tile(offset, (len(cabin.seat), 1)), seats)


def _moved(cabin: Cabin, condition: Condition, offset: Real, seats: NDArray[np.int64]) -> Receivers:
    """Return receivers at offsets from the heads of their seats, turned and shifted with them, but inside the cabin."""
    turn = np.deg2rad(condition.yaw_deg)
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = offset @ np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    margin = 0.01
    inside = np.clip(condition.heads(cabin)[seats] + turned, margin, np.array(cabin.size_m) - margin)
    return Receivers(inside, seats)
