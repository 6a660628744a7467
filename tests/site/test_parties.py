"""Who the base is and whom it deals with: events carry what the site says, and nothing where it says nothing."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from vehiclenest.core.errors import SettingsError
from vehiclenest.ledger import write_document
from vehiclenest.site import Settings
from vehiclenest.site.parties import shipping_parties
from vehiclenest.site.settings import _PARTIES  # pyright: ignore[reportPrivateUsage]

from .conftest import GOOD, HEADER, NOW, Ran, work

PARTIES = """
[dismantler]
name = "Nest"
permitNumber = "42"
[carrier]
name = "Haulage"
[material_recycler]
name = "Metal Works"
[packaging]
engine_oil = "200 l drum"
"""


def described(folder: Path, text: str) -> Settings:
    site = folder / "site"
    site.mkdir()
    (site / "parties.toml").write_text(text, encoding="utf-8")
    return Settings(folder=site)


def events(ran: Ran) -> list[dict[str, Any]]:
    return [orjson.loads(body) for body in ran.ledger.bodies()]


def test_certificates_and_shipments_carry_the_parties_that_the_site_names(tmp_path: Path) -> None:
    told = events(work(tmp_path, HEADER + GOOD, settings=described(tmp_path, PARTIES)))
    certified = next(event for event in told if event["bizStep"] == "accepting")
    assert certified["vnest:parties"] == [{"vnest:role": "dismantler", "vnest:name": "Nest", "vnest:permitNumber": "42"}]
    receivers = {
        party["vnest:name"]
        for event in told
        if event["bizStep"] == "shipping"
        for party in event["vnest:parties"]
        if party["vnest:role"] == "receiver"
    }
    assert receivers == {"Metal Works"}  # the only receiver that is named


def test_the_packaging_of_a_waste_stands_with_its_lot(tmp_path: Path) -> None:
    told = events(work(tmp_path, HEADER + GOOD, settings=described(tmp_path, PARTIES)))
    packed = {
        lot["vnest:name"]: lot["vnest:packaging"]
        for event in told
        for lot in event.get("vnest:lots", [])
        if "vnest:packaging" in lot
    }
    assert packed == {"engine oil": "200 l drum"}


def test_without_a_word_of_the_site_events_carry_no_party(example: Ran) -> None:
    assert not any(b"vnest:parties" in body or b"vnest:packaging" in body for body in example.ledger.bodies())


def test_events_with_parties_are_valid_by_the_schema_of_gs1(tmp_path: Path, data_folder: Path) -> None:
    schema = json.loads((data_folder / "epcis" / "EPCIS-JSON-Schema.json").read_text())
    ran = work(tmp_path, HEADER + GOOD, settings=described(tmp_path, PARTIES))
    jsonschema_rs.validator_for(schema).validate(orjson.loads(b"".join(write_document(ran.ledger.bodies(), NOW))))


def test_everybody_who_receives_something_has_a_row() -> None:
    for party in _PARTIES[1:]:  # the first is the last owner, who receives nothing
        assert shipping_parties(party, Settings()) == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[dismantlr]\nname = 'x'\n", "dismantlr"),
        ("[carrier]\ncreditcode = 'x'\n", "creditcode"),
        ("[packaging]\noil = 'x'\n", "oil"),
    ],
)
def test_a_row_or_field_that_nothing_reads_is_refused(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        work(tmp_path, HEADER + GOOD, settings=described(tmp_path, text))
