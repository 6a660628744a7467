"""Every test ends as a grade, a rejection for safety or a retest; never as a number that nothing stands behind."""

from pathlib import Path

import pytest
from tests.loop.battery.conftest import COLUMNS, response, write

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.disposition import grade_table, graded
from vehiclenest.loop.battery.grade import GradedTest, Grading
from vehiclenest.loop.battery.model import HealthModel, SocMode
from vehiclenest.loop.battery.reading import read_chunks

SAFETY = ["insulation_ohm_per_v", "temperature_c", "swelling_percent", "lowest_voltage_v"]


def row(soh: float, soc: float = 25.0, cell: str = "A", mat: str = "LFP", qn: object = 35, scale: float = 1.0) -> list[object]:
    return [mat, cell, qn, 1.0, 0.9, soc, *response(soh, soc, scale=scale)]


def grade(
    model: HealthModel,
    path: Path,
    rows: list[list[object]],
    mode: SocMode = "known",
    columns: list[str] | None = None,
    size: int = 5000,
) -> list[GradedTest]:
    with Grading(model, mode) as grading:
        for chunk in read_chunks(write(path / "t.csv", rows, columns or COLUMNS), {}, grading.needed, grading.optional, size):
            grading.add(chunk)
        found = list(grading.rows())
        assert sum(grading.counts.values()) == len(rows)
    return found


def test_healthier_cells_get_better_grades(model: HealthModel, tmp_path: Path) -> None:
    found = grade(model, tmp_path, [row(96, cell="A"), row(74, cell="B"), row(64, cell="C")])
    assert [test.grade for test in found] == ["A", "B", "D"]
    assert found[0].disposition == "reuse in vehicle"
    assert all(test.soh_low < test.soh < test.soh_high for test in found if test.soh and test.soh_low and test.soh_high)


def test_tests_of_one_cell_say_the_same_wherever_in_the_file_they_stand(model: HealthModel, tmp_path: Path) -> None:
    rows = [row(80, 15), row(70, cell="B"), row(80, 30)]
    found = grade(model, tmp_path, rows, size=1)
    assert found[0].soh == found[2].soh
    assert (found[0].tests, found[1].tests) == (2, 1)
    assert found[0].reason.startswith("2 tests combined")
    alone = grade(model, tmp_path, rows[:1])[0]
    assert alone.soh_high is not None
    assert found[0].soh_high is not None
    assert found[0].soh_high - (found[0].soh or 0) <= alone.soh_high - (alone.soh or 0)


def test_measured_labels_are_never_looked_at(model: HealthModel, tmp_path: Path) -> None:
    honest, lie = row(80), row(80)
    lie[COLUMNS.index("SOH")], lie[COLUMNS.index("Q")] = 0.2, 99
    assert grade(model, tmp_path, [honest]) == grade(model, tmp_path, [lie])


def test_soc_is_not_looked_at_where_it_is_unknown(model: HealthModel, tmp_path: Path) -> None:
    one, other = row(80, 25), row(80, 25)
    other[COLUMNS.index("SOC")] = "?"
    first, second = grade(model, tmp_path, [one], "unknown")[0], grade(model, tmp_path, [other], "unknown")[0]
    assert first.soh == second.soh


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SOC": ""}, "SOC is missing"),
        ({"ID": ""}, "ID is empty"),
        ({"SOC": 0.25}, "a fraction"),
        ({"SOC": 95}, "learned from 10 to 40"),
        ({"U5": ""}, "U5 is ''"),
        ({"U5": "nan"}, "U5 is nan"),
        ({"U5": 3300}, "millivolts"),
        ({"U5": -3.3}, "U5 is -3.3"),
        ({"Mat": "NiMH"}, "never learned NiMH"),
        ({"Qn": "x"}, "never learned LFP of x Ah"),
    ],
)
def test_what_cannot_be_graded_is_a_retest_and_not_a_number(
    model: HealthModel, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    bad = row(80)
    for column, value in change.items():
        bad[COLUMNS.index(column)] = value
    found = grade(model, tmp_path, [bad, row(80, cell="B")])
    assert (found[0].grade, found[0].soh) == ("retest", None)
    assert reason in found[0].reason
    assert found[1].soh is not None


def test_a_row_with_a_cell_too_few_is_a_retest(model: HealthModel, tmp_path: Path) -> None:
    assert "27 cells" not in grade(model, tmp_path, [row(80)[:-1]])[0].reason
    assert "26 cells" in grade(model, tmp_path, [row(80)[:-1]])[0].reason


@pytest.mark.parametrize(("scale", "word"), [(-1.0, "ohmic resistance"), (0.02, "ohmic resistance")])
def test_a_response_unlike_anything_learnt_is_a_retest(model: HealthModel, tmp_path: Path, scale: float, word: str) -> None:
    found = grade(model, tmp_path, [row(80, scale=scale)])[0]
    assert found.grade == "retest"
    assert word in found.reason


@pytest.mark.parametrize(
    ("measured", "word"),
    [
        ([100, "", "", ""], "insulation"),
        (["", 70, "", ""], "temperature"),
        (["", "", 15, ""], "swelling"),
        (["", "", "", 0.4], "deep discharge"),
    ],
)
def test_safety_rejects_before_anything_is_graded(model: HealthModel, tmp_path: Path, measured: list[object], word: str) -> None:
    rows = [[*row(96), *measured], [*row(96), 900, 25, 1, 2.5], [*row(96, cell="B"), 900, 25, 1, 2.5]]
    found = grade(model, tmp_path, rows, columns=[*COLUMNS, *SAFETY])
    assert [test.grade for test in found] == ["X", "X", "A"]
    assert word in found[0].reason
    assert "another test" in found[1].reason


def test_a_deeply_discharged_or_worn_out_cell_is_rejected(model: HealthModel, tmp_path: Path) -> None:
    flat = row(80)
    flat[6:] = [value - 2.0 for value in response(80, 25)]
    found = grade(model, tmp_path, [flat, row(60, cell="B", scale=4.0), row(80, cell="C", mat="NiMH")])
    assert [test.grade for test in found] == ["X", "X", "retest"]
    assert "rested voltage" in found[0].reason
    assert "resistance" in found[1].reason


def test_grades_go_down_to_regeneration() -> None:
    table = grade_table()
    assert [graded(table, soh, soh - 5)[0] for soh in (90, 82, 67, 58, 40, -3)] == ["A", "B", "C", "D", "E", "E"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"Mat,Mat\n", "twice"),
        (b"Mat,ID\n", "missing"),
        (b'"' + b"x" * 200_000, "no CSV"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(read_chunks(path, {}, ()))
    with pytest.raises(InputError, match="no regular file"):
        list(read_chunks(tmp_path, {}, ()))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_chunks(tmp_path / "none.csv", {}, ()))
