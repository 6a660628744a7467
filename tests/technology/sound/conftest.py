"""A real head where there is one, and a simple one of our own for the rest: two ears 18 cm apart behind a shadow, simulated."""

from pathlib import Path

import numpy as np
import pytest
import sofar

from vehiclenest.technology.sound.hrtf import Head, read_head

RATE = 44_100.0


@pytest.fixture(scope="session")
def kemar(data_folder: Path) -> Head:
    """Return KEMAR as measured at the MIT Media Lab (Gardner and Martin 1995)."""
    path = data_folder / "sound/mit_kemar_normal_pinna.sofa"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return read_head(path)


@pytest.fixture(scope="session")
def simple_head() -> Head:
    """Return a simulated head: a delay and a gain an ear, by the angle between ear and source."""
    azimuth, elevation = np.meshgrid(np.radians(np.arange(0, 360, 10)), np.radians(np.arange(-60, 61, 15)))
    around = np.stack(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)], axis=-1
    ).reshape(-1, 3)
    directions = np.vstack([around, [[0, 0, 1], [0, 0, -1]]])
    facing = directions[:, 1:2] * np.array([1.0, -1.0])
    delays = 20 - 0.09 / 343 * RATE * facing
    frequencies = np.fft.rfftfreq(256)
    spectrum = (0.6 + 0.4 * facing)[..., None] * np.exp(-2j * np.pi * frequencies * delays[..., None])
    return Head(directions, np.fft.irfft(spectrum * (frequencies < 0.4), 256), RATE)


def write_sofa(path: Path, convention: str, impulses: np.ndarray, **changes: object) -> Path:
    """Write responses, shape (m, r, n), as SOFA of a convention."""
    found = sofar.Sofa(convention)
    found.Data_IR = impulses
    found.Data_SamplingRate = RATE
    found.Data_Delay = np.zeros((1, impulses.shape[1]))
    found.ReceiverPosition = np.zeros((impulses.shape[1], 3))
    for name, value in changes.items():
        setattr(found, name, value)
    sofar.write_sofa(str(path), found)
    return path
