"""Vehicle identification numbers: the published examples hold, and a misread character does not pass."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import check_digit, parse_vin, with_check_digit

ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
BUS = "1M8GDM9AXKP042788"
# 49 CFR 565.15, Table III, spelt out by value so that the test does not lean on the code's own table.
SAME_VALUE = ("0", "1AJ", "2BKS", "3CLT", "4DMU", "5ENV", "6FW", "7GPX", "8HY", "9RZ")
VALUE = {character: value for value, group in enumerate(SAME_VALUE) for character in group}


@pytest.mark.parametrize("vin", [BUS, "5GZCZ43D13S812715", "1HGCM82633A004352"])
def test_a_published_number_has_the_check_digit_it_carries(vin: str) -> None:
    assert check_digit(vin) == vin[8]
    assert parse_vin(vin).text == vin


def test_one_character_throughout_is_no_vehicle_even_where_its_check_digit_is_right() -> None:
    assert check_digit("1" * 17) == "1"
    for character in "1WZ":
        with pytest.raises(InputError, match="is one character throughout; the number of a vehicle") as caught:
            parse_vin(character * 17)
        assert caught.value.where.field == "vin"


def test_a_first_character_of_no_region_is_refused() -> None:
    with pytest.raises(InputError, match=r"position 1 holds '0', which is no region; .* or a digit 1-9"):
        parse_vin("0VWZZZ1JZ3W386752")


def test_a_number_says_maker_country_and_year() -> None:
    vin = parse_vin("1HGCM82633A004352", latest_year=2026)
    assert (vin.wmi, vin.vds, vin.vis) == ("1HG", "CM8263", "3A004352")
    assert (vin.region, vin.country, vin.manufacturer) == ("North America", "United States of America", "Honda")
    assert vin.check_digit_required
    assert vin.model_years == (2003,)


def test_spaces_and_lower_case_are_read_and_nothing_else_is_mended() -> None:
    assert parse_vin(" 1m8 gdm9axk p042788 ").text == BUS
    with pytest.raises(InputError, match="has 18 characters"):
        parse_vin("1M8-GDM9AXKP042788")
    # `ſ` would become a valid S by str.upper.
    with pytest.raises(InputError, match="position 1 holds 'ſ'"):
        parse_vin("ſ" + BUS[1:])


def test_each_forbidden_letter_is_named_with_its_position() -> None:
    with pytest.raises(InputError) as caught:
        parse_vin("1M8GDM9AXKPO4Z78I")
    assert str(caught.value) == (
        "vin: VIN '1M8GDM9AXKPO4Z78I': position 12 holds 'O', position 17 holds 'I'; "
        "digits and letters other than I, O and Q (ISO 3779), perhaps '0' for 'O', '1' for 'I'"
    )


@pytest.mark.parametrize("length", [0, 1, 16, 18, 500])
def test_any_other_length_is_refused_with_the_length(length: int) -> None:
    with pytest.raises(InputError, match=f"has {length} characters; a VIN has 17"):
        parse_vin("1" * length)


def test_a_wrong_check_digit_is_named_with_the_right_one() -> None:
    with pytest.raises(InputError) as caught:
        parse_vin("1M8GDM9A5KP042788")
    assert str(caught.value) == (
        "vin: VIN '1M8GDM9A5KP042788': position 9 holds '5'; "
        "the check digit of the other characters is 'X' (49 CFR 565.15(c), GB 16735)"
    )


@given(st.text(ALPHABET, min_size=17, max_size=17))
def test_a_mended_number_carries_its_check_digit_and_stays_so(text: str) -> None:
    mended = with_check_digit(text)
    assert mended[:8] + mended[9:] == text[:8] + text[9:]
    assert mended[8] == check_digit(text) == check_digit(mended)


north_american = st.tuples(
    st.sampled_from("12345"),
    st.text(ALPHABET, min_size=8, max_size=8),
    st.sampled_from("ABCDEFGHJKLMNPRSTVWXY123456789"),
    st.text(ALPHABET, min_size=7, max_size=7),
).map(lambda parts: with_check_digit("".join(parts)))


@given(north_american, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_misread_character_is_caught_unless_it_has_the_same_value(vin: str, index: int, other: str) -> None:
    """Why: the sum changes by weight x difference. Weights are 2-10, differences at most 9, and 11 is prime: never 0 modulo 11.

    Position 9 has weight 0, but is itself what is compared, so there every change is caught. Two characters of one value
    (B, K, S and 2) cannot be told apart anywhere else.
    """
    misread = vin[:index] + other + vin[index + 1 :]
    caught = check_digit(misread) != misread[8]
    assert caught == (VALUE[other] != VALUE[vin[index]] if index != 8 else other != vin[8])


def test_at_least_nine_in_ten_misreadings_of_a_north_american_number_are_caught() -> None:
    tried = [BUS[:i] + c + BUS[i + 1 :] for i in range(17) for c in ALPHABET if c != BUS[i]]
    # A first character outside 1-5 moves the vehicle out of the region that requires the check digit.
    caught = sum(check_digit(vin) != vin[8] for vin in tried)
    assert caught / len(tried) > 0.9
    assert caught < len(tried)


@pytest.mark.parametrize("vin", ["LSVAA49J132022990", "HES11111151111111", "7SA11111151111111", "2HG11111151111111"])
def test_china_and_north_america_refuse_a_wrong_check_digit(vin: str) -> None:
    right = with_check_digit(vin)
    assert parse_vin(right).check_digit_required
    wrong = right[:8] + ("0" if right[8] != "0" else "1") + right[9:]
    with pytest.raises(InputError, match="position 9 holds"):
        parse_vin(wrong)


@pytest.mark.parametrize(
    ("vin", "region", "country"),
    [
        ("WVWZZZ1JZ3W386752", "Europe", "Germany"),
        ("VF1BB05CF31234567", "Europe", "France"),
        ("JTDKB20U093451234", "Asia", "Japan"),
        ("KMHDU46D17U123456", "Asia", "Korea, Republic of"),
        ("6FPAAAJGSW1A12345", "Oceania", "Australia"),
        ("7A11111111A111111", "Oceania", "New Zealand"),
        ("9BWZZZ377VT004251", "South America", "Brazil"),
        ("AAVZZZ6SZEU000001", "Africa", "South Africa"),
        ("ZFA22300005556777", "Europe", "Italy"),
        ("DZ111111111111111", "Africa", None),
    ],
)
def test_elsewhere_position_nine_is_the_makers_own(vin: str, region: str, country: str | None) -> None:
    parsed = parse_vin(vin)
    assert (parsed.region, parsed.country, parsed.check_digit_required) == (region, country, False)


@pytest.mark.parametrize(
    ("wmi", "maker"),
    [
        ("LSV", "SAIC Volkswagen"),
        ("LFV", "FAW-Volkswagen"),
        ("LGX", "BYD Auto"),
        ("LC0", "BYD Auto"),
        ("LVS", "Changan Ford"),
        ("LHG", "GAC Honda"),
        ("LBE", "Beijing Hyundai"),
        ("LRW", "Tesla Shanghai"),
        ("LB3", "Geely"),
        ("LGW", "Great Wall (Havel)"),
        ("LVV", "Chery"),
        ("1N4", "Nissan"),
        ("1M8", "Motor Coach Industries"),
        ("LA9", None),
        ("1F9", None),
    ],
)
def test_the_maker_is_known_by_its_wmi_and_a_shared_wmi_names_none(wmi: str, maker: str | None) -> None:
    vin = with_check_digit(wmi + "A11110T" + "1111111")
    assert parse_vin(vin).manufacturer == maker


@pytest.mark.parametrize(("seventh", "years"), [("1", (1990, 2020)), ("A", (2020, 1990))])
def test_in_north_america_position_seven_says_which_cycle_is_likelier(seventh: str, years: tuple[int, ...]) -> None:
    vin = with_check_digit("4T1BF3" + seventh + "K0LU123456")
    assert parse_vin(vin, latest_year=2026).model_years == years


def test_a_letter_prefers_the_second_cycle_over_a_third() -> None:
    vin = with_check_digit("4T1BF31K0LU123456")
    assert parse_vin(vin, latest_year=2055).model_years == (1990, 2050, 2020)


def test_elsewhere_the_newest_year_comes_first() -> None:
    assert parse_vin("WVWZZZ1JZLW386752", latest_year=2026).model_years == (2020, 1990)


def test_no_year_later_than_the_latest_is_offered() -> None:
    assert parse_vin("WVWZZZ1JZ3W386752", latest_year=2032).model_years == (2003,)
    assert parse_vin("WVWZZZ1JZ3W386752", latest_year=2033).model_years == (2033, 2003)
    assert parse_vin("WVWZZZ1JZ3W386752", latest_year=1999).model_years == ()
    assert parse_vin("WVWZZZ1JZ3W386752").model_years == (2033, 2003)


def test_a_stated_year_leads_the_candidates_and_a_contradicting_one_is_left_to_the_caller() -> None:
    vin = with_check_digit("4T1BF31K0LU123456")
    assert parse_vin(vin, latest_year=2026, model_year=2020).model_years == (2020, 1990)
    assert parse_vin(vin, latest_year=2026, model_year=2015).model_years == (1990, 2020)


@pytest.mark.parametrize("code", "UZ0")
def test_a_code_that_is_no_year_means_none_in_europe_and_is_refused_where_required(code: str) -> None:
    assert parse_vin(f"WVWZZZ1JZ{code}W386752").model_years == ()
    for wmi in ("1HG", "LSV"):
        with pytest.raises(InputError, match=f"position 10 holds '{code}', which is no model year"):
            parse_vin(with_check_digit(f"{wmi}CM8260{code}A004352"))


@given(st.text() | st.text(string.ascii_uppercase + string.digits, min_size=17, max_size=17))
def test_any_text_is_read_or_refused_as_input(text: str) -> None:
    for read in (parse_vin, check_digit, with_check_digit):
        try:
            read(text)
        except InputError as caught:
            error = caught
        else:
            continue
        assert error.where.field == "vin"
        assert error.expected
