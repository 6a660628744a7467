"""A copy of the base comes back as it was, only when it was meant, whole or not at all; what is no copy is refused in a line."""

import io
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.web.conftest import PASSWORD, Base, Browser
from tests.web.serving import serving

from vehiclenest.core.errors import ConflictError, VehicleNestError
from vehiclenest.web import restoring
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Role

VIN, LATER = "LSVAA49J132047371", "LB38YFAW3BB669975"
CAR = {"make": "VOLKSWAGEN", "model": "LAVIDA", "year": "2012"}


def taken(admin: Browser) -> bytes:
    answer = admin.post("/admin/backup")
    assert answer.status_code == 200
    assert answer.content.startswith(b"PK")
    return answer.content


def sent(admin: Browser, content: bytes) -> httpx.Response:
    return admin.post("/admin/restore", files={"file": ("copy.zip", content, "application/zip")})


def file_of(base: Base) -> Path:
    name = base.application.database.engine.url.database
    assert name is not None
    return Path(name)


def changed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Return a zip whose files were changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, held in files.items():
            packed.writestr(name, held)
    return out.getvalue()


@pytest.fixture
def filled(fresh_base: Base) -> Base:
    """A base with a vehicle, a photo of it, and a seal."""
    operator = fresh_base.browser(Role.OPERATOR)
    assert operator.post("/yard/intake", CAR | {"vin": VIN}).status_code == 303
    return fresh_base


def test_a_copy_is_laid_ready_and_nothing_changes_until_it_is_confirmed(filled: Base) -> None:
    admin = filled.browser(Role.ADMIN)
    copy = taken(admin)
    assert filled.browser(Role.OPERATOR).post("/yard/intake", CAR | {"vin": LATER}).status_code == 303
    assert sent(admin, copy).status_code == 303
    shown = admin.get("/admin/backup").text
    assert "What is laid ready" in shown
    assert '<td class="number">1</td><td class="number">2</td>' in shown
    name = file_of(filled).name
    wrong = admin.post("/admin/restore/confirmation", {"base": "something"})
    assert wrong.status_code == 422
    assert name in wrong.text
    assert admin.post("/admin/restore/confirmation", {"base": name}).status_code == 303
    assert "takes the base&#39;s place" in admin.get("/admin/backup").text
    assert LATER in filled.browser(Role.OPERATOR).get("/yard").text
    assert admin.post("/admin/restore/end").status_code == 303
    assert not restoring.folder_of(file_of(filled)).exists()
    assert admin.post("/admin/restore/confirmation", {"base": name}).status_code == 409
    log = admin.get("/audit").text
    for said in ("copy laid ready", "restore confirmed", "restore given up"):
        assert said in log


def test_only_an_administrator_brings_a_copy_back(base: Base) -> None:
    for role in (Role.OPERATOR, Role.AUDITOR, Role.ORGANISER):
        assert sent(base.browser(role), b"PK").status_code == 403


def _one_byte(files: dict[str, bytes]) -> None:
    files["base.db"] = files["base.db"][:-1] + bytes([files["base.db"][-1] ^ 1])


def _gone(files: dict[str, bytes]) -> None:
    del files["base.db"]


def _over(files: dict[str, bytes]) -> None:
    files["evidence/extra"] = b"?"


def _listed(files: dict[str, bytes], name: str, content: bytes) -> None:
    manifest = json.loads(files["manifest.json"])
    manifest["files"].append({"path": name, "bytes": len(content), "sha256": "0" * 64})
    files["manifest.json"] = json.dumps(manifest).encode()
    files[name] = content


def _outside(files: dict[str, bytes]) -> None:
    _listed(files, "../../etc/cron.d/x", b"?")


def _bomb(files: dict[str, bytes]) -> None:
    files["base.db"] = bytes(200_000_000)  # packs to nothing; the manifest names the size that it had


def _huge(files: dict[str, bytes]) -> None:
    manifest = json.loads(files["manifest.json"])
    manifest["files"][0]["bytes"] = 10**18
    files["manifest.json"] = json.dumps(manifest).encode()


def _other(files: dict[str, bytes]) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b"vehicle-nest-backup", b"something-else")


def _unlisted(files: dict[str, bytes]) -> None:
    del files["manifest.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_one_byte, "was changed or cut short"),
        (_gone, "and the files differ"),
        (_over, "and the files differ"),
        (_outside, "is no name of a file in a copy"),
        (_bomb, "was changed or cut short"),
        (_huge, "bytes are free"),
        (_other, "manifest.json, format"),
        (_unlisted, "holds no manifest.json"),
    ],
)
def test_what_is_no_sound_copy_is_refused_and_leaves_nothing(
    filled: Base, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    admin = filled.browser(Role.ADMIN)
    answer = sent(admin, changed(taken(admin), change))
    assert answer.status_code == 422
    assert said.replace(" are free", "") in answer.text
    assert not restoring.folder_of(file_of(filled)).exists()


def test_a_file_that_is_no_zip_or_of_a_newer_program_is_refused(filled: Base, tmp_path: Path) -> None:
    admin = filled.browser(Role.ADMIN)
    assert "cannot be unpacked" in sent(admin, b"hello").text
    copy = taken(admin)

    def newer(files: dict[str, bytes]) -> None:
        file = tmp_path / "newer.db"
        file.write_bytes(files["base.db"])
        connection = sqlite3.connect(file)
        with connection:
            connection.execute("UPDATE web_version SET version_num = '9999'")
        connection.close()
        from hashlib import sha256

        files["base.db"] = file.read_bytes()
        manifest = json.loads(files["manifest.json"])
        entry = next(kept for kept in manifest["files"] if kept["path"] == "base.db")
        entry |= {"bytes": len(files["base.db"]), "sha256": sha256(files["base.db"]).hexdigest()}
        files["manifest.json"] = json.dumps(manifest).encode()

    assert "newer version of the program" in sent(admin, changed(copy, newer)).text


def _prepared(folder: Path, copy: bytes) -> Path:
    """Return a base's file beside which a copy is laid ready and confirmed."""
    file = folder / "vnest.db"
    database = Database(f"sqlite:///{file}")
    try:
        restoring.lay_ready(database, io.BytesIO(copy))
        restoring.confirm(database, "vnest.db", "ada")
    finally:
        database.close()
    return file


def _vehicles(file: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT reference FROM yard_vehicle ORDER BY reference")]
    finally:
        connection.close()


@pytest.mark.parametrize("step", range(1, 9))
def test_a_start_that_was_cut_off_is_gone_on_with(
    filled: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    copy = taken(filled.browser(Role.ADMIN))
    file = _prepared(tmp_path, copy)
    renames = 0
    replace = Path.replace

    def cut_off(self: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == step:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut_off)
        with suppress(KeyboardInterrupt):
            restoring.put_in_place(f"sqlite:///{file}")
    restoring.put_in_place(f"sqlite:///{file}")
    assert _vehicles(file) == [VIN]
    assert not restoring.folder_of(file).exists()
    (aside,) = tmp_path.glob("vnest.before-*")
    assert _vehicles(aside / "vnest.db") == []
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM web_audit WHERE action = 'base restored'").fetchone()[0] == 1
    assert connection.execute("SELECT count(*) FROM web_session").fetchone()[0] == 0
    connection.close()


def test_a_base_that_somebody_has_open_is_not_moved_away(filled: Base, tmp_path: Path) -> None:
    file = _prepared(tmp_path, taken(filled.browser(Role.ADMIN)))
    other = sqlite3.connect(file)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM event").fetchone()
    try:
        with pytest.raises(ConflictError, match="another process has open"):
            restoring.put_in_place(f"sqlite:///{file}")
    finally:
        other.close()
    assert restoring.put_in_place(f"sqlite:///{file}") is not None
    assert _vehicles(file) == [VIN]


def test_nothing_is_put_in_place_that_nobody_confirmed(tmp_path: Path) -> None:
    file = tmp_path / "vnest.db"
    assert restoring.put_in_place(f"sqlite:///{file}") is None
    assert restoring.put_in_place("postgresql://somewhere/base") is None
    database = Database(f"sqlite:///{file}")
    with pytest.raises(VehicleNestError, match="no copy is laid ready"):
        restoring.confirm(database, "vnest.db", "ada")
    database.close()


@pytest.mark.slow
def test_a_base_comes_back_with_its_seals_and_photos_by_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as first, _client(first.url) as client:
        csrf = _logged_in(client, first.password or "", fresh=True)
        _post(client, csrf, "/yard/intake", CAR | {"vin": VIN})
        _post(client, csrf, "/ledger/seal", {})
        while "queued" in (jobs := client.get("/jobs").text) or "running" in jobs:
            pass
        copy = client.post("/admin/backup", data={"_csrf": csrf}).content
        _post(client, csrf, "/yard/intake", CAR | {"vin": LATER})
    shutil.rmtree(tmp_path / "vnest.seals")
    with serving(tmp_path) as second, _client(second.url) as client:
        csrf = _logged_in(client, PASSWORD)
        answer = client.post("/admin/restore", data={"_csrf": csrf}, files={"file": ("copy.zip", copy)})
        assert answer.status_code in {200, 303}
        _post(client, csrf, "/admin/restore/confirmation", {"base": "vnest.db"})
    with serving(tmp_path) as third, _client(third.url) as client:
        csrf = _logged_in(client, PASSWORD)
        yard = client.get("/yard").text
        assert VIN in yard
        assert LATER not in yard
        assert "base restored" in client.get("/audit").text
    with zipfile.ZipFile(io.BytesIO(copy)) as packed:
        seals = {name: packed.read(name) for name in packed.namelist() if name.startswith("seals/")}
    assert seals
    for name, content in seals.items():
        assert (tmp_path / "vnest.seals" / name.removeprefix("seals/")).read_bytes() == content


def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, follow_redirects=True, timeout=60)


def _logged_in(client: httpx.Client, password: str, *, fresh: bool = False) -> str:
    answer = client.post("/login", data={"name": "admin", "password": password, "_csrf": _csrf(client.get("/login").text)})
    assert answer.status_code == 200, answer.text
    if fresh:
        changed = {
            "current": password,
            "password": PASSWORD,
            "again": PASSWORD,
            "_csrf": _csrf(client.get("/account/password").text),
        }
        assert client.post("/account/password", data=changed).status_code == 200
    return _csrf(client.get("/account").text)


def _csrf(text: str) -> str:
    return text.split('name="_csrf" value="')[1].split('"', maxsplit=1)[0]


def _post(client: httpx.Client, csrf: str, path: str, data: dict[str, str]) -> None:
    answer = client.post(path, data=data | {"_csrf": csrf})
    assert answer.status_code == 200, answer.text
