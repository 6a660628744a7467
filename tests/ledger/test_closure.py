"""Closure of mass: what holds by construction, what is a finding, what is refused."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vehiclenest.core.errors import ClosureError, InputError
from vehiclenest.ledger import Event, Flow, MaterialFlow, close, tolerance
from vehiclenest.ledger.closure import ROUNDING

from .conftest import CAR, CAR_HULK, DOOR, event, give, take

masses = st.floats(min_value=0.001, max_value=50_000, allow_nan=False)


def weighed(flow: Flow, kg: float, uncertainty: float, lot: str | None = CAR) -> MaterialFlow:
    return MaterialFlow(flow, {"steel": kg}, lot, "weighed", uncertainty)


def transformation(*material: MaterialFlow) -> Event:
    return event("TransformationEvent", "disassembling", 0, *material)


def unaccounted(closed: Event) -> float:
    return math.fsum(flow.mass_kg for flow in closed.material if flow.flow is Flow.UNACCOUNTED)


@given(st.lists(masses, min_size=1, max_size=40))
def test_an_estimate_divided_up_closes_by_construction_and_leaves_nothing_unaccounted(parts: list[float]) -> None:
    whole = math.fsum(parts)
    closed = close(transformation(take(CAR, steel=whole), *(give(DOOR, steel=part) for part in parts)))
    assert unaccounted(closed) == 0


@given(masses, st.floats(min_value=1e-6, max_value=0.5))
def test_an_estimate_that_does_not_add_up_is_refused_however_small_the_gap(mass: float, gap: float) -> None:
    with pytest.raises(ClosureError, match="difference"):
        close(transformation(take(CAR, steel=mass), give(DOOR, steel=mass * (1 - gap))))


@given(masses, st.floats(min_value=0.1, max_value=50), st.floats(min_value=-1.9, max_value=1.9))
def test_a_weighed_difference_within_two_standard_uncertainties_is_booked_whole(
    mass: float, uncertainty: float, sigmas: float
) -> None:
    out = mass + uncertainty * sigmas
    assume(out > 0 and abs(out - mass) > 1e-9 * mass)
    closed = close(transformation(weighed(Flow.CONSUMED, mass, uncertainty), give(DOOR, steel=out)))
    assert unaccounted(closed) == pytest.approx(mass - out, rel=1e-12, abs=1e-12 * mass)
    total_out = math.fsum(flow.mass_kg for flow in closed.material if flow.flow is not Flow.CONSUMED)
    assert total_out == pytest.approx(mass, rel=1e-12)


@given(masses, st.floats(min_value=0.1, max_value=50), st.floats(min_value=2.1, max_value=10), st.sampled_from([-1, 1]))
def test_a_weighed_difference_beyond_the_instruments_is_refused(
    mass: float, uncertainty: float, sigmas: float, sign: int
) -> None:
    out = mass + sign * uncertainty * sigmas
    assume(out > 0)
    with pytest.raises(ClosureError):
        close(transformation(weighed(Flow.CONSUMED, mass, uncertainty), give(DOOR, steel=out)))


def test_a_refusal_names_the_difference_and_what_would_be_allowed() -> None:
    with pytest.raises(ClosureError, match=r"1000\.000 kg in, 900\.000 kg out and lost, difference \+100\.000 kg; at most 20 kg"):
        close(transformation(weighed(Flow.CONSUMED, 1000, 10), give(DOOR, steel=900)))


def test_a_measured_loss_closes_what_would_be_refused() -> None:
    flows = (weighed(Flow.CONSUMED, 1000, 10), give(DOOR, steel=900))
    assert unaccounted(close(transformation(*flows, MaterialFlow(Flow.LOST, {"steel": 98.0})))) == pytest.approx(2.0)


def test_unaccounted_mass_that_the_author_books_himself_is_held_to_the_same_limit() -> None:
    flows = (weighed(Flow.CONSUMED, 1000, 10), give(DOOR, steel=900))
    with pytest.raises(ClosureError):
        close(transformation(*flows, MaterialFlow(Flow.UNACCOUNTED, {"steel": 100.0})))


def test_closing_twice_changes_nothing() -> None:
    once = close(transformation(weighed(Flow.CONSUMED, 1000, 10), give(DOOR, steel=990)))
    assert close(once) == once


def test_weighed_uncertainties_add_in_quadrature_and_estimated_ones_linearly() -> None:
    flows = [
        weighed(Flow.CONSUMED, 100, 3),
        weighed(Flow.PRODUCED, 50, 4),
        MaterialFlow(Flow.PRODUCED, {"steel": 50.0}, DOOR, uncertainty_kg=6),
    ]
    flows.append(MaterialFlow(Flow.PRODUCED, {"steel": 1.0}, DOOR, uncertainty_kg=6))
    assert tolerance(flows) == pytest.approx(2 * math.hypot(3, 4, 12), rel=1e-6)


def test_without_a_scale_only_rounding_is_tolerated() -> None:
    assert tolerance([take(CAR, steel=1000.0), give(DOOR, steel=1000.0)]) == pytest.approx(1000 * ROUNDING)


def test_the_difference_is_booked_under_the_substance_that_is_short() -> None:
    flow = MaterialFlow(Flow.CONSUMED, {"steel": 800.0, "plastic": 200.0}, CAR, "weighed", 10)
    closed = close(transformation(flow, give(CAR_HULK, steel=800.0, plastic=195.0)))
    assert closed.material[-1].materials == pytest.approx({"plastic": 5.0})


def test_where_substances_are_transformed_the_difference_is_divided_like_the_input() -> None:
    ore = MaterialFlow(Flow.CONSUMED, {"lithium": 60.0, "cobalt": 40.0}, CAR, "weighed", 1)
    closed = close(transformation(ore, give(CAR_HULK, electrolyte=99.0)))
    assert closed.material[-1].materials == pytest.approx({"lithium": 0.6, "cobalt": 0.4})


@pytest.mark.parametrize("mass", [-1.0, math.nan, math.inf])
def test_a_mass_that_is_negative_or_not_finite_is_refused(mass: float) -> None:
    with pytest.raises(InputError, match="finite mass"):
        close(transformation(take(CAR, steel=mass), give(DOOR, steel=mass)))


def test_receipt_and_shipping_alone_have_nothing_to_close() -> None:
    arrival = transformation(MaterialFlow(Flow.RECEIVED, {"steel": 5.0}, CAR))
    assert close(arrival) is arrival
