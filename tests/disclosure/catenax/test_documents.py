"""Catena-X documents: valid by their aspect models when everything is stated, refused with what is missing when not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.disclosure.catenax import Document, draw
from vehiclenest.disclosure.catenax.document import DAY, Leaf, minted, settle

Bodies = list[bytes]
Say = Callable[..., bytes]

PREFIX = "urn:epc:id:giai:9521141."
BYD, TESLA = f"{PREFIX}LC014B3H4JB476964", f"{PREFIX}LRW0B2PJ2MG208735"
ENGINE = f"{PREFIX}LB38YFAW3BB669975-ENG"
OWNER = {
    "name": "Li Hua",
    "street": "Garden Lane",
    "houseNumber": "7",
    "zip": "100003",
    "location": "Beijing",
    "country": "CN",
    "citizenship": "CN",
}
REGISTERED = {
    "firstRegistration": "2018-03-01",
    "licensePlate": "京A12345",
    "licenseAbbreviation": "京A",
    "withdrawnFromService": "true",
}
BATCH = {
    "containerWeightKg": "3000",
    "containerVolume": "20000",
    "containerDescription": "roll-off container",
    "containerTypeId": "AB.1.16",
    "startedAt": "2026-08-06T08:00:00.000Z",
    "weighingSlip": "W-1",
    "transferId": "T-1",
}
PART = {"originalEquipmentNumber": "736 49 28", "partInstanceId": "SN1", "revocationDate": "9999-12-31", "articleNumber": "A-1"}


def valid(document: Document, folder: Path) -> dict[str, Any]:
    """Return the content, which validates against the aspect model's own schema, formats included."""
    assert document.missing == ()
    assert document.content is not None
    schema = json.loads((folder / "catenax" / f"{document.aspect}-schema.json").read_text(encoding="utf-8"))
    content = json.loads(json.dumps(document.content))
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(content)
    return content


def fields(document: Document) -> set[str]:
    return {gap.field for gap in document.missing}


def batch(bodies: Bodies) -> str:
    """Return the ferrous scrap of the campaign of August."""
    for body in map(orjson.loads, bodies):
        if body.get("bizStep") == "destroying" and body["eventTime"].startswith("2026-08"):
            return next(lot["vnest:id"] for lot in body["vnest:lots"] if lot["vnest:stream"] == "ferrous scrap")
    raise AssertionError("no campaign")


def remanufactured(say: Say, **facts: str) -> bytes:
    return say(
        "2026-08-10T02:00:00.000Z",
        ENGINE,
        facts=PART | facts,
        parties={"issuer": {"bpnl": "BPNL0123456789ZZ"}},
        documents={"remanufacturing_certificate": "RC-1"},
    )


def test_a_certificate_of_destruction_is_valid_when_everything_is_stated(known: Bodies, say: Say, data_folder: Path) -> None:
    stated = say("2026-08-06T02:00:00.000Z", BYD, facts=REGISTERED, parties={"owner": OWNER})
    document = draw([*known, stated], "LC014B3H4JB476964")
    content = valid(document, data_folder)
    assert content["serialNumber"] == "LC014B3H4JB476964"
    assert content["dismantlingDate"] == "2026-08-06"
    assert content["companyNumber"] == "CN-110-0042"
    assert content["vehicleProperties"]["emptyWeight"] == 1900.0  # the curb mass, which is what was booked
    assert content["vehicleProperties"]["class"] == "M1"
    assert content["returnPointProperties"]["isVehicleWithdrawnFromService"] is True
    assert content["dismantlerProperties"]["dismantlerAddress"]["houseNumber"] == "45"
    assert content["returnPointProperties"]["receiverAuditorAddress"]["name"] == "Audit Institute"
    assert "dismantlerProperties.dismantlerContact.fax" in {gap.field for gap in document.left_out}


def test_a_mass_on_the_scales_is_no_empty_weight(known: Bodies, say: Say) -> None:
    stated = say("2026-08-06T02:00:00.000Z", TESLA, facts=REGISTERED, parties={"owner": OWNER})
    assert fields(draw([*known, stated], TESLA)) == {"vehicleProperties.emptyWeight"}
    weighed = say("2026-08-06T03:00:00.000Z", TESLA, facts={"emptyWeightKg": "1760"})
    content = draw([*known, stated, weighed], TESLA).content
    assert content is not None
    assert content["vehicleProperties"]["emptyWeight"] == 1760.0


def test_a_return_point_and_its_auditor_of_their_own_stand_where_they_belong(known: Bodies, say: Say) -> None:
    point = {"name": "Garage", "street": "S", "houseNumber": "1", "zip": "1", "location": "L", "country": "CN", "phone": "1"}
    stated = say(
        "2026-08-06T02:00:00.000Z",
        BYD,
        facts=REGISTERED,
        parties={
            "owner": OWNER,
            "return_point": point | {"approvalIssued": "2025-01-01", "approvalExpires": "2026-12-31"},
            "return_point_auditor": point | {"name": "Other Auditor"},
        },
    )
    content = draw([*known, stated], BYD).content
    assert content is not None
    assert content["returnPointProperties"]["receiverAddress"]["name"] == "Garage"
    assert content["dismantlerProperties"]["receiverAuditorAddress"]["name"] == "Other Auditor"
    assert content["dismantlerProperties"]["dismantlerAuditorAddress"]["name"] == "Audit Institute"


def test_a_certificate_without_its_facts_is_refused_and_names_the_row_or_event_that_is_missing(bare: Bodies) -> None:
    document = draw(bare, "LC014B3H4JB476964")
    assert document.content is None
    missing = {gap.field: gap.supplied_by for gap in document.missing}
    assert "[dismantler] permitNumber" in missing["companyNumber"]
    assert "fact licensePlate" in missing["vehicleProperties.licensePlate"]
    assert "party owner" in missing["vehicleOwnerProperties.citizenship"]
    assert "parties.toml" not in missing["vehicleOwnerProperties.citizenship"]  # an owner is no setting of the site


def test_a_salvage_lot_gets_no_certificate_because_its_number_is_withheld(bare: Bodies) -> None:
    withheld = [body.replace(b"LC014B3H4JB476964", b"LOT64187376") for body in bare]
    assert "vehicleProperties.identification" in fields(draw(withheld, "64187376"))


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("country", "China", "vehicleOwnerProperties.vehicleOwnerAddress.country"),
        ("zip", "1" * 15, "vehicleOwnerProperties.vehicleOwnerAddress.zip"),
        ("citizenship", "cn", "vehicleOwnerProperties.citizenship"),
    ],
)
def test_what_the_model_would_refuse_is_missing_with_its_form(known: Bodies, say: Say, name: str, value: str, field: str) -> None:
    stated = say("2026-08-06T02:00:00.000Z", BYD, facts=REGISTERED, parties={"owner": OWNER | {name: value}})
    document = draw([*known, stated], BYD)
    assert fields(document) == {field}
    assert "is not of the form" in document.missing[0].supplied_by


def test_a_recycling_batch_is_valid_and_its_masses_are_those_of_the_campaign(known: Bodies, say: Say, data_folder: Path) -> None:
    lot = batch(known)
    document = draw([*known, say("2026-08-06T12:00:00.000Z", lot, facts=BATCH)], lot)
    content = valid(document, data_folder)
    step = content["childProcessSteps"][0]
    campaign = next(
        body
        for body in map(orjson.loads, known)
        if lot in body.get("inputEPCList", []) + [q["epcClass"] for q in body.get("outputQuantityList", [])]
    )
    taken = sum(sum(flow["vnest:massKg"].values()) for flow in campaign["vnest:materialFlow"] if flow["vnest:flow"] == "consumed")
    assert step["inputNetMass"] == pytest.approx(taken)
    assert step["inputNetMass"] == pytest.approx(step["outputNetMass"] + step["processLoss"])
    assert step["lossType"] == "dust and moisture of the shredder"
    assert step["measurementType"] == "none: estimated"
    assert (step["childProcessType"], content["processInformation"]["treatmentProcedure"]) == ("Shredding", "R12")
    assert content["processInformation"]["mechanicalRecycling"] is True
    assert content["receiver"]["bpnsProperty"] == "BPNSRECEIVER0001"
    assert any("[U]" in note for note in document.notes)


def test_a_batch_that_nobody_described_lacks_container_slip_and_actors(bare: Bodies) -> None:
    document = draw(bare, batch(bare))
    assert document.aspect == "RecyclingBatch"
    assert {"container.containerWeight", "childProcessSteps[0].weighingSlip", "sender.bpnsProperty"} <= fields(document)


def test_a_vehicle_is_no_batch_because_no_transformation_gave_it(known: Bodies) -> None:
    assert "childProcessSteps[0].inputNetMass" in fields(draw(known, BYD, "material"))


@pytest.mark.parametrize(
    "facts", [{"treatmentProcedure": "R99"}, {"containerVolume": "0"}, {"startedAt": "2026-02-31T00:00:00Z"}]
)
def test_words_and_figures_that_the_model_does_not_allow_are_refused(known: Bodies, say: Say, facts: dict[str, str]) -> None:
    lot = batch(known)
    assert len(draw([*known, say("2026-08-06T12:00:00.000Z", lot, facts=BATCH | facts)], lot).missing) == 1


def test_a_remanufacturing_certificate_is_valid_when_an_event_issues_it(known: Bodies, say: Say, data_folder: Path) -> None:
    document = draw([*known, remanufactured(say)], "LB38YFAW3BB669975-ENG")
    content = valid(document, data_folder)
    assert document.aspect == "RemanufacturingCertificate"
    assert content["certificate"]["issueDate"] == "2026-08-10T02:00:00.000Z"
    assert content["certificate"]["catenaXId"] == minted(ENGINE)
    assert content["partInstanceId"] == [{"key": "partInstanceId", "value": "SN1"}, {"key": "customKey:epc", "value": ENGINE}]
    assert {gap.field for gap in document.left_out} == {
        "certificate.catenaXIdPreviousLife", "certificate.van", "certificate.vehicleCatenaXId"
    }  # fmt: skip
    assert any("minted" in note for note in document.notes)


def test_a_catena_x_id_that_was_stated_counts(known: Bodies, say: Say, data_folder: Path) -> None:
    twin = "urn:uuid:580d3adf-1981-44a0-a214-13d6ceed9379"
    document = draw([*known, remanufactured(say, catenaXId=twin)], ENGINE)
    assert valid(document, data_folder)["certificate"]["catenaXId"] == twin
    assert document.notes == ()


def test_shipping_a_part_to_a_remanufacturer_is_no_remanufacture(known: Bodies) -> None:
    document = draw(known, ENGINE)
    assert document.content is None
    assert {"certificate.supplier", "certificate.issueDate", "certificate.revocationDate"} <= fields(document)


def test_a_reuse_certificate_is_its_own_document(known: Bodies, say: Say, data_folder: Path) -> None:
    stated = say(
        "2026-08-10T02:00:00.000Z",
        ENGINE,
        facts=PART,
        parties={"dismantler": {"bpnl": "BPNL0123456789ZZ"}},
        documents={"reuse_certificate": "U-1"},
    )
    document = draw([*known, stated], ENGINE, "reuse")
    assert document.aspect == "ReuseCertificate"
    assert valid(document, data_folder)["certificate"]["supplier"] == "BPNL0123456789ZZ"
    assert draw([*known, stated], ENGINE, "remanufacturing").content is None


def test_a_lot_is_found_by_link_and_in_any_case(bare: Bodies) -> None:
    assert draw(bare, "lc014b3h4jb476964").lot == BYD
    assert draw(bare, "https://id.gs1.org/8004/9521141LC014B3H4JB476964").lot == BYD


def test_what_is_not_there_or_fits_several_lots_is_refused(bare: Bodies) -> None:
    with pytest.raises(NotFoundError, match="no event lists"):
        draw(bare, "LSVAA49J132047371")
    with pytest.raises(NotFoundError):
        draw(bare, "")
    twice = [*bare, *(body.replace(b"giai:9521141.", b"giai:9521142.") for body in bare)]
    with pytest.raises(InputError, match="fits 2 lots"):
        draw(twice, "LC014B3H4JB476964")


def test_a_date_that_never_was_is_no_date() -> None:
    document = settle("A", "L", {"on": Leaf("2026-02-31", "x", DAY), "list": [Leaf("2026-02-28", "x", DAY)]})
    assert document.content is None
    assert fields(document) == {"on"}
