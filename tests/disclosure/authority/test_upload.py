"""A month's uploads: what the events say stands in a record, and what they do not say is listed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.core.verdict import Verdict
from vehiclenest.disclosure.authority import (
    BatteryRecord,
    Manifest,
    Upload,
    VehicleRecord,
    as_dict,
    as_tables,
    authority_upload,
    parse_month,
)

Bodies = list[bytes]
Say = Callable[..., bytes]

PREFIX = "urn:epc:id:giai:9521141."
TESLA, BYD, HYBRID, PETROL = (
    PREFIX + vin for vin in ("LRW0B2PJ2MG208735", "LC014B3H4JB476964", "LFM7RWCK8GE810796", "LB38YFAW3BB669975")
)
DUE = date(2026, 8, 27)  # 15 working days after Thursday 6 August
BEFORE, AFTER = date(2026, 8, 20), date(2026, 8, 28)


def august(bodies: Bodies, on: date = BEFORE) -> Upload:
    return authority_upload(bodies, "2026-08", on)


def vehicle(upload: Upload, epc: str) -> VehicleRecord:
    return next(record for record in upload.vehicles if record.vehicle == epc)


def battery(upload: Upload, epc: str) -> BatteryRecord:
    return next(record for record in upload.batteries if record.vehicle == epc)


def with_waste(upload: Upload, name: str) -> Manifest:
    return next(record for record in upload.manifests if any(line.name == name for line in record.waste))


def gaps(record: VehicleRecord | BatteryRecord | Manifest) -> set[str]:
    return {gap.field for gap in record.missing}


def test_a_month_holds_the_vehicles_whose_certificates_were_issued_in_it(bare: Bodies) -> None:
    assert {record.vehicle for record in august(bare).vehicles} == {TESLA, BYD, HYBRID, PETROL}
    assert [record.vin for record in authority_upload(bare, "2026-09", BEFORE).vehicles] == ["LVHZMSRF1GC659978"]
    assert authority_upload(bare, "2026-07", BEFORE).vehicles == []


def test_a_vehicle_record_says_what_its_events_say(bare: Bodies) -> None:
    record = vehicle(august(bare), TESLA)
    assert record.vin == "LRW0B2PJ2MG208735"
    assert record.scrapped_on == date(2026, 8, 6)
    assert record.certificate == "urn:epc:id:gdti:9521141.00001.LRW0B2PJ2MG208735"
    assert (record.make, record.model, record.category) == ("TESLA", "MODEL 3", "M1")
    assert record.pack_codes == ("08TPEA10000000B2G8107081",)
    assert record.battery_type == "ternary (NCM or NCA)"
    assert gaps(record) == {"dismantler", "dismantler_credit_code"}


def test_a_pack_code_that_nobody_stated_is_missing_and_says_what_would_supply_it(bare: Bodies) -> None:
    record = vehicle(august(bare), BYD)
    assert record.pack_codes == ()
    missing = {gap.field: gap.supplied_by for gap in record.missing}
    assert "battery_code" in missing["pack_codes"]
    assert "battery_type" in missing


def test_a_vehicle_without_traction_battery_lacks_no_pack_code(bare: Bodies) -> None:
    assert not gaps(vehicle(august(bare), PETROL)) & {"pack_codes", "battery_type"}


def test_a_code_read_from_the_pack_later_reaches_both_records(bare: Bodies, say: Say) -> None:
    code = "009PEA100000008185072222"
    read = say("2026-08-07T01:00:00.000Z", BYD, f"{BYD}-TBA", facts={"batteryCode": code})
    upload = august([*bare, read])
    assert vehicle(upload, BYD).pack_codes == (code,)
    assert battery(upload, BYD).pack_code == code
    assert "pack_code" not in gaps(battery(upload, BYD))


def test_a_deadline_stays_open_until_its_day_and_is_overdue_after_it(bare: Bodies) -> None:
    still, late = vehicle(august(bare, DUE), TESLA).deadline, vehicle(august(bare, AFTER), TESLA).deadline
    assert (still.due, still.status, still.verdict) == (DUE, "open", Verdict.NOT_ASSESSED)
    assert (late.due, late.status, late.verdict) == (DUE, "overdue", Verdict.NOT_MET)
    assert (still.working_days, still.counted_from) == (15, date(2026, 8, 6))
    assert still.law.article == "Article 13"
    assert "not verified [U]" in still.law.note  # the measures of April 2026


@pytest.mark.parametrize(
    ("time", "status", "verdict"),
    [
        ("2026-08-27T15:59:00.000Z", "sent", Verdict.MET),  # 23:59 in China on the last day
        ("2026-08-27T16:01:00.000Z", "sent late", Verdict.NOT_MET),  # 00:01 on the day after
    ],
)
def test_an_upload_counts_on_the_day_at_its_place(bare: Bodies, say: Say, time: str, status: str, verdict: Verdict) -> None:
    sent = say(time, TESLA, documents={"vehicle_record_upload": "R-77"})
    deadline = vehicle(august([*bare, sent], date(2026, 12, 1)), TESLA).deadline
    assert (deadline.status, deadline.verdict, deadline.receipt) == (status, verdict, "R-77")


def test_an_upload_of_the_vehicle_is_none_of_its_battery(bare: Bodies, say: Say) -> None:
    sent = say("2026-08-07T01:00:00.000Z", TESLA, f"{TESLA}-TBA", documents={"vehicle_record_upload": "R-77"})
    assert battery(august([*bare, sent]), TESLA).deadline.status == "open"
    sent = say("2026-08-07T01:00:00.000Z", f"{TESLA}-TBA", documents={"battery_record_upload": "R-78"})
    assert battery(august([*bare, sent]), TESLA).deadline.verdict is Verdict.MET


@pytest.mark.parametrize("epc", [HYBRID, PETROL])
def test_the_rule_is_not_assessed_for_what_is_no_new_energy_vehicle(bare: Bodies, epc: str) -> None:
    deadline = vehicle(august(bare), epc).deadline
    assert (deadline.due, deadline.verdict) == (None, Verdict.NOT_ASSESSED)
    assert "new energy vehicles" in deadline.reason


def test_a_deadline_in_a_year_without_calendar_is_not_assessed_and_says_why(bare: Bodies) -> None:
    later = [body.replace(b"2026-08-06T", b"2098-12-30T") for body in bare]
    deadline = vehicle(authority_upload(later, "2098-12", BEFORE), TESLA).deadline
    assert (deadline.due, deadline.status, deadline.verdict) == (None, "unknown", Verdict.NOT_ASSESSED)
    assert "2099" in deadline.reason or "2098" in deadline.reason
    assert "[U]" in deadline.reason


def test_before_the_rule_was_in_force_nothing_is_due(bare: Bodies) -> None:
    earlier = [body.replace(b"2026-08-06T", b"2017-08-07T") for body in bare]
    deadline = vehicle(authority_upload(earlier, "2017-08", BEFORE), TESLA).deadline
    assert deadline.due is None
    assert "2018-08-01" in deadline.reason
    assert deadline.law.note == ""


def test_a_battery_record_says_who_received_it(bare: Bodies, known: Bodies) -> None:
    record = battery(august(known), TESLA)
    assert record.pack == f"{TESLA}-TBA"
    assert record.outbound_on == date(2026, 8, 6)
    assert record.mass_kg > 100
    assert record.receiver.startswith("urn:epc:id:pgln:")
    assert (record.receiver_name, record.receiver_credit_code) in {
        ("Second Life Packs", "91110000MA22222222"),
        ("Battery Recycling", "91110000MA33333333"),
    }
    assert record.missing == ()
    assert {"receiver_name", "receiver_credit_code"} <= gaps(battery(august(bare), TESLA))


def test_the_receiver_of_a_battery_has_a_deadline_of_its_own_from_its_own_event(known: Bodies, say: Say) -> None:
    record = battery(august(known), TESLA)
    own = record.receiver_deadline
    assert own is not None
    assert own.due is None
    assert "no event says when it counts from" in own.reason
    step, days, due = {
        "second_life": ("shipping", 15, date(2026, 8, 31)),
        "recycle": ("receiving", 30, date(2026, 9, 21)),
        "regenerate": ("receiving", 30, date(2026, 9, 21)),
    }[record.route]
    later = say("2026-08-10T02:00:00.000Z", f"{TESLA}-TBA", bizStep=step)
    own = battery(august([*known, later]), TESLA).receiver_deadline
    assert own is not None
    assert (own.working_days, own.counted_from, own.due) == (days, date(2026, 8, 10), due)


def test_a_battery_on_an_unusual_route_binds_no_receiver(bare: Bodies) -> None:
    moved = [body.replace(b'"vnest:route":"second_life"', b'"vnest:route":"dispose"') for body in bare]
    moved = [body.replace(b'"vnest:route":"regenerate"', b'"vnest:route":"dispose"') for body in moved]
    moved = [body.replace(b'"vnest:route":"recycle"', b'"vnest:route":"dispose"') for body in moved]
    assert battery(august(moved), TESLA).receiver_deadline is None


def test_every_shipment_of_waste_has_a_manifest_with_weight_and_category_by_kind(known: Bodies) -> None:
    upload = august(known)
    record = with_waste(upload, "lead battery")
    line = next(line for line in record.waste if line.name == "lead battery")
    assert line.pieces == 4
    assert line.weight_kg == pytest.approx(4 * 18.0)
    assert (line.category, line.code, line.packaging) == ("HW31", "900-052-31", "acid-proof box")
    assert "recovery" in line.disposal_method
    assert record.consignor == "Nest Dismantling Co."
    assert (record.receiver_name, record.receiver_permit_number) == ("Metal Works", "HW-7")
    assert record.carrier == "Safe Haulage"
    assert {"transport_vehicle", "transport_route", "arrived_at"} <= gaps(record)
    assert "waste.lead_battery" in upload.unverified


def test_the_mass_on_the_manifests_is_the_mass_that_left_as_waste(demo: Bodies) -> None:
    upload = authority_upload(demo, "2026-11", date(2026, 11, 24))
    lots = {lot for record in upload.manifests for line in record.waste for lot in line.lots}
    shipped = 0.0
    for body in demo:
        for flow in orjson.loads(body).get("vnest:materialFlow", []):
            if flow["vnest:flow"] == "shipped" and flow["vnest:lot"] in lots:
                shipped += sum(flow["vnest:massKg"].values())
    assert len(upload.manifests) == sum(b'"hazardous_waste_manifest"' in body for body in demo)
    assert sum(line.weight_kg for record in upload.manifests for line in record.waste) == pytest.approx(shipped)


def test_what_is_stated_about_a_manifest_later_completes_it(known: Bodies, say: Say) -> None:
    number = with_waste(august(known), "lead battery").number
    arrived = say(
        "2026-08-08T02:00:00.000Z",
        facts={
            "transportVehicle": "京A12345",
            "transportRoute": "G6",
            "arrivedAt": "2026-08-07T18:00:00+08:00",
            "packaging": "box",
        },
        parties={"carrier": {"permitNumber": "D-1"}},
        bizTransactionList=[{"type": "desadv", "bizTransaction": number}],
    )
    record = with_waste(august([*known, arrived]), "lead battery")
    assert (record.transport_vehicle, record.transport_route, record.arrived_at) == (
        "京A12345",
        "G6",
        "2026-08-07T18:00:00+08:00",
    )
    assert record.carrier == "Safe Haulage"
    assert not any("packaging" in field for field in gaps(record))


def test_waste_that_the_table_does_not_know_is_listed_and_not_categorised(bare: Bodies) -> None:
    renamed = [body.replace(b'"lead battery"', b'"moon rock"') for body in bare]
    record = with_waste(august(renamed), "moon rock")
    line = next(line for line in record.waste if line.name == "moon rock")
    assert (line.listed, line.category) == ("unknown", "")
    assert "waste.moon rock.category" in gaps(record)


def test_a_manifest_of_a_shipment_whose_lots_nobody_described_is_empty_and_says_so(bare: Bodies) -> None:
    undescribed = [body for body in bare if b'"removing"' not in body]
    assert all("waste" in gaps(record) for record in august(undescribed).manifests)


def test_later_words_about_one_pack_do_not_reach_the_others_of_its_consignment(known: Bodies, say: Say) -> None:
    told = say("2026-08-08T02:00:00.000Z", f"{TESLA}-TBA", parties={"receiver": {"creditCode": "X"}})
    upload = august([*known, told])
    assert battery(upload, TESLA).receiver_credit_code == "X"
    assert battery(upload, HYBRID).receiver_credit_code != "X"


def test_later_words_about_a_vehicle_complete_its_record(bare: Bodies, say: Say) -> None:
    told = say("2026-08-08T02:00:00.000Z", TESLA, parties={"dismantler": {"name": "Nest", "creditCode": "911"}})
    assert vehicle(august([*bare, told]), TESLA).missing == ()


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "ObjectEvent"},
        {"bizStep": 7, "epcList": "x", "vnest:lots": {"a": 1}, "vnest:materialFlow": [3], "eventTime": "yesterday"},
        {"bizStep": "shipping", "eventTime": None, "vnest:facts": [1], "vnest:parties": {"vnest:role": "x"}},
        {"eventTime": "2026-08-06T00:00:00Z", "eventTimeZoneOffset": "east", "vnest:parties": [{"vnest:name": "x"}, "y"]},
        {"eventTime": "2026-08-06T00:00:00Z", "vnest:facts": {"vnest:batteryCode": "X"}, "quantityList": [{"quantity": 1}, None]},
        {
            "bizStep": "shipping",
            "eventTime": "2026-08-06T00:00:00Z",
            "vnest:materialFlow": [{"vnest:lot": ["x"], "vnest:flow": "shipped"}],
        },
        {"bizStep": "shipping", "eventTime": "9999-12-31T23:59:59Z", "eventTimeZoneOffset": "+14:00"},
    ],
)
def test_a_foreign_event_of_any_shape_changes_nothing(bare: Bodies, event: dict[str, Any]) -> None:
    assert august([orjson.dumps(event), *bare, orjson.dumps(event)]).vehicles == august(bare).vehicles


def test_a_step_may_be_written_as_link_or_urn(bare: Bodies) -> None:
    for written in ("https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping"):
        spelled = [body.replace(b'"bizStep":"shipping"', f'"bizStep":"{written}"'.encode()) for body in bare]
        assert august(spelled).batteries == august(bare).batteries


def test_a_day_west_of_greenwich_is_the_day_there(bare: Bodies) -> None:
    western = [
        body.replace(b'"2026-08-06T00:00', b'"2026-08-01T02:00').replace(b'"+00:00"', b'"-05:00"')
        if b"certificate_of" in body
        else body
        for body in bare
    ]
    assert TESLA not in {record.vehicle for record in august(western).vehicles}
    assert TESLA in {record.vehicle for record in authority_upload(western, "2026-07", BEFORE).vehicles}


def test_a_salvage_lot_without_vin_is_a_record_that_misses_it(bare: Bodies) -> None:
    withheld = [body.replace(b"LB38YFAW3BB669975", b"LOT64187376") for body in bare]
    record = vehicle(august(withheld), f"{PREFIX}LOT64187376")
    assert record.vin == ""
    assert "vin" in gaps(record)


def test_as_plain_data_dates_are_text_and_what_is_unknown_is_null(bare: Bodies) -> None:
    data = as_dict(august(bare))
    record = next(record for record in data["vehicles"] if record["vehicle"] == BYD)
    assert record["scrapped_on"] == "2026-08-06"
    assert record["dismantler"] is None
    assert record["deadline"]["due"] == "2026-08-27"
    assert record["deadline"]["verdict"] == "not assessed"
    assert {"field", "supplied_by"} == set(record["missing"][0])
    assert orjson.loads(orjson.dumps(data)) == data


def test_as_tables_every_kind_of_waste_is_a_row(bare: Bodies) -> None:
    upload = august(bare)
    tables = as_tables(upload)
    assert len(tables["vehicles"]) == 4
    assert len(tables["manifests"]) == sum(len(record.waste) for record in upload.manifests)
    assert {row["waste_name"] for row in tables["manifests"]} >= {"lead battery", "traction battery"}
    row = next(row for row in tables["vehicles"] if row["vehicle"] == BYD)
    assert row["due"] == "2026-08-27"
    assert "pack_codes" in row["missing"].split("; ")
    undescribed = as_tables(august([body for body in bare if b'"removing"' not in body]))
    assert all("waste" in row["missing"].split("; ") for row in undescribed["manifests"])


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-8", "0000-01", "9999-12", "August", "", "2026-08-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no month"):
        parse_month(text)


def test_december_ends_with_the_year() -> None:
    assert parse_month("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))


def test_of_real_salvage_lots_every_vehicle_is_a_record_that_misses_its_number(real: Bodies) -> None:
    months = {orjson.loads(body)["eventTime"][:7] for body in real}
    uploads = [authority_upload(real, month, date(2026, 12, 1)) for month in sorted(months)]
    records = [record for upload in uploads for record in upload.vehicles]
    assert len(records) == 992
    assert all("vin" in gaps(record) for record in records)
    assert sum(len(upload.batteries) for upload in uploads) == sum(
        b'"traction battery"' in body and b"removing" in body for body in real
    )
    assert sum(len(upload.manifests) for upload in uploads) == sum(b'"hazardous_waste_manifest"' in body for body in real)


def test_a_code_that_is_none_says_no_type(bare: Bodies, say: Say) -> None:
    read = say("2026-08-07T01:00:00.000Z", f"{BYD}-TBA", facts={"batteryCode": "scratched off"})
    record = battery(august([*bare, read]), BYD)
    assert record.pack_code == "scratched off"
    assert "battery_type" in gaps(record)


def test_a_vehicle_that_no_receipt_describes_is_a_record_with_gaps(bare: Bodies) -> None:
    record = vehicle(august([body for body in bare if b'"receiving"' not in body]), TESLA)
    assert {"make", "model", "powertrain"} <= gaps(record)
    assert "what drives the vehicle" in record.deadline.reason


def test_a_shipment_without_manifest_number_is_one_all_the_same(bare: Bodies) -> None:
    unnumbered = [body.replace(b'"hazardous_waste_manifest"', b'"note"') for body in bare]
    assert len(august(unnumbered).manifests) == len(august(bare).manifests)
    assert all("number" in gaps(record) for record in august(unnumbered).manifests)
