"""Traction battery codes of GB/T 34014-2017: read, written, and refused at the first wrong position."""

import json
import os
import re
import string
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import ProductType, format_battery_code, parse_battery_code

CATENAX = Path(os.environ.get("VNEST_DATA", "../shared/data")) / "catenax"
ALPHANUMERIC = string.digits + string.ascii_uppercase
TYPES: list[ProductType] = ["pack", "module", "cell"]


def code(day: str = "92A", *, start: str = "001PE01ABC1234", serial: str = "0000042") -> str:
    return start + day + serial


def test_a_new_code_says_who_made_what_and_when() -> None:
    read = parse_battery_code(code())
    assert (read.maker, read.product_type, read.chemistry, read.chemistry_name) == ("001", "pack", "E", "ternary (NCM or NCA)")
    assert (read.specification, read.traceability, read.serial) == ("01", "ABC1234", "0000042")
    assert read.produced == date(2019, 2, 10)
    assert not read.reused
    assert read.reused_as is None


def test_a_reused_code_has_no_traceability_and_says_its_level() -> None:
    read = parse_battery_code("001MB01C6V0000042RM")
    assert (read.product_type, read.chemistry_name, read.specification) == ("module", "lithium iron phosphate", "01")
    assert (read.produced, read.serial, read.traceability) == (date(2022, 6, 27), "0000042", None)
    assert read.reused
    assert read.reused_as == "module"


@pytest.mark.parametrize(
    ("day", "produced"),
    [
        ("111", date(2011, 1, 1)),
        ("9C9", date(2019, 12, 9)),
        ("AAA", date(2020, 10, 10)),
        ("D1H", date(2023, 1, 17)),
        ("E1J", date(2024, 1, 18)),
        ("G1Y", date(2026, 1, 30)),
        ("G10", date(2026, 1, 31)),
        ("Y1T", date(2040, 1, 26)),
        ("82S", date(2018, 2, 25)),
        ("A2X", date(2020, 2, 29)),
    ],
)
def test_the_date_signs_skip_the_letters_that_look_like_digits(day: str, produced: date) -> None:
    assert parse_battery_code(code(day)).produced == produced


@pytest.mark.parametrize(("day", "named"), [("G20", "2026-02-31"), ("92X", "2019-02-29"), ("G40", "2026-04-31")])
def test_a_day_that_never_was_is_refused(day: str, named: str) -> None:
    with pytest.raises(InputError, match=f"positions 15-17 hold '{day}', {named}"):
        parse_battery_code(code(day))


@pytest.mark.parametrize(
    ("position", "character", "allowed"),
    [
        (1, "-", "a digit or a letter A-Z"),
        (4, "X", "P (pack), M (module) or C (cell)"),
        (5, "H", "a letter A-G or Z"),
        (7, "_", "a digit or a letter A-Z"),
        (14, "é", "a digit or a letter A-Z"),
        (15, "0", "1-9 or a letter other than I, O, Q, U and Z"),
        (16, "D", "1-9 or A-C"),
        (17, "U", "0-9 or a letter other than I, O, Q, U and Z"),
        (18, "A", "a digit"),
        (24, "٣", "a digit"),
    ],
)
def test_the_first_wrong_position_is_named_with_what_may_stand_there(position: int, character: str, allowed: str) -> None:
    wrong = code()[: position - 1] + character + code()[position:]
    with pytest.raises(InputError) as caught:
        parse_battery_code(wrong[:-1] + "?" if position < 24 else wrong)
    assert f"position {position} (" in caught.value.what
    assert caught.value.what.endswith(f"holds {character!r}")
    assert caught.value.expected.startswith(allowed + " stands there")


@pytest.mark.parametrize("length", [0, 18, 23, 25, 300])
def test_any_other_length_is_refused_with_the_length(length: int) -> None:
    with pytest.raises(InputError, match=f"has {length} characters; a code has 24, and 19 for a reused battery"):
        parse_battery_code("0" * length)


days = st.integers(0, (date(2040, 12, 31) - date(2011, 1, 1)).days).map(lambda n: date(2011, 1, 1) + timedelta(days=n))


def part(length: int) -> st.SearchStrategy[str]:
    return st.text(ALPHANUMERIC, min_size=length, max_size=length)


@given(part(3), st.sampled_from(TYPES), st.sampled_from("ABCDEFGZ"), part(2), days, st.integers(0, 9_999_999), st.data())
def test_what_is_written_reads_back_the_same(
    maker: str, kind: ProductType, chemistry: str, specification: str, produced: date, serial: int, data: st.DataObject
) -> None:
    reused = data.draw(st.none() | st.sampled_from(TYPES))
    traceability = data.draw(part(7)) if reused is None else None
    text = format_battery_code(
        maker=maker,
        product_type=kind,
        chemistry=chemistry,
        specification=specification,
        produced=produced,
        serial=serial,
        traceability=traceability,
        reused_as=reused,
    )
    read = parse_battery_code(text)
    assert (read.text, read.maker, read.product_type, read.chemistry) == (text, maker, kind, chemistry)
    assert (read.specification, read.traceability, read.produced) == (specification, traceability, produced)
    assert (int(read.serial), read.reused, read.reused_as) == (serial, reused is not None, reused)


@given(days, days)
def test_two_days_never_share_a_code(one: date, other: date) -> None:
    def text(day: date) -> str:
        return format_battery_code(
            maker="001", product_type="pack", chemistry="B", specification="01", produced=day, serial=1, traceability="0000000"
        )

    assert (text(one) == text(other)) == (one == other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maker": "01"}, "maker: maker '01' has 2 characters; it has 3"),
        ({"traceability": "1"}, "traceability '1' has 1 characters; it has 7"),
        ({"serial": 10_000_000}, "serial number 10000000; 0 to 9999999"),
        ({"serial": -1}, "serial number -1"),
        ({"produced": date(2010, 12, 31)}, "production year 2010; 2011 to 2040"),
        ({"produced": date(2041, 1, 1)}, "production year 2041"),
        ({"product_type": "tray"}, "product type 'tray'; one of pack, module, cell"),
        ({"chemistry": "H"}, r"position 5 \(battery type\) holds 'H'"),
        ({"chemistry": "BB"}, "has 25 characters"),
        ({"traceability": None}, "either a traceability code or a reuse level"),
        ({"reused_as": "pack"}, "either a traceability code or a reuse level"),
    ],
)
def test_a_part_that_cannot_stand_in_a_code_is_refused(change: dict[str, Any], message: str) -> None:
    parts: dict[str, Any] = {
        "maker": "001",
        "product_type": "pack",
        "chemistry": "B",
        "specification": "01",
        "produced": date(2024, 5, 6),
        "serial": 7,
        "traceability": "0000000",
    }
    assert parse_battery_code(format_battery_code(**parts)).serial == "0000007"
    with pytest.raises(InputError, match=message):
        format_battery_code(**{**parts, **change})


@given(st.text() | st.text(ALPHANUMERIC, min_size=24, max_size=24) | st.text(ALPHANUMERIC, min_size=19, max_size=19))
def test_any_text_is_read_or_refused_as_input(text: str) -> None:
    try:
        parse_battery_code(text)
    except InputError as caught:
        error = caught
    else:
        return
    assert error.where.field == "traction_battery_code"
    assert error.expected


@pytest.mark.skipif(not CATENAX.is_dir(), reason=f"{CATENAX} is absent: set VNEST_DATA")
class TestCatenaX:
    def test_its_example_is_read(self) -> None:
        example = json.loads((CATENAX / "TractionBatteryCode.json").read_text())["tractionBatteryCode"]
        read = parse_battery_code(example)
        assert (read.text, read.maker, read.product_type, read.produced) == (example, "X12", "module", date(2039, 2, 21))

    @given(days, st.sampled_from(TYPES), st.booleans())
    def test_its_pattern_matches_what_is_written(self, day: date, kind: ProductType, reused: bool) -> None:
        schema = json.loads((CATENAX / "TractionBatteryCode-schema.json").read_text())
        pattern = schema["components"]["schemas"]["TractionBatteryCodeTrait"]["pattern"]
        text = format_battery_code(
            maker="001",
            product_type=kind,
            chemistry="B",
            specification="01",
            produced=day,
            serial=1,
            traceability=None if reused else "0000000",
            reused_as=kind if reused else None,
        )
        assert re.search(pattern, text)
