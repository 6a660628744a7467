"""Damage: a lot's words and ARA codes become zones and units."""

import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.intake.damage import ZONES, damage_from_codes, damage_from_words
from vehiclenest.loop.records import Damage


@pytest.mark.parametrize(
    ("word", "zones", "cause"),
    [
        ("FRONT END", {"front"}, "collision"),
        ("LEFT SIDE", {"left"}, "collision"),
        ("RIGHT SIDE", {"right"}, "collision"),
        ("TOP/ROOF", {"roof"}, "collision"),
        ("MINOR DENT/SCRATCHES", {"front", "rear", "left", "right"}, "wear"),
        ("MINOR DENTS/SCRATCHES", {"front", "rear", "left", "right"}, "wear"),
        ("WATER/FLOOD", {"interior", "powertrain", "underbody"}, "flood"),
        ("BURN", set(ZONES), "burn"),
        ("BURN - ENGINE", {"front", "powertrain"}, "burn"),
        ("BURN - INTERIOR", {"interior"}, "burn"),
        ("BIOHAZARD/CHEMICAL", {"interior"}, "contamination"),
        ("STRIPPED", {"interior", "front", "left", "right"}, "vandalism"),
        ("MECHANICAL", {"powertrain"}, "mechanical"),
        ("UNDERCARRIAGE", {"underbody"}, "collision"),
    ],
)
def test_a_word_names_its_zones_and_its_cause(word: str, zones: set[str], cause: str) -> None:
    damage, unverified, flags = damage_from_words([word])
    assert {item.zone for item in damage} == zones
    assert {item.cause for item in damage} == {cause}
    assert unverified, "units are our reading of the words, and say so"
    assert flags == []


@pytest.mark.parametrize("word", ["PARTIAL REPAIR", "REJECTED REPAIR", "UNKNOWN"])
def test_a_word_that_leaves_the_place_open_means_all_sides(word: str) -> None:
    damage, _, flags = damage_from_words([word])
    assert {item.zone for item in damage} == {"front", "rear", "left", "right"}
    assert flags == []


@pytest.mark.parametrize("word", ["REPLACED VIN", "MISSING/ALTERED VIN", "DAMAGE HISTORY"])
def test_a_word_about_papers_names_no_zone_and_is_flagged(word: str) -> None:
    assert damage_from_words([word]) == ((), (), [f"the lot says {word!r}, which names no zone"])


def test_a_word_that_nobody_knows_means_all_sides_and_is_flagged() -> None:
    damage, _, flags = damage_from_words(["METEORITE"])
    assert {item.zone for item in damage} == {"front", "rear", "left", "right"}
    assert flags == ["damage 'METEORITE' is not known: all sides are taken as damaged"]


def test_two_words_add_up_and_the_same_word_twice_does_not() -> None:
    assert len(damage_from_words(["FRONT END", "Rear End"])[0]) == 2
    assert damage_from_words(["SIDE", "SIDE"]) == damage_from_words(["SIDE"])


def test_codes_say_zone_units_and_kind() -> None:
    assert damage_from_codes(" front:5D4; left:2S1 ;interior:1B9;powertrain:1M12;underbody:3F2;", "damage_codes") == (
        Damage("front", 4, "collision"),
        Damage("left", 1, "collision"),
        Damage("interior", 9, "burn"),
        Damage("powertrain", 12, "mechanical"),
        Damage("underbody", 2, "flood"),
    )
    assert damage_from_codes("", "damage_codes") == ()


@pytest.mark.parametrize(
    "code",
    ["5D4", "front", "front:0D4", "front:5d4", "front:5D", "front:5D100", "front:5D４", "bonnet:5D4", "front:5D4 left:2S1"],
)
def test_what_is_no_code_is_refused_with_an_example_and_the_zones(code: str) -> None:
    with pytest.raises(InputError) as caught:
        damage_from_codes(f"rear:1S1;{code}", "damage_codes")
    assert str(caught.value).startswith(
        f"damage_codes: {code!r} is no damage code; zone:ARA code, for example front:5D4, zones front, rear"
    )
