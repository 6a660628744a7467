"""Constants: no number without unit and source, the site's own over the bundled, and faults named with file and field."""

from pathlib import Path

import pytest

from vehiclenest.core import constants
from vehiclenest.core.constants import ConstantTable, load_table
from vehiclenest.core.errors import InputError, SettingsError

HEAD = """
[sources]
greet = { title = "GREET 2.7", date = "2006-11", tag = "U" }
weighed = { title = "our scale", date = "2026-08-01", tag = "M" }
read = { title = "worldsteel", date = "2025", tag = "S" }
[units]
steel = "kg/kg"
copper = "kg/kg"
"""
CAR = """
[car]
source = "greet"
steel = 0.62
copper = { value = 0.02, low = 0.015, high = 0.03, source = "weighed" }
wheel = { value = 4, unit = "1", source = "read" }
names = ["saloon", "sedan"]
one = "sedan"
yes = true
"""


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    return _write(tmp_path / "bundled" / "parts.toml", HEAD + CAR)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _site(tmp_path: Path, text: str) -> Path:
    return _write(tmp_path / "site" / "parts.toml", text).parent


def test_a_number_carries_its_unit_its_source_and_its_range(bundled: Path) -> None:
    copper = load_table(bundled)["car"]["copper"]
    assert (copper.name, copper.value, copper.unit, copper.low, copper.high) == ("parts.car.copper", 0.02, "kg/kg", 0.015, 0.03)
    assert (copper.source.title, copper.source.date, copper.source.tag) == ("our scale", "2026-08-01", "M")


def test_the_rows_source_stands_for_every_number_that_names_none(bundled: Path) -> None:
    row = load_table(bundled)["car"]
    assert [row[name].source.tag for name in ("steel", "copper", "wheel")] == ["U", "M", "S"]


def test_words_lists_and_yes_are_no_numbers(bundled: Path) -> None:
    row = load_table(bundled)["car"]
    assert list(row) == ["steel", "copper", "wheel"]
    assert len(row) == 3
    assert row.text("one") == "sedan"
    assert row.text("none", "nothing") == "nothing"
    assert row.words("names") == ("saloon", "sedan")
    assert row.words("one") == ("sedan",)
    assert row.words("none") == ()
    assert row.flag("yes")
    assert not row.flag("no")


def test_only_unverified_numbers_are_named(bundled: Path) -> None:
    assert load_table(bundled)["car"].unverified == ("parts.car.steel",)


def test_a_row_that_nobody_verified_is_named_once_as_a_whole(tmp_path: Path) -> None:
    path = _write(tmp_path / "a" / "parts.toml", HEAD + '[car]\nsource = "greet"\nsteel = 0.6\ncopper = 0.4\n')
    assert load_table(path)["car"].unverified == ("parts.car",)


def test_a_row_without_numbers_has_nothing_unverified(tmp_path: Path) -> None:
    path = _write(tmp_path / "a" / "parts.toml", HEAD + '[car]\nname = "car"\n')
    assert load_table(path)["car"].unverified == ()


def test_a_number_that_is_missing_is_named_with_those_that_are_there(bundled: Path) -> None:
    row = load_table(bundled)["car"]
    with pytest.raises(SettingsError, match=r"parts\.car has no number 'lead'; it has steel, copper, wheel"):
        row.number("lead")
    assert row.number("lead", 0.0) == 0.0
    assert row.number("steel", 0.0) == 0.62
    assert row.get("lead") is None


def test_a_row_that_is_missing_is_named_with_those_that_are_there(bundled: Path) -> None:
    table = load_table(bundled)
    with pytest.raises(SettingsError, match=r"parts\.toml has no row 'bus'; it has car"):
        table["bus"]
    assert "bus" not in table
    assert table.get("bus") is None
    assert (list(table), len(table)) == (["car"], 1)


def test_the_site_sets_one_number_and_leaves_the_others(bundled: Path, tmp_path: Path) -> None:
    row = load_table(bundled, _site(tmp_path, "[car]\nsteel = 0.5\nwheel = 3\n"))["car"]
    assert (row["steel"].value, row["steel"].source.tag, row["steel"].unit) == (0.5, "site", "kg/kg")
    assert (row["copper"].value, row["copper"].source.tag) == (0.02, "M")
    assert row["wheel"].unit == "1", "the unit that the bundled number brought along holds for the site's"
    assert row.unverified == ()


def test_the_site_may_bring_its_own_sources_units_words_and_rows(bundled: Path, tmp_path: Path) -> None:
    site = _site(
        tmp_path,
        '[sources]\nours = { title = "our survey", date = "2026", tag = "U" }\n[units]\nlead = "g"\n'
        '[car]\none = "van"\n[bus]\nsource = "ours"\nlead = 3\ncopper = { value = 0.1, source = "read" }\n',
    )
    table = load_table(bundled, site)
    assert list(table) == ["car", "bus"]
    assert table["car"].text("one") == "van"
    assert (table["bus"]["lead"].unit, table["bus"]["lead"].source.title) == ("g", "our survey")
    assert table["bus"].unverified == ("parts.bus.lead",)


def test_a_site_without_a_file_of_that_name_changes_nothing(bundled: Path, tmp_path: Path) -> None:
    assert dict(load_table(bundled, tmp_path)["car"]) == dict(load_table(bundled)["car"])


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("[car]\nsteel = 0.5", "parts.car.steel", "the number has no source"),
        ('[car]\nsource = "greet"\ntin = 0.5', "parts.car.tin", "the number has no unit"),
        (
            '[car]\nsource = "hearsay"\nsteel = 0.5',
            "parts.car",
            "source 'hearsay' is not in [sources]; one of greet, weighed, read",
        ),
        ('[car]\nsteel = { value = 1, source = "hearsay" }', "parts.car.steel", "source 'hearsay' is not in [sources]"),
        ('[car]\nsource = "greet"\nsteel = { value = "much" }', "parts.car.steel", "value is 'much'; a finite number"),
        ('[car]\nsource = "greet"\nsteel = { low = 1 }', "parts.car.steel", "the number has no value"),
        ('[car]\nsource = "greet"\nsteel = nan', "parts.car.steel", "value is nan; a finite number"),
        ('[car]\nsource = "greet"\nsteel = { value = 1, high = inf }', "parts.car.steel", "high is inf; a finite number"),
        ('[car]\nsource = "greet"\nsteel = { value = true }', "parts.car.steel", "value is True; a finite number"),
    ],
)
def test_a_bad_number_is_refused_with_file_and_field(tmp_path: Path, row: str, field: str, message: str) -> None:
    path = _write(tmp_path / "a" / "parts.toml", HEAD + row)
    with pytest.raises(SettingsError) as caught:
        load_table(path)
    assert (caught.value.where.file, caught.value.where.field) == (str(path), field)
    assert caught.value.reason.startswith(message)


def test_a_fault_in_the_sites_own_file_names_that_file(bundled: Path, tmp_path: Path) -> None:
    site = _site(tmp_path, '[car]\nsource = "hearsay"\nsteel = 0.5\n')
    with pytest.raises(SettingsError) as caught:
        load_table(bundled, site)
    assert caught.value.where.file == str(site / "parts.toml")


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ('[sources]\na = { title = "t", date = "2026", tag = "?" }', "sources.a", "the source has tag '?'; S, M or U"),
        ('[sources]\na = { title = "t", date = "2026" }', "sources.a", "the source has no tag"),
        ('[sources]\na = { tag = "S", date = "2026" }', "sources.a", "the source has no title"),
        ('[sources]\na = "Smith 1999"', "sources.a", "'Smith 1999' stands alone"),
        ("steel = 0.5", "steel", "0.5 stands alone; a table [steel]"),
    ],
)
def test_a_bad_head_is_refused_with_file_and_field(tmp_path: Path, text: str, field: str, message: str) -> None:
    path = _write(tmp_path / "a" / "parts.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_table(path)
    assert (caught.value.where.file, caught.value.where.field) == (str(path), field)
    assert caught.value.reason.startswith(message)


@pytest.mark.parametrize("content", [b"[car\nsteel", b'[car]\nname = "\xff"\n', b"[car]\nsteel = 1\nsteel = 2\n"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="cannot be read: ") as caught:
        load_table(path)
    assert caught.value.where.file == str(path)
    assert not isinstance(caught.value, InputError)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: cannot be read"):
        load_table(tmp_path / "absent.toml")


def _bundled_tables() -> list[Path]:
    package = Path(constants.__file__).parents[1]
    return sorted(
        path for room in ("loop", "disclosure") for path in package.glob(f"{room}/**/*.toml") if path.parent.name != "examples"
    )


@pytest.mark.parametrize("path", _bundled_tables(), ids=lambda path: path.name)
def test_every_number_of_the_project_has_unit_source_and_a_value_in_its_own_range(path: Path) -> None:
    table: ConstantTable = load_table(path)
    for row in table.values():
        for number in row.values():
            assert number.unit
            assert number.source.title
            assert number.source.date
            assert (number.low if number.low is not None else number.value) <= number.value
            assert (number.high if number.high is not None else number.value) >= number.value
