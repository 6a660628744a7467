"""Proofs: checked by exactly the lines that the document gives to a third party."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Ledger, schema
from vehiclenest.ledger.capture import capture_document
from vehiclenest.ledger.entry import unpack
from vehiclenest.ledger.prove import prove_consistency, prove_inclusion
from vehiclenest.ledger.seal import seal
from vehiclenest.ledger.signing import public_hex

from .conftest import CAR, MORNING, history
from .test_seal_verify import PACK, document, foreign

DOCUMENT = Path(__file__).parents[2] / "docs" / "seal.md"
KEY = Ed25519PrivateKey.generate()
KEYS = {public_hex(KEY)}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"  # what differs between databases is in test_seal_verify


@pytest.fixture(scope="module")
def check() -> Callable[..., list[dict[str, Any]]]:
    """The code of the document, run as it stands there."""
    (code,) = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    return namespace["check"]


@pytest.fixture
def sealed(ledger: Ledger, tmp_path: Path) -> Ledger:
    """Events 1 to 6 are ours, 7 and 8 a supplier's; a seal over 1, 2, 3, 6 and 8 of them."""
    for size in (1, 2, 3, 6):
        ledger.capture(history()[:size])
        seal(ledger, tmp_path / "seals", KEY, MORNING)
    capture_document(ledger, document(foreign(), {"ex": "https://example.com/ns/"}))
    seal(ledger, tmp_path / "seals", KEY, MORNING)
    return ledger


def through_json(proof: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(proof))


def test_a_third_party_can_check_that_any_event_is_under_any_seal(
    sealed: Ledger, tmp_path: Path, check: Callable[..., list[dict[str, Any]]]
) -> None:
    for size in (1, 2, 3, 6, 8):
        for number in range(1, size + 1):
            proof = through_json(prove_inclusion(sealed, tmp_path / "seals", str(number), size))
            (event,) = check(proof, KEYS)
            with sealed.engine.connect() as connection:
                stored = connection.execute(select(schema.event.c.body).where(schema.event.c.seq == number)).scalar_one()
            assert event == json.loads(unpack(stored))


def test_a_third_party_can_check_that_seals_only_add(
    sealed: Ledger, tmp_path: Path, check: Callable[..., list[dict[str, Any]]]
) -> None:
    sizes = (1, 2, 3, 6, 8)
    for first in sizes:
        for second in sizes:
            if first < second:
                assert check(through_json(prove_consistency(tmp_path / "seals", first, second)), KEYS) == []


def test_no_changed_proof_passes(sealed: Ledger, tmp_path: Path, check: Callable[..., list[dict[str, Any]]]) -> None:
    inclusion, consistency = prove_inclusion(sealed, tmp_path / "seals", "7"), prove_consistency(tmp_path / "seals", 3, 8)
    body = b64decode(inclusion["entries"][0]["body"])
    changes: list[tuple[dict[str, Any], Callable[[dict[str, Any]], object]]] = [
        (inclusion, lambda proof: proof["entries"][0].update(index=7)),
        (inclusion, lambda proof: proof["entries"][0].update(index=-2)),
        (inclusion, lambda proof: proof["entries"][0].update(body=b64encode(body[:-1]).decode())),
        (inclusion, lambda proof: proof["entries"][0].update(context="")),
        (inclusion, lambda proof: proof["entries"][0]["path"].append("00" * 32)),
        (inclusion, lambda proof: proof["entries"][0]["path"].pop()),
        (inclusion, lambda proof: proof["entries"][0]["path"].reverse()),
        (inclusion, lambda proof: proof["seal"].update(tree_size=9)),
        (inclusion, lambda proof: proof["seal"].update(root="00" * 32)),
        (inclusion, lambda proof: proof["seal"].update(public_key=public_hex(Ed25519PrivateKey.generate()))),
        (consistency, lambda proof: proof["path"].insert(0, proof["first"]["root"])),
        (consistency, lambda proof: proof.update(path=[proof["first"]["root"]])),
        (consistency, lambda proof: proof["path"].pop()),
        (consistency, lambda proof: proof.update(first=proof["second"])),
        (consistency, lambda proof: proof["second"].update(root=proof["first"]["root"])),
    ]
    for proof, change in changes:
        changed = through_json(proof)
        change(changed)
        with pytest.raises((ValueError, InvalidSignature)):
            check(changed, KEYS)
        check(through_json(proof), KEYS)


def test_an_older_tree_that_is_whole_takes_no_spare_hash(
    sealed: Ledger, tmp_path: Path, check: Callable[..., list[dict[str, Any]]]
) -> None:
    """A proof must not bring its own older root: with one that does, any two roots would be consistent."""
    proof = through_json(prove_consistency(tmp_path / "seals", 2, 3))
    assert len(proof["path"]) == 1
    proof["path"].insert(0, proof["first"]["root"])
    with pytest.raises(ValueError, match="too many values"):
        check(proof, KEYS)


def test_an_event_is_found_by_number_hash_id_event_id_and_thing(sealed: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "seals"
    by_number = prove_inclusion(sealed, folder, "1")["entries"]
    assert prove_inclusion(sealed, folder, by_number[0]["event"])["entries"] == by_number
    by_event_id = prove_inclusion(sealed, folder, "urn:uuid:7f3a0d7e-0a7b-4a6e-9d3c-0f5b2f7c9a10")["entries"]
    assert [entry["index"] for entry in by_event_id] == [7]
    for name in (CAR, "CAR"):
        assert [entry["index"] for entry in prove_inclusion(sealed, folder, name)["entries"]] == [0, 2]
    assert [entry["index"] for entry in prove_inclusion(sealed, folder, PACK)["entries"]] == [6, 7]
    assert [entry["index"] for entry in prove_inclusion(sealed, folder, "CAR", 2)["entries"]] == [0]


@pytest.mark.parametrize(
    "name", ["0", "9", "9" * 5000, "nobody", "", "ni:///sha-256;zz?ver=CBV2.0", f"ni:///sha-256;{'0' * 64}?ver=CBV2.0"]
)
def test_what_is_not_in_the_ledger_is_not_proved(sealed: Ledger, tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        prove_inclusion(sealed, tmp_path / "seals", name)


def test_what_is_not_sealed_yet_is_not_proved(sealed: Ledger, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="event 7 is not under the seal over 6 events"):
        prove_inclusion(sealed, tmp_path / "seals", "7", 6)


def test_a_seal_that_does_not_exist_is_said(sealed: Ledger, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no seal over 5 events; a tree size such as 6"):
        prove_inclusion(sealed, tmp_path / "seals", "1", 5)
    with pytest.raises(NotFoundError, match="there are no seals"):
        prove_consistency(tmp_path / "nowhere", 1, 2)
    with pytest.raises(InputError, match="a smaller and a larger one"):
        prove_consistency(tmp_path / "seals", 6, 6)


def test_an_event_that_was_changed_is_not_proved(sealed: Ledger, tmp_path: Path) -> None:
    with sealed.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE event SET body = (SELECT body FROM event WHERE seq = 2) WHERE seq = 1")
        connection.commit()
    with pytest.raises(ConflictError, match="event 1 was changed after it was sealed"):
        prove_inclusion(sealed, tmp_path / "seals", "1")
