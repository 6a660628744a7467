"""`vnest seal`, `vnest verify` and `vnest prove`, as a user meets them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vehiclenest.cli.seal import prove_event, seal_ledger, verify_ledger
from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Ledger

from .conftest import MORNING, history


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a ledger of four events, in which the user is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("VNEST_SEAL_KEY", raising=False)
    monkeypatch.setenv("VNEST_DB", "sqlite:///base.db")
    capture(4)
    return tmp_path


def capture(number: int) -> None:
    with Ledger("sqlite:///base.db") as ledger:
        ledger.capture(history()[:number], MORNING)


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def said(command: Any, *arguments: str) -> dict[str, Any]:
    return json.loads(run(command, *arguments, "--json").stdout)


def test_the_first_seal_makes_the_key_away_from_the_seals(base: Path) -> None:
    first = run(seal_ledger).stdout
    assert "new key in" in first
    assert "4 events sealed, 4 of them new" in first
    assert (base / "settings" / "vehiclenest" / "seal-key.pem").is_file()
    assert {path.name.partition("-")[0] for path in (base / "base.seals").iterdir()} == {"seal", "leaves", "key"}
    assert run(seal_ledger).stdout.startswith("nothing new since the seal of")


def test_sealing_as_json_says_whether_it_sealed(base: Path) -> None:
    first, second = said(seal_ledger, "--key", "own.pem"), said(seal_ledger, "--key", "own.pem")
    assert (first["sealed"], first["new_key"], first["seal"]["tree_size"]) == (True, True, 4)
    assert (second["sealed"], second["new_key"], second["seal"]) == (False, False, first["seal"])


def test_the_key_can_be_named_by_the_environment_and_changed_on_purpose(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VNEST_SEAL_KEY", "own.pem")
    run(seal_ledger)
    capture(6)
    with pytest.raises(NotFoundError, match=r"there is no key at other\.pem"):
        run(seal_ledger, "--key", "other.pem")
    with pytest.raises(ConflictError, match=r"own\.pem exists"):
        run(seal_ledger, "--new-key")
    assert "6 events sealed, 2 of them new" in run(seal_ledger, "--key", "other.pem", "--new-key").stdout
    assert len(said(verify_ledger)["public_keys"]) == 2


def test_an_empty_ledger_is_said(base: Path) -> None:
    Ledger("sqlite:///empty.db").close()
    assert "nothing to seal" in run(seal_ledger, "--db", "sqlite:///empty.db").stdout


def test_a_ledger_that_is_well_ends_with_0_and_says_whose_keys_were_trusted(base: Path) -> None:
    run(seal_ledger)
    capture(6)
    found = run(verify_ledger, "--quick")
    assert found.exit_code == 0
    assert "events: 6, of which sealed 4, not sealed yet 2" in found.stdout
    assert "give the key that you know" in found.stdout
    assert "rows that follow from events were not compared" in found.stdout
    (key,) = (base / "base.seals").glob("key-*.pem")
    trusted = run(verify_ledger, "--public-key", str(key), "--seals", "base.seals")
    assert trusted.stdout.startswith("all is well")
    assert "give the key" not in trusted.stdout


def test_a_changed_ledger_ends_with_2_and_names_the_event(base: Path) -> None:
    run(seal_ledger)
    with Ledger("sqlite:///base.db") as ledger, ledger.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE lot_flow SET mass_kg = mass_kg + 1 WHERE event_seq = 2")
        connection.exec_driver_sql("DELETE FROM information_flow")
        connection.commit()
    found = run(verify_ledger)
    assert found.exit_code == 2
    assert "event 2 (ni:///sha-256;" in found.stderr
    assert "lot_flow.mass_kg: row 0 holds 3001.0; the event says 3000.0" in found.stderr
    assert "problems: 2" in found.stdout
    assert [(one["seq"], one["table"]) for one in said(verify_ledger)["problems"]] == [(1, "information_flow"), (2, "lot_flow")]


def test_many_problems_are_cut_for_a_person(base: Path) -> None:
    run(seal_ledger)
    with Ledger("sqlite:///base.db") as ledger, ledger.engine.connect() as connection:
        for number in range(30):
            connection.exec_driver_sql(f"INSERT INTO mention VALUES ('urn:x:{number}', 1, 0)")
        connection.commit()
    assert "… and 10 more" in run(verify_ledger).stderr


def test_a_folder_without_a_seal_that_holds_is_said(base: Path) -> None:
    run(seal_ledger)
    (seal,) = (base / "base.seals").glob("seal-*.json")
    seal.write_text("{}")
    found = run(verify_ledger)
    assert found.exit_code == 2
    assert "none that holds" in found.stdout


def test_a_proof_is_printed_or_written(base: Path) -> None:
    run(seal_ledger)
    capture(6)
    run(seal_ledger)
    printed = json.loads(run(prove_event, "CAR").stdout)
    assert "proof of 2 events written to proof.json" in run(prove_event, "CAR", "--out", "proof.json").stdout
    assert json.loads((base / "proof.json").read_bytes()) == printed
    assert said(prove_event, "1", "--seal", "4", "--out", "one.json") == {"file": "one.json", "proves": "inclusion", "entries": 1}
    assert "proof of consistency" in run(prove_event, "--consistency", "4", "6", "--out", "both.json").stdout
    assert json.loads((base / "both.json").read_bytes())["proves"] == "consistency"


def test_a_proof_is_of_one_thing(base: Path) -> None:
    with pytest.raises(InputError, match="nothing to prove"):
        run(prove_event)
    with pytest.raises(InputError, match="two things"):
        run(prove_event, "1", "--consistency", "1", "2")


@pytest.mark.parametrize("command", [seal_ledger, verify_ledger, prove_event])
def test_the_help_has_an_example(command: Any) -> None:
    assert "Example" in run(command, "--help").stdout


def test_a_missing_package_is_said_with_what_to_install(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [
        name for name in sys.modules if name.startswith(("pymerkle", "vehiclenest.ledger.merkle", "vehiclenest.ledger.seal"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymerkle", None)
    monkeypatch.setitem(sys.modules, "pymerkle.core", None)
    with pytest.raises(InputError, match=r"pip install 'vehiclenest\[seal\]'"):
        run(seal_ledger)
