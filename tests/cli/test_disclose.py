"""`vnest disclose` as a user types it: a ledger in, files and words or one JSON object out."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vehiclenest.cli.commands import app
from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.ledger import Event, InformationFlow, Ledger
from vehiclenest.site import Settings, example_manifest, run

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TESLA = "LRW0B2PJ2MG208735"
EPC = f"urn:epc:id:giai:9521141.{TESLA}"
VNEST_FIELD = "vnest:facts"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger of the demo in which a part was remanufactured and a vehicle uploaded."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    with Ledger(url) as ledger, example_manifest() as manifest:
        run([manifest], ledger, Settings(), NOW, lambda _stage, _done, _total: None)
        listed = {"action": "OBSERVE", "bizStep": "inspecting"}
        ledger.capture(
            [
                Event(
                    "ObjectEvent",
                    datetime(2026, 11, 20, tzinfo=UTC),
                    {
                        **listed,
                        "epcList": [f"{EPC}-FAX"],
                        VNEST_FIELD: {"vnest:originalEquipmentNumber": "36-1", "vnest:revocationDate": "9999-12-31"},
                        "vnest:parties": [{"vnest:role": "issuer", "vnest:bpnl": "BPNL0123456789ZZ"}],
                    },
                    information=[InformationFlow("remanufacturing_certificate", "RC-1")],
                ),
                Event(
                    "ObjectEvent",
                    datetime(2026, 11, 21, tzinfo=UTC),
                    {**listed, "epcList": [EPC]},
                    information=[InformationFlow("vehicle_record_upload", "=R-1")],
                ),
            ]
        )
    return url


def vnest(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["disclose", *arguments])


def test_a_month_prints_how_it_stands_and_what_is_missing(db: str) -> None:
    said = vnest("authority", "--month", "2026-11", "--today", "2026-11-24", "--db", db)
    assert said.exit_code == 0
    assert "60 vehicles, 11 batteries, 10 hazardous-waste manifests" in said.output
    assert "2026-12-07" in said.output
    assert "receiver_credit_code" in said.output


def test_a_month_is_one_json_object_and_writes_nothing_unless_told(
    db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = json.loads(vnest("authority", "--month", "2026-11", "--db", db, "--json").stdout)
    assert (len(found["vehicles"]), len(found["batteries"]), len(found["manifests"])) == (60, 11, 10)
    sent = next(record for record in found["vehicles"] if record["vehicle"] == EPC)
    assert (sent["deadline"]["status"], sent["deadline"]["verdict"], sent["deadline"]["sent"]) == ("sent", "met", "2026-11-21")
    assert found["files"] == []
    assert list(tmp_path.iterdir()) == []


def test_a_month_as_csv_is_three_files_with_cells_that_no_spreadsheet_runs(db: str, tmp_path: Path) -> None:
    said = vnest("authority", "--month", "2026-11", "--db", db, "--out", str(tmp_path / "up"), "--format", "csv")
    assert said.exit_code == 0
    assert {file.name for file in (tmp_path / "up").iterdir()} == {
        "vehicles-2026-11.csv",
        "batteries-2026-11.csv",
        "manifests-2026-11.csv",
    }
    with (tmp_path / "up" / "vehicles-2026-11.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert next(row for row in rows if row["vehicle"] == EPC)["receipt"] == "'=R-1"


def test_a_month_as_json_is_one_file(db: str, tmp_path: Path) -> None:
    vnest("authority", "--month", "2026-11", "--db", db, "--out", str(tmp_path / "up"))
    found = json.loads((tmp_path / "up" / "authority-2026-11.json").read_text(encoding="utf-8"))
    assert len(found["vehicles"]) == 60


def test_a_month_without_records_is_no_error(db: str, tmp_path: Path) -> None:
    said = vnest("authority", "--month", "2020-02", "--db", db, "--out", str(tmp_path / "up"), "--format", "csv")
    assert said.exit_code == 0
    assert "0 vehicles" in said.output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--month", "2026-13"], InputError),
        (["--month", "2026-11", "--today", "soon"], InputError),
        (["--month", "2026-11", "--db", "sqlite:///nowhere/none.db"], NotFoundError),
    ],
)
def test_what_cannot_be_done_is_one_error(db: str, arguments: list[str], error: type[Exception]) -> None:
    said = vnest("authority", *(arguments if "--db" in arguments else [*arguments, "--db", db]))
    assert isinstance(said.exception, error)


def test_a_folder_that_is_a_file_is_refused(db: str, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("")
    assert isinstance(vnest("authority", "--month", "2026-11", "--db", db, "--out", str(tmp_path / "up")).exception, InputError)


def test_a_document_goes_to_standard_output_or_whole_into_its_file(db: str, tmp_path: Path) -> None:
    said = vnest("catenax", f"{TESLA}-FAX", "--db", db)
    assert said.exit_code == 0
    assert json.loads(said.stdout)["certificate"]["supplier"] == "BPNL0123456789ZZ"
    file = tmp_path / "certificate.json"
    said = vnest("catenax", f"{TESLA}-FAX", "--db", db, "--out", str(file))
    assert "RemanufacturingCertificate" in said.output
    assert json.loads(file.read_text(encoding="utf-8"))["certificate"]["originalEquipmentNumber"] == "36-1"


def test_a_document_that_lacks_something_is_refused_with_the_list_and_writes_nothing(db: str, tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    said = vnest("catenax", TESLA, "--db", db, "--out", str(file))
    assert said.exit_code == 2
    assert "vehicleProperties.licensePlate" in said.stdout
    assert "is refused" in said.stderr
    assert not file.exists()
    found = json.loads(vnest("catenax", TESLA, "--db", db, "--json").stdout)
    assert (found["aspect"], found["content"], found["file"]) == ("CertificateOfDestruction", None, None)
    assert {"field", "supplied_by"} == set(found["missing"][0])


def test_a_file_that_is_a_folder_is_refused(db: str, tmp_path: Path) -> None:
    assert isinstance(vnest("catenax", f"{TESLA}-FAX", "--db", db, "--out", str(tmp_path)).exception, InputError)
    assert list(tmp_path.iterdir()) == []
