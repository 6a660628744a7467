"""Pulse responses → physical features: open-circuit voltage, ohmic and polarisation resistances, their relaxation, the drift.

The test (PulseBat; Tao et al., Nature Communications 2024, s41467-024-54454-0): five pulses of 5 s at 0.5, −0.5, 1, −1 and 1.5 C. U1 is
the rest before; each pulse gives four voltages: right after its start, at its end, right after its end, and rested again.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CURRENTS_C = np.array([0.5, -0.5, 1.0, -1.0, 1.5])
VOLTAGES = tuple(f"U{number}" for number in range(1, 22))
_LEAST_RESISTANCE = 1e-5  # V per C-rate: what a response of the wrong sign counts as in a logarithm

# The five pulses as level, charge against discharge, slope with current, both, and curvature, orthonormal: noise stays white in them.
_SIGN, _SIZE = np.sign(CURRENTS_C), np.abs(CURRENTS_C)
_BASIS = np.linalg.qr(np.stack([np.ones(5), _SIGN, _SIZE, _SIGN * _SIZE, _SIZE**2], axis=1))[0]


def resistances(voltages: Array) -> dict[str, Array]:
    """Return resistances in V per C-rate, each of shape (tests, 5), by the pulse.

    `on` ohmic at the start, `polarisation` built up in the pulse, `off` ohmic at the end, `relaxation` after it, `drift` what stays
    of the pulse in the rested voltage.
    """
    before, start, end = voltages[:, 0:17:4], voltages[:, 1:18:4], voltages[:, 2:19:4]
    after, rested = voltages[:, 3:20:4], voltages[:, 4:21:4]
    return {
        "on": (start - before) / CURRENTS_C,
        "polarisation": (end - start) / CURRENTS_C,
        "off": (end - after) / CURRENTS_C,
        "relaxation": (after - rested) / CURRENTS_C,
        "drift": (rested - before) / CURRENTS_C,
    }


def features(voltages: Array, soc: Array | None) -> dict[str, Array]:
    """Return feature blocks of tests, each of shape (tests, features).

    Parameters
    ----------
    voltages
        U1 to U21 in V, shape (tests, 21).
    soc
        State of charge in percent, shape (tests,), or None where it is unknown.
    """
    by_kind = resistances(voltages)
    blocks = {"voltage": voltages, "open_circuit": voltages[:, :1], "drift": by_kind["drift"] @ _BASIS}
    for kind in ("on", "polarisation", "off", "relaxation"):
        blocks[f"log_{kind}"] = np.log(np.maximum(by_kind[kind], _LEAST_RESISTANCE)) @ _BASIS
    if soc is not None:
        blocks["soc"] = soc[:, None]
    return blocks
