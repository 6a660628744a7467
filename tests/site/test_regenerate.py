"""What a regeneration leaves in the ledger: lots that trace back to packs and vehicles, mass that closes, pages to look at."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import traced

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow, Stock
from vehiclenest.ledger.balance import balance, columns_of, largest_closure_error
from vehiclenest.loop.regenerate import checks, claims, run
from vehiclenest.loop.regenerate.feed import parse_feed
from vehiclenest.site import Settings
from vehiclenest.site import run as run_base
from vehiclenest.site.regenerate import book_outcome
from vehiclenest.site.regenerate_report import write_claims_page, write_run_page

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HEADER = "vin,make,model,year,powertrain,curb_mass_kg,weighed_mass_kg,mileage_km,damage_codes,battery_code,received_at\n"
# Burnt batteries find no second life: they are for regeneration.
CARS = "".join(
    f"{vin},BYD,QIN,2019,electric,1650,,90000,underbody:5B9,,2026-08-06T08:00:00+08:00\n"
    for vin in ("LC0JYALC5FG591831", "LC014B3H4JB476964")
)
FEED = "name = 'black mass of two packs'\nmass_t = {}\n[composition]\nNMC622 = 0.6\ngraphite = 0.35\nPVDF = 0.02\ninert = 0.03\n"
PACKS = ("LC0JYALC5FG591831-TBA", "LC014B3H4JB476964-TBA")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose base keeps the packs that it regenerates itself."""
    cars, own = tmp_path / "cars.csv", tmp_path / "site"
    cars.write_text(HEADER + CARS, encoding="utf-8")
    own.mkdir()
    (own / "site.toml").write_text('[own_works]\nroutes = ["regenerate", "second_life"]\n', encoding="utf-8")
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as book:
        run_base([cars], book, Settings(folder=own), NOW, lambda _stage, _done, _total: None)
        yield book


def test_regenerated_lithium_carbonate_traces_back_to_packs_and_vehicles(ledger: Ledger) -> None:
    outcome = run(parse_feed(FEED.format(0.2), "x"), "hydro")
    booked = book_outcome(outcome, PACKS, ledger, Settings(), NOW)
    found = traced(ledger, booked.lots["lithium carbonate"])
    vehicles = {origin.lot.reference: origin.share for origin in found.origins if origin.lot.kind == "vehicle"}
    assert set(vehicles) == {"LC0JYALC5FG591831", "LC014B3H4JB476964"}
    assert sum(origin.share for origin in found.origins) == pytest.approx(1)
    assert {origin.lot.name for origin in found.origins} >= {"sulfuric acid", "soda ash", "fresh water"}
    assert found.attributes["recycledLithium"] == "1.000000"
    assert found.attributes["route"] == "hydro"
    assert "process.hydro.concentrated_lithium" in found.unverified
    assert found.mass_kg == pytest.approx(float(outcome.flowsheet.streams("lithium carbonate")[0].mass_kg[0]))


def test_the_mass_of_every_event_closes_and_gas_is_lost(ledger: Ledger) -> None:
    with columns_of(ledger) as columns:
        assert largest_closure_error(columns) < 1e-9
    outcome = run(parse_feed(FEED.format(0.2), "x"), "one-step")
    booked = book_outcome(outcome, PACKS, ledger, Settings(), NOW)
    assert booked.as_dict()["events"] == booked.events > 5
    with columns_of(ledger) as columns:
        assert largest_closure_error(columns) < 1e-9
    forward = traced(ledger, PACKS[0])
    assert sum(output.share for output in forward.outputs) == pytest.approx(1)
    ends = {output.end for output in forward.outputs}
    assert ends == {"stock", "lost"}
    names = {output.lot.name for output in forward.outputs if output.lot}
    assert {"rest of packs", "lithium carbonate", "nickel sulfate hexahydrate", "residue leach residue"} <= names


def test_reagents_energy_and_money_are_booked_and_labour_only_where_it_is_known(ledger: Ledger) -> None:
    outcome = run(parse_feed(FEED.format(0.2), "x"), "hydro")
    with columns_of(ledger) as columns:
        before = balance(columns, "stage")
    book_outcome(outcome, PACKS, ledger, Settings(), NOW)
    with columns_of(ledger) as columns:
        after = balance(columns, "stage")
    gas = after["energy_kwh"]["natural_gas"]
    assert gas == pytest.approx(float(outcome.accounts.fuel_kwh[0]))
    spent = _money(after)
    assert spent["sulfuric acid"] == -outcome.money.costs["sulfuric acid"]
    labour = spent["labour"] - _money(before)["labour"]
    assert labour == -outcome.money.costs["labour"]


def _money(found: dict[str, Any]) -> dict[str, Decimal]:
    return {row["purpose"]: Decimal(row["amount"]) for row in found["money"]}


def test_black_mass_in_the_ledger_is_used_as_far_as_the_feed_goes(tmp_path: Path) -> None:
    lot = "urn:epc:class:lgtin:9521141.000101.BOUGHT"
    bought = Event(
        "ObjectEvent",
        NOW,
        {"action": "ADD", "bizStep": "receiving", "quantityList": [{"epcClass": lot, "quantity": 500.0, "uom": "KGM"}]},
        lots=[Lot(lot, "black_mass", "black mass")],
        material=[MaterialFlow(Flow.RECEIVED, {"nickel": 100.0, "graphite": 200.0, "other": 200.0}, lot)],
    )
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as book:
        with book.writing() as page:
            page.capture([bought], NOW)
        booked = book_outcome(run(parse_feed(FEED.format(0.3), "x"), "direct"), ["000101.BOUGHT"], book, Settings(), NOW)
        found = traced(book, booked.lots["regenerated cathode"])
        assert found.attributes["recycledLithium"] == f"{1 / 1.05:.6f}"
        assert any(origin.lot.uri == lot for origin in found.origins)
        left = {stock.lot: sum(stock.materials.values()) for stock in _stock(book)}
        assert left[lot] == pytest.approx(200)
        with pytest.raises(InputError, match=r"the feed is 300\.000 kg, the lots hold 200\.000 kg"):
            book_outcome(run(parse_feed(FEED.format(0.3), "x"), "hydro"), [lot], book, Settings(), NOW)


def _stock(book: Ledger) -> list[Stock]:
    with book.writing() as page:
        return list(page.stock("black_mass"))


def test_lots_that_cannot_be_used_are_refused_and_nothing_is_booked(ledger: Ledger) -> None:
    outcome = run(parse_feed(FEED.format(0.2), "x"), "hydro")
    size = ledger.size()
    with pytest.raises(NotFoundError, match="no pack or black mass 'NOPE'"):
        book_outcome(outcome, ["NOPE"], ledger, Settings(), NOW)
    with pytest.raises(NotFoundError):
        book_outcome(outcome, ["no thing has a name like this: ü"], ledger, Settings(), NOW)
    heavy = run(parse_feed(FEED.format(5), "x"), "hydro")
    with pytest.raises(InputError, match="a mass_t of no more than the lots"):
        book_outcome(heavy, PACKS, ledger, Settings(), NOW)
    assert ledger.size() == size
    book_outcome(outcome, PACKS, ledger, Settings(), NOW)
    with pytest.raises(ConflictError, match="is not in stock"):
        book_outcome(outcome, PACKS, ledger, Settings(), NOW)


def test_black_mass_and_packs_do_not_go_together(ledger: Ledger) -> None:
    settings = Settings()
    booked = book_outcome(run(parse_feed(FEED.format(0.1), "x"), "hydro"), PACKS[:1], ledger, settings, NOW)
    rest = "urn:epc:class:lgtin:9521141.000101.MORE"
    more = Event(
        "ObjectEvent",
        NOW,
        {"action": "ADD", "bizStep": "receiving"},
        lots=[Lot(rest, "black_mass", "black mass")],
        material=[MaterialFlow(Flow.RECEIVED, {"other": 900.0}, rest)],
    )
    with ledger.writing() as page:
        page.capture([more], NOW)
    with pytest.raises(InputError, match="black mass and other lots together"):
        book_outcome(run(parse_feed(FEED.format(0.1), "x"), "hydro"), [rest, PACKS[1]], ledger, settings, NOW)
    assert booked.lots["black mass"].endswith(".000101." + booked.lots["lithium carbonate"].rsplit(".", 1)[1])


def test_a_pack_that_is_black_mass_entirely_leaves_no_rest(tmp_path: Path) -> None:
    pack = "urn:epc:id:giai:9521141.PACK"
    received = Event(
        "ObjectEvent",
        NOW,
        {"action": "ADD", "bizStep": "receiving", "epcList": [pack]},
        lots=[Lot(pack, "pack", "pack")],
        material=[MaterialFlow(Flow.RECEIVED, {"other": 100.0}, pack)],
    )
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as book:
        with book.writing() as page:
            page.capture([received], NOW)
        booked = book_outcome(run(parse_feed(FEED.format(0.1), "x"), "hydro"), ["PACK"], book, Settings(), NOW)
    assert "rest of packs" not in booked.lots


def test_the_pages_hold_their_figures_in_two_languages_and_fetch_nothing(tmp_path: Path) -> None:
    outcome = run(parse_feed(FEED.format(1), "x"), "one-step")
    write_run_page(outcome, checks(outcome, date(2028, 1, 1)), tmp_path / "run.html", NOW)
    rows = claims(outcome.feed, 200)
    write_claims_page([outcome], rows, 200, tmp_path / "claims.html", NOW)
    for name, words in (
        ("run.html", ("Limits of law", "法规限值", "lithium carbonate", "碳酸锂")),
        ("claims.html", ("取决于系统边界",)),
    ):
        page = (tmp_path / name).read_text(encoding="utf-8")
        own = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
        assert all(word in own for word in words)
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", own)
        assert "script-src 'sha256-" in html.unescape(page[:2000])
    with pytest.raises(InputError):
        write_run_page(outcome, [], tmp_path / "run.html" / "x.html", NOW)
