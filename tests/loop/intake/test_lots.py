"""Salvage lots: each real one becomes a vehicle or is refused by name, and no cell can do anything else."""

import math
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop.intake import Declared, declare_lot, dialect, receive
from vehiclenest.loop.intake.lots import COLUMNS
from vehiclenest.loop.records import Powertrain, Vehicle

NOW = datetime(2026, 8, 20, tzinfo=UTC)
CRV = {
    "lotId": "64187376", "updatedAt": "2026-08-12 18:02:58+00:00", "vehicleType": "V", "year": "2004", "make": "HONDA", "modelGroup": "CRV",
    "modelDetail": "CR-V", "bodyStyle": "4DR SPORT UTILITY", "damageDescription": "NORMAL WEAR", "secondaryDamage": "REAR END",
    "mileage": "254153", "engine": "2.4L 4", "fuelType": "GAS", "trim": "LX",
    "locationCity": "CUSSETA", "locationState": "AL", "locationCountry": "USA",
}  # fmt: skip


def declared(**cells: str) -> Declared:
    return declare_lot(CRV | cells, NOW)


def outcome(row: dict[str, str]) -> Vehicle | InputError:
    try:
        return receive(declare_lot(row, NOW))
    except InputError as error:
        return error


def test_a_lot_says_what_its_cells_say() -> None:
    lot = declared()
    assert (lot.reference, lot.vin, lot.make, lot.model, lot.body, lot.trim) == (
        "LOT64187376",
        None,
        "HONDA",
        "CR-V",
        "4DR SPORT UTILITY",
        "LX",
    )
    assert (lot.year, lot.powertrain, lot.displacement_l, lot.type_code) == (2004, Powertrain.PETROL, 2.4, "V")
    assert lot.received_at == datetime(2026, 8, 12, 18, 2, 58, tzinfo=UTC)
    assert lot.place_of_origin == "CUSSETA, AL, USA"
    assert [damage.zone for damage in lot.damage] == ["front", "rear", "left", "right", "interior", "rear"]
    assert lot.flags == ()


def test_every_real_lot_becomes_a_vehicle_or_is_refused(lots: Any) -> None:
    assert len(lots.rows) == 1000
    assert len(lots.vehicles) == 992
    assert not set(lots.vehicles) & set(lots.refused)


def test_the_eight_real_lots_that_are_no_land_vehicles_are_refused_by_name_and_no_other_is(lots: Any) -> None:
    reasons = {f"{lots.rows[lot]['make']} {lots.rows[lot]['modelDetail']}": error for lot, error in lots.refused.items()}
    expected = {
        "SCOUT FISHING BOAT": "a boat is no land vehicle",
        "REGAL UNKNOWN": "a boat is no land vehicle",
        "SEA- RXP-X 300": "a personal watercraft is no land vehicle",
        "SKI-DOO MXZ X 600R": "a snowmobile runs on a track over snow",
        "SKI-DOO 190 SM MXZ ADR 600R": "a snowmobile runs on a track over snow",
        "POLARIS 800 SWITCHB": "a snowmobile runs on a track over snow",
        "CATERPILLAR 312BL": "mobile machinery or an agricultural machine",
        "MISC OFFICE FUR": "not a vehicle",
    }
    assert set(reasons) == set(expected)
    for name, reason in expected.items():
        assert f"{name}: {reason}" in reasons[name].what
        assert "land vehicles of the UNECE categories L, M, N, O" in reasons[name].expected
        assert reasons[name].where.field in {"vehicleType", "model"}


@pytest.mark.parametrize(
    ("lot", "what", "category", "body", "powertrain"),
    [
        ("60375256", "PETERBILT 567", "N3", "tractor", "diesel"),
        ("59686486", "VOLVO VN", "N3", "tractor", "diesel"),
        ("61598146", "PETERBILT 337", "N2", "truck", "diesel"),
        ("62301156", "HINO 195", "N2", "truck", "diesel"),
        ("58885546", "FORD F550", "N2", "truck", "diesel"),
        ("58502476", "FORD F59", "N2", "truck", "petrol"),
        ("55137146", "FORD F350", "N2", "truck", "diesel"),
        ("57334516", "FORD TRANSIT", "M2", "large_van", "petrol"),
        ("63561376", "FORD TRANSIT", "M1", "large_van", "petrol"),
        ("62050706", "FORD TRANSIT", "N2", "large_van", "petrol"),
        ("63328036", "FORD TRANSIT CONNECT", "N1", "van", "petrol"),
        ("56992966", "FORD TRANSIT CONNECT", "M1", "van", "petrol"),
        ("62091796", "NISSAN NV200", "N1", "van", "petrol"),
        ("78531375", "NISSAN NV", "N2", "large_van", "petrol"),
        ("62808456", "RAM PROMASTER 3500", "N2", "large_van", "petrol"),
        ("62691086", "CHEVROLET EXPRESS 2500", "N2", "large_van", "petrol"),
        ("64118546", "DODGE RAM WAGON", "M1", "large_van", "petrol"),
        ("58195586", "RAM 3500", "N2", "heavy_pickup", "petrol"),
        ("60597796", "FORD F350", "N2", "heavy_pickup", "diesel"),
        ("57851106", "FORD F250", "N2", "heavy_pickup", "petrol"),
        ("79701505", "GMC SIERRA", "N2", "heavy_pickup", "diesel"),
        ("63358356", "FORD F150", "N1", "pickup", "petrol"),
        ("52455086", "FORD F150", "N1", "pickup", "petrol"),
        ("62598066", "KEYSTONE COLEMAN", "O2", "trailer", "none"),
        ("46805686", "JACO JAY FLIGHT JAYFLIGHT", "O2", "trailer", "none"),
        ("48070926", "HARLEY-DAVIDSON FLHX", "L3", "motorcycle", "petrol"),
        ("60798086", "YAMAHA FZ6", "L3", "motorcycle", "petrol"),
        ("52445236", "YAMAHA YFM700", "L7", "atv", "petrol"),
        ("55000916", "KAWASAKI KRT1000", "L7", "side_by_side", "petrol"),
        ("64327116", "MITSUBISHI MIRAGE", "M1", "hatchback", "petrol"),
        ("62413966", "MITSUBISHI MIRAGE", "M1", "sedan", "petrol"),
        ("59848266", "CHEVROLET VOLT", "M1", "hatchback", "plug_in_hybrid"),
        ("62825356", "POLESTAR 2", "M1", "hatchback", "electric"),
        ("64187376", "HONDA CR-V", "M1", "suv", "petrol"),
    ],
)  # fmt: skip
def test_a_real_lot_gets_the_category_of_what_it_is(
    lots: Any, lot: str, what: str, category: str, body: str, powertrain: str
) -> None:
    vehicle = lots.vehicles[lot]
    assert f"{vehicle.make} {vehicle.model}" == what
    assert (vehicle.category, vehicle.body, vehicle.powertrain) == (category, body, powertrain)


BODY_WORDS = {
    "SEDAN": {"sedan"},
    "COUPE": {"coupe"},
    "CONVERTIBLE": {"coupe"},
    "HATCHBACK": {"hatchback"},
    "SPORT UTILITY": {"suv"},
    "SUV": {"suv"},
    "PICKUP": {"pickup", "heavy_pickup"},
    "SPORTS VAN": {"van", "large_van"},
    "CARGO": {"van", "large_van"},
}


def test_a_real_lot_whose_body_is_written_out_has_that_body(lots: Any) -> None:
    for lot, vehicle in lots.vehicles.items():
        style = lots.rows[lot]["bodyStyle"].upper()
        for word, bodies in BODY_WORDS.items():
            if word in style:
                assert vehicle.body in bodies, f"{vehicle.make} {vehicle.model} {style} is no {vehicle.body}"


def test_every_real_pickup_of_the_heavy_classes_is_known_by_its_trim(lots: Any) -> None:
    heavy = [
        lot
        for lot, row in lots.rows.items()
        if "2500" in row["trim"] + "K3500"
        and "PICKUP" in row["bodyStyle"]
        and "K" in row["trim"][:1]
        and row["trim"][1:2] in "23"
    ]
    assert len(heavy) > 5
    assert {lots.vehicles[lot].category for lot in heavy} == {"N2"}


def test_the_real_lots_fall_into_categories_as_counted_by_hand(lots: Any) -> None:
    counted = Counter(vehicle.category for vehicle in lots.vehicles.values())
    assert counted == {"M1": 851, "N1": 86, "N2": 29, "L3": 14, "O2": 7, "N3": 2, "L7": 2, "M2": 1}


def test_the_composition_of_every_real_vehicle_sums_to_its_expected_mass(lots: Any) -> None:
    for vehicle in lots.vehicles.values():
        assert math.isclose(math.fsum(vehicle.composition.values()), vehicle.expected_mass_kg, rel_tol=1e-12)
        assert set(vehicle.composition) <= set(MATERIALS)
        assert min(vehicle.composition.values()) >= 0
        low, high = vehicle.mass_interval_kg
        assert 0 < low < vehicle.mass_kg < high
        assert vehicle.mass_basis == "estimated"


# US EPA Automotive Trends, model year 2022, mean inertia class less the 136 kg that it allows for driver and load. Cars at the end of
# their life are up to 12 % lighter. EPA's car SUVs (1,600 kg) and truck SUVs (1,920 kg) are one body here.
@pytest.mark.parametrize(
    ("bodies", "least", "most"),
    [
        ({"sedan", "wagon"}, 1510 * 0.88, 1510),
        ({"suv"}, 1600, 1920),
        ({"van"}, 1930 * 0.88, 1930 * 1.02),
        ({"pickup", "heavy_pickup"}, 2240 * 0.88, 2240 * 1.02),
    ],
)
def test_the_mean_estimate_of_a_body_is_near_what_the_epa_weighs(
    lots: Any, bodies: Collection[str], least: float, most: float
) -> None:
    assert least <= fmean(vehicle.mass_kg for vehicle in lots.vehicles.values() if vehicle.body in bodies) <= most


@pytest.mark.parametrize(
    ("year", "accepted"), [("2027", True), ("2027.0", True), ("2026", True), ("1885", True), ("2028", False), ("1884", False)]
)
def test_a_model_year_runs_one_ahead_of_the_calendar_and_no_more(year: str, accepted: bool) -> None:
    if accepted:
        assert declared(year=year).year == int(float(year))
        return
    with pytest.raises(InputError, match=f"{year} cannot be the model year; a model year from 1885 to 2027") as caught:
        declared(year=year)
    assert caught.value.where.field == "year"


@pytest.mark.parametrize(
    ("year", "message"),
    [
        ("", "the model year is missing"),
        ("2004.5", "cannot be the model year"),
        ("two", "'two' is no number"),
        ("-1", "negative"),
    ],
)
def test_what_is_no_model_year_is_refused(year: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        declared(year=year)


def test_the_year_of_receipt_decides_how_far_a_model_year_may_run_ahead() -> None:
    assert declared(updatedAt="2027-01-01T00:00:00Z", year="2028").year == 2028


@pytest.mark.parametrize("mileage", ["0", "0.0", "", "[PREMIUM]", "N/A"])
def test_an_odometer_that_nobody_read_is_unknown_and_flagged(mileage: str) -> None:
    lot = declared(mileage=mileage)
    assert lot.mileage_km is None
    assert "mileage unknown" in lot.flags


@pytest.mark.parametrize(
    ("country", "km"), [("USA", 160_934.4), ("US", 160_934.4), ("usa", 160_934.4), ("CAN", 100_000), ("", 100_000)]
)
def test_an_american_odometer_counts_miles_and_a_canadian_one_kilometres(country: str, km: float) -> None:
    assert declared(mileage="100,000", locationCountry=country).mileage_km == pytest.approx(km)


@pytest.mark.parametrize("mileage", ["-5", "1e300", "10000001", "many", "inf"])
def test_what_no_odometer_shows_is_refused_with_its_field(mileage: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(mileage=mileage, locationCountry="CAN")
    assert caught.value.where.field == "mileage"


@pytest.mark.parametrize("cell", ["[PREMIUM]", "", "  ", "n/a", "NULL", "-", "?"])
def test_a_withheld_or_empty_cell_is_missing(cell: str) -> None:
    lot = declared(modelDetail=cell, fuelType=cell, engine=cell, bodyStyle=cell, locationState=cell)
    assert (lot.model, lot.powertrain, lot.displacement_l, lot.body) == ("CRV", None, None, "")
    assert lot.place_of_origin == "CUSSETA, USA"


def test_a_lot_without_number_or_name_is_refused() -> None:
    with pytest.raises(InputError, match="lotId: the lot has no number"):
        declared(lotId="[PREMIUM]")
    for lot in ("64187376/1", "64187376-1", "1" * 15, "６４１８７３７６"):
        with pytest.raises(InputError, match=f"lotId: '{lot}' is no lot number; up to 14 letters and digits"):
            declared(lotId=lot)
    assert declared(lotId="A" * 14).reference == "LOT" + "A" * 14
    with pytest.raises(InputError, match="make: neither make nor model is known"):
        declared(make="", modelDetail="", modelGroup="[PREMIUM]")


def test_a_time_without_zone_is_taken_as_utc_and_flagged() -> None:
    lot = declared(updatedAt="2026-08-12 18:02:58")
    assert lot.received_at == datetime(2026, 8, 12, 18, 2, 58, tzinfo=UTC)
    assert lot.flags == ("updatedAt has no zone: taken as UTC",)


def test_a_lot_without_time_came_in_now_and_is_flagged() -> None:
    lot = declared(updatedAt="")
    assert lot.received_at == NOW
    assert lot.flags == ("no time in the lot: the time of the run is taken",)


@pytest.mark.parametrize(
    "time",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "0001-01-01", "1989-12-31T23:59:59Z",
     "2100-01-01T00:00:01Z"],
)  # fmt: skip
def test_a_time_at_which_nothing_was_received_is_refused_with_its_field(time: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(updatedAt=time)
    assert caught.value.where.field == "updatedAt"


def test_a_lot_of_1990_came_in_and_one_of_the_day_after_tomorrow_is_flagged() -> None:
    assert declared(updatedAt="1990-01-01T00:00:00Z", year="1989").received_at == datetime(1990, 1, 1, tzinfo=UTC)
    assert declared(updatedAt="2026-08-21T00:00:00Z").flags == (), "a day ahead is another zone's clock"
    assert declared(updatedAt="2026-08-21T00:00:01Z").flags == ("received in the future",)


def test_what_no_one_can_see_becomes_a_space_and_reaches_no_terminal() -> None:
    lot = declared(make="HON\x1b[31mDA", modelDetail="CR\nV\u202e", locationCity="CUS\r\nSETA", damageDescription="REAR\tEND")
    assert (lot.make, lot.model, lot.place_of_origin) == ("HON [31mDA", "CR V", "CUS  SETA, AL, USA")
    assert [damage.zone for damage in lot.damage] == ["rear"]
    assert declared(modelDetail="\u200b\x00").model == "CRV", "and nothing but that is missing"


@pytest.mark.parametrize("field", ["year", "mileage"])
@pytest.mark.parametrize("cell", ["２０２０", "٢٠٢٠", "2_010", "1_400", "NaN", "nan", "inf", "Infinity", "1e9999", "0x7d0"])
def test_only_ascii_digits_make_a_number(field: str, cell: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(**{field: cell})
    assert caught.value.where.field == field


def test_the_word_nan_is_a_missing_word_and_litres_are_written_in_ascii() -> None:
    assert declared(modelDetail="NaN").model == "CRV"
    assert declared(engine="２.４L 4").displacement_l is None


def test_a_time_that_is_none_is_refused_with_its_field() -> None:
    with pytest.raises(InputError, match="updatedAt: 'yesterday' is no time"):
        declared(updatedAt="yesterday")


@pytest.mark.parametrize(
    ("fuel", "powertrain"),
    [("GAS", "petrol"), ("Flexible", "petrol"), ("FLEXIBLE FUEL", "petrol"), ("DIESEL", "diesel"), ("ELECTRIC", "electric"),
     ("ELECTRIC AND GAS HYBRID", "hybrid"), ("HYBRID ENGINE", "hybrid"), ("PLUG-IN HYBRID", "plug_in_hybrid")],
)  # fmt: skip
def test_a_fuel_says_the_powertrain(fuel: str, powertrain: str) -> None:
    assert declared(fuelType=fuel).powertrain == powertrain


def test_a_fuel_that_is_not_known_is_flagged_and_the_usual_one_taken() -> None:
    vehicle = receive(declared(fuelType="HYDROGEN"))
    assert vehicle.powertrain is Powertrain.PETROL
    assert vehicle.flags == ("fuel 'HYDROGEN' is not known", "powertrain not known: taken as petrol")


@pytest.mark.parametrize(
    ("cells", "litres"),
    [
        ({"engine": "2.4L 4"}, 2.4),
        ({"engine": "5.7L  8"}, 5.7),
        ({"engine": "6"}, None),
        ({"engine": "0.0L 0"}, None),
        ({"engine": "99L"}, None),
        ({"engine": "2", "vehicleType": "C", "modelDetail": "SV650"}, 0.65),
        ({"engine": "2", "vehicleType": "C", "modelDetail": "FLHX"}, None),
        ({"engine": "", "vehicleType": "V", "modelDetail": "F150"}, None),
        ({"engine": "", "vehicleType": "C", "modelDetail": "CB 49 125"}, 0.125),
    ],
)
def test_litres_stand_in_the_engines_text_or_in_a_motorcycles_name(cells: dict[str, str], litres: float | None) -> None:
    assert declared(**cells).displacement_l == litres


def test_columns_that_nobody_asked_for_are_ignored() -> None:
    assert declared(buyerName="ME", **{"curb_mass_kg": "not a mass", "": "x"}) == declared()


def test_a_name_that_no_vehicle_has_is_refused_with_its_field() -> None:
    with pytest.raises(InputError, match="make: the text has 100,000 characters; at most 200"):
        declared(make="SILVERADO;" * 10_000)


def test_a_file_is_known_as_a_lot_list_by_its_lot_number() -> None:
    assert dialect(list(CRV)) is declare_lot
    with pytest.raises(InputError, match="columns are missing: year, damageDescription; a salvage-lot list has lotId"):
        dialect(["lotId", "vehicleType", "make", "modelDetail"])


CELLS = st.text(max_size=30) | st.sampled_from(
    ["0", "1e308", "-1", "nan", "٣", "½", "[PREMIUM]", "\x00", "HATCHBACK", "S", "TRAILER", "9999-12-31", "0001-01-01"]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(CRV)), CELLS))
def test_no_cell_of_a_lot_does_anything_but_describe_a_vehicle_or_be_refused(cells: dict[str, str]) -> None:
    vehicle = outcome(CRV | cells)
    if isinstance(vehicle, InputError):
        assert str(vehicle).isprintable()
        return
    assert math.isfinite(vehicle.mass_kg)
    assert vehicle.mass_kg > 0
    assert vehicle.mileage_km is None or 0 < vehicle.mileage_km < 2e7
    assert vehicle.received_at.tzinfo is not None


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), CELLS))
def test_a_lot_with_cells_missing_altogether_is_a_vehicle_or_refused(cells: dict[str, str]) -> None:
    vehicle = outcome(cells)
    assert isinstance(vehicle, Vehicle) or vehicle.where.field is not None
