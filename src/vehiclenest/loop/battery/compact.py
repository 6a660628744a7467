"""A small model that needs nothing installed: SOH from a quadratic in six features, and what a cell of some SOH would answer.

`vnest battery learn --compact FILE` learns it (`compact_learn`): a ridge regression on state of charge, rested voltage and the logarithms
of four mean resistances, its penalty and interval by the error on left-out cells. It holds sums over cells and no measurement. It also
knows the mean response at one SOC and its slope over SOH, from which a pulse test is simulated where none was made.
"""

import hashlib
import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from vehiclenest.core.errors import InputError, Where

FORMAT, VERSION = "vehiclenest compact battery model", 1
_BUNDLED = Path(__file__).with_name("compact.json")
_CURRENTS_C = (0.5, -0.5, 1.0, -1.0, 1.5)


@dataclass(frozen=True, slots=True)
class CompactType:
    """One type of cell. `centre` and `spread` standardise the features; `coefficients` belong to `terms`; SOH in percent, V, percent."""

    chemistry: str
    nominal_ah: float
    centre: list[float]
    spread: list[float]
    coefficients: list[float]
    half_width: float
    test_soc: float
    voltages: list[float]
    slopes: list[float]
    soh_mean: float
    soh_low: float
    soh_high: float
    scatter: float


@dataclass(frozen=True, slots=True)
class CompactModel:
    """Types by name, and the hash of the data they were learnt from."""

    types: dict[str, CompactType]
    data_sha256: str


def feature_values(voltages: Sequence[float], soc: float) -> list[float]:
    """Return SOC, rested voltage and the logarithms of the mean resistances: ohmic, polarisation, ohmic at the end, relaxation.

    Raises
    ------
    InputError
        For a response of the wrong sign.
    """
    sums = [0.0, 0.0, 0.0, 0.0]
    for pulse, current in enumerate(_CURRENTS_C):
        before, start, end, after, rested = voltages[4 * pulse : 4 * pulse + 5]
        for kind, step in enumerate((start - before, end - start, end - after, after - rested)):
            sums[kind] += step / current / len(_CURRENTS_C)
    if not all(value > 0 for value in sums):
        raise InputError(
            "the response has the wrong sign", expected="voltages that rise in a charge pulse and fall in a discharge pulse"
        )
    return [soc, voltages[0], *(math.log(value) for value in sums)]


def terms(standardised: Sequence[float]) -> list[float]:
    """Return the terms of the quadratic: 1, each feature, each product of two."""
    products = [a * b for index, a in enumerate(standardised) for b in standardised[index:]]
    return [1.0, *standardised, *products]


def estimate(found: CompactType, voltages: Sequence[float], soc: float) -> tuple[float, float, float]:
    """Return SOH and its 90 % interval in percent from U1 to U21 in V and SOC in percent."""
    values = feature_values(voltages, soc)
    standardised = [(value - centre) / spread for value, centre, spread in zip(values, found.centre, found.spread, strict=True)]
    soh = sum(factor * term for factor, term in zip(found.coefficients, terms(standardised), strict=True))
    return soh, soh - found.half_width, soh + found.half_width


def simulated_response(found: CompactType, soh: float, seed: str) -> list[float]:
    """Return U1 to U21 of a simulated test at `test_soc`: the mean response at that SOH, its resistances scattered as cells do.

    SOH is kept within what was learnt; the same seed gives the same response.
    """
    within = min(max(soh, found.soh_low), found.soh_high)
    mean = [voltage + slope * (within - found.soh_mean) for voltage, slope in zip(found.voltages, found.slopes, strict=True)]
    factor = math.exp(found.scatter * random.Random(seed).gauss(0.0, 1.0))  # noqa: S311  # a simulation, no secret
    return [mean[0] + (voltage - mean[0]) * factor for voltage in mean]


def dump_compact(model: CompactModel) -> str:
    """Return the text of a compact model's file."""
    body = {"data_sha256": model.data_sha256, "types": {name: asdict(found) for name, found in model.types.items()}}
    return json.dumps({"format": FORMAT, "version": VERSION, "sha256": _checksum(body), **body}, indent=1) + "\n"


@lru_cache(maxsize=4)
def load_compact(path: Path = _BUNDLED) -> CompactModel:
    """Read a compact model; by default the one that comes with the package.

    Raises
    ------
    InputError
        Where it is no such file or damaged.
    """
    where = Where(str(path))
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        body = {key: document[key] for key in ("data_sha256", "types")}
        if (document["format"], document["version"], document["sha256"]) != (FORMAT, VERSION, _checksum(body)):
            raise InputError("the model is of another version, damaged or was edited", expected="learn it anew", where=where)
        return CompactModel({name: CompactType(**found) for name, found in body["types"].items()}, body["data_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"is no compact model: {error}", expected="a file of vnest battery learn --compact", where=where
        ) from None


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
