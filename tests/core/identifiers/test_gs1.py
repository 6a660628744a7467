"""GS1 keys: URN and Digital Link are one identity, and what does not conform to the Tag Data Standard cannot be made."""

import os
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers import Epc, gdti, giai, gs1_check_digit, lgtin, parse_epc, pgln, sgln

EPCIS = Path(os.environ.get("VNEST_DATA", "../shared/data")) / "epcis"
SET_82 = string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_"
SET_39 = string.ascii_uppercase + string.digits + "#-/"
HOST = "https://id.gs1.org"

# The examples of TDS 1.13, clause 6.3 and 7, element strings written as Digital Links.
PUBLISHED = {
    "urn:epc:id:sgtin:0614141.812345.6789": "/01/80614141123458/21/6789",
    "urn:epc:id:sgtin:0614141.812345.32a%2Fb": "/01/80614141123458/21/32a%2Fb",
    "urn:epc:idpat:sgtin:0614141.812345.*": "/01/80614141123458",
    "urn:epc:class:lgtin:4012345.012345.998877": "/01/04012345123456/10/998877",
    "urn:epc:id:upui:4012345.012345.AB12": "/01/04012345123456/235/AB12",
    "urn:epc:id:sscc:0614141.1234567890": "/00/106141412345678908",
    "urn:epc:id:sgln:0614141.12345.400": "/414/0614141123452/254/400",
    "urn:epc:id:sgln:0614141.12345.0": "/414/0614141123452",
    "urn:epc:id:pgln:0614141.12345": "/417/0614141123452",
    "urn:epc:id:grai:0614141.12345.400": "/8003/00614141123452400",
    "urn:epc:idpat:grai:0614141.12345.*": "/8003/00614141123452",
    "urn:epc:id:giai:0614141.12345400": "/8004/061414112345400",
    "urn:epc:id:gdti:0614141.12345.400": "/253/0614141123452400",
    "urn:epc:idpat:gdti:0614141.12345.*": "/253/0614141123452",
    "urn:epc:id:gsrn:0614141.1234567890": "/8018/061414112345678902",
    "urn:epc:id:gsrnp:0614141.1234567890": "/8017/061414112345678902",
    "urn:epc:id:gsin:0614141.123456789": "/402/06141411234567890",
    "urn:epc:id:ginc:0614141.xyz47%2F11": "/401/0614141xyz47%2F11",
    "urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345": "/8010/06141415PQ7%2FZ43/8011/12345",
    "urn:epc:idpat:cpi:0614141.5PQ7%2FZ43.*": "/8010/06141415PQ7%2FZ43",
    "urn:epc:id:sgcn:4012345.67890.04711": "/255/401234567890104711",
    "urn:epc:idpat:sgcn:4012345.67890.*": "/255/4012345678901",
    "urn:epc:id:itip:4012345.012345.01.02.987": "/8006/040123451234560102/21/987",
    "urn:epc:idpat:itip:4012345.012345.01.02.*": "/8006/040123451234560102",
}


@pytest.mark.parametrize(("urn", "link"), PUBLISHED.items())
def test_a_published_example_translates_both_ways(urn: str, link: str) -> None:
    epc = parse_epc(urn)
    assert epc.urn() == urn
    assert epc.digital_link() == HOST + link
    assert parse_epc(HOST + link) == epc


@pytest.mark.parametrize(
    "key",
    ["6291041500213", "80614141123458", "106141412345678908", "0614141123452", "9506000134352", "96385074", "4006381333931"],
)
def test_a_published_key_has_the_check_digit_it_carries(key: str) -> None:
    assert gs1_check_digit(key[:-1]) == key[-1]


def _prefixed(total: int) -> st.SearchStrategy[tuple[str, str]]:
    """Prefix and numeric reference of `total` digits together."""
    digits = st.text(string.digits, min_size=total, max_size=total)
    return st.tuples(digits, st.integers(6, 12)).map(lambda drawn: (drawn[0][: drawn[1]], drawn[0][drawn[1] :]))


def _worded(alphabet: str) -> st.SearchStrategy[tuple[str, str]]:
    """Prefix and reference of up to 30 characters together."""
    prefixes = st.text(string.digits, min_size=6, max_size=12)
    return st.tuples(prefixes, st.text(alphabet, min_size=1, max_size=18))


def _with(head: st.SearchStrategy[tuple[str, str]], scheme: str, serial: st.SearchStrategy[str | None]) -> st.SearchStrategy[Epc]:
    return st.tuples(head, serial).map(lambda drawn: Epc(scheme, *drawn[0], drawn[1]))


def _itip_reference(drawn: tuple[tuple[str, str], list[int]]) -> tuple[str, str]:
    (prefix, item), pieces = drawn
    low, high = sorted(pieces)
    return prefix, f"{item}.{low:02d}.{high:02d}"


def _serial(longest: int) -> st.SearchStrategy[str]:
    return st.text(SET_82, min_size=1, max_size=longest)


pieces = st.tuples(_prefixed(13), st.lists(st.integers(1, 99), min_size=2, max_size=2)).map(_itip_reference)
epcs = st.one_of(
    _with(_prefixed(13), "sgtin", st.none() | _serial(20)),
    _with(_prefixed(13), "lgtin", _serial(20)),
    _with(_prefixed(13), "upui", _serial(28)),
    _with(pieces, "itip", st.none() | _serial(20)),
    _with(_prefixed(17), "sscc", st.none()),
    _with(_prefixed(12), "sgln", _serial(20)),
    _with(_prefixed(12), "pgln", st.none()),
    _with(_prefixed(12), "grai", st.none() | _serial(16)),
    _with(_prefixed(12), "gdti", st.none() | _serial(17)),
    _with(_prefixed(12), "sgcn", st.none() | st.text(string.digits, min_size=1, max_size=12)),
    _with(_prefixed(17), "gsrn", st.none()),
    _with(_prefixed(17), "gsrnp", st.none()),
    _with(_prefixed(16), "gsin", st.none()),
    _with(_worded(SET_82), "giai", st.none()),
    _with(_worded(SET_82), "ginc", st.none()),
    _with(_worded(SET_39), "cpi", st.none() | st.integers(0, 999_999_999_999).map(str)),
)


@given(epcs)
def test_every_key_reads_back_from_its_urn(epc: Epc) -> None:
    assert parse_epc(epc.urn()) == epc


@given(epcs, st.sampled_from([HOST, "http://example.org:8080/shop/de", "https://example.org/"]))
def test_every_key_reads_back_from_its_link_on_any_host(epc: Epc, domain: str) -> None:
    assert parse_epc(epc.digital_link(domain), len(epc.company_prefix)) == epc


@given(epcs)
def test_a_urn_and_a_link_hold_only_the_signs_their_syntax_allows(epc: Epc) -> None:
    assert re.fullmatch(r"urn:epc:(id|class|idpat):[a-z]+:([A-Za-z0-9!'()*+,\-.:;=_]|%[0-9A-F]{2})+", epc.urn())
    assert re.fullmatch(r"https://id\.gs1\.org(/([A-Za-z0-9._~-]|%[0-9A-F]{2})+)+", epc.digital_link())


@given(epcs, st.data())
def test_a_link_with_one_wrong_digit_in_its_key_is_refused(epc: Epc, data: st.DataObject) -> None:
    host, ai, value, *rest = epc.digital_link("h").split("/")
    if ai in {"8004", "401", "8010"}:
        return
    index = data.draw(st.integers(1 if ai == "8003" else 0, {"00": 17, "01": 13, "8003": 13, "8017": 17, "8018": 17}.get(ai, 12)))
    other = data.draw(st.sampled_from([digit for digit in string.digits if digit != value[index]]))
    wrong = "/".join(["https:/", host, ai, value[:index] + other + value[index + 1 :], *rest])
    with pytest.raises(InputError, match="the check digit of"):
        parse_epc(wrong, len(epc.company_prefix))


def test_what_the_base_mints_is_spelt_as_the_standard_has_it() -> None:
    assert giai("4012345", "VN/7").urn() == "urn:epc:id:giai:4012345.VN%2F7"
    assert lgtin("4012345", "012345", "L1").urn() == "urn:epc:class:lgtin:4012345.012345.L1"
    assert sgln("4012345", "00011").urn() == "urn:epc:id:sgln:4012345.00011.0"
    assert sgln("4012345", "00011", "987").digital_link() == f"{HOST}/414/4012345000115/254/987"
    assert pgln("4012345", "00000").digital_link() == f"{HOST}/417/4012345000009"
    assert gdti("4012345", "55555", "1234").urn() == "urn:epc:id:gdti:4012345.55555.1234"


def test_a_location_needs_no_reference_where_the_prefix_fills_the_number() -> None:
    assert parse_epc("urn:epc:id:sgln:061414112345..400").digital_link() == f"{HOST}/414/0614141123452/254/400"


def test_a_link_does_not_say_where_the_prefix_ends_so_the_caller_does() -> None:
    link = f"{HOST}/8004/40123456789"
    assert parse_epc(link) == Epc("giai", "4012345", "6789")
    assert parse_epc(link, company_prefix_length=9) == Epc("giai", "401234567", "89")
    for length in (5, 13):
        with pytest.raises(InputError, match=f"a company prefix of {length} digits; 6 to 12"):
            parse_epc(link, company_prefix_length=length)


def test_query_fragment_variant_and_lot_beside_a_serial_are_no_part_of_the_identity() -> None:
    link = f"{HOST}/01/04012345123456/22/2A/10/LOT/21/12?17=251231#top"
    assert parse_epc(link) == Epc("sgtin", "4012345", "012345", "12")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no EPC"),
        ("04012345123456", "is no EPC; urn:epc:id:"),
        ("urn:epc:id:sgtin", "is incomplete"),
        ("urn:epc:id:gid:1.2.3", "unknown scheme 'gid'"),
        ("urn:epc:id:lgtin:4012345.012345.1", "has lgtin in the space 'id'; urn:epc:class:lgtin"),
        ("urn:epc:class:sgtin:4012345.012345.1", "urn:epc:id:sgtin"),
        ("urn:epc:tag:sgtin-96:1.4012345.012345.1", "unknown scheme"),
        ("urn:epc:id:sgtin:4012345.012345", "has 2 parts after sgtin; 3, with dots"),
        ("urn:epc:id:sgtin:40123.01234567.1", "prefix is '40123'; 6 to 12 digits"),
        ("urn:epc:id:sgtin:4012345678901..1", "prefix is '4012345678901'; 6 to 12 digits"),
        ("urn:epc:id:sgtin:401234A.012345.1", "prefix is '401234A'; 6 to 12 digits"),
        ("urn:epc:id:sgtin:4012345.12345.1", "has the reference '12345'; 6 digits after a company prefix of 7"),
        ("urn:epc:id:sgtin:4012345.01234A.1", "6 digits after"),
        ("urn:epc:id:sgtin:4012345.012345.", "SGTIN serial part '' has 0 characters; 1 to 20"),
        ("urn:epc:id:sgtin:4012345.012345." + "1" * 21, "has 21 characters; 1 to 20"),
        ("urn:epc:id:sgtin:4012345.012345.a b", "holds ' ' at position 2; only GS1 character set 82"),
        ("urn:epc:id:sgtin:4012345.012345.a/b", "holds '/' at position 2; in a URN it is written %2F"),
        ("urn:epc:id:sgtin:4012345.012345.a%2", "holds '%2'; % is followed by two hexadecimal digits"),
        ("urn:epc:id:sgtin:4012345.012345.%FF", "holds 'ÿ' at position 1"),
        ("urn:epc:idpat:sgtin:4012345.*.*", "6 digits after"),
        ("urn:epc:idpat:sgtin:4012345.012345.1", "is no class of sgtin"),
        ("urn:epc:idpat:upui:4012345.012345.*", "is no class of upui"),
        ("urn:epc:id:sscc:4012345.012345678", "has the reference '012345678'; 10 digits"),
        ("urn:epc:id:giai:4012345.", "has no reference; at least one character"),
        ("urn:epc:id:giai:4012345." + "A" * 24, "has 24 characters; at most 23 after a company prefix of 7"),
        ("urn:epc:id:giai:4012345.a#", "holds '#' at position 2; in a URN it is written %23"),
        ("urn:epc:id:giai:4012345.a%23", "holds '#' at position 2; only GS1 character set 82"),
        ("urn:epc:id:cpi:4012345.abc.1", "holds 'a' at position 1; only GS1 character set 39"),
        ("urn:epc:id:cpi:4012345.ABC.A", "only digits"),
        ("urn:epc:id:cpi:4012345.ABC.01", "starts with 0; a number without leading zeros"),
        ("urn:epc:id:sgcn:4012345.67890.A", "only digits"),
        ("urn:epc:id:itip:4012345.012345.1.02.9", "is not item.piece.total"),
        ("urn:epc:id:itip:4012345.012345.03.02.9", "piece 03 of 02; a piece from 01 to the total"),
        ("urn:epc:id:itip:4012345.012345.00.02.9", "piece 00 of 02"),
        ("https://example.org/about", "has no GS1 key"),
        ("https://id.gs1.org/01/04012345123457", "check digit of '04012345123457' is '7'; the other digits call for '6'"),
        ("https://id.gs1.org/01/4012345123456", "AI 01 holds '4012345123456'; 14 digits"),
        ("https://id.gs1.org/01/04012345123456/22/2A", "has no EPC; AI 21, 10 or 235"),
        ("https://id.gs1.org/01/04012345123456/21/1/21/2", "each once"),
        ("https://id.gs1.org/00/106141412345678908/21/1", "AI 21 behind AI 00; each once, of none"),
        ("https://id.gs1.org/8003/10614141123452", "starts with '1'; a GRAI has 0"),
        ("https://id.gs1.org/417/06141411234521", "has '1' too much; 13 digits"),
        ("https://id.gs1.org/8004/4012345", "has no reference"),
        ("https://id.gs1.org/8010/4012345ABC/8011/A", "only digits"),
    ],
)
def test_what_does_not_conform_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        parse_epc(text)
    assert caught.value.where.field == "epc"


@pytest.mark.parametrize(
    ("scheme", "parts", "message"),
    [
        ("gid", ("4012345", "1"), "the scheme 'gid' is not known"),
        ("lgtin", ("4012345", "012345"), "the LGTIN has no serial part; 1 to 20"),
        ("sgln", ("4012345", "00001"), "the SGLN has no serial part"),
        ("sscc", ("4012345", "0123456789", "1"), "the SSCC has the serial '1'; this key has none"),
        ("giai", ("4012345", "A", ""), "the GIAI has the serial ''"),
        ("giai", ("٤٠١٢٣٤٥", "A"), "; 6 to 12 digits"),
    ],
)
def test_an_epc_that_does_not_conform_cannot_be_made(scheme: str, parts: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        Epc(scheme, *parts)


@pytest.mark.parametrize("text", ["", "12A", "١٢"])
def test_only_digits_have_a_check_digit(text: str) -> None:
    with pytest.raises(InputError, match="has no check digit; digits only"):
        gs1_check_digit(text)


starts = st.sampled_from(
    ["", "urn:epc:id:", "urn:epc:id:itip:", "urn:epc:idpat:cpi:", "https://", f"{HOST}/8003/", f"{HOST}/8006/"]
)


@given(starts, st.text() | st.text(SET_82 + "#", max_size=60), st.integers())
def test_any_text_is_read_or_refused_as_input(start: str, text: str, prefix_length: int) -> None:
    for length in (7, prefix_length):
        try:
            epc = parse_epc(start + text, length)
        except InputError as caught:
            assert_names_the_field(caught)
        else:
            assert parse_epc(epc.urn()) == epc


def assert_names_the_field(error: InputError) -> None:
    assert error.where.field == "epc"
    assert error.expected


@pytest.mark.skipif(not EPCIS.is_dir(), reason=f"{EPCIS} is absent: set VNEST_DATA")
class TestDocumentsOfGs1:
    """All conform: no exception had to be listed."""

    def test_every_urn_in_them_is_read_and_written_back_the_same(self) -> None:
        urns = _found(r'"(urn:epc:(?:id|idpat|class):[^"]+)"')
        assert len(urns) > 100
        assert {parse_epc(urn).scheme for urn in urns} >= {
            "sgtin",
            "lgtin",
            "sscc",
            "sgln",
            "pgln",
            "giai",
            "gdti",
            "cpi",
            "itip",
        }
        assert [urn for urn in urns if parse_epc(urn).urn() != urn] == []

    def test_every_link_in_them_is_read_and_written_back_the_same(self) -> None:
        links = _found(r'"(https?://[^/"]+/(?:00|01|253|255|401|402|414|417|8003|8004|8006|8010|8017|8018)/[0-9][^"]*)"')
        assert len(links) > 10
        assert [link for link in links if parse_epc(link).digital_link(link[: link.index("/", 8)]) != link] == []

    def test_every_urn_becomes_the_link_that_the_event_hash_algorithm_expects(self) -> None:
        """Without the host: `epcisDocWithAllGS1Keys.prehashes` came damaged, other text is spliced into some of its hosts."""
        expected = "".join(path.read_text(encoding="utf-8") for path in sorted(EPCIS.glob("hash/*.prehashes")))
        urns = _found(r'"(urn:epc:(?:id|idpat|class):[^"]+)"', "hash")
        # Spliced inside the key itself: `/235=https://AB12`.
        damaged = ["urn:epc:id:upui:4012345.012345.AB12"]
        assert [urn for urn in urns if parse_epc(urn).digital_link("") not in expected] == damaged


def _found(pattern: str, folder: str = "*") -> list[str]:
    paths = sorted(EPCIS.glob(f"{folder}/*.jsonld"))
    return sorted({match for path in paths for match in re.findall(pattern, path.read_text(encoding="utf-8"))})
