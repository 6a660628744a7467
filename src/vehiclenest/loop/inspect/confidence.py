"""How sure an identification is: a logistic model of exact evidence, fitted on simulated scans and checked on others.

p(known) comes of what the best part leaves unexplained; among parts the loss at points where they differ decides. The coefficients stand in
identity.json with their source; `python -m benchmarks.fit_identity` fits them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.evidence import Evidence, margin
from vehiclenest.loop.inspect.marking.fusion import UNKNOWN

Real = NDArray[np.float64]
FEATURES = 6
_SPECK, _FEW, _SPARE = 2e-4, 5e-5, 0.01  # shares of the points that tell nothing: specks, a few side by side, and outliers


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients: `known` (f,) of the features of the best part, `between` (2,) of margin and coverage among parts."""

    known: Real
    between: Real

    @staticmethod
    def of(said: Mapping[str, Any]) -> "Model":
        """Return the model of a document."""
        return Model(np.array(said["known"]), np.array(said["between"]))


@cache
def fitted() -> Model:
    """Return the model that was fitted."""
    return Model.of(json.loads(files("vehiclenest.loop.inspect").joinpath("identity.json").read_text(encoding="utf-8")))


def features(said: Evidence) -> Real:
    """Return what speaks of a part at all (f,): one, points beyond it, deep and very deep in it, what is unexplained, its own features."""
    beyond = said.beyond
    specks = np.log1p(np.array([beyond.excess, beyond.missing, beyond.gone]) / _SPECK)
    return np.array([1.0, *specks, np.log(1 - beyond.explained + _SPARE), np.log1p(beyond.feature / _FEW)])


def likeliest(found: Mapping[str, Evidence]) -> str:
    """Return the part that fits best where it differs from the others."""
    best = min(found, key=lambda name: found[name].loss)
    margins = {name: margin(said, found[best]) for name, said in found.items()}
    return min(margins, key=lambda name: margins[name])


def probabilities(found: Mapping[str, Evidence], model: Model | None = None) -> dict[str, float]:
    """Return the probability of each part and of `UNKNOWN`."""
    model = model or fitted()
    best = likeliest(found)
    behind = np.array([[-np.sqrt(max(0.0, margin(said, found[best]))), said.coverage] for said in found.values()])
    scores = behind @ model.between
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    known = 1 / (1 + np.exp(-float(features(found[best]) @ model.known)))
    return {**{name: float(known * share) for name, share in zip(found, shares, strict=True)}, UNKNOWN: 1 - known}
