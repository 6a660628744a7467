"""`vnest inspect` on files as a person has them: parts learnt, a scan in any pose measured, bad input said in one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.loop.inspect.shapes import disc, motion, sampled

from vehiclenest.cli.commands import app
from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.loop.inspect.mesh import Mesh, move

pytestmark = pytest.mark.slow


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


def test_a_scan_from_nowhere_is_identified_aligned_and_measured(library: Path, tmp_path: Path) -> None:
    on = sampled(disc(), 120_000)
    kept = on.points[:, 0] + 0.3 * on.points[:, 1] > -20  # about two thirds of the surface
    points = (on.points + np.random.default_rng(0).normal(0, 0.02, (len(on.points), 1)) * on.normals)[kept]
    truth = motion(170, 400, 5)
    np.save(tmp_path / "core.npy", move(truth, points).astype(np.float32))
    said = vnest("inspect", "scan", tmp_path / "core.npy", "--library", library, "--json", "--distances", tmp_path / "off.npy")
    found: dict[str, Any] = json.loads(said)
    assert found["part_id"] == "disc-1"
    assert found["converged"]
    left = move(np.array(found["pose"]) @ truth, disc().vertices) - disc().vertices
    assert np.linalg.norm(left, axis=1).max() < 0.01
    assert found["deviation"]["rms"] == pytest.approx(0.02, rel=0.1)
    assert found["verdict"] == "not assessed"
    assert np.load(tmp_path / "off.npy").shape == (int(kept.sum()),)
    in_words = vnest("inspect", "scan", tmp_path / "core.npy", "--library", library, "--part", "disc-1")
    assert "part disc-1" in in_words
    assert "not assessed" in in_words


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
