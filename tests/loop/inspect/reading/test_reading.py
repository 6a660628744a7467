"""Files of scanners and drawings are read whole, or refused with the file, the fault and the way out."""

# pye57, manifold3d and trimesh publish no types of what they export.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import io
import re
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import manifold3d
import numpy as np
import pye57
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.reading import read_card, read_mesh, read_scan, unit_hint

POINTS: NDArray[np.float32] = np.random.default_rng(7).uniform(-50, 50, (1200, 3)).astype(np.float32)


def _ply(points: NDArray[np.float32], form: str = "binary_little_endian", kind: str = "float", extra: str = "") -> bytes:
    head = f"ply\nformat {form} 1.0\ncomment a scan\nelement vertex {len(points)}\n{extra}"
    head += (
        "".join(f"property {kind} {axis}\n" for axis in "xyz")
        + "property uchar red\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n"
    )
    if form == "ascii":
        return (head + "".join(f"{x!r} {y!r} {z!r} 7\n" for x, y, z in points.tolist())).encode()
    order = "<" if "little" in form else ">"
    fields = (
        ([("nx", order + "f4")] if extra else [])
        + [(axis, order + ("f8" if kind == "double" else "f4")) for axis in "xyz"]
        + [("red", "u1")]
    )
    rows = np.zeros(len(points), dtype=fields)
    for column, axis in enumerate("xyz"):
        rows[axis] = points[:, column]
    return head.encode() + rows.tobytes()


def _npy(points: NDArray[np.generic]) -> bytes:
    held = io.BytesIO()
    np.save(held, points)
    return held.getvalue()


def _e57(folder: Path) -> Path:
    path = folder / "scan.e57"
    with pye57.E57(str(path), mode="w") as file:
        metres = POINTS.astype(np.float64) / 1000
        for half, turn in ((metres[:600], (1.0, 0, 0, 0)), (metres[600:], (0.5**0.5, 0, 0, 0.5**0.5))):
            file.write_scan_raw(
                {f"cartesian{axis}": np.ascontiguousarray(half[:, column]) for column, axis in enumerate("XYZ")},
                rotation=np.array(turn),
                translation=np.array([0.1, 0.0, 0.0]),
            )
    return path


def _block() -> trimesh.Trimesh:
    mesh = manifold3d.Manifold.cube((10, 20, 30)).to_mesh()
    return trimesh.Trimesh(mesh.vert_properties[:, :3], mesh.tri_verts, process=False)


def _exported(kind: str) -> bytes:
    data: Any = _block().export(file_type=kind)
    return data.encode() if isinstance(data, str) else data


@pytest.mark.parametrize("form", ["binary_little_endian", "binary_big_endian", "ascii"])
@pytest.mark.parametrize("kind", ["float", "double"])
def test_a_ply_scan_of_every_form_gives_its_points(tmp_path: Path, form: str, kind: str) -> None:
    path = tmp_path / "scan.PLY"
    path.write_bytes(_ply(POINTS, form, kind))
    assert np.array_equal(read_scan(path), POINTS)
    assert read_scan(path).dtype == np.float32


def test_properties_before_the_coordinates_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "scan.ply"
    path.write_bytes(_ply(POINTS, extra="property float nx\n"))
    assert np.array_equal(read_scan(path), POINTS)


def test_two_million_points_are_loaded_as_fast_as_a_disk_gives_them(tmp_path: Path) -> None:
    points = np.random.default_rng(1).uniform(-50, 50, (2_000_000, 3)).astype("<f4")
    path = tmp_path / "scan.ply"
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(points)}\n"
        + "".join(f"property float {axis}\n" for axis in "xyz")
        + "end_header\n"
    )
    path.write_bytes(head.encode() + points.tobytes())
    seconds: list[float] = []
    read = points[:0]
    for _ in range(5):
        start = time.perf_counter()
        read = read_scan(path)
        seconds.append(time.perf_counter() - start)
    assert np.array_equal(read, points)
    assert min(seconds) < 0.1  # 20 ms on a quiet machine; a parse of text would take a second


@pytest.mark.parametrize(
    ("delimiter", "head", "extra"),
    [
        (" ", "", ""),
        (",", "x,y,z\n", ""),
        ("\t", "# comment\n\n", "\t7"),
        ("   ", "// made by\n", "   a name"),
        (";", "", ";5;6"),
        (", ", "X Y Z\n", ""),
    ],
)
def test_text_of_every_style_gives_its_points(tmp_path: Path, delimiter: str, head: str, extra: str) -> None:
    path = tmp_path / "scan.xyz"
    rows = "".join(delimiter.join(map(repr, row)) + extra + "\n" for row in POINTS.tolist())
    path.write_text("\ufeff" + head + rows, encoding="utf-8")
    assert np.array_equal(read_scan(path), POINTS)


def test_an_array_gives_its_points_in_either_order(tmp_path: Path) -> None:
    path = tmp_path / "scan.npy"
    for array in (POINTS, np.asfortranarray(POINTS), POINTS.astype(">f8"), np.hstack([POINTS, POINTS])):
        path.write_bytes(_npy(array))
        assert np.array_equal(read_scan(path), POINTS)


def test_an_e57_gives_all_its_scans_in_their_poses_in_mm(tmp_path: Path) -> None:
    points = read_scan(_e57(tmp_path))
    turned = POINTS[600:] @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]).T
    assert points == pytest.approx(np.vstack([POINTS[:600], turned]) + np.array([100, 0, 0]), abs=1e-4)


def test_a_scan_in_inches_becomes_mm(tmp_path: Path) -> None:
    path = tmp_path / "scan.npy"
    path.write_bytes(_npy(POINTS))
    assert read_scan(path, unit="inch") == pytest.approx(POINTS * 25.4)


def _no_numbers() -> bytes:
    points = POINTS.copy()
    points[41, 1], points[99, 0] = np.nan, np.inf
    return _ply(points)


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("a.ply", _no_numbers, r"2 of 1,200 points hold .* first in row 42"),
    ("a.ply", lambda: _ply(POINTS[:3]), r"the scan has 3 points; at least 1000"),
    ("a.ply", lambda: _ply(POINTS)[:-5000], r"the file ends after 815 of 1,200"),
    ("a.ply", lambda: _ply(POINTS, "ascii")[:-5000], r"no row of numbers|row has|ends after \d[\d,]* of 1,200 points"),
    ("a.ply", lambda: b"plx\n" + _ply(POINTS), r"a PLY file begins with"),
    ("a.ply", lambda: _ply(POINTS).replace(b"1200", b"999999999999"), r"tells of 999,999,999,999"),
    ("a.ply", lambda: _ply(POINTS).replace(b"float z", b"float w"), r"x, y and z"),
    ("a.ply", lambda: _ply(POINTS * np.float32(1e20)), r"no more than 100000 mm: name the unit"),
    ("a.xyz", lambda: _npy(POINTS), r"no text"),
    ("a.xyz", lambda: b"1 2 3\n" * 1500 + b"1 2\n", r"line 1501: the row has 2 columns"),
    ("a.xyz", lambda: b"1 2 3\n" * 1500 + b"1 2 three\n", r"line 1501: '1 2 three' is no row"),
    ("a.xyz", lambda: b"1,2,3\n" * 1500 + b"nan,2,3\n", r"1 of 1,501 points .* row 1501"),
    ("a.txt", lambda: b"only words, no numbers\n" * 1500, r"line 2: .* is no row of numbers"),
    ("a.npy", lambda: b"1 2 3\n" * 1500, r"numpy\.save"),
    ("a.npy", lambda: _npy(POINTS)[:-1200], r"ends after 1,100 of 1,200 points"),
    ("a.npy", lambda: _npy(POINTS).replace(b"(1200, 3), }    ", b"(1200000000,3),}"), r"tells of 1,200,000,000 points"),
    ("a.npy", lambda: _npy(POINTS[:, :2]), r"shape \(1200, 2\)"),
    ("a.npy", lambda: _npy(np.array(["a", "b"])), r"numbers of shape"),
    ("a.npy", lambda: _npy(POINTS.astype(np.float64) * 1e300), r"no more than 100000 mm"),
    ("a.e57", lambda: b"1 2 3\n" * 1500, r"begins with ASTM-E57"),
    ("a.ply", lambda: b"", r"the file is empty"),
    ("a.las", lambda: b"x", r"the known ones are \.ply, \.xyz, \.txt, \.npy, \.e57"),
]


@pytest.mark.parametrize(("name", "data", "said"), REFUSED)
def test_a_bad_scan_is_refused_with_file_fault_and_way_out(
    tmp_path: Path, name: str, data: Callable[[], bytes], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data())
    with pytest.raises(InputError, match=said) as caught:
        read_scan(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.expected


def test_pickles_are_never_run(tmp_path: Path) -> None:
    path = tmp_path / "scan.npy"
    np.save(path, np.array([{"a": 1}] * 3000, dtype=object).reshape(1000, 3), allow_pickle=True)
    with pytest.raises(InputError, match="the array is object"):
        read_scan(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for read in (read_scan, read_mesh):
        with pytest.raises(InputError, match="this is a folder"):
            read(tmp_path)
        with pytest.raises(InputError, match="no such file"):
            read(tmp_path / "none.ply")


def test_a_truncated_e57_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = _e57(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:-1024])
    with pytest.raises(InputError, match=f"ends after {len(data) - 1024:,} of {len(data):,} bytes"):
        read_scan(path)


@pytest.mark.parametrize("kind", ["stl", "stl_ascii", "ply", "obj", "3mf"])
def test_a_mesh_of_every_kind_is_one_closed_block(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"part.{kind.partition('_')[0]}"
    path.write_bytes(_exported(kind))
    mesh = read_mesh(path)
    assert (len(mesh.vertices), len(mesh.triangles)) == (8, 12)
    assert mesh.volume_mm3 == pytest.approx(6000)
    assert read_mesh(path, unit="inch").volume_mm3 == pytest.approx(6000 * 25.4**3)


def _repacked(change: Callable[[bytes], bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_exported("3mf"))) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data) if entry.filename.endswith(".model") else data)
    return held.getvalue()


def test_a_3mf_keeps_the_unit_it_names(tmp_path: Path) -> None:
    path = tmp_path / "part.3mf"
    path.write_bytes(_repacked(lambda model: model.replace(b'unit="millimeter"', b'unit="inch"')))
    assert read_mesh(path).volume_mm3 == pytest.approx(6000 * 25.4**3)


def _nested(model: bytes) -> bytes:
    """Ten objects, each of ten of the one before: ten thousand million blocks."""
    text = model.decode()
    ids = [f"9{level}" for level in range(10)]
    below = [text.partition('objectid="')[2].partition('"')[0], *ids]
    objects = "".join(
        f'<object id="{name}" type="model"><components>{f"<component objectid={chr(34)}{inner}{chr(34)} />" * 10}</components></object>'
        for name, inner in zip(ids, below, strict=False)
    )
    text = text.replace("</resources>", objects + "</resources>")
    head, build = text.split("<build", 1)
    return (head + "<build" + build.replace(f'objectid="{below[0]}"', f'objectid="{ids[-1]}"')).encode()


def _of_many_entries() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(1500):
            archive.writestr(f"{number}.txt", b"")
    return held.getvalue()


BAD_MESHES: list[tuple[str, Callable[[], bytes], str]] = [
    ("a.stl", lambda: _exported("stl")[:-120], r"ends after 9 of 12 triangles"),
    (
        "a.stl",
        lambda: _exported("stl")[:80] + struct.pack("<I", 2**32 - 1) + _exported("stl")[84:],
        r"12 of 4,294,967,295 triangles",
    ),
    ("a.stl", lambda: _exported("stl_ascii")[:-200], r"before 'endsolid'"),
    ("a.stl", lambda: b"hello", r"at least 84"),
    (
        "a.stl",
        lambda: _exported("stl")[:84].replace(struct.pack("<I", 12), struct.pack("<I", 11)) + _exported("stl")[84:-50],
        r"not watertight",
    ),
    ("a.ply", lambda: _exported("ply")[:-30], r"ends after|cannot be read"),
    ("a.ply", lambda: _ply(POINTS), r"no triangle|cannot be read"),
    ("a.obj", lambda: _exported("obj").replace(b"f 2", b"f 99"), r"cannot be read|names vertex"),
    ("a.obj", lambda: _exported("stl"), r"no text"),
    ("a.obj", lambda: re.sub(rb"\n(v \S+ \S+) \S+", rb"\n\1 nan", _exported("obj"), count=1), r"no number"),
    ("a.3mf", lambda: _exported("stl"), r"no ZIP archive"),
    ("a.3mf", lambda: _exported("3mf")[:-300], r"no ZIP archive"),
    ("a.3mf", lambda: _repacked(lambda model: model + b" " * 300_000_000)[:], r"times its size"),
    ("a.3mf", lambda: _repacked(lambda model: b'<!DOCTYPE a [<!ENTITY b "bb">]>' + model), r"declares entities"),
    ("a.3mf", lambda: _repacked(lambda model: model.decode().encode("utf-16")), r"not UTF-8"),
    (
        "a.3mf",
        lambda: _repacked(lambda model: model.replace(b'unit="millimeter"', b'unit="parsec"')),
        r"'parsec' is no unit of 3MF",
    ),
    ("a.3mf", lambda: _repacked(_nested), r"make 1\d,\d\d\d,\d\d\d,\d\d\d instances"),
    ("a.3mf", _of_many_entries, r"1,500 entries"),
    ("a.step", lambda: b"x", r"the known ones are \.stl, \.ply, \.obj, \.3mf"),
]


@pytest.mark.parametrize(("name", "data", "said"), BAD_MESHES)
def test_a_bad_mesh_is_refused_with_file_fault_and_way_out(
    tmp_path: Path, name: str, data: Callable[[], bytes], said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data())
    with pytest.raises(InputError, match=said) as caught:
        read_mesh(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.expected


def test_a_ply_face_beyond_the_vertices_is_named(tmp_path: Path) -> None:
    path = tmp_path / "part.ply"
    data = _exported("ply")
    path.write_bytes(data[:-4] + struct.pack("<i", 77))
    with pytest.raises(InputError, match="triangle 12 names vertex 77 of 8"):
        read_mesh(path)


def test_real_parts_are_read_whole(data_folder: Path) -> None:
    assert len(read_mesh(data_folder / "parts" / "42400-IDGH.stl").triangles) == 11_036
    assert len(read_mesh(data_folder / "parts" / "turbineblade.ply").triangles) == 199_034


def test_the_card_beside_a_mesh_is_read_and_its_faults_are_named(tmp_path: Path) -> None:
    mesh, card = tmp_path / "disc.stl", tmp_path / "disc.toml"
    assert read_card(mesh).id == "disc"
    card.write_text(
        'family = "brake disc"\nmaterial = "EN-GJL-250"\ntolerance_mm = 0.1\nunit = "inch"\nmarks = ["0 986 479 R21"]\n'
    )
    assert read_card(mesh).marks == ("0 986 479 R21",)
    assert (read_card(mesh).family, read_card(mesh).tolerance_mm, read_card(mesh).unit) == ("brake disc", 0.1, "inch")
    for text, said in (
        (
            'colour = "red"',
            r"disc\.toml, colour: 'colour' is not known; a card has id, family, material, tolerance_mm, unit, marks",
        ),
        ("tolerance_mm = -1", r"disc\.toml, tolerance_mm: -1"),
        ('unit = "ell"', r"disc\.toml, unit: 'ell'"),
        ("a = [" * 5000, "cannot be read as TOML"),
    ):
        card.write_text(text)
        with pytest.raises(InputError, match=said):
            read_card(mesh)


def test_a_wrong_unit_is_guessed_with_the_way_out() -> None:
    assert "--unit inch" in (unit_hint(10.0, 254.0) or "")
    assert "--unit cm" in (unit_hint([1.0, 2, 2], [10.0, 20, 20]) or "")
    assert "--unit m" in (unit_hint(0.28, 300.0) or "")
    assert "learn the part again with --unit inch" in (unit_hint(254.0, 10.0) or "")
    assert unit_hint(290.0, 300.0) is None
    assert unit_hint(100.0, 300.0) is None  # a part of the part
    assert unit_hint(0.0, 300.0) is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One valid file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    block = {f"{kind}.{kind.partition('_')[0]}": _exported(kind) for kind in ("stl", "stl_ascii", "obj", "3mf")}
    scans = {"scan.npy": _npy(POINTS), "scan.xyz": b"".join(b"%r %r %r\n" % tuple(row) for row in POINTS[:1000].tolist())}
    ascii_ply = _ply(POINTS[:1000], "ascii")
    return {
        **block,
        **scans,
        "mesh.ply": _exported("ply"),
        "scan.ply": _ply(POINTS),
        "text.ply": ascii_ply,
        "scan.e57": _e57(folder).read_bytes(),
    }


KINDS = ["stl.stl", "stl_ascii.stl", "obj.obj", "3mf.3mf", "scan.npy", "scan.xyz", "mesh.ply", "scan.ply", "text.ply", "scan.e57"]


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path: Path, whole: dict[str, bytes], name: str, data: st.DataObject
) -> None:
    content = bytearray(whole[name])
    read = read_mesh if name.startswith(("stl", "obj", "3mf", "mesh")) else read_scan
    head = st.integers(0, min(len(content), 400) - 1)
    anywhere = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(head | anywhere, max_size=4)):
        content[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.just(len(content)) | anywhere)
    path = tmp_path / name
    path.write_bytes(bytes(content[:cut]))
    try:
        found = read(path)
    except InputError:
        return
    assert np.isfinite(found if isinstance(found, np.ndarray) else found.vertices).all()
