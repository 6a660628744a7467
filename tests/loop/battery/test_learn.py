"""Learning refuses what it cannot trust, and gives the same model for the same files."""

from pathlib import Path

import pytest
from tests.loop.battery.conftest import COLUMNS, quiet, rows, write

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.learn import learn, model_card, read_tests
from vehiclenest.loop.battery.reading import read_mapping
from vehiclenest.loop.battery.stored import dump_model


def changed(column: str, value: object, row: int = 3) -> list[list[object]]:
    found = rows()
    found[row][COLUMNS.index(column)] = value
    return found


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("U7", "nan", "U7 is nan"),
        ("U7", "x", "U7 is 'x'"),
        ("U3", 3312.0, "millivolts"),
        ("SOH", 85.0, "SOH is 85"),
        ("SOH", "", "SOH is nan"),
        ("SOC", 140, "SOC is 140"),
        ("Qn", -1, "Qn is -1"),
        ("ID", "", "ID is empty"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, column: str, value: object, word: str) -> None:
    with pytest.raises(InputError, match=word) as refused:
        read_tests([write(tmp_path / "a.csv", changed(column, value))], {})
    assert refused.value.where.line == 5


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'U21' is missing"):
        read_tests([write(tmp_path / "a.csv", [row[:-1] for row in rows()], COLUMNS[:-1])], {})


def test_names_of_columns_may_be_mapped(tmp_path: Path) -> None:
    mapping = tmp_path / "names.toml"
    mapping.write_text('Mat = "chemistry"\n')
    path = write(tmp_path / "a.csv", rows(), ["chemistry", *COLUMNS[1:]])
    assert list(read_tests([path], read_mapping(mapping))[0]) == ["LFP 35 Ah"]
    mapping.write_text("Mat = 3\n")
    with pytest.raises(InputError, match="Mat is 3"):
        read_mapping(mapping)
    with pytest.raises(InputError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize(("cells", "message"), [(4, "4 physical cells"), (1100, "at most 4,000")])
def test_too_few_cells_and_too_many_tests_are_refused(tmp_path: Path, cells: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_tests([write(tmp_path / "a.csv", rows(cells))], {})


def test_cells_of_one_health_teach_nothing(tmp_path: Path) -> None:
    found = rows()
    for row in found:
        row[COLUMNS.index("SOH")] = 0.8
    with pytest.raises(InputError, match="every SOH is 80"):
        read_tests([write(tmp_path / "a.csv", found)], {})


def test_no_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tests"):
        read_tests([write(tmp_path / "a.csv", [])], {})


def test_a_cell_aged_and_tested_again_is_one_physical_cell(tmp_path: Path) -> None:
    found = rows(12)
    for number, row in enumerate(found):
        row[1] = f"D{number // 8}-{100 * (number // 4 % 2)}"
    _, _, tests = read_tests([write(tmp_path / "a.csv", found)], {})[0]["LFP 35 Ah"]
    assert len(set(tests.cells.tolist())) == 6
    assert len(set(tests.states.tolist())) == 12


def test_the_same_files_give_the_same_model_and_its_card_says_where_from(tmp_path: Path) -> None:
    simulated = write(tmp_path / "few.csv", rows(5, (10, 30)))
    one, other = (learn([simulated], {}, quiet) for _ in range(2))
    assert dump_model(one) == dump_model(other)
    card = model_card(one, ["cells.csv"])
    assert one.data_sha256 in card
    assert "LFP 35 Ah" in card
