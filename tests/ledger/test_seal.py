"""Sealing: everything captured so far under one signed root, once, with a key that nobody else can read."""

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Ledger
from vehiclenest.ledger import seal as sealing
from vehiclenest.ledger.seal import key_for, seal, seals_folder
from vehiclenest.ledger.seal_folder import read_history
from vehiclenest.ledger.signing import load_key, load_public_key, make_key, public_hex

from .conftest import MORNING, history
from .test_seal_merkle import tree_hash

EVENING = MORNING + timedelta(days=2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"  # what differs between databases is in test_seal_verify


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_a_seal_signs_the_root_over_the_stored_bytes_of_every_event(
    filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    made = seal(filled, tmp_path / "seals", key, EVENING)
    with filled.engine.connect() as connection:
        stored = [bytes(row[0]) for row in connection.exec_driver_sql("SELECT body FROM event ORDER BY seq")]
    assert made is not None
    assert (made.tree_size, made.previous_tree_size) == (len(history()), 0)
    assert made.root == tree_hash(stored).hex()
    assert made.previous_root == hashlib.sha256(b"").hexdigest()
    written = json.loads((tmp_path / "seals" / "seal-000000000006.json").read_bytes())
    signed = json.dumps({name: written[name] for name in written if name != "signature"}, sort_keys=True, separators=(",", ":"))
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(written["public_key"])).verify(
        bytes.fromhex(written["signature"]), signed.encode()
    )


def test_where_nothing_is_new_nothing_is_written(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    seal(filled, tmp_path / "seals", key, EVENING)
    before = {path.name: path.read_bytes() for path in (tmp_path / "seals").iterdir()}
    assert seal(filled, tmp_path / "seals", key, EVENING) is None
    assert {path.name: path.read_bytes() for path in (tmp_path / "seals").iterdir()} == before


def test_an_empty_ledger_has_nothing_to_seal(ledger: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    assert seal(ledger, tmp_path / "seals", key, EVENING) is None
    assert not (tmp_path / "seals").exists()


def test_seals_follow_each_other_and_hold_each_leaf_once(ledger: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    for size, event in enumerate(history(), 1):
        ledger.capture([event])
        made = seal(ledger, tmp_path, key, EVENING)
        assert made is not None
        assert (made.previous_tree_size, made.tree_size) == (size - 1, size)
    found = read_history(tmp_path)
    assert (found.faults, len(found.seals), found.tree.size) == ([], 6, 6)
    assert [path.stat().st_size for path in sorted(tmp_path.glob("leaves-*.bin"))] == [32] * 6


def test_a_ledger_that_lost_a_sealed_event_is_not_sealed(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    seal(filled, tmp_path, key, EVENING)
    with filled.engine.connect() as connection:
        for table in ("mention", "lot_flow", "mixture"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE event_seq = 6")
        connection.exec_driver_sql("DELETE FROM event WHERE seq = 6")
        connection.commit()
    with pytest.raises(ConflictError, match="event 6 is missing"):
        seal(filled, tmp_path, key, EVENING)


def test_a_gap_between_events_is_not_sealed(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    with filled.engine.connect() as connection:
        for table in ("mention", "lot_flow", "mixture"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE event_seq = 6")
        connection.exec_driver_sql("UPDATE event SET seq = 99 WHERE seq = 6")
        connection.commit()
    with pytest.raises(ConflictError, match="event 6 is missing"):
        seal(filled, tmp_path, key, EVENING)


def test_the_seals_of_another_ledger_are_not_gone_on_with(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    seal(filled, tmp_path / "seals", key, EVENING)
    with Ledger(f"sqlite:///{tmp_path / 'other.db'}") as other:
        other.capture(history(), EVENING + timedelta(days=1))
        with pytest.raises(ConflictError, match="event 6 is not the one that was sealed"):
            seal(other, tmp_path / "seals", key, EVENING)


def test_a_damaged_folder_is_not_gone_on_with(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    seal(filled, tmp_path, key, EVENING)
    (tmp_path / "leaves-000000000001-000000000006.bin").write_bytes(b"0" * 192)
    with pytest.raises(InputError, match="was changed: its SHA-256"):
        seal(filled, tmp_path, key, EVENING)


def test_of_two_who_seal_at_once_one_is_told(
    filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = sealing._append  # pyright: ignore[reportPrivateUsage]

    def late(*arguments: Any) -> None:
        append(*arguments)
        monkeypatch.setattr(sealing, "_append", append)
        assert seal(filled, tmp_path, key, EVENING) is not None

    monkeypatch.setattr(sealing, "_append", late)
    with pytest.raises(ConflictError, match="another seal was made"):
        seal(filled, tmp_path, key, EVENING)
    assert read_history(tmp_path).faults == []


def test_a_folder_that_cannot_be_written_is_said_in_one_line(filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="is no folder"):
        seal(filled, tmp_path / "file", key, EVENING)
    with pytest.raises(InputError, match="cannot be written"):
        seal(filled, tmp_path / "file" / "seals", key, EVENING)


def test_seals_stand_beside_a_sqlite_file(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'base.db'}") as ledger:
        assert seals_folder(ledger) == tmp_path / "base.seals"


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "safe" / "key.pem"
    made = key_for(path, tmp_path / "seals", new=False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert public_hex(key_for(path, tmp_path / "seals", new=False)) == public_hex(made)
    with pytest.raises(ConflictError, match="exists"):
        make_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(InputError, match="can be read by others"):
        load_key(tmp_path / "key.pem")


def test_a_key_in_the_published_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which is published"):
        key_for(tmp_path / "seals" / "key.pem", tmp_path / "seals", new=True)


def test_another_key_is_used_only_where_it_is_asked_for(filled: Ledger, tmp_path: Path) -> None:
    folder, first, second = tmp_path / "seals", tmp_path / "first.pem", tmp_path / "second.pem"
    seal(filled, folder, key_for(first, folder, new=False), EVENING)
    with pytest.raises(NotFoundError, match="there is no key"):
        key_for(second, folder, new=False)
    stranger = make_key(tmp_path / "stranger.pem")
    with pytest.raises(ConflictError, match="is not the key of the last seal"):
        key_for(tmp_path / "stranger.pem", folder, new=False)
    fresh = key_for(second, folder, new=True)
    assert public_hex(fresh) not in {public_hex(stranger), read_history(folder).keys[0]}


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff\x00"])
def test_what_is_no_key_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError, match="is no key to sign with"):
        load_key(path)
    with pytest.raises(InputError, match="is no key to check seals with"):
        load_public_key(path)


def test_a_key_of_another_kind_or_a_folder_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "key.pem"
    path.write_bytes(X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(InputError, match="is no key to sign with"):
        load_key(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_key(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        load_public_key(tmp_path / "none.pem")
    with pytest.raises(InputError, match="cannot be written"):
        make_key(path / "key.pem")


def test_a_seal_that_cannot_be_moved_into_place_leaves_nothing(
    filled: Ledger, key: Ed25519PrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        seal(filled, tmp_path / "seals", key, EVENING)
    assert list((tmp_path / "seals").iterdir()) == []
