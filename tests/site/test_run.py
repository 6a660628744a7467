"""A day at the base, end to end: no row lost, every kilogram accounted for."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from tests.conftest import traced

from vehiclenest.core.errors import InputError, SettingsError
from vehiclenest.core.verdict import Verdict
from vehiclenest.ledger import Ledger, Stock, write_document
from vehiclenest.ledger.balance import By, Span, columns_of
from vehiclenest.ledger.balance import balance as balance_of
from vehiclenest.site import Result, Settings, run, write_events, write_rejected

from .conftest import GOOD, HEADER, NOW, Ran, work

NO_VEHICLES = ["64071466", "62701556", "64014156", "49625276", "49628966", "64377496", "60661176", "59641256"]


def balance(ledger: Ledger, by: By = "stage", span: Span | None = None) -> dict[str, Any]:
    with columns_of(ledger) as columns:
        return balance_of(columns, by, span)


def document(ran: Ran) -> list[dict[str, Any]]:
    return orjson.loads(b"".join(write_document(ran.ledger.bodies(), NOW)))["epcisBody"]["eventList"]


def test_every_real_row_is_processed_or_rejected(real: Ran) -> None:
    result = real.result
    assert (result.rows_read, len(result.vehicles), len(result.rejected)) == (1000, 992, 8)


def test_what_is_no_land_vehicle_is_rejected_and_nothing_else(real: Ran, data_folder: Path) -> None:
    lines = (data_folder / "vehicles" / "salvage-lots-2026-08-06.csv").read_text().splitlines()
    rejected = [lines[row.line - 1].split(",")[0] for row in real.result.rejected if row.line is not None]
    assert sorted(rejected) == sorted(NO_VEHICLES)
    assert all("land vehicle" in row.reason or "categories L, M, N, O" in row.reason for row in real.result.rejected)


def test_every_kilogram_of_the_real_lots_is_accounted_for(real: Ran) -> None:
    result = real.result
    out = sum(result.mass_by_route_kg.values()) + result.stock_kg + result.lost_kg + result.unaccounted_kg
    assert out == pytest.approx(result.mass_in_kg, rel=1e-9)
    assert result.max_closure_error < 1e-9
    for vehicle in result.vehicles:
        assert sum(vehicle.shares.values()) == pytest.approx(1.0, abs=1e-9)


def test_a_stranger_sums_every_lot_from_the_document_alone(real: Ran) -> None:
    """In = out + stock + loss, event by event and lot by lot, from the JSON and nothing else."""
    gained: defaultdict[str, float] = defaultdict(float)
    left: defaultdict[str, float] = defaultdict(float)
    ends: defaultdict[str, float] = defaultdict(float)
    for event in document(real):
        taken, given = 0.0, 0.0
        for flow in event.get("vnest:materialFlow", []):
            mass = sum(flow["vnest:massKg"].values())
            match flow["vnest:flow"]:
                case "received":
                    gained[flow["vnest:lot"]] += mass
                case "produced":
                    gained[flow["vnest:lot"]] += mass
                    given += mass
                case "consumed":
                    left[flow["vnest:lot"]] += mass
                    taken += mass
                case "shipped":
                    left[flow["vnest:lot"]] += mass
                    ends[flow["vnest:route"]] += mass
                case other:
                    ends[other] += mass
                    given += mass
        assert taken == pytest.approx(given, rel=1e-9)
    for lot, mass in gained.items():
        assert left[lot] <= mass * (1 + 1e-9)
        if not lot.startswith("urn:epc:class:"):
            assert left[lot] == pytest.approx(mass, rel=1e-9)
    stock = sum(gained.values()) - sum(left.values())
    assert stock == pytest.approx(real.result.stock_kg, rel=1e-6)
    assert {route: ends[route] for route in real.result.mass_by_route_kg} == pytest.approx(real.result.mass_by_route_kg, rel=1e-9)


def test_the_document_is_valid_by_the_schema_of_gs1(example: Ran, data_folder: Path) -> None:
    schema = json.loads((data_folder / "epcis" / "EPCIS-JSON-Schema.json").read_text())
    whole = orjson.loads(b"".join(write_document(example.ledger.bodies(), NOW)))
    jsonschema_rs.validator_for(schema).validate(whole)
    assert {event["type"] for event in whole["epcisBody"]["eventList"]} == {
        "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent",
    }  # fmt: skip


def test_rates_of_the_example_are_those_of_the_table_they_come_from(example: Ran) -> None:
    rates = example.result.rates
    kept, recycled, burned = rates.used("reuse"), rates.used("recycling"), rates.used("energy recovery")
    assert rates.recycling_rate == pytest.approx((kept + recycled) / rates.weight_kg)
    assert rates.recovery_rate == pytest.approx((kept + recycled + burned) / rates.weight_kg)
    assert sum(sum(uses.values()) for uses in rates.table.values()) == pytest.approx(rates.weight_kg)


def test_the_example_is_sixty_vehicles_and_the_same_at_every_run(example: Ran, tmp_path: Path) -> None:
    from vehiclenest.site import example_manifest

    assert (len(example.result.vehicles), example.result.rejected) == (60, [])
    with Ledger(f"sqlite:///{tmp_path / 'again.db'}") as ledger, example_manifest() as manifest:
        again = run([manifest], ledger, Settings(), NOW, lambda _stage, _done, _total: None)
        ids = [json.loads(body)["eventID"] for body in ledger.bodies()]
    assert ids == [json.loads(body)["eventID"] for body in example.ledger.bodies()]
    assert replace(again, seconds=0) == replace(example.result, seconds=0)


def test_money_of_the_run_is_money_of_the_ledger(example: Ran) -> None:
    booked = {row["purpose"]: Decimal(row["amount"]) for row in balance(example.ledger)["money"]}
    assert {name: Decimal(amount) for name, amount in example.result.money.items() if name not in {"currency", "net"}} == booked
    assert Decimal(example.result.money["net"]) == sum(booked.values())


def test_depollution_comes_before_dismantling_in_every_vehicle(example: Ran) -> None:
    steps: defaultdict[str, list[tuple[object, object]]] = defaultdict(list)
    for event in document(example):
        for thing in [event.get("parentID"), *event.get("inputEPCList", [])]:
            if thing:
                steps[str(thing)].append((event["eventTime"], event["bizStep"]))
    vehicles = [seen for seen in steps.values() if any(step == "disassembling" for _, step in seen)]
    assert len(vehicles) == 60
    for seen in vehicles:
        assert sorted(seen) == seen
        assert seen[0][1] == "removing"
        assert seen[-1][1] == "disassembling"


def test_in_china_no_assembly_is_reused_and_no_air_bag_is_sold_anywhere(example: Ran, tmp_path: Path) -> None:
    for place in ("cn", "eu"):
        ran = example if place == "cn" else work(tmp_path, HEADER + GOOD, settings=Settings("eu"))
        for event in document(ran):
            for flow in event.get("vnest:materialFlow", []):
                code = str(flow.get("vnest:lot", "")).rsplit("-", 1)[-1]
                if place == "cn" and code in {"ENG", "STG", "TRX", "FAX", "RAX", "FRM"}:
                    assert flow.get("vnest:route") in {None, "remanufacture", "recycle"}
                if code == "ABG":
                    assert flow.get("vnest:route") in {None, "recycle", "energy_recovery", "dispose"}


def test_air_bags_are_booked_as_deployed_when_they_are_removed(example: Ran) -> None:
    removed = [
        lot
        for event in document(example)
        if event["bizStep"] == "removing"
        for lot in event["vnest:lots"]
        if lot["vnest:id"].endswith("-ABG")
    ]
    assert len(removed) > 50
    assert {lot["vnest:treatment"] for lot in removed} == {"deployed"}


def test_what_is_expected_to_sell_is_less_than_what_is_delivered_to_reuse(example: Ran) -> None:
    assert 0 < example.result.expected_reuse_kg < example.result.mass_by_route_kg["reuse"]


def test_a_weighed_vehicle_that_is_lighter_than_its_type_leaves_the_difference_unaccounted(tmp_path: Path) -> None:
    ran = work(tmp_path, HEADER + GOOD)
    assert ran.result.unaccounted_kg == pytest.approx(1280 - 1285)
    assert ran.result.estimated_mass_share == 0
    ends = {output.end: output.mass_kg for output in traced(ran.ledger, "LSVAA49J132047371").outputs if output.lot is None}
    assert ends["unaccounted"] == pytest.approx(-5.0)


def test_a_vehicle_far_lighter_than_its_type_is_refused_with_the_difference(tmp_path: Path) -> None:
    ran = work(tmp_path, HEADER + GOOD.replace(",1280,", ",1000,"))
    (rejected,) = ran.result.rejected
    assert (rejected.line, rejected.field) == (2, "weighed_mass_kg")
    assert "differ by -285 kg" in rejected.reason


def test_the_same_file_again_is_rejected_row_by_row_and_changes_nothing(tmp_path: Path) -> None:
    first = work(tmp_path, HEADER + GOOD)
    size = first.ledger.size()
    again = work(tmp_path, HEADER + GOOD, ledger=first.ledger)
    assert again.result.vehicles == []
    assert "is in the ledger already, received 2026-08-06 00:00 UTC" in again.result.rejected[0].reason
    assert first.ledger.size() == size


def test_a_vehicle_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    ran = work(tmp_path, HEADER + GOOD + GOOD, HEADER + GOOD)
    assert len(ran.result.vehicles) == 1
    assert [row.reason for row in ran.result.rejected] == [
        "LSVAA49J132047371 stands in cars0.csv line 2 already; each vehicle once"
    ] * 2


def test_tanks_go_on_from_run_to_run_and_are_emptied_when_full(tmp_path: Path) -> None:
    first = work(tmp_path, HEADER + GOOD, settings=Settings())
    assert first.result.stock_kg > 0
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text("[OIL]\npickup = 5\n")
    other = GOOD.replace("LSVAA49J132047371", "LSVAA49J332047372")
    second = work(tmp_path, HEADER + other, settings=Settings("cn", site), ledger=first.ledger, name="more")
    (oil,) = [row for row in balance(first.ledger, "material")["material"] if row["material"] == "engine_oil"]
    assert second.result.rejected == []
    assert oil["shipped_kg"] == pytest.approx(2 * 2.86)
    assert oil["stock_kg"] == pytest.approx(2 * 0.05, abs=1e-9)


def test_a_site_sets_its_own_yields_and_prices(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "yields.toml").write_text("[shredder]\ndust = 0.05\n")
    plain = work(tmp_path, HEADER + GOOD)
    (tmp_path / "ledger.db").unlink()
    dusty = work(tmp_path, HEADER + GOOD, settings=Settings("cn", site))
    assert dusty.result.lost_kg == pytest.approx(25 * plain.result.lost_kg, rel=1e-6)
    assert "yields.shredder" in plain.result.unverified  # every figure of the row
    assert "yields.shredder" not in dusty.result.unverified
    assert "yields.shredder.per_tonne" in dusty.result.unverified


def test_results_that_rest_on_unverified_figures_say_which(example: Ran) -> None:
    assert "composition.car_combustion" in " ".join(example.result.unverified)
    assert set(balance(example.ledger)["unverified"]) == set(example.result.unverified)
    unverified = traced(example.ledger, "LRW0B2PJ2MG208735-DMO").unverified
    assert "components.drive_motor" in unverified
    assert set(unverified) <= set(example.result.unverified)


def test_trucks_and_motorcycles_are_taken_apart_and_not_assessed(example: Ran) -> None:
    from vehiclenest.disclosure import recovery_rates

    others = [vehicle for vehicle in example.result.vehicles if vehicle.attributes["category"] not in {"M1", "N1"}]
    assert {vehicle.attributes["category"] for vehicle in others} == {"N2", "L3", "O2"}
    for vehicle in others:
        rates = recovery_rates([vehicle])
        assert rates.recycling_rate is not None
        assert rates.recycling_verdict is Verdict.NOT_ASSESSED


def test_an_invalid_place_or_site_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rules for the place 'mars'"):
        Settings("mars")
    with pytest.raises(InputError, match="is no folder"):
        Settings("cn", tmp_path / "nowhere")
    (tmp_path / "site.toml").write_text('[identity]\ncompany_prefix = "12"\n')
    with pytest.raises(SettingsError, match="no GS1 Company Prefix"):
        Settings("cn", tmp_path)


def test_files_appear_whole_or_not_at_all(tmp_path: Path, example: Ran) -> None:
    write_events(example.ledger.bodies(), [], tmp_path / "out" / "events.jsonld", NOW)
    write_rejected(example.result.rejected, tmp_path / "out" / "rejected.csv")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.jsonld", "rejected.csv"]
    assert (tmp_path / "out" / "rejected.csv").read_bytes() == b"file,line,field,reason\r\n"
    (tmp_path / "wall").write_text("a file where a folder should be")
    with pytest.raises(InputError, match="cannot be written"):
        write_rejected([], tmp_path / "wall" / "rejected.csv")


def test_if_the_files_cannot_be_written_nothing_is_booked(tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise InputError("the disk is full")

    path = tmp_path / "cars.csv"
    path.write_text(HEADER + GOOD)
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        with pytest.raises(InputError, match="disk is full"):
            run([path], ledger, Settings(), NOW, lambda _stage, _done, _total: None, full)
        assert ledger.size() == 0


def test_a_later_run_can_be_summed_from_its_own_document_because_it_says_what_tanks_held(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text("[OIL]\npickup = 5\n")
    first = work(tmp_path, HEADER + GOOD)
    second = tmp_path / "second.csv"
    second.write_text(HEADER + GOOD.replace("LSVAA49J132047371", "LSVAA49J332047372"))
    documents: list[dict[str, Any]] = []

    def keep(_result: Result, bodies: Iterator[bytes], opening: Sequence[Stock]) -> None:
        write_events(bodies, opening, tmp_path / "events.jsonld", NOW)
        documents.append(json.loads((tmp_path / "events.jsonld").read_bytes()))

    run([second], first.ledger, Settings("cn", site), NOW, lambda _stage, _done, _total: None, keep)
    (found,) = documents
    held: dict[str, float] = {stock["vnest:lot"]: sum(stock["vnest:massKg"].values()) for stock in found["vnest:openingStock"]}
    assert sum(held.values()) == pytest.approx(first.result.stock_kg)
    for event in found["epcisBody"]["eventList"]:
        for flow in event.get("vnest:materialFlow", []):
            sign = {"received": 1, "produced": 1, "consumed": -1, "shipped": -1}.get(flow["vnest:flow"], 0)
            if sign:
                held[flow["vnest:lot"]] = held.get(flow["vnest:lot"], 0.0) + sign * sum(flow["vnest:massKg"].values())
    assert min(held.values()) > -1e-9
    assert any(lot.endswith("000002.202608") and abs(kg) < 1e-9 for lot, kg in held.items())


def test_days_that_are_caught_up_ship_nothing_that_came_in_later(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text("[COO]\npickup = 5\n")
    late = work(tmp_path, HEADER + GOOD.replace("2026-08-06", "2026-08-20"))
    early = GOOD.replace("LSVAA49J132047371", "LSVAA49J332047372")
    work(tmp_path, HEADER + early, settings=Settings("cn", site), ledger=late.ledger, name="early")
    on_the_day = balance(late.ledger, "material", Span(None, date(2026, 8, 10)))["material"]
    assert min(row["stock_kg"] for row in on_the_day) > -1e-9


def test_two_runs_at_once_on_one_ledger_wait_for_each_other(tmp_path: Path) -> None:
    """Each process takes 12 vehicles of its own and 12 that both have."""
    from vehiclenest.site import example_manifest

    with example_manifest() as manifest:
        header, *lines = manifest.read_text().splitlines(keepends=True)
    halves = {"a": lines[:24], "b": lines[12:36]}
    for name, part in halves.items():
        (tmp_path / f"{name}.csv").write_text(header + "".join(part))
    vnest = Path(sys.executable).with_name("vnest")
    processes = [
        subprocess.Popen([vnest, "run", f"{name}.csv", "--out", name, "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for name in halves
    ]
    results = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(result["processed"] for result in results) == 36
    assert sum(result["rejected"] for result in results) == 12
    documents = [json.loads((tmp_path / name / "events.jsonld").read_bytes())["epcisBody"]["eventList"] for name in halves]
    assert [len(document) for document in documents] == [result["events"] for result in results]
    ids = [event["eventID"] for document in documents for event in document]
    assert len(ids) == len(set(ids))
    invoices = [
        event["bizTransactionList"][0]["bizTransaction"]
        for document in documents
        for event in document
        if event["bizStep"] == "shipping"
    ]
    assert len(invoices) == len(set(invoices))
