"""`vnest sound`: private listening zones, crosstalk cancellation and speech privacy in a car cabin; commands in `sound_*.py`."""

import os
from importlib.util import find_spec

import click

from vehiclenest.core.errors import InputError

_EXTRA = ("numpy", "scipy", "numba", "pyroomacoustics", "sofar", "soundfile", "pystoi")


@click.group()
def sound() -> None:
    """Private listening zones, 3D sound over loudspeakers and speech privacy in a car cabin (extra: sound)."""


def needs_extra() -> None:
    """Raise `InputError` where a library of the extra is missing; call it before a command imports the room."""
    # Before NumPy is imported: threads that share small matrix products wait for each other longer than they work.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if missing := next((name for name in _EXTRA if find_spec(name) is None), None):
        raise InputError(f"{missing} is not installed", expected="pip install 'vehiclenest[sound]'")
