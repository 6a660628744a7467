"""The conditions that a design is made for, and those that it is judged by; none of the second is among the first."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.constants import Row, load_table
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.listeners import Condition, receivers
from vehiclenest.technology.sound.response import Responses
from vehiclenest.technology.sound.zones import correlations

Complex = NDArray[np.complex128]
_WORKERS = 2


def tolerances() -> Row:
    """Return how far things deviate from the cabin's file."""
    return load_table(Path(__file__).with_name("sound.toml"))["tolerance"]


def design_conditions(*, robust: bool) -> list[Condition]:
    """Return the conditions that responses are stacked over: nominal, and where robust also heads, turns and air within the tolerance."""
    nominal = Condition()
    if not robust:
        return [nominal]
    row = tolerances()
    share = row.number("design_share")
    far, turn, warm = row.number("shift") * share, row.number("yaw") * share, row.number("warmer") * share
    aslant = far / np.sqrt(2)
    shifts = [(-far, 0, 0), (0, far, 0), (0, -far, 0), (0, 0, far), (0, 0, -far)]
    shifts += [(-aslant, aslant, 0), (-aslant, -aslant, 0), (-aslant, 0, aslant), (-aslant, 0, -aslant)]
    return [
        nominal,
        *(Condition("design", shift_m=shift) for shift in shifts),
        *(Condition("design", yaw_deg=side * turn) for side in (-1, 1)),
        Condition("design", warmer_k=warm / 2),
        Condition("design", warmer_k=warm),
    ]


def sitting_conditions(seed: int) -> list[Condition]:
    """Return where heads really are when nobody moved: a few centimetres and degrees off at random. Unseen by any design."""
    row = tolerances()
    random = np.random.default_rng(seed)
    far, turn = row.number("sitting_shift"), row.number("sitting_yaw")
    return [
        Condition("sitting", shift_m=_three(random.uniform(-far, far, 3)), yaw_deg=float(random.uniform(-turn, turn)))
        for _ in range(int(row.number("sitting_draws")))
    ]


def single_deviations(cabin: Cabin, seed: int) -> list[Condition]:
    """Return every single deviation at its full size: air, head by direction, turn by side, loudspeakers drawn at ± their tolerance."""
    row = tolerances()
    far, turn, gain = row.number("shift"), row.number("yaw"), row.number("gain")
    random = np.random.default_rng(seed)
    return [
        Condition(f"air +{row.number('warmer'):g} K", warmer_k=row.number("warmer")),
        *(Condition(f"head {name} {far * 100:g} cm", shift_m=shift) for name, shift in _shifts(far).items()),
        *(Condition(f"head turned {side} {turn:g}°", yaw_deg=sign * turn) for side, sign in (("left", 1), ("right", -1))),
        *(
            Condition(f"loudspeakers ±{gain:g} dB, draw {draw + 1}", gain_db=_gains(random, len(cabin.loudspeaker), gain))
            for draw in range(int(row.number("gain_draws")))
        ),
    ]


def joint_deviations(cabin: Cabin, seed: int) -> list[Condition]:
    """Return deviations of everything at once: warm air, every head shifted each way and turned to either side, loudspeakers drawn."""
    row = tolerances()
    far, turn, gain = row.number("shift"), row.number("yaw"), row.number("gain")
    random = np.random.default_rng(seed)
    ways = {name: shift for name, shift in _shifts(far).items() if name != "back"}
    return [
        Condition(
            f"all at once, head {name}, turned {'left' if side > 0 else 'right'}",
            row.number("warmer"), shift, side * turn, _gains(random, len(cabin.loudspeaker), gain),
        )
        for (name, shift), side in product(ways.items(), (-1, 1))
    ]  # fmt: skip


def _shifts(far: float) -> dict[str, tuple[float, float, float]]:
    """Return a shift each way and aslant, as its listener names it; m."""
    two, three = far / np.sqrt(2), far / np.sqrt(3)
    return {
        "forward and left": (-two, -two, 0.0),
        "forward and right": (-two, two, 0.0),
        "forward and up": (-two, 0.0, two),
        "forward and down": (-two, 0.0, -two),
        "left and up": (0.0, -two, two),
        "right and up": (0.0, two, two),
        "forward, left and up": (-three, -three, three),
        "forward, right and up": (-three, three, three),
        "forward": (-far, 0.0, 0.0),
        "back": (far, 0.0, 0.0),
        "left": (0.0, -far, 0.0),
        "right": (0.0, far, 0.0),
        "up": (0.0, 0.0, far),
        "down": (0.0, 0.0, -far),
    }


def _gains(random: np.random.Generator, count: int, gain: float) -> tuple[float, ...]:
    return tuple(float(value) for value in random.choice([-gain, gain], count))


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def stacked_correlations(
    responses: Responses, conditions: Sequence[Condition], purpose: str, show: Callable[[str, int, int], None]
) -> Complex:
    """Return the correlations of every seat under every condition, shape (conditions, seats, frequencies, speakers, speakers).

    `purpose` is "control" or "evaluation": which points of the cabin's file count, where it has any.
    """
    seats = len(responses.cabin.seat)

    def one(condition: Condition) -> Complex:
        points = receivers(responses.cabin, condition, "control" if purpose == "control" else "evaluation")
        return correlations(responses.transfer(points, condition), points.seat, seats)

    found: list[Complex] = []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for correlation in pool.map(one, conditions):
            found.append(correlation)
            show(purpose, len(found), len(conditions))
    return np.stack(found)
