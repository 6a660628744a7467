"""A year's plan."""

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate import plan


def test_the_plan_has_the_scale_of_the_facts() -> None:
    found = plan(2027).as_dict()
    assert found["packs_t"] == 220_000
    assert found["seconds_per_module"] == pytest.approx(4.36, abs=0.005)
    channels = found["test_channels"]
    assert channels["UL_1974"] == 33_000
    assert 4_950 <= channels["capacity_test"] <= 8_250
    assert channels["pulse"] == pytest.approx(230, abs=1)
    assert channels["rapid"] == 7


def test_the_stock_takes_the_stoppage_and_never_falls_below_nothing() -> None:
    found = plan(2028, seed=3)
    assert found.stock_t.size == 366
    assert np.min(found.stock_t) >= 0
    assert found.as_dict()["stock_t"]["largest"] > 30 * 220_000 / 366 * 0.5
    assert np.array_equal(found.stock_t, plan(2028, seed=3).stock_t)
    assert not np.array_equal(found.stock_t, plan(2028, seed=4).stock_t)


def test_shredding_unsorted_costs_the_one_step_route_its_lithium() -> None:
    carbonate = plan(2027, route="one-step").as_dict()["lithium_carbonate_t"]
    assert carbonate["sorted"] > 5_000
    assert carbonate["lost_without_sorting"] > 0.9 * carbonate["sorted"]
    assert plan(2027, share_iron_phosphate=0.0, route="one-step").as_dict()["lithium_carbonate_t"]["lost_without_sorting"] < 1e-6


def test_direct_recycling_needs_sorted_packs() -> None:
    found = plan(2027, route="direct")
    assert set(found.totals("products")) == {"regenerated cathode", "graphite"}
    assert found.unsorted_lithium_carbonate_t > 0  # what acid would make of the mix


@pytest.mark.parametrize(
    ("year", "packs", "share"),
    [(1999, None, None), (2027, 0.0, None), (2027, float("nan"), None), (2027, None, 1.5), (2027, 1e12, None)],
)
def test_a_plan_that_cannot_be_is_refused(year: int, packs: float | None, share: float | None) -> None:
    with pytest.raises(InputError):
        plan(year, packs, share)
