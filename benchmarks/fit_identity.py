"""Fit how sure an identification is, on simulated scans of every second number of each family; writes identity.json.

    python -m benchmarks.fit_identity --library parts [--parts 208] [--scans 400] [--seed 100 101]

Maximum likelihood of a logistic model (confidence.py) with a weak pull towards nothing. The parts that `inspect_identify --half`
measures are not among those it is fitted on; the library holds both.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from benchmarks.identify_cases import Case, cases, filled, spread
from numpy.typing import NDArray
from scipy.optimize import minimize

from vehiclenest.loop.inspect import confidence
from vehiclenest.loop.inspect.confidence import FEATURES, Model, probabilities
from vehiclenest.loop.inspect.marking.fusion import UNKNOWN
from vehiclenest.loop.inspect.simulate.families import PartSpec, parts

_PULL = 1e-5
_LEAST = 1e-6
_UNIT = np.array([1.0] * FEATURES + [1.0, 10.0])  # what a coefficient of one means to the search
_TO = Path(confidence.__file__).with_name("identity.json")


def fitting_half(part: PartSpec) -> bool:
    """Whether a part is of the half that the model is fitted on: the odd numbers of a family."""
    return int(part.id[-3:-1]) % 2 == 1


def fitted(known: Sequence[Case]) -> Model:
    """Return the likeliest model of cases."""

    def model(values: NDArray[np.float64]) -> Model:
        return Model(values[:FEATURES] * _UNIT[:FEATURES], values[FEATURES:] * _UNIT[FEATURES:])

    def loss(values: NDArray[np.float64]) -> float:
        total = 0.0
        for case in known:
            shares = probabilities(case.found, model(values))
            truth = case.part_id if case.kind == "known" else UNKNOWN
            total -= float(np.log(max(shares.get(truth, 0.0), _LEAST)))
        return total / len(known) + _PULL * float(values @ values)

    start = np.array([1.0, -0.3, -0.3, -0.6, -2.0, -0.3, 1.0, 0.5])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(None, None)] * FEATURES + [(0.0, None)] * 2)
    return model(np.asarray(found.x, dtype=np.float64))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="folder of simulated parts; what it lacks is learnt")
    parser.add_argument("--parts", type=int, default=len(parts()))
    parser.add_argument("--scans", type=int, default=400)
    parser.add_argument("--seed", type=int, nargs="+", default=[100, 101], help="so many scans of each")
    wanted = parser.parse_args()
    chosen = spread(wanted.parts)
    library = filled(wanted.library, chosen)
    seen = [case for seed in wanted.seed for case in cases(library, chosen, wanted.scans, seed, of=fitting_half)]
    model = fitted(seen)
    said = {
        "source": f"python -m benchmarks.fit_identity --scans {wanted.scans} --seed {' '.join(map(str, wanted.seed))}: simulated scans, "
        f"{len(chosen)} parts",
        "date": datetime.now(UTC).date().isoformat(),
        "known": [round(float(value), 4) for value in model.known],
        "between": [round(float(value), 4) for value in model.between],
    }
    _TO.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
