"""Packs: the pairing is the best there is, limits hold, and no other matching gives more than the bound."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery import match as room
from vehiclenest.loop.battery.match import Layout, Modules, match, parse_layout, usable, within_limits
from vehiclenest.loop.battery.modules import read_modules
from vehiclenest.loop.battery.packs import dealt, energy_kwh, simulated_modules

HEADER = "id,capacity_ah,resistance_mohm,ocv_v,self_discharge_percent_per_month\n"


def alike(capacity: list[float]) -> Modules:
    count = len(capacity)
    return Modules(tuple(map(str, range(count))), np.array(capacity), np.full(count, 2.0), np.full(count, 3.3), np.zeros(count))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(30, 40), min_size=6, max_size=6))
def test_no_other_pairing_has_a_stronger_weakest_pair(capacity: list[float]) -> None:
    amounts = np.array(capacity)
    packs = room.grouped(amounts, np.arange(6)[None], Layout(3, 2))
    best = max(min(amounts[list(order[i : i + 2])].sum() for i in (0, 2, 4)) for order in permutations(range(6)))
    assert amounts[packs[0]].sum(axis=1).min() == pytest.approx(best)


def test_three_in_parallel_are_dealt_to_the_group_with_the_least() -> None:
    amounts = np.array([9.0, 8.0, 7.0, 3.0, 2.0, 1.0])
    packs = room.grouped(amounts, np.arange(6)[None], Layout(2, 3))
    assert sorted(packs.ravel()) == list(range(6))
    assert amounts[packs[0]].sum(axis=1).min() >= 14.0


@pytest.mark.parametrize("text", ["15S2P", " 4s1p "])
def test_a_layout_is_read(text: str) -> None:
    assert parse_layout(text).modules in {30, 4}


@pytest.mark.parametrize("text", ["", "15", "S2P", "15S", "0S2P", "15S2", "-1S2P", "999S99P"])
def test_what_is_no_layout_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_layout(text)


def test_packs_keep_to_every_limit_use_no_module_twice_and_come_near_the_bound() -> None:
    modules = simulated_modules(6000, 1)
    found = match(modules, Layout(15, 2))
    assert all(within_limits(modules, pack.ravel()) for pack in found.packs)
    assert len(np.unique(found.packs)) == found.packs.size
    assert found.gap < 0.02
    assert found.found_ah == pytest.approx(15 * sum(usable(modules)[pack].sum(axis=1).min() for pack in found.packs))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_no_random_matching_exceeds_the_bound(seed: int) -> None:
    modules = simulated_modules(120, 3)
    found = match(modules, Layout(5, 2), 4)
    packs = dealt(np.random.default_rng(seed).permutation(120), Layout(5, 2))[:4]
    assert 5 * usable(modules)[packs].sum(axis=2).min(axis=1).sum() <= found.bound_ah


def test_matched_packs_give_more_energy_than_packs_as_they_come() -> None:
    modules, layout = simulated_modules(3000, 2), Layout(15, 2)
    found = match(modules, layout)
    came = dealt(np.arange(3000), layout)[: len(found.packs)]
    assert energy_kwh(modules, found.packs).sum() > 1.03 * energy_kwh(modules, came).sum()


def test_a_pack_gives_what_its_voltage_and_capacity_say() -> None:
    modules = alike([30.0] * 4)
    energy = energy_kwh(modules, np.arange(4).reshape(1, 2, 2))[0]
    assert energy == pytest.approx(4 * 30.0 * 3.25 / 1000, rel=0.03)


def test_the_weakest_group_ends_the_discharge() -> None:
    packs = np.arange(4).reshape(1, 2, 2)
    assert energy_kwh(alike([20.0, 20.0, 30.0, 30.0]), packs)[0] == pytest.approx(
        energy_kwh(alike([20.0] * 4), packs)[0], rel=0.03
    )


def test_a_module_that_runs_empty_by_itself_is_left_out(tmp_path: Path) -> None:
    modules = simulated_modules(300, 0)
    modules.self_discharge[:5] = 50.0
    found = match(modules, Layout(2, 1), limit=20)
    assert found.excluded >= 5
    assert len(found.packs) == 20
    assert not set(range(5)) & set(found.packs.ravel().tolist())


def test_a_left_over_module_takes_the_place_of_a_weaker_one() -> None:
    modules = alike([30.0, 31.0, 30.5, 31.0, 30.8])
    table = load_table(Path(room.__file__).with_name("match.toml"))
    packs = room.exchanged(modules, modules.capacity, np.array([[[0], [1]]]), np.array([2, 4]), Layout(2, 1), table)
    assert 0 not in packs
    assert modules.capacity[packs].min() == 30.8


def test_too_few_modules_make_no_pack_and_no_fuss() -> None:
    found = match(alike([30.0]), Layout(15, 2))
    assert (len(found.packs), found.gap) == (0, 0.0)
    assert len(match(alike([]), Layout(15, 2)).packs) == 0


def test_bad_rows_of_modules_are_listed_and_the_good_go_on(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(HEADER + "a,30,2,3.3,3\na,30,2,3.3,3\n,30,2,3.3,3\nb,nan,2,3.3,3\nc,30,-2,3.3,3\nd,30,2,3300,3\ne,30,2,3.3\n")
    modules, rejected = read_modules(path)
    assert modules.names == ("a",)
    assert [error.where.line for error in rejected] == [3, 4, 5, 6, 7, 8]
    assert "twice" in str(rejected[0])


@pytest.mark.parametrize(("content", "message"), [(b"", "missing"), (b"id\n", "missing"), (b"\xff\n", "UTF-8")])
def test_a_file_of_no_modules_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_modules(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_modules(tmp_path)
