"""`vnest inspect` on files as a person has them: parts learnt, a scan in any pose measured, bad input said in one line."""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.loop.inspect.shapes import disc, motion, ring, sampled

from vehiclenest.cli.commands import app
from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.loop.inspect.inspection import Settings
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.model import Inspection
from vehiclenest.loop.inspect.reference import Library
from vehiclenest.loop.inspect.watching import Arrival, watch

pytestmark = pytest.mark.slow
DENT, TRUTH = 0.4, motion(170, 400, 5)


def write_stl(path: Path, mesh: Mesh) -> None:
    rows = np.zeros(len(mesh.triangles), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    rows["corners"] = mesh.corners
    path.write_bytes(bytes(80) + np.uint32(len(rows)).tobytes() + rows.tobytes())


def vnest(*words: str | Path) -> str:
    said = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False, standalone_mode=False)
    return said.output


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    write_stl(folder / "disc.stl", disc())
    (folder / "disc.toml").write_text('id = "disc-1"\nfamily = "brake disc"\nmaterial = "EN-GJL-250"\ntolerance_mm = 0.15\n')
    low = Mesh(disc().vertices * np.array([1.0, 1.0, 0.8]), disc().triangles)
    write_stl(folder / "disc-low.stl", low)
    vnest("inspect", "learn", folder / "disc.stl", folder / "disc-low.stl", "--library", folder / "parts")
    return folder / "parts"


def test_parts_are_listed_with_what_their_cards_say(library: Path) -> None:
    found = json.loads(vnest("inspect", "list", "--library", library, "--json"))
    assert [part["part_id"] for part in found["parts"]] == ["disc-1", "disc-low"]
    assert found["parts"][0]["material"] == "EN-GJL-250"
    assert "2 parts in" in vnest("inspect", "list", "--library", library)


@pytest.fixture(scope="module")
def core(library: Path) -> Path:
    """A scan of about two thirds of a worn disc with a dent in its face, as a file in any pose."""
    on = sampled(disc(), 1_200_000)
    top = (on.normals[:, 2] > 0.9) & (np.abs(on.points[:, 2] - 20) < 1)
    away = np.minimum(np.linalg.norm(on.points - (75, 30, 20), axis=1) / 4, 1)
    off = np.random.default_rng(0).normal(0, 0.02, len(on.points)) - np.where(top, DENT * (1 + np.cos(np.pi * away)) / 2, 0)
    kept = on.points[:, 0] + 0.3 * on.points[:, 1] > -20
    points = (on.points + off[:, None] * on.normals)[kept]
    np.save(library.parent / "core.npy", move(TRUTH, points).astype(np.float32))
    return library.parent / "core.npy"


def test_a_scan_from_nowhere_is_identified_measured_and_judged(library: Path, core: Path, tmp_path: Path) -> None:
    html, distances = tmp_path / "core.html", tmp_path / "off.npy"
    said = vnest("inspect", "scan", core, "--library", library, "--json", "--distances", distances, "--html", html)
    found: dict[str, Any] = json.loads(said)
    assert found["part_id"] == "disc-1"
    assert found["converged"]
    left = move(np.array(found["pose"]) @ TRUTH, disc().vertices) - disc().vertices
    assert np.linalg.norm(left, axis=1).max() < 0.01
    assert 0.5 < found["coverage"] < 0.75
    (dent,) = found["defects"]
    assert dent["kind"] == "dent"
    assert dent["depth_mm"] == pytest.approx(DENT, abs=0.02)
    assert dent["centre_mm"] == pytest.approx([75, 30, 20], abs=0.5)
    assert found["verdict"] == "remanufacture"
    assert found["reasons"][0].startswith("A dent, 0.")
    assert found["scan_sha256"] == sha256(core.read_bytes()).hexdigest()
    assert np.load(distances).shape == (found["points"],)
    assert "disc-1" in html.read_text(encoding="utf-8")


def test_a_part_that_nobody_learnt_is_unknown_and_left_to_a_person(library: Path, tmp_path: Path) -> None:
    on = sampled(ring(), 200_000)
    np.save(tmp_path / "ring.npy", move(TRUTH, on.points).astype(np.float32))
    words = ("inspect", "scan", tmp_path / "ring.npy", "--library", library)
    found = json.loads(vnest(*words, "--json"))
    assert (found["part_id"], found["verdict"], found["defects"]) == (None, "manual", None)
    assert found["confidence"] > 0.5
    assert "No part of the library explains the scan" in found["reasons"][0]
    assert "unknown part" in vnest(*words)
    for option in ("--html", "--distances"):
        with pytest.raises(InputError, match="the part is unknown"):
            vnest(*words, option, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def events_in(file: Path, field: str) -> list[str]:
    events = json.loads(file.read_text(encoding="utf-8"))["epcisBody"]["eventList"]
    return [name for event in events for name in event.get(field, ())]


def test_the_inspection_stands_in_the_ledger_with_the_hash_of_its_evidence(library: Path, core: Path, tmp_path: Path) -> None:
    vnest("demo", "--out", tmp_path / "demo")
    db = f"sqlite:///{tmp_path / 'demo' / 'demo.db'}"
    lot = next(name for name in events_in(tmp_path / "demo" / "events.jsonld", "outputEPCList") if name.endswith("-ALT"))
    html = tmp_path / "core.html"
    words = ("--library", library, "--part", "disc-1", "--lot", lot, "--db", db, "--html", html)
    in_words = vnest("inspect", "scan", core, *words)
    assert "part disc-1" in in_words
    assert f"booked: {lot}" in in_words
    vnest("export", tmp_path / "all.jsonld", "--db", db)
    events = json.loads((tmp_path / "all.jsonld").read_text(encoding="utf-8"))["epcisBody"]["eventList"]
    scanned, shown = (sha256(file.read_bytes()).hexdigest() for file in (core, html))
    (event,) = [event for event in events if event.get("epcList") == [lot] and scanned in json.dumps(event)]
    assert shown in json.dumps(event)
    assert "verdict remanufacture: disc-1" in json.dumps(event)
    with pytest.raises(NotFoundError, match="holds no part"):
        vnest("inspect", "scan", core, "--library", library, "--part", "disc-1", "--lot", "NONE", "--db", db)


def test_scans_are_inspected_as_they_arrive_and_a_bad_one_stops_nothing(library: Path, core: Path, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    shutil.copy(core, incoming / "one.npy")
    (incoming / "two.ply").write_text("ply\nformat ascii 1.0\nelement vertex 3\n")
    (incoming / "notes.md").write_text("no scan")
    words = ("--library", library, "--part", "disc-1", "--once", "--json", "--out", tmp_path / "results")
    lines = [json.loads(line) for line in vnest("inspect", "watch", incoming, *words).splitlines() if line.startswith("{")]
    assert {line["scan"] for line in lines} == {"one.npy", "two.ply"}
    good, bad = sorted(lines, key=lambda line: line["scan"])
    assert good["verdict"] == "remanufacture"
    assert "two.ply" in bad["refused"]
    assert json.loads((tmp_path / "results" / "one.npy.json").read_text(encoding="utf-8"))["part_id"] == "disc-1"
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["one.npy.json"]
    with pytest.raises(InputError, match="no folder"):
        vnest("inspect", "watch", incoming / "one.npy", "--library", library)


def test_a_file_that_still_grows_is_left_until_it_is_whole(library: Path, core: Path, tmp_path: Path) -> None:
    content = core.read_bytes()
    (tmp_path / "slow.npy").write_bytes(content[: len(content) // 2])
    shelf, looks, arrived = Library(library), 0, list[Arrival]()

    def stopped() -> bool:
        nonlocal looks
        looks += 1
        if looks <= 3:  # the file grows at each of the first looks
            part = len(content) // 2 + looks * len(content) // 6
            (tmp_path / "slow.npy").write_bytes(content[:part] if looks < 3 else content)
        return looks > 20 or bool(arrived)

    arrived.extend(watch(tmp_path, shelf, Settings("disc-1"), stopped=stopped))
    (one,) = arrived
    assert one.refused is None
    assert one.made is not None
    assert isinstance(one.made.found, Inspection)
    assert (
        one.made.found.points
        == json.loads(vnest("inspect", "scan", core, "--library", library, "--part", "disc-1", "--json"))["points"]
    )


def test_bad_input_is_said_with_the_way_out(library: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.zeros((3, 3), np.float32))
    with pytest.raises(InputError, match=r"few\.npy: the scan has 3 points"):
        vnest("inspect", "scan", tmp_path / "few.npy", "--library", library)
    inches = sampled(disc(), 20_000).points / 25.4
    np.save(tmp_path / "inches.npy", inches.astype(np.float32))
    with pytest.raises(InputError, match="--unit inch"):
        vnest("inspect", "scan", tmp_path / "inches.npy", "--library", library, "--part", "disc-1")
    with pytest.raises(InputError, match="--part ID"):
        vnest("inspect", "scan", tmp_path / "inches.npy", "--library", library, "--fixture")
    with pytest.raises(NotFoundError, match="it has disc-1, disc-low"):
        vnest("inspect", "scan", tmp_path / "inches.npy", "--library", library, "--part", "drum")
    with pytest.raises(InputError, match="the library is empty"):
        vnest("inspect", "scan", tmp_path / "inches.npy", "--library", tmp_path / "none")
    with pytest.raises(ConflictError, match="--replace"):
        vnest("inspect", "learn", library.parent / "disc.stl", "--library", library)
    with pytest.raises(InputError, match="one mesh"):
        vnest("inspect", "learn", library.parent / "disc.stl", library.parent / "disc-low.stl", "--id", "a", "--library", library)
