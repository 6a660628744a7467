"""The compact model: learnt by the room, evaluated without anything installed."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.loop.battery.conftest import response

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.compact import dump_compact, estimate, feature_values, load_compact, simulated_response
from vehiclenest.loop.battery.compact_learn import learn_compact
from vehiclenest.loop.battery.model import PulseTests

Types = dict[str, tuple[str, float, PulseTests]]


def test_it_estimates_cells_it_never_saw_and_comes_back_from_its_file(types: Types, tmp_path: Path) -> None:
    learnt = learn_compact(types, "0" * 64)
    path = tmp_path / "c.json"
    path.write_text(dump_compact(learnt))
    found = load_compact(path).types["LFP 35 Ah"]
    soh, low, high = estimate(found, response(79.0, 22.0), 22.0)
    assert soh == pytest.approx(79.0, abs=2.0)
    assert low < soh < high


def test_a_simulated_response_is_that_of_its_health_and_seed(types: Types) -> None:
    found = learn_compact(types, "").types["LFP 35 Ah"]
    answer = simulated_response(found, 75.0, "car")
    assert answer == simulated_response(found, 75.0, "car")
    assert estimate(found, answer, found.test_soc)[0] == pytest.approx(75.0, abs=4.0)
    assert simulated_response(found, 10.0, "car") == simulated_response(found, found.soh_low, "car")


def test_a_response_of_the_wrong_sign_is_refused() -> None:
    with pytest.raises(InputError, match="wrong sign"):
        feature_values(response(80.0, 30.0, scale=-1.0), 30.0)


def test_the_bundled_model_needs_no_library() -> None:
    code = "import sys; from vehiclenest.loop.battery.compact import load_compact; load_compact(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_bundled_model_is_what_the_room_learns_from_its_data(data_folder: Path) -> None:
    from vehiclenest.loop.battery.learn import read_tests

    files = sorted((data_folder / "battery/pulsebat").glob("*.csv"))
    learnt = learn_compact(*read_tests(files, {}))
    bundled = load_compact()
    assert learnt.data_sha256 == bundled.data_sha256
    for name, found in learnt.types.items():
        assert found.coefficients == pytest.approx(bundled.types[name].coefficients, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_what_is_no_compact_model_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(InputError, match="no compact model"):
        load_compact(path)


def test_an_edited_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(dump_compact(load_compact()).replace('"half_width": 5', '"half_width": 1'))
    with pytest.raises(InputError, match="edited"):
        load_compact(path)
