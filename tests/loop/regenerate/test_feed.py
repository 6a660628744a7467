"""A feed is a file of mass fractions, and a bad one is refused with its field."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate import BUNDLED, bundled_feed, read_feed, run
from vehiclenest.loop.regenerate.feed import parse_feed
from vehiclenest.loop.regenerate.stream import stream

GOOD = "mass_t = 2\n[composition]\nNMC622 = 0.6\ngraphite = 0.4\n"


@pytest.mark.parametrize("name", BUNDLED)
def test_the_species_of_a_bundled_feed_weigh_what_the_feed_weighs(name: str) -> None:
    feed = bundled_feed(name)
    assert stream(feed.amounts).mass_kg[0] == pytest.approx(feed.mass_t * 1000, rel=1e-12)


def test_a_ternary_black_mass_holds_nickel_cobalt_and_manganese_six_to_two_to_two() -> None:
    solids = stream(parse_feed(GOOD, "x").amounts)
    nickel, cobalt, lithium = (solids.element_mol(name)[0] for name in ("Ni", "Co", "Li"))
    assert nickel == pytest.approx(3 * cobalt)
    assert lithium == pytest.approx(nickel / 0.6)
    assert lithium == pytest.approx(1200e3 / 96.93, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mass_t: is missing; tonnes"),
        ("mass_t = 1\n", "composition: is missing or empty"),
        ("mass_t = 1\ncomposition = 3\n", "composition: is missing or empty"),
        ("mass_t = 1\n[composition]\nNMC622 = 0.6\n", "composition: sums to 0.6; mass fractions that sum to 1"),
        ("mass_t = 1\n[composition]\nNMC622 = 1.2\nLFP = -0.2\n", "composition.NMC622: is 1.2; a mass fraction from 0 to 1"),
        ("mass_t = 1\n[composition]\nLFP = -0.2\nNMC622 = 1.2\n", "composition.LFP: is -0.2"),
        ("mass_t = 1\n[composition]\nunobtainium = 1\n", "composition.unobtainium: is no known material or species"),
        ("mass_t = 1\n[composition]\nLFP = nan\n", "composition.LFP: is nan"),
        ('mass_t = 1\n[composition]\nLFP = "much"\n', "composition.LFP: is 'much'"),
        ("mass_t = 1\n[composition]\nLFP = true\n", "composition.LFP: is True"),
        (GOOD.replace("2", "-1", 1), "mass_t: is -1"),
        (GOOD.replace("2", "inf", 1), "mass_t: is inf"),
        (GOOD.replace("2", "1e30", 1), "mass_t: is 1e+30"),
        (GOOD.replace("mass_t", "mas_t"), "mas_t: is no field of a feed; one of composition"),
        ("mass_t = \n", "is no TOML"),
        (GOOD + "[parameters]\nx = 1\n", "parameters.x: is no table"),
        ("parameters = 1\n" + GOOD, "parameters: is no table"),
        (GOOD + "[parameters.hydro]\nleach_yield = 'a'\n", "parameters.hydro.leach_yield: is 'a'"),
    ],
)
def test_a_bad_feed_is_refused_in_one_line_that_names_the_field(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_feed(text, "feed.toml")
    assert said in str(error.value)
    assert str(error.value).startswith("feed.toml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("[parameters.one_step]\ndecomposition_temperature = 101\n", "water boils at 101 °C under 1 atm"),
        ("[parameters.one_step]\nleach_temperature = 60\nleach_pressure = 0.1\n", "water boils at 60 °C under 0.1 atm"),
        ("[parameters.one_step]\nmagic = 1\n", "parameters.one_step.magic: is no parameter"),
        ("[parameters.one_step]\nreduction = 1.5\n", "parameters.one_step.reduction: is 1.5; a share from 0 to 1"),
        ("[parameters.common]\nboiler_efficiency = 0\n", "parameters.common.boiler_efficiency: is 0; from 0.085 to 9.5"),
        ("[parameters.refine]\nacid_excess = 0.5\n", "parameters.refine.acid_excess: is 0.5; from 1 to 12.5"),
        ("[parameters.hydro]\npower = 1e9\n", "parameters.hydro.power: is 1e+09; from 6 to 2000 kWh/t"),
        ("[parameters.one_step]\nleach_temperature = -5\n", "parameters.one_step.leach_temperature: is -5"),
    ],
)
def test_parameters_that_cannot_be_are_refused(parameters: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        run(parse_feed(GOOD + parameters, "feed.toml"), "one-step")
    assert said in str(error.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path, text in ((tmp_path / "missing.toml", None), (tmp_path, None), (tmp_path / "latin.toml", b"name = '\xe9'")):
        if text is not None:
            path.write_bytes(text)
        with pytest.raises(InputError, match=r"cannot be read|no UTF-8"):
            read_feed(path)
    with pytest.raises(InputError, match="no bundled feed 'x'"):
        bundled_feed("x")


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_feed_or_an_input_error(text: str) -> None:
    try:
        parse_feed(text, "feed.toml")
    except InputError:
        return
