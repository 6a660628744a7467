"""A configuration that cannot work is refused with the field and what would be right."""

from pathlib import Path
from typing import Any

import pytest

from vehiclenest.contest import read_config
from vehiclenest.contest.config import as_config
from vehiclenest.contest.entries import read_entries, read_plan, read_scores
from vehiclenest.contest.keys import load_key, new_key, save_key
from vehiclenest.core.errors import InputError, NotFoundError

from .conftest import document


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    whole = document()
    at: Any = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("groups", 0, "criteria", 0, "weight"), "0.7", "sum to 1.1"),
        (("groups", 0, "criteria", 0, "weight"), "0.60001", "up to 4 decimals"),
        (("groups", 0, "criteria", 1, "id"), "idea", "criterion idea is there twice"),
        (("groups", 0, "prizes", 1, "id"), "first", "prize first is there twice"),
        (("groups", 0, "colour"), "red", "groups.0.colour"),
        (("stages", 1, "id"), "papers", "stage papers is there twice"),
        (("stages", 0, "advance"), {}, "advances nobody; places for all"),
        (("stages", 1, "advance"), {"all": 1}, "none, it is the last"),
        (("stages", 0, "highest"), "-1", "the lowest comes first"),
        (("stages", 0, "highest"), "99.999", "up to 2 decimals"),
        (("stages", 0, "highest"), "NaN", "stages.0.highest"),
        (("stages", 1, "judges_per_entry"), 3, "at least 4"),
        (("stages", 1, "judges_per_entry"), 6, "reserve not counted; 6 an entry"),
        (("stages", 0, "scheme"), "feeling", "stages.0.scheme"),
        (("judges", 0, "id"), "organiser", "no judge can be called organiser"),
        (("judges", 0, "id"), "J 1", "judges.0.id"),
        (("judges", 0, "groups"), ["none"], "names group none; there are all"),
        (("judges", 0, "stages"), ["lunch"], "names stage lunch"),
        (("judges",), [], "judges"),
    ],
)
def test_a_wrong_configuration_is_named(path: tuple[str | int, ...], value: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason.replace(".", r"\.").replace("(", r"\(")):
        as_config(changed(path, value))


def test_a_file_that_is_no_configuration_is_named(tmp_path: Path) -> None:
    file = tmp_path / "contest.toml"
    with pytest.raises(InputError, match="cannot be read"):
        read_config(file)
    for body, reason in ((b"id =", "is no TOML"), (b"\xff", "is no TOML"), (b"", "Field required")):
        file.write_bytes(body)
        with pytest.raises(InputError, match=reason):
            read_config(file)


def test_the_rows_of_an_import_come_with_their_lines_and_further_columns(tmp_path: Path) -> None:
    file = tmp_path / "entries.csv"
    body = '\ufeffid,name,group,organisation,province,stand\nE1,"Two\nlines",all,W,P,A3\n\nE2,Two,all,W,P\nE3,C,all,W,P,,more\n'
    file.write_text(body, encoding="utf-8")
    rows = list(read_entries(file))
    assert [line for line, _ in rows] == [2, 5, 6]
    assert [row["details"] for _, row in rows] == [{"stand": "A3"}, {}, {"cell 7": "more"}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"id,name\n", "no column group, organisation, province"),
        (b"", "no column"),
        (b"id,name,group,organisation,province,id\n", "column is there twice"),
        (b"id,name,group,organisation,province\n\xff,1,2,3,4\n", "is not UTF-8 at byte 36"),
        (b'id,name,group,organisation,province\n"a"b,1,2,3,4\n', "is no CSV"),
    ],
)
def test_an_import_that_is_none_is_refused(tmp_path: Path, body: bytes, reason: str) -> None:
    file = tmp_path / "entries.csv"
    file.write_bytes(body)
    with pytest.raises(InputError, match=reason):
        list(read_entries(file))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_entries(tmp_path))


def test_scores_and_plans_are_read_by_column(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text("entry,judge,idea,team,reason\nE1,J1,80,,\nE1,J2,90,70,slip\n", encoding="utf-8")
    about = {"entry": "E1", "judge": "J1", "reason": ""}
    assert next(iter(read_scores(file))) == (2, about, {"idea": "80"})
    assert read_plan(file) == {"E1": ["J1", "J2"]}


def test_a_key_is_kept_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "J1.pem"
    save_key(new_key(), path)
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    with pytest.raises(InputError, match="there already"):
        save_key(new_key(), path)
    assert path.read_bytes() == before
    load_key(path)
    with pytest.raises(NotFoundError, match="there is no key"):
        load_key(tmp_path / "none.pem")
    with pytest.raises(InputError, match="cannot be read"):
        load_key(tmp_path)
    path.write_text("secret")
    with pytest.raises(InputError, match="is no private key"):
        load_key(path)
    with pytest.raises(InputError, match="cannot be written"):
        save_key(new_key(), path / "below.pem")
