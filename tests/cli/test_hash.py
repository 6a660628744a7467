"""`vnest hash` as a user types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

VNEST = Path(sys.executable).with_name("vnest")


def vnest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([VNEST, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_hash_ids_of_a_document_come_one_a_line(tmp_path: Path, data_folder: Path) -> None:
    vectors = data_folder / "epcis/hash/epcisDocWithVariousEventTypes"
    said = vnest(tmp_path, "hash", f"{vectors}.jsonld")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.split() == Path(f"{vectors}.hashes").read_text().split()


def test_what_a_run_writes_conforms_and_has_one_hash_an_event(tmp_path: Path) -> None:
    assert vnest(tmp_path, "demo", "--json").returncode == 0
    events = json.loads((tmp_path / "demo-out/events.jsonld").read_text())["epcisBody"]["eventList"]
    said = vnest(tmp_path, "hash", "demo-out/events.jsonld", "--json")
    assert said.returncode == 0
    hashes = json.loads(said.stdout)["hashes"]
    assert [one["eventID"] for one in hashes] == [event["eventID"] for event in events]
    assert len({one["hash"] for one in hashes}) == len(events)


def test_what_does_not_conform_is_refused_with_place_and_rule(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonld").write_text('{"@context": [], "type": "ObjectEvent", "eventTime": "2026-08-06T08:00:00"}')
    said = vnest(tmp_path, "hash", "bad.jsonld")
    assert (said.returncode, said.stdout) == (2, "")
    assert "vnest: bad.jsonld, /eventTime: '2026-08-06T08:00:00' has no time zone; " in said.stderr
    assert "vnest: bad.jsonld, the document: action is missing (EPCIS 2.0 ObjectEvent)" in said.stderr
    answer = json.loads(vnest(tmp_path, "hash", "bad.jsonld", "--json").stdout)
    assert (answer["hashes"], answer["total_errors"], set(answer["errors"][0])) == ([], 4, {"pointer", "rule", "message"})


def test_many_mistakes_are_told_in_part_and_counted(tmp_path: Path) -> None:
    (tmp_path / "many.jsonld").write_text("[" + ",".join(["5"] * 10_000) + "]")
    said = vnest(tmp_path, "hash", "many.jsonld")
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1] == "vnest: … and 9900 more"
    assert len(said.stderr.splitlines()) == 101


@pytest.mark.parametrize("name", [".", "missing.jsonld"])
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    said = vnest(tmp_path, "hash", name)
    assert (said.returncode, said.stdout, len(said.stderr.splitlines())) == (2, "", 1)
    assert "cannot be read" in said.stderr


def test_a_name_in_the_file_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "evil.jsonld").write_text('{"@context": [], "type": "ObjectEvent", "\\u001b[31m": 1}')
    assert "\x1b" not in vnest(tmp_path, "hash", "evil.jsonld").stderr
