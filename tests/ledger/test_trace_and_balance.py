"""Trace and balances against a history summed by hand."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import traced

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow
from vehiclenest.ledger.balance import Span, balance, columns_of, vehicle_fates
from vehiclenest.ledger.columns import Columns
from vehiclenest.ledger.trace import as_dict

from .conftest import CAR, DOOR, FLUFF, MORNING, SCRAP, VAN, event, give, take


def shares(ledger: Ledger, identifier: str) -> dict[tuple[str, str | None], float]:
    found = traced(ledger, identifier)
    return {(output.end, output.lot.uri if output.lot else None): output.share for output in found.outputs}


def test_a_vehicle_is_traced_to_every_output_with_its_part_of_mixed_batches(filled: Ledger) -> None:
    # The car's hulk is 900 of 3600 kg shredded: a quarter of every output of the shredder.
    assert shares(filled, CAR) == pytest.approx(
        {
            ("reuse", DOOR): 0.100,
            ("recycle", SCRAP): 0.25 * 2.844,
            ("energy_recovery", FLUFF): 0.25 * 0.500,
            ("stock", FLUFF): 0.25 * 0.220,
            ("lost", None): 0.25 * 0.036,
        }
    )


def test_shares_sum_to_one(filled: Ledger) -> None:
    for identifier in (CAR, VAN, DOOR, SCRAP, FLUFF):
        assert sum(shares(filled, identifier).values()) == pytest.approx(1.0, abs=1e-12)


def test_a_mixed_batch_is_traced_back_to_both_vehicles_by_mass(filled: Ledger) -> None:
    origins = {origin.lot.uri: origin.share for origin in traced(filled, SCRAP).origins}
    assert origins == pytest.approx({CAR: 0.25, VAN: 0.75})


def test_a_part_is_traced_back_to_its_vehicle(filled: Ledger) -> None:
    (origin,) = traced(filled, "CAR-DFL").origins
    assert (origin.lot.uri, origin.share, origin.mass_kg) == (CAR, 1.0, 100.0)


@pytest.mark.parametrize("name", ["CAR", "car", CAR, "https://id.gs1.org/8004/9521141CAR", "  CAR "])
def test_a_thing_is_found_by_any_of_its_names(filled: Ledger, name: str) -> None:
    assert traced(filled, name).lot.uri == CAR


def test_a_lot_number_is_found_without_its_prefix(ledger: Ledger) -> None:
    uri = "urn:epc:id:giai:9521141.LOT64187376"
    ledger.capture(
        [event("ObjectEvent", "receiving", 0, MaterialFlow(Flow.RECEIVED, {"steel": 1.0}, uri), lots=(Lot(uri, "vehicle", "v"),))]
    )
    assert traced(ledger, "64187376").lot.uri == uri


def test_what_is_not_there_is_said_so(filled: Ledger) -> None:
    with pytest.raises(NotFoundError, match="nothing in the ledger is called 'SUBMARINE'"):
        traced(filled, "SUBMARINE")


def test_a_name_that_fits_several_is_asked_back(ledger: Ledger) -> None:
    uris = [f"urn:epc:id:giai:952114{digit}.SAME" for digit in (1, 2)]
    ledger.capture(
        [
            event(
                "ObjectEvent", "receiving", 0, MaterialFlow(Flow.RECEIVED, {"steel": 1.0}, uri), lots=(Lot(uri, "vehicle", "v"),)
            )
            for uri in uris
        ]
    )
    with pytest.raises(InputError, match="fits 2 lots"):
        traced(ledger, "SAME")


def test_a_lot_cannot_be_made_out_of_itself_over_any_number_of_events(filled: Ledger) -> None:
    again = (Lot(SCRAP, "shredder", "scrap", "ferrous scrap"), Lot("urn:epc:id:giai:9521141.BALE", "component", "bale"))
    cycle = [
        event("ObjectEvent", "receiving", 28, MaterialFlow(Flow.RECEIVED, {"steel": 10.0}, SCRAP), lots=again[:1]),
        event("TransformationEvent", "packing", 29, take(SCRAP, steel=10.0), give(again[1].id, steel=10.0), lots=again[1:]),
        event("TransformationEvent", "unpacking", 30, take(again[1].id, steel=10.0), give(SCRAP, steel=10.0), lots=again[:1]),
    ]
    with pytest.raises(ConflictError, match=f"{SCRAP} would be made out of itself"):
        filled.capture(cycle)
    filled.capture(cycle[:2])
    with pytest.raises(ConflictError, match=f"{SCRAP} would be made out of itself"):
        filled.capture(cycle[2:])


def test_json_of_a_trace_sums_to_one_and_gives_the_reason(filled: Ledger) -> None:
    found = as_dict(traced(filled, DOOR))
    assert found["share_sum"] == pytest.approx(1.0)
    assert found["forward"][0]["reason"] == "sells"
    assert found["backward"][0]["id"] == CAR


def test_a_balance_by_stage_sums_to_what_happened(columns: Columns) -> None:
    rows = {row["stage"]: row for row in balance(columns, "stage")["material"]}
    assert rows["receiving"]["received_kg"] == 4000.0
    assert rows["disassembling"]["lost_kg"] == 300.0
    assert rows["shipping"]["shipped_kg"] == 3444.0


def test_in_is_out_plus_stock_plus_loss(columns: Columns) -> None:
    total = balance(columns)["total"]
    assert total["received_kg"] == pytest.approx(
        total["shipped_kg"] + total["stock_kg"] + total["lost_kg"] + total["unaccounted_kg"]
    )
    assert total["stock_kg"] == pytest.approx(220.0)


def test_a_balance_by_material_keeps_steel_and_plastic_apart(columns: Columns) -> None:
    rows = {row["material"]: row for row in balance(columns, "material")["material"]}
    assert rows["steel"]["received_kg"] == 3200.0
    assert rows["steel"]["shipped_kg"] == 2924.0
    assert rows["plastic"]["stock_kg"] == pytest.approx(220.0)


def test_money_energy_and_documents_stand_beside_the_mass(columns: Columns) -> None:
    found = balance(columns)
    assert found["money"] == [
        {"purpose": "sale", "amount": "5070.50", "currency": "CNY"},
        {"purpose": "purchase", "amount": "-3500.50", "currency": "CNY"},
    ]
    assert found["energy_kwh"] == {"electricity": 35.0}
    assert found["information"] == {"certificate_of_destruction": 1}


def test_a_span_of_days_includes_both_its_ends(columns: Columns) -> None:
    first_day = balance(columns, "stage", Span(date(2026, 8, 6), date(2026, 8, 6)))
    assert first_day["total"]["received_kg"] == 4000.0
    assert first_day["total"]["shipped_kg"] == 0.0
    assert first_day["energy_kwh"] == {"electricity": 15.0}
    assert balance(columns, "stage", Span(date(2026, 8, 7)))["total"]["shipped_kg"] == 3444.0


def test_a_span_that_ends_before_it_begins_is_refused_and_the_last_day_of_time_is_no_overflow(columns: Columns) -> None:
    with pytest.raises(InputError, match="2026-08-07 is after 2026-08-06"):
        Span(date(2026, 8, 7), date(2026, 8, 6))
    assert balance(columns, "stage", Span(None, date.max))["total"]["received_kg"] == 4000.0


def test_foreign_events_are_counted_and_left_out(filled: Ledger) -> None:
    filled.capture([Event("ObjectEvent", MORNING, {"action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"]})])
    with columns_of(filled) as columns:
        found = balance(columns)
    assert found["foreign_events"] == 1
    assert found["total"]["received_kg"] == 4000.0


def test_vehicles_carry_value_and_carbon_of_their_part_of_the_outputs(columns: Columns) -> None:
    car, van = vehicle_fates(columns)
    # 500 of 720 kg fluff were shipped; the car has a quarter of the shredder's outputs, and the door alone.
    assert float(car.value) == pytest.approx(120.50 + 0.25 * (5000 - 50))
    assert car.carbon_kg == pytest.approx(-50.0 + 0.25 * (-4000 + 300))
    assert van.carbon_kg == pytest.approx(0.75 * (-4000 + 300))
    assert sum(car.shares.values()) == pytest.approx(1.0)


def test_a_balance_by_vehicle_divides_up_everything_received(columns: Columns) -> None:
    rows = balance(columns, "vehicle")["material"]
    assert [sum(row["by_end_kg"].values()) for row in rows] == pytest.approx([1000.0, 3000.0])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.floats(0.5, 2000), min_size=1, max_size=6), min_size=1, max_size=5), st.floats(0.0, 0.3))
def test_whatever_is_mixed_and_divided_shares_sum_to_one_both_ways(
    tmp_path_factory: pytest.TempPathFactory, cars: list[list[float]], dust: float
) -> None:
    folder: Path = tmp_path_factory.mktemp("mixed")
    with Ledger(f"sqlite:///{folder / 'x.db'}") as ledger:
        events: list[Event] = []
        hulks: list[tuple[str, float]] = []
        for number, parts in enumerate(cars):
            car, hulk = f"urn:epc:id:giai:9521141.C{number}", f"urn:epc:id:giai:9521141.C{number}-HLK"
            doors = [f"urn:epc:id:giai:9521141.C{number}-D{index}" for index in range(1, len(parts))]
            events.append(
                event(
                    "ObjectEvent",
                    "receiving",
                    0,
                    MaterialFlow(Flow.RECEIVED, {"steel": sum(parts)}, car),
                    lots=(Lot(car, "vehicle", car),),
                )
            )
            outputs = [give(hulk, steel=parts[0]), *(give(door, steel=mass) for door, mass in zip(doors, parts[1:], strict=True))]
            lots = tuple(Lot(lot, "component", "part") for lot in (hulk, *doors))
            events.append(event("TransformationEvent", "disassembling", 1, take(car, steel=sum(parts)), *outputs, lots=lots))
            hulks.append((hulk, parts[0]))
        total = sum(mass for _, mass in hulks)
        flows = [
            *(take(hulk, steel=mass) for hulk, mass in hulks),
            give(SCRAP, steel=total * (1 - dust)),
            MaterialFlow(Flow.LOST, {"steel": total * dust}),
        ]
        events.append(event("TransformationEvent", "destroying", 2, *flows, lots=(Lot(SCRAP, "shredder", "scrap"),)))
        ledger.capture(events)
        for number in range(len(cars)):
            assert sum(shares(ledger, f"C{number}").values()) == pytest.approx(1.0, abs=1e-9)
        assert sum(origin.share for origin in traced(ledger, SCRAP).origins) == pytest.approx(1.0, abs=1e-9)
        assert sum(origin.mass_kg for origin in traced(ledger, SCRAP).origins) == pytest.approx(
            total * (1 - dust), rel=1e-9, abs=1e-9
        )
