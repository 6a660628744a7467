"""`vnest battery` as a user types it."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.loop.battery.conftest import COLUMNS, rows, write

from vehiclenest.cli import main
from vehiclenest.loop.battery.packs import simulated_modules

CODE = "001PE0A0000000B3S0000001"


class Vnest:
    """Runs commands in this process, in a folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._patch, self._capsys = folder, monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._patch.chdir(self.folder)
        self._patch.setattr(sys, "argv", ["vnest", "battery", *arguments])
        try:
            main()
            status = 0
        except SystemExit as left:
            status = int(left.code or 0)
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    def json(self, *arguments: str) -> dict[str, Any]:
        status, out, err = self(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tests and the model learnt from them by the command."""
    folder = tmp_path_factory.mktemp("learnt")
    write(folder / "cells.csv", rows(8, (10, 20, 40)))
    from click.testing import CliRunner

    from vehiclenest.cli.battery import battery

    arguments = ["learn", str(folder / "cells.csv"), "--model", str(folder / "m.json"), "--compact", str(folder / "c.json")]
    done = CliRunner().invoke(battery, arguments)
    assert done.exit_code == 0, done.output
    assert "SOC unknown" in done.output
    return folder


@pytest.fixture
def vnest(learnt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Vnest:
    for name in ("cells.csv", "m.json"):
        (tmp_path / name).write_bytes((learnt / name).read_bytes())
    return Vnest(tmp_path, monkeypatch, capsys)


def test_learning_leaves_a_model_its_card_and_a_compact_one(learnt: Path) -> None:
    assert {path.name for path in learnt.iterdir()} == {"cells.csv", "m.json", "m.md", "c.json"}


def test_learning_says_its_figures_as_json(vnest: Vnest) -> None:
    found = vnest.json("learn", "cells.csv", "--model", "again.json")
    assert found["cross_validation"]["known"]["pooled"]["tests"] == 24
    assert (vnest.folder / "again.json").read_bytes() == (vnest.folder / "m.json").read_bytes()


def test_a_refused_file_leaves_nothing_behind(vnest: Vnest) -> None:
    write(vnest.folder / "bad.csv", [[*row[:6], "3312", *row[7:]] for row in rows(8)])
    status, out, err = vnest("learn", "bad.csv", "--model", "new.json")
    assert (status, out) == (2, "")
    assert "bad.csv, line 2" in err
    assert "millivolts" in err
    assert not list(vnest.folder.glob("new*"))


def test_graded_tests_stand_one_a_row(vnest: Vnest) -> None:
    found = vnest.json("grade", "cells.csv", "--model", "m.json", "--soc", "unknown", "--out", "graded.csv")
    with (vnest.folder / "graded.csv").open() as file:
        graded = list(csv.DictReader(file))
    assert found["tests"] == len(graded) == 24
    assert sum(found["grades"].values()) == 24
    assert all(float(row["soh_low"]) <= float(row["soh"]) <= float(row["soh_high"]) for row in graded)


def test_grades_are_printed_with_their_reason(vnest: Vnest) -> None:
    found = rows(8)
    found[0][COLUMNS.index("SOC")] = ""
    write(vnest.folder / "some.csv", found)
    status, out, _ = vnest("grade", "some.csv", "--model", "m.json")
    assert status == 0
    assert "tests combined" in out
    assert "SOC is missing" in out
    assert "insulation_ohm_per_v" in out


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("Mat", "NiMH", "never learned NiMH"), ("U4", "3300", "millivolts"), ("U4", "nan", "U4 is nan")],
)
def test_where_nothing_can_be_graded_the_status_is_two_and_no_file_is_written(
    vnest: Vnest, column: str, value: str, message: str
) -> None:
    found = rows(8)
    for row in found:
        row[COLUMNS.index(column)] = value
    write(vnest.folder / "bad.csv", found)
    status, out, err = vnest("grade", "bad.csv", "--model", "m.json", "--out", "graded.csv")
    assert (status, out) == (2, "")
    assert message in err
    assert not list(vnest.folder.glob("*graded*"))


def test_an_empty_file_a_missing_column_and_an_unwritable_place_are_said(vnest: Vnest) -> None:
    write(vnest.folder / "none.csv", [])
    write(vnest.folder / "short.csv", [row[:-1] for row in rows(8)], COLUMNS[:-1])
    assert "no tests" in vnest("grade", "none.csv", "--model", "m.json")[2]
    assert "'U21' is missing" in vnest("grade", "short.csv", "--model", "m.json")[2]
    assert "cannot be written" in vnest("grade", "cells.csv", "--model", "m.json", "--out", "m.json/x.csv")[2]
    assert "--code without --lot" in vnest("grade", "cells.csv", "--model", "m.json", "--code", CODE)[2]


def modules(folder: Path, names: list[str]) -> None:
    found = simulated_modules(len(names), 0)
    with (folder / "modules.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "capacity_ah", "resistance_mohm", "ocv_v", "self_discharge_percent_per_month"])
        writer.writerows(zip(names, found.capacity, found.resistance, found.open_circuit, found.self_discharge, strict=True))
        writer.writerow(["bad", "x", 1, 1, 1])


def test_modules_become_packs_with_a_proven_gap(vnest: Vnest) -> None:
    modules(vnest.folder, [f"M{number}" for number in range(400)])
    found = vnest.json("match", "modules.csv", "--pack", "5S2P", "--out", "packs.csv", "--limit", "20")
    assert found["packs"] == 20
    assert 0 <= found["gap"] < 0.1
    assert len(found["rejected"]) == 1
    assert len((vnest.folder / "packs.csv").read_text().splitlines()) == 201
    status, out, _ = vnest("match", "modules.csv", "--pack", "5S2P", "--out", "packs.csv")
    assert status == 0
    assert "proven" in out
    assert "rejected" in out


def test_too_few_modules_are_said(vnest: Vnest) -> None:
    modules(vnest.folder, ["M1"])
    status, _, err = vnest("match", "modules.csv")
    assert status == 2
    assert "no pack of 30 can be made" in err


def test_a_battery_goes_through_the_ledger_from_grade_to_pack(vnest: Vnest) -> None:
    from tests.site.test_battery import NOW

    from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow
    from vehiclenest.site import Settings

    db, thing = f"sqlite:///{vnest.folder / 'l.db'}", Settings().thing("CAR-TBA")
    with Ledger(db) as ledger:
        lot = Lot(thing, "fraction", "traction battery", "batteries")
        fields = {"action": "ADD", "bizStep": "receiving", "epcList": [thing]}
        ledger.capture([Event("ObjectEvent", NOW, fields, [lot], [MaterialFlow(Flow.RECEIVED, {"nickel": 400.0}, thing)])], NOW)
    found = vnest.json("grade", "cells.csv", "--model", "m.json", "--lot", "CAR-TBA", "--db", db, "--code", CODE)
    assert len(found["lots"]) == 8
    assert found["codes"]
    modules(vnest.folder, found["lots"])
    assert vnest.json("match", "modules.csv", "--pack", "2S1P", "--lot", "ESS", "--db", db)["events"] >= 1
    status, _, err = vnest("grade", "cells.csv", "--model", "m.json", "--lot", "CAR-TBA", "--db", db, "--out", "twice.csv")
    assert status == 2
    assert "has left" in err
    assert not (vnest.folder / "twice.csv").exists()


def test_the_line_is_simulated(vnest: Vnest) -> None:
    from vehiclenest.loop.battery import line as room

    text = Path(room.__file__).with_name("line.toml").read_text().replace("value = 20000", "value = 500").replace("6.6e6", "1e5")
    (vnest.folder / "line.toml").write_text(text)
    assert next(row["method"] for row in vnest.json("line", "line.toml")["methods"]) == "ul_1974"
    status, out, _ = vnest("line", "line.toml", "--seed", "3")
    assert status == 0
    assert "1,000 s pulse" in out


def test_a_code_is_explained_and_a_false_one_refused(vnest: Vnest) -> None:
    assert vnest.json("code", CODE)["chemistry"].startswith("ternary")
    assert "001" in vnest("code", CODE)[1]
    assert vnest("code", "XYZ")[0] == 2


def test_a_missing_extra_is_named(vnest: Vnest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vehiclenest.cli.battery._EXTRA", ("no_such_library",))
    status, _, err = vnest("line")
    assert status == 2
    assert "vehiclenest[battery]" in err
