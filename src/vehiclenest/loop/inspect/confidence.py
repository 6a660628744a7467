"""How sure an identification is: a logistic model of exact evidence, fitted on simulated scans and checked on others.

p(known) comes of what the best part leaves unexplained; among parts the difference of their loss decides. The coefficients stand in
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

from vehiclenest.loop.inspect.evidence import Evidence
from vehiclenest.loop.inspect.marking.fusion import UNKNOWN

Real = NDArray[np.float64]
FEATURES = 5
_SPECK, _SPARE = 2e-4, 0.01  # shares of the points that tell nothing: a few in a scan, and outliers
_EXPLAINED = 0.6  # of the points


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients: `known` (f,) of the features of the best part, `between` (2,) of loss and coverage among parts."""

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
    """Return what speaks of a part at all (f,): one, points beyond it, deep and very deep in it, and what it leaves unexplained."""
    specks = np.log1p(np.array([said.excess, said.missing, said.gone]) / _SPECK)
    return np.array([1.0, *specks, np.log(1 - said.explained + _SPARE)])


def explained(said: Evidence) -> bool:
    """Whether a part is so near what was scanned that it, or one nearly alike, has been found."""
    return said.explained >= _EXPLAINED


def probabilities(found: Mapping[str, Evidence], model: Model | None = None) -> dict[str, float]:
    """Return the probability of each part and of `UNKNOWN`."""
    model = model or fitted()
    names = list(found)
    scores = np.array([[-said.loss, said.coverage] for said in found.values()]) @ model.between
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    best = found[names[int(np.argmax(shares))]]
    known = 1 / (1 + np.exp(-float(features(best) @ model.known)))
    return {**{name: float(known * share) for name, share in zip(names, shares, strict=True)}, UNKNOWN: 1 - known}
