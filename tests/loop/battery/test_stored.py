"""A model file is numbers and names: it comes back as it was, and what is no model is refused."""

import pickle
from pathlib import Path

import numpy as np
import orjson
import pytest
from tests.loop.battery.conftest import response

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.health import estimator
from vehiclenest.loop.battery.model import HealthModel
from vehiclenest.loop.battery.stored import checksum, dump_model, load_model


def test_a_stored_model_answers_as_the_learnt_one(model: HealthModel, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(dump_model(model))
    voltages, soc = np.array([response(72.0, 33.0)]), np.array([33.0])
    for mode in ("known", "unknown"):
        one, other = (estimator(found.types["NMC 2.1 Ah"], mode)(voltages, soc) for found in (model, load_model(path)))
        assert one == pytest.approx(other, abs=1e-9)


def spoilt(model: HealthModel, change: str) -> bytes:
    document = orjson.loads(dump_model(model))
    entry = document["types"]["LFP 35 Ah"]
    if change == "edited":
        entry["soc"][0] = 99.0
        return orjson.dumps(document)
    if change == "version":
        return orjson.dumps(document | {"version": 9})
    if change == "weights":
        entry["members"]["known"][0]["weights"] = [1.0]
    elif change == "shape":
        entry["voltages"] = [[1.0]]
    elif change == "number":
        entry["nominal_ah"] = "x"
    else:
        del entry["widths"]
    body = {key: document[key] for key in ("seed", "data_sha256", "report", "types")}
    return orjson.dumps(document | {"sha256": checksum(body)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("edited", "damaged or was edited"),
        ("version", "version 9"),
        ("weights", "another size"),
        ("shape", "not whole"),
        ("number", "no number"),
        ("missing", "not whole"),
    ],
)
def test_a_spoilt_model_is_refused(model: HealthModel, tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(spoilt(model, change))
    with pytest.raises(InputError, match=message):
        load_model(path)


@pytest.mark.parametrize("content", [pickle.dumps({"format": 1}), b"", b"[]", b'{"format": "other"}'])
def test_what_is_no_model_is_refused_and_never_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="model"):
        load_model(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_model(tmp_path)
