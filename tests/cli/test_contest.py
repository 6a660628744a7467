"""The contest on the command line, as an organiser types it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vehiclenest.cli.commands import app
from vehiclenest.core.errors import InputError, NotFoundError, SettingsError, VehicleNestError

CONFIG = """
id = "spring"
name = "Spring contest"
[[groups]]
id = "all"
name = "All"
criteria = [{ id = "idea", name = "Idea", weight = 0.6 }, { id = "team", name = "Team", weight = 0.4 }]
prizes = [{ id = "first", name = "First prize", places = 1 }]
recommend = 2
[[stages]]
id = "papers"
name = "Papers"
scheme = "severity"
judges_per_entry = 2
advance = { all = 2 }
[[stages]]
id = "final"
name = "Final"
scheme = "trimmed_mean"
judges_per_entry = 4
talk_seconds = 480
questions_seconds = 300
""" + "".join(f'[[judges]]\nid = "J{number}"\nname = "Judge {number}"\norganisation = "W{number}"\n' for number in range(1, 6))
ENTRIES = "id,name,group,organisation,province\n" + "".join(
    f"E{number},Idea {number},all,W{number + 4},Hebei\n" for number in range(1, 5)
)


@dataclass(frozen=True, slots=True)
class Vnest:
    folder: Path

    def __call__(self, *arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["contest", *arguments], catch_exceptions=True)
        if isinstance(done.exception, VehicleNestError):
            raise done.exception
        assert done.exit_code == status, done.output + repr(done.exception)
        return done.stdout

    def json(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        return json.loads(self(*arguments, "--json", status=status))

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def ranking(self, stage: str) -> list[dict[str, Any]]:
        return self.json("rank", stage, "--dir", "spring")["groups"]["all"]["rows"]


@pytest.fixture
def vnest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vnest:
    monkeypatch.chdir(tmp_path)
    return Vnest(tmp_path)


@pytest.fixture
def spring(vnest: Vnest) -> Vnest:
    """A contest with four entries."""
    vnest("new", vnest.write("spring.toml", CONFIG), "--dir", "spring")
    vnest("entries", vnest.write("entries.csv", ENTRIES), "--dir", "spring")
    return vnest


def judged(vnest: Vnest, stage: str) -> None:
    """Open a stage and let every judge give entry n 60 + 5 n, by CSV."""
    vnest("assign", stage, "--dir", "spring")
    vnest("state", stage, "--to", "open", "--dir", "spring")
    progress = vnest.json("state", stage, "--dir", "spring")["stages"][stage]["progress"]
    rows = [
        f"{entry},{judge},{60 + 5 * int(entry[1])},{60 + 5 * int(entry[1])}"
        for judge in progress
        for entry in progress[judge]["missing"]
    ]
    text = vnest(
        "score", stage, "--csv", vnest.write("scores.csv", "entry,judge,idea,team\n" + "\n".join(rows)), "--dir", "spring"
    )
    assert text.startswith(f"{len(rows)} of {len(rows)} rows scored")


def test_a_contest_from_its_configuration_to_its_papers(spring: Vnest) -> None:
    judged(spring, "papers")
    for to in ("closed", "finalized"):
        spring("state", "papers", "--to", to, "--dir", "spring")
    assert spring.json("advance", "papers", "--dir", "spring")["advanced"] == {"all": ["E4", "E3"]}
    drawn = spring.json("draw", "final", "--dir", "spring", "--seed", "noon")
    assert drawn["seed"] == {"all": "noon"}
    assert sorted(drawn["order"]["all"]) == ["E3", "E4"]
    judged(spring, "final")
    assert "8:00 on the clock" in spring("clock", "final", "E4", "called", "--dir", "spring") + spring(
        "clock", "final", "E4", "talk", "--dir", "spring"
    )
    for to in ("frozen", "closed", "thawed", "finalized"):
        spring("state", "final", "--to", to, "--dir", "spring")
    assert "all, first: E4" in spring("award", "--dir", "spring")
    written = spring.json("export", "--out", "papers", "--dir", "spring")["files"]
    assert written == sorted(path.name for path in Path("papers").iterdir())
    assert "First prize" in Path("papers/certificates.html").read_text(encoding="utf-8")
    assert "8 of 8" in spring("state", "--dir", "spring")
    text = spring("rank", "final", "--explain", "--dir", "spring")
    assert "lowest, dropped" in text
    assert "the line, after place 1" in text
    key = spring.json("replay", "spring/log.jsonl", "--out", "spring/ranking.json")
    assert key["ranking_identical"] is None
    again = spring.json("replay", "spring/log.jsonl", "--keeper", key["organiser_key"])
    assert again["ranking_identical"] is True
    assert again["keeper_checked"] is True


def test_the_ranking_says_where_it_is_unsure_and_what_judges_give(spring: Vnest) -> None:
    judged(spring, "papers")
    assert [row["entry"] for row in spring.ranking("papers")] == ["E4", "E3", "E2", "E1"]
    assert all(row["rank_interval"] for row in spring.ranking("papers"))
    text = spring("rank", "papers", "all", "--explain", "--dir", "spring")
    assert "above others" in text
    assert "variance of the scores" in text


def test_a_score_by_hand_its_correction_and_its_withdrawal(spring: Vnest) -> None:
    spring("assign", "papers", "all", "--dir", "spring", "--seed", "s")
    spring("state", "papers", "--to", "open", "--dir", "spring")
    progress = spring.json("state", "papers", "--dir", "spring")["stages"]["papers"]["progress"]
    judge = next(name for name, row in progress.items() if row["missing"])
    entry = progress[judge]["missing"][0]
    who = ("score", "papers", "--entry", entry, "--judge", judge, "--dir", "spring")
    assert "taken" in spring(*who, "--mark", "idea=80", "--mark", "team=70.5")
    with pytest.raises(VehicleNestError, match="has scored"):
        spring(*who, "--mark", "idea=90", "--mark", "team=70.5")
    assert spring.json(*who, "--mark", "idea=90", "--mark", "team=70.5", "--reason", "slip")["new"] is True
    spring(*who, "--withdraw", "--reason", "line was down")
    with pytest.raises(VehicleNestError, match="out of range"):
        spring(*who, "--mark", "idea=900", "--mark", "team=70", "--reason", "again")
    found = spring.json("state", "--dir", "spring")
    assert [refusal["kind"] for refusal in found["last_refused"]] == ["score_submitted", "score_corrected"]
    assert "out of range" in spring("state", "--dir", "spring")
    for wrong in (("--mark", "idea"), ()):
        with pytest.raises(InputError):
            spring(*who, *wrong)


def test_refused_rows_are_listed_with_their_lines_and_the_good_ones_go_on(spring: Vnest) -> None:
    spring("assign", "papers", "--dir", "spring")
    spring("state", "papers", "--to", "open", "--dir", "spring")
    progress = spring.json("state", "papers", "--dir", "spring")["stages"]["papers"]["progress"]
    judge = next(name for name, row in progress.items() if row["missing"])
    entry = progress[judge]["missing"][0]
    rows = [
        f"{entry},{judge},80,70,,2020-01-01T00:00:00Z",
        f"{entry},nobody,80,70,,",
        f"{entry},{judge},80,70,,",
        f"{entry},{judge},,70,slip,",
    ]
    spring.write("scores.csv", "entry,judge,idea,team,reason,at\n" + "\n".join(rows))
    found = spring.json("score", "papers", "--csv", "scores.csv", "--dir", "spring")
    assert (found["rows"], found["scored"]) == (4, 1)
    reasons = {row["line"]: row["reason"] for row in found["refused"]}
    assert list(reasons) == [2, 3, 5]
    assert "before the stage opened" in reasons[2]
    assert "there is no judge 'nobody'" in reasons[3]
    assert "no mark for idea" in reasons[5]
    assert "line 5: refused" in spring("score", "papers", "--csv", "scores.csv", "--dir", "spring", status=2)
    assert spring.json("entries", "entries.csv", "--dir", "spring", status=2)["registered"] == 0


def test_a_plan_of_ones_own_is_taken_or_refused(spring: Vnest) -> None:
    spring("declare", "J5", "E4", "--reason", "kin", "--dir", "spring")
    islands = "entry,judge\nE1,J1\nE1,J2\nE2,J1\nE2,J2\nE3,J3\nE3,J4\nE4,J3\nE4,J4\n"
    with pytest.raises(VehicleNestError, match="falls into 2 islands"):
        spring("assign", "papers", "--plan", spring.write("plan.csv", islands), "--dir", "spring")
    with pytest.raises(VehicleNestError, match="declared: kin"):
        spring("assign", "papers", "--plan", spring.write("plan.csv", islands.replace("E4,J4", "E4,J5")), "--dir", "spring")
    with pytest.raises(VehicleNestError, match="same organisation"):
        spring("assign", "papers", "--plan", spring.write("plan.csv", islands.replace("E1,J1", "E1,J5")), "--dir", "spring")
    connected = islands.replace("E4,J3", "E4,J1")
    assert "1 to 3 entries each" in spring("assign", "papers", "--plan", spring.write("plan.csv", connected), "--dir", "spring")
    assert spring.json("state", "papers", "--dir", "spring")["stages"]["papers"]["progress"]["J1"]["assigned"] == 3


def test_everybody_sees_what_is_his(spring: Vnest) -> None:
    judged(spring, "papers")
    public = spring.json("state", "--as", "public", "--dir", "spring")
    assert "last_refused" not in public
    assert spring.json("rank", "papers", "--as", "team:E1", "--dir", "spring")["groups"]["all"]["rows"]
    with pytest.raises(InputError, match="sees no ranking"):
        spring("rank", "papers", "--as", "judge:J1", "--dir", "spring")
    with pytest.raises(InputError, match="may not see every judge's score"):
        spring("rank", "papers", "--as", "public", "--explain", "--dir", "spring")
    for nobody in ("judge:J9", "public:1", "king"):
        with pytest.raises(InputError, match="nobody is"):
            spring("state", "--as", nobody, "--dir", "spring")


def test_a_broken_log_names_its_first_broken_event(spring: Vnest) -> None:
    path = Path("spring/log.jsonl")
    path.write_bytes(path.read_bytes().replace(b"Idea 2", b"Idea 9"))
    with pytest.raises(InputError, match=r"log\.jsonl, line 3: event 3 is broken: the keeper's seal"):
        spring("replay", "spring/log.jsonl")
    with pytest.raises(InputError, match="event 3 is broken"):
        spring("award", "--dir", "spring")


def test_what_is_not_there_is_said(vnest: Vnest) -> None:
    for arguments in (("state",), ("award",), ("replay", "none.jsonl")):
        with pytest.raises(NotFoundError, match="no contest at"):
            vnest(*arguments)
    with pytest.raises(InputError, match="--to names no stage"):
        vnest("state", "--to", "open")
    vnest("new", vnest.write("spring.toml", CONFIG))
    with pytest.raises(InputError, match="there already"):
        vnest("new", "spring.toml")
    Path("contest/keys/organiser.pem").unlink()
    with pytest.raises(NotFoundError, match="there is no key"):
        vnest("award")


def test_new_takes_public_keys_that_judges_bring(spring: Vnest) -> None:
    key = spring.json("replay", "spring/log.jsonl")["organiser_key"]
    spring.write("own.toml", CONFIG.replace('id = "J1"', f'id = "J1"\npublic_key = "{key}"'))
    found = spring.json("new", "own.toml", "--dir", "own")
    assert found["fingerprint"]
    assert not Path("own/keys/J1.pem").exists()
    assert Path("own/keys/J2.pem").exists()


def test_the_demonstration_writes_the_same_bytes_twice(vnest: Vnest) -> None:
    assert "183 entries from 22 provinces" in vnest("demo", "--out", "one")
    found = vnest.json("demo", "--out", "two")
    assert (found["made_up"], found["awards"]["startup"].keys()) == (True, {"first": 0, "second": 0, "third": 0}.keys())
    for name in ("log.jsonl", "ranking.json"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()
    assert "the same to the byte" in vnest("replay", "one/log.jsonl")
    Path("one/ranking.json").write_text("{}")
    assert "DIFFERS" in vnest("replay", "one/log.jsonl")


@pytest.mark.slow
def test_claims_are_printed_and_none_is_passed_unmeasured(vnest: Vnest) -> None:
    run = CliRunner()
    shown = run.invoke(app, ["claims", "--measure"])
    assert "not measured yet" in shown.output
    assert "No independent public baseline" in shown.output
    found = json.loads(run.invoke(app, ["claims", "--entry", "sound zones", "--json"]).stdout)["claims"]
    assert {"claim", "claimed", "measured", "interval", "unit", "conditions", "verdict", "missing"} <= set(found[0])
    kept = [json.loads(line) for line in (vnest.folder / "vnest-claims.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {measurement["claim"]["bench"] for measurement in kept} == {"inspect", "regenerate", "sound"}
    (speed,) = [measurement["finding"] for measurement in kept if measurement["claim"]["id"] == "scan-throughput"]
    assert 1e4 < speed["low"] <= speed["high"] < 1e9
    assert speed["verdict"] == ("holds" if speed["low"] >= 1.9e6 else "fails" if speed["high"] < 1.9e6 else "depends")


def test_a_missing_library_names_the_extra(vnest: Vnest, monkeypatch: pytest.MonkeyPatch) -> None:
    for library, error in (("scipy.sparse", SettingsError), ("elsewhere", ModuleNotFoundError)):

        def missing(_log: Path, library: str = library) -> None:
            raise ModuleNotFoundError(f"No module named {library}", name=library)

        monkeypatch.setattr("vehiclenest.cli.contest._read", missing)
        done = CliRunner().invoke(app, ["contest", "rank", "papers"])
        assert isinstance(done.exception, error)
    assert vnest.folder.is_dir()


@pytest.mark.slow
def test_a_user_sees_one_line_and_exit_status_two(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("vnest"), "contest", "rank", "papers", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["error"]["status"] == 404
