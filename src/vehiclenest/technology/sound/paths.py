"""The inner loop of the image-source model: every path from a loudspeaker's images to every receiver, at every frequency.

A path carries what the walls left of it, the loudspeaker's directivity, the shadow of the head that the loudspeaker stands next to, the
field around the head that the receiver belongs to, and the loss around each seat back that it crosses (Maekawa's curve in the form
10 lg(3 + 20 N), N Fresnel number; Applied Acoustics 1, 1968).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
Whole = NDArray[np.int64]

SHADOW_ANGLES = 361  # cosine tables by half degrees


@njit(cache=True)
def _folded(value: float, size: float) -> float:
    """Return where a coordinate of the unfolded space lies in the cabin."""
    value %= 2 * size
    return 2 * size - value if value > size else value


@njit(cache=True)
def _detours(image: Real, point: Real, distance: float, size: Real, screens: Real, detours: Real) -> int:
    """Write the detour around each screen that a path crosses into `detours`, m; return how many there are (no more than it holds)."""
    count = 0
    low, high = min(image[0], point[0]), max(image[0], point[0])
    if high - low < 1e-9:
        return 0
    for screen in screens:
        for cell in range(int(np.floor(low / size[0])), int(np.floor(high / size[0])) + 1):
            plane = cell * size[0] + (screen[0] if cell % 2 == 0 else size[0] - screen[0])
            if not low < plane < high or count == detours.size:
                continue
            share = (plane - point[0]) / (image[0] - point[0])
            y = _folded(point[1] + share * (image[1] - point[1]), size[1])
            z = _folded(point[2] + share * (image[2] - point[2]), size[2])
            edge = min(min(y - screen[1], screen[2] - y), min(z - screen[3], screen[4] - z))
            if edge > 0:
                near, far = share * distance, (1 - share) * distance
                detours[count] = np.sqrt(near * near + edge * edge) + np.sqrt(far * far + edge * edge) - distance
                count += 1
    return count


@njit(cache=True)
def _row(first: Real, second: Real) -> int:
    """Return the row of a table by half degrees for the angle between two vectors."""
    norm = np.sqrt(np.sum(first * first) * np.sum(second * second))
    cosine = np.sum(first * second) / norm
    return int(round(np.arccos(min(1.0, max(-1.0, cosine))) / np.pi * (SHADOW_ANGLES - 1)))


@njit(cache=True, fastmath=True)
def add_paths(
    out: Complex,
    wavenumber: Real,
    image: Real,
    parity: Real,
    damping: Real,
    aim: Real,
    omni_share: Real,
    own_head: Real,
    shadow: Complex,
    position: Real,
    centre: Real,
    table: Whole,
    tables: Complex,
    direct_elsewhere: NDArray[np.bool_],
    size: Real,
    screens: Real,
    screen_floor: float,
) -> None:
    """Add every path of one loudspeaker to `out`.

    Parameters
    ----------
    out
        Shape (receivers, frequencies): pressure for a source whose free field is exp(−jkr)/4πr on its axis.
    wavenumber
        k in 1/m in equal steps, shape (frequencies,).
    image, parity
        Image positions, m, the loudspeaker itself first, and ±1 by axis for a mirrored axis; shape (images, 3).
    damping
        Product of the reflection factors, shape (images, frequencies).
    aim, omni_share
        Unit axis of the loudspeaker, shape (3,); its directivity, shape (frequencies,).
    own_head, shadow
        From the loudspeaker to the centre of the head beside it, m, shape (3,); what it sends into the distance past that head relative
        to the free field, by half degrees from the direction head → loudspeaker, shape (SHADOW_ANGLES, frequencies), or (0, 0) without.
    position, centre, table, tables
        Receivers, m, shape (receivers, 3); centre of the head that each belongs to and which table holds the field around it by half
        degrees, −1 for a receiver in free air; shape (tables, SHADOW_ANGLES, frequencies).
    direct_elsewhere
        Receivers whose direct path is computed elsewhere, since both ends stand near one head.
    size, screens, screen_floor
        Of the cabin, m; rows of x, y low, y high, z low, z high; the least amplitude that passes a screen.
    """
    frequencies = wavenumber.size
    step = wavenumber[1] - wavenumber[0] if frequencies > 1 else 0.0
    detours = np.empty(3)
    loss = np.ones(frequencies)
    for number in range(image.shape[0]):
        source = image[number]
        for receiver in range(position.shape[0]):
            if number == 0 and direct_elsewhere[receiver]:
                continue
            at = table[receiver]
            goal = centre[receiver] if at >= 0 else position[receiver]
            way = goal - source
            distance = np.sqrt(np.sum(way * way))
            cosine = np.sum(way * aim * parity[number]) / distance
            crossed = _detours(source, goal, distance, size, screens, detours)
            if crossed:
                for index in range(frequencies):
                    passed = 1.0
                    for screen in range(crossed):
                        fresnel = wavenumber[index] * detours[screen] / np.pi
                        passed *= max(screen_floor, 1 / np.sqrt(3 + 20 * fresnel))
                    loss[index] = passed
            past = _row(-own_head * parity[number], way) if shadow.size else -1
            around = _row(position[receiver] - goal, -way) if at >= 0 else -1
            phase = np.exp(-1j * wavenumber[0] * distance) / (4 * np.pi * distance)
            turn = np.exp(-1j * step * distance)
            for index in range(frequencies):
                value = phase * damping[number, index] * (omni_share[index] + (1 - omni_share[index]) * cosine)
                if past >= 0:
                    value *= shadow[past, index]
                if around >= 0:
                    value *= tables[at, around, index]
                if crossed:
                    value *= loss[index]
                out[receiver, index] += value
                phase *= turn
