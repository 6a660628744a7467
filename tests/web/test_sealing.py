"""Seals by page: made by whoever may, verified, handed to an auditor; the key stays, and what was changed is found."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from tests.web.conftest import Base
from tests.web.test_yard import CAR, worked_off

from vehiclenest.ledger.seal import seals_folder
from vehiclenest.ledger.seal_folder import read_history
from vehiclenest.ledger.signing import make_key
from vehiclenest.ledger.verify import verify
from vehiclenest.web import sealing
from vehiclenest.web.policy import Role


@pytest.fixture
def sealed(fresh_base: Base, monkeypatch: pytest.MonkeyPatch) -> Base:
    """A base whose vehicle is sealed by page, with no key of the user at hand."""
    monkeypatch.delenv("VNEST_SEAL_KEY", raising=False)
    fresh_base.browser(Role.OPERATOR).post("/yard/intake", CAR)
    answer = fresh_base.browser(Role.COMPLIANCE).post("/ledger/seal")
    worked_off(fresh_base)
    assert "2 events sealed, 2 of them new" in fresh_base.browser(Role.COMPLIANCE).get(answer.headers["location"]).text
    return fresh_base


def test_a_seal_is_made_shown_verified_and_handed_over_without_the_key(sealed: Base, tmp_path: Path) -> None:
    ledger, compliance = sealed.database.ledger, sealed.browser(Role.COMPLIANCE)
    key = tmp_path / "base.seal-key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    last = read_history(seals_folder(ledger)).sound().last
    assert last is not None
    assert last.root in compliance.get("/ledger").text
    assert verify(ledger, seals_folder(ledger), ()).ok
    answer = sealed.browser(Role.AUDITOR).get("/ledger/seals.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "auditor")
    assert b"PRIVATE KEY" not in b"".join(path.read_bytes() for path in (tmp_path / "auditor").iterdir())
    assert verify(ledger, tmp_path / "auditor", ()).ok
    assert "seal asked for" in sealed.browser(Role.ADMIN).get("/audit").text


def test_where_nothing_is_new_nothing_is_sealed(sealed: Base) -> None:
    answer = sealed.browser(Role.ADMIN).post("/ledger/seal")
    worked_off(sealed)
    assert "nothing new since the last seal" in sealed.browser(Role.ADMIN).get(answer.headers["location"]).text
    assert len(read_history(seals_folder(sealed.database.ledger)).seals) == 1


def test_a_seal_is_never_made_with_another_key_unasked(sealed: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_key(tmp_path / "other.pem")
    monkeypatch.setenv("VNEST_SEAL_KEY", str(tmp_path / "other.pem"))
    answer = sealed.browser(Role.ADMIN).post("/ledger/seal")
    worked_off(sealed)
    page = sealed.browser(Role.ADMIN).get(answer.headers["location"]).text
    assert "is not the key of the last seal" in page
    assert "<strong>failed</strong>" in page


def test_the_key_that_made_the_last_seal_is_found_in_the_settings_folder(
    sealed: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(_name: str) -> str:
        return str(tmp_path / "home")

    monkeypatch.setattr("click.get_app_dir", folder)
    (tmp_path / "home").mkdir()
    target = (tmp_path / "base.seal-key.pem").rename(tmp_path / "home" / "seal-key.pem")
    assert sealing.key_file(sealed.database.ledger) == target


def test_a_seal_that_was_changed_is_said_on_the_page(sealed: Base) -> None:
    (file,) = seals_folder(sealed.database.ledger).glob("seal-*.json")
    file.write_text(file.read_text().replace('"tree_size": 2', '"tree_size": 3'))
    assert "its signature does not hold" in sealed.browser(Role.AUDITOR).get("/ledger").text


def test_without_a_seal_there_is_nothing_to_hand_over(fresh_base: Base) -> None:
    assert fresh_base.browser(Role.AUDITOR).get("/ledger/seals.zip").status_code == 404
    assert fresh_base.browser(Role.AUDITOR).post("/ledger/seal").status_code == 403
