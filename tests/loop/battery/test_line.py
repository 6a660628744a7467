"""The line needs the channels that the facts name; a slower method misses fewer defects and costs more."""

from pathlib import Path

import pytest

from vehiclenest.core.errors import SettingsError
from vehiclenest.loop.battery import line as room
from vehiclenest.loop.battery.line import simulate_line

TABLE = Path(room.__file__).with_name("line.toml")


def config(tmp_path: Path, old: str, new: str) -> Path:
    path = tmp_path / "line.toml"
    path.write_text(TABLE.read_text().replace("simulated = { value = 20000", "simulated = { value = 2000").replace(old, new))
    return path


@pytest.mark.slow
def test_offered_loads_are_the_channels_of_the_facts() -> None:
    results, unverified = simulate_line(0)
    full, capacity, slow, fast = results
    assert full.offered_load == pytest.approx(33_000, rel=0.01)
    assert capacity.offered_load_range == pytest.approx((4950, 8250), rel=0.01)
    assert slow.offered_load == pytest.approx(230, rel=0.01)
    assert fast.offered_load == pytest.approx(7, rel=0.02)
    assert full.missed_defects < capacity.missed_defects < slow.missed_defects < fast.missed_defects
    assert full.cost_cny > capacity.cost_cny > slow.cost_cny > fast.cost_cny
    assert all(0.8 < result.utilisation < 1.0 for result in results)
    assert unverified


def test_the_seed_decides(tmp_path: Path) -> None:
    path = config(tmp_path, "modules = { value = 6.6e6", "modules = { value = 1e5")
    assert simulate_line(1, path) == simulate_line(1, path)
    assert simulate_line(1, path) != simulate_line(2, path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("utilisation = { value = 0.95", "utilisation = { value = 1.0"),
        ("modules = { value = 6.6e6", "modules = { value = 0"),
        ("seconds = { value = 30,", "seconds = { value = -30,"),
        ("simulated = { value = 2000,", "simulated = { value = 1e7,"),
    ],
)
def test_figures_that_make_no_line_are_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(SettingsError):
        simulate_line(0, config(tmp_path, old, new))


def test_a_file_of_any_name_sets_only_its_own_figures(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text("[line]\nsimulated = 500\nmodules = 1e5\n")
    results, unverified = simulate_line(0, own)
    assert results[0].modules == 500
    assert "line.line.simulated" not in unverified


@pytest.mark.parametrize("content", ["x", "[line]\nsimulated = true\nmodules = nan\n"])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(content)
    with pytest.raises(SettingsError) as refused:
        simulate_line(0, own)
    assert refused.value.where.file == str(own)
    with pytest.raises(SettingsError, match="cannot be read"):
        simulate_line(0, tmp_path)
