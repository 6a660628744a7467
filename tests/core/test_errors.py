"""Errors: one line for a person, one object for HTTP; the place is filled in on the way up and never overwritten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import ClosureError, ConflictError, InputError, NotFoundError, SettingsError, VehicleNestError, Where

FULL = InputError("'abc' is no number", expected="kg, for example 1450", where=Where("lots.csv", 7, "mass"))


def test_one_line_says_where_what_and_what_would_be_right() -> None:
    assert str(FULL) == "lots.csv, line 7, mass: 'abc' is no number; kg, for example 1450"


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where(), "broken"),
        (Where(file="a.csv"), "a.csv: broken"),
        (Where(line=3, field="vin"), "line 3, vin: broken"),
        (Where(line=0), "line 0: broken"),
    ],
)
def test_what_is_not_known_of_the_place_is_left_out(where: Where, text: str) -> None:
    assert str(InputError("broken", where=where)) == text


@given(st.text(), st.text(), st.text())
def test_no_input_can_break_or_colour_the_line(what: str, expected: str, file: str) -> None:
    line = str(InputError(what, expected=expected, where=Where(file)))
    assert line.isprintable()


def test_control_characters_are_written_out() -> None:
    assert str(InputError("make 'A\nB\x1b[31m'")) == r"make 'A\nB\x1b[31m'"


def test_the_place_is_filled_in_where_it_was_not_known() -> None:
    error = InputError("broken", expected="whole", where=Where(field="vin")).at(file="lots.csv", line=7, field="row")
    assert error.where == Where("lots.csv", 7, "vin")
    assert error.reason == "broken; whole"


def test_a_known_place_is_never_overwritten() -> None:
    assert FULL.at(file="other.csv", line=1, field="other").where == FULL.where
    assert InputError("x", where=Where(line=0)).at(line=5).where.line == 0


def test_the_kind_of_an_error_survives_on_its_way_up() -> None:
    assert type(ClosureError("x").at(file="a")) is ClosureError


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InputError, 422),
        (NotFoundError, 404),
        (ClosureError, 422),
        (ConflictError, 409),
        (SettingsError, 500),
        (VehicleNestError, 500),
    ],
)
def test_over_http_it_is_a_problem_document(kind: type[VehicleNestError], status: int) -> None:
    problem = kind("broken", expected="whole", where=Where("a.csv", 7, "vin")).problem()
    assert problem == {
        "type": "about:blank", "title": kind.title, "status": status, "detail": "broken; whole", "file": "a.csv", "line": 7, "field": "vin"
    }  # fmt: skip


def test_a_problem_document_names_no_place_that_is_not_known() -> None:
    assert set(InputError("broken").problem()) == {"type", "title", "status", "detail"}
