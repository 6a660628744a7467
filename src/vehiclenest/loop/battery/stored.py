"""The model file: JSON that holds numbers and names only, so that loading one from a stranger can do nothing but fail.

It names its format, version, checksum, seed and the hash of the data learnt from. A model carries the voltages of its training tests
(a Gaussian process predicts from them).
"""

import hashlib
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import orjson

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.battery.health import MEMBERS
from vehiclenest.loop.battery.model import SOC_MODES, Array, HealthModel, SocMode, TypeModel, Width
from vehiclenest.loop.battery.regression import Fitted

FORMAT, VERSION = "vehiclenest battery health model", 1
_LARGEST_FILE = 500_000_000  # bytes


def dump_model(model: HealthModel) -> bytes:
    """Return a model as the bytes of its file; the same model gives the same bytes."""
    body = {
        "seed": model.seed,
        "data_sha256": model.data_sha256,
        "report": model.report,
        "types": {name: _type_out(found) for name, found in model.types.items()},
    }
    head = {"format": FORMAT, "version": VERSION, "sha256": checksum(body)}
    return orjson.dumps(head | body)


def load_model(path: Path) -> HealthModel:
    """Read a model file.

    Raises
    ------
    InputError
        Where it is no model file, of another version, damaged or not whole.
    """
    where = Where(str(path))
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError("the file is too large for a model", expected="a file of vnest battery learn", where=where)
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a file of vnest battery learn", where=where) from None
    except orjson.JSONDecodeError as error:
        raise InputError(f"is no model file: {error.msg}", expected="a file of vnest battery learn", where=where) from None
    if not isinstance(document, dict) or cast("dict[str, Any]", document).get("format") != FORMAT:
        raise InputError("is no battery model", expected="a file of vnest battery learn", where=where)
    fields = cast("dict[str, Any]", document)
    if fields.get("version") != VERSION:
        raise InputError(
            f"the model has version {fields.get('version')!r}", expected=f"version {VERSION}: learn it anew", where=where
        )
    body = {key: fields.get(key) for key in ("seed", "data_sha256", "report", "types")}
    if checksum(body) != fields.get("sha256"):
        raise InputError(
            "the model's checksum does not match: the file is damaged or was edited", expected="learn it anew", where=where
        )
    try:
        types = {str(name): _type_in(found) for name, found in cast("dict[str, Any]", body["types"]).items()}
        return HealthModel(types, str(body["data_sha256"]), int(cast("int", body["seed"])), cast("Any", body["report"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"the model is not whole: {error}", expected="learn it anew", where=where) from None


def checksum(body: dict[str, Any]) -> str:
    """Return the checksum that a file of this content has to carry."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _type_out(model: TypeModel) -> dict[str, Any]:
    return {
        "chemistry": model.chemistry,
        "nominal_ah": model.nominal_ah,
        "voltages": model.voltages.tolist(),
        "soc": model.soc.tolist(),
        "domain": [model.domain_low.tolist(), model.domain_high.tolist()],
        "widths": {mode: [width.common, width.own] for mode, width in model.widths.items()},
        "members": {mode: [_member_out(member) for member in members] for mode, members in model.members.items()},
    }


def _member_out(member: Fitted) -> dict[str, Any]:
    return {
        "theta": member.theta.tolist(),
        "centre": {name: value.tolist() for name, value in member.centre.items()},
        "spread": {name: value.tolist() for name, value in member.spread.items()},
        "mean": member.mean,
        "scale": member.scale,
        "weights": member.weights.tolist(),
    }


def _type_in(found: dict[str, Any]) -> TypeModel:
    voltages, soc = _array(found["voltages"], 2), _array(found["soc"], 1)
    if voltages.shape != (len(soc), 21):
        raise ValueError(f"voltages have shape {voltages.shape}")
    low, high = (_array(values, 1) for values in found["domain"])
    members: dict[SocMode, tuple[Fitted, ...]] = {}
    for mode in SOC_MODES:
        members[mode] = tuple(
            _member_in(entry, kernel, len(soc)) for entry, kernel in zip(found["members"][mode], MEMBERS[mode], strict=True)
        )
    widths: dict[SocMode, Width] = {
        mode: Width(_number(found["widths"][mode][0]), _number(found["widths"][mode][1])) for mode in SOC_MODES
    }
    return TypeModel(str(found["chemistry"]), _number(found["nominal_ah"]), voltages, soc, members, widths, low, high)


def _member_in(entry: dict[str, Any], kernel: Any, tests: int) -> Fitted:
    theta, weights = _array(entry["theta"], 1), _array(entry["weights"], 1)
    expected = 2 + sum(1 + len(term.groups) for term in kernel.terms)
    if len(theta) != expected or len(weights) != tests:
        raise ValueError("a regression has another size than its kernel")
    centre, spread = ({str(name): _array(value, 1) for name, value in entry[part].items()} for part in ("centre", "spread"))
    return Fitted(kernel, theta, centre, spread, _number(entry["mean"]), _number(entry["scale"]), weights, np.empty(0))


def _array(value: object, dimensions: int) -> Array:
    found = np.asarray(value, dtype=np.float64)
    if found.ndim != dimensions or not np.isfinite(found).all():
        raise ValueError("an array of numbers is not one")
    return found


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
