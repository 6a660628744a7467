"""The report holds every figure of a run, sums to the mass in, and stays harmless whatever a vehicle is called."""

import json
import re
import tomllib
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vehiclenest.site.report as report_module
from vehiclenest.core.errors import InputError
from vehiclenest.disclosure import USES, in_scope, recovery_rates
from vehiclenest.ledger.balance import VehicleFate
from vehiclenest.loop.records import Route, Stream
from vehiclenest.site import Rejected, Result
from vehiclenest.site.report import flows, write_report

from .conftest import GOOD, HEADER, Ran, work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = "</script><img src=x onerror=alert(1)>"
GENERATED = datetime(2026, 11, 22, 17, 30, tzinfo=timezone(timedelta(hours=8)))
TEMPLATES = Path(report_module.__file__).with_name("templates")
CAR = {
    ("recycle", "ferrous scrap"): 0.70,
    ("reuse", "metal components"): 0.16,
    ("recycle", "liquids"): 0.01,
    ("reuse", "fuel"): 0.01,
    ("second_life", "batteries"): 0.02,
    ("energy_recovery", "shredder light fraction"): 0.06,
    ("dispose", "other materials from shredding"): 0.03,
    ("stock", "oil filters"): 0.005,
    ("lost", ""): 0.005,
}


def fate(
    number: int, name: str, mass_kg: float = 1000.0, shares: dict[tuple[str, str], float] | None = None, **about: str
) -> VehicleFate:
    attributes = {"category": "M1", "massSource": "weighed", "massLowKg": "900", "massHighKg": "1100", **about}
    return VehicleFate(number, f"LOT{number}", name, attributes, mass_kg, shares or CAR, Decimal(100 - number), -10.0 * number)


def outcome(vehicles: Sequence[VehicleFate], rejected: Sequence[Rejected] = (), estimated: float = 0.0) -> Result:
    """A result whose figures follow from its vehicles, as those of a run do."""
    ends: defaultdict[str, float] = defaultdict(float)
    for vehicle in vehicles:
        for (end, _), share in vehicle.shares.items():
            ends[end] += share * vehicle.mass_kg
    return Result(
        rows_read=len(vehicles) + len(rejected),
        vehicles=list(vehicles),
        rejected=list(rejected),
        mass_in_kg=sum(vehicle.mass_kg for vehicle in vehicles),
        mass_by_route_kg={route.value: ends[route.value] for route in Route if route.value in ends},
        expected_reuse_kg=0.25 * ends["reuse"],
        stock_kg=ends["stock"],
        lost_kg=ends["lost"],
        unaccounted_kg=ends["unaccounted"],
        max_closure_error=0.0,
        rates=recovery_rates(vehicle for vehicle in vehicles if in_scope(vehicle)),
        rates_all=recovery_rates(vehicles),
        money={"currency": "CNY", "net": "20.00", "labour": "-30.00", "sale for recycle": "50.00"}
        if vehicles
        else {"currency": "CNY", "net": "0"},
        carbon_kg=sum(vehicle.carbon_kg for vehicle in vehicles),
        carbon_by_source_kg={"recycle": sum(vehicle.carbon_kg for vehicle in vehicles) - 1, "electricity": 1.0}
        if vehicles
        else {},
        energy_kwh={"electricity": 2.0} if vehicles else {},
        estimated_mass_share=estimated,
        events=5 * len(vehicles),
        seconds=0.1,
        unverified=["prices.labour"] if vehicles else [],
    )


class Reader(HTMLParser):
    """What a browser would make of the page: its elements with their attributes, and the text of its tables, row by row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts[-1] += data
        elif "style" not in self.open:
            self.text += data
            if "td" in self.open or "th" in self.open:
                self.rows[-1][-1] += data

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script draws."""
        return json.loads(self.scripts[0])


def write(result: Result, folder: Path, title: str = "A day at the base", place: str = "cn") -> Path:
    path = folder / "report.html"
    write_report(result, path, title=title, generated=GENERATED, place=place)
    return path


def read(result: Result, folder: Path, title: str = "A day at the base") -> Reader:
    return Reader(write(result, folder, title).read_text(encoding="utf-8"))


def test_flows_sum_to_the_mass_in(real: Ran, tmp_path: Path) -> None:
    result = real.result
    page = read(result, tmp_path)
    assert sum(flow.kg for flow in flows(result.vehicles)) == pytest.approx(result.mass_in_kg, rel=1e-12)
    drawn = page.data["flows"]
    assert sum(kg for *_, kg in drawn) == pytest.approx(result.mass_in_kg, rel=1e-12)
    by_end: defaultdict[str, float] = defaultdict(float)
    for _, _, end, kg in drawn:
        by_end[end] += kg
    ends = result.mass_by_route_kg | {"stock": result.stock_kg, "lost": result.lost_kg}
    assert dict(by_end) == pytest.approx({end: kg for end, kg in ends.items() if kg}, rel=1e-9)


def test_flows_pass_through_the_stage_that_the_decision_gives_their_stream() -> None:
    stages = {flow.stream: flow.stage for flow in flows([fate(1, "car")])}
    assert stages["liquids"] == stages["fuel"] == stages["batteries"] == "depollution"
    assert stages["metal components"] == "dismantling"
    assert stages["ferrous scrap"] == "shredding"
    assert stages["none"] == "none"


def test_a_negative_flow_is_not_drawn_but_said(tmp_path: Path) -> None:
    shares = {("recycle", "ferrous scrap"): 1.05, ("unaccounted", ""): -0.05}
    page = read(outcome([fate(1, "heavier than it was", shares=shares)]), tmp_path)
    assert page.data["flows"] == [["shredding", "ferrous scrap", "recycle", pytest.approx(1050.0)]]
    assert page.data["negative"] == [["none", "none", "unaccounted", pytest.approx(-50.0)]]
    assert "Not drawn: −50.0 kg" in page.text
    assert "the bands therefore sum to 1.050 t" in page.text


def test_the_head_names_verdict_target_law_and_method(tmp_path: Path) -> None:
    text = read(outcome([fate(1, "car")]), tmp_path).text
    # X1 = 0.70 + 0.16 + 0.01 and X2 = X1 + 0.06 of 0.99: fuel is left out, second life and stock count in neither.
    assert "87.87 %" in text
    assert "93.93 %" in text
    for words in ("✓ met", "✗ not met", "2000/53/EC Art. 7(2)(b)", "2005/293/EC", "M1 and N1", "1 of 1 vehicles"):
        assert words in " ".join(text.split())


def test_a_rate_just_below_its_target_does_not_read_as_the_target(tmp_path: Path) -> None:
    shares = {("recycle", "ferrous scrap"): 0.84999, ("dispose", "other materials from shredding"): 0.15001}
    page = read(outcome([fate(1, "car", shares=shares)]), tmp_path)
    head = page.text.partition("Vehicles processed")[0]
    assert "84.99 %" in head
    assert "85.00 %" not in head
    assert "✗ not met" in " ".join(head.split())
    assert page.data["rates"][0]["text"] == "84.99 %"


def test_a_rate_exactly_on_its_target_reads_as_the_target(tmp_path: Path) -> None:
    shares = {
        ("recycle", "ferrous scrap"): 0.58,
        ("reuse", "metal components"): 0.27,
        ("energy_recovery", "shredder light fraction"): 0.15,
    }
    assert "85.00 %" in read(outcome([fate(1, "car", shares=shares)]), tmp_path).text


def test_vehicles_beyond_the_directive_get_rates_and_no_verdict(tmp_path: Path) -> None:
    page = read(outcome([fate(1, "truck", category="N3")]), tmp_path)
    text = " ".join(page.text.split())
    assert text.count("– not assessed") == 2
    assert "✓" not in text
    assert "✗" not in text
    assert next(row for row in page.rows if row and row[0] == "LOT1")[5:7] == ["87.87 %", "93.93 %"]


def test_estimated_mass_is_said_to_close_by_construction(tmp_path: Path) -> None:
    assert (
        "Closure holds by construction where masses are estimated: 25.0 %"
        in read(outcome([fate(1, "a")], estimated=0.25), tmp_path).text
    )
    assert "by construction" not in read(outcome([fate(1, "a")]), tmp_path).text


@pytest.mark.parametrize(
    ("error", "text"), [(0.0, "0 %"), (1.11e-15, "1.1 × 10⁻¹⁵"), (9.99e-7, "1.0 × 10⁻⁶"), (0.0234, "2.34 %")]
)
def test_the_closure_error_reads_as_what_it_is(tmp_path: Path, error: float, text: str) -> None:
    page = read(replace(outcome([fate(1, "car")]), max_closure_error=error), tmp_path)
    assert f"最大闭合误差{text}" in page.text


def test_what_is_there_never_reads_as_nothing(tmp_path: Path) -> None:
    shares = {("recycle", "ferrous scrap"): 0.9999999, ("stock", "oil filters"): 0.0000001}
    page = read(outcome([fate(1, "train", 200_000.0, shares)]), tmp_path)
    assert {row["text"] for row in page.data["mass"]} == {"200.0 t", "<0.1 t", "0.0 t"}


def test_the_table_of_the_decision_sums_by_row_and_by_column(real: Ran, tmp_path: Path) -> None:
    rates = real.result.rates
    page = read(real.result, tmp_path)
    start = next(place for place, row in enumerate(page.rows) if row[0] == "Stream物料流" and len(row) == len(USES) + 2)
    rows = [row for row in page.rows[start + 1 :] if len(row) == len(USES) + 2]
    streams = [row[0] for row in rows[: len(rates.table)]]
    assert streams[0].startswith("Batteries")
    assert streams[-1].startswith("In no stream")
    assert not any(stream.startswith("Fuel") for stream in streams)
    total = rows[len(rates.table)]
    assert total[-1] == f"{rates.weight_kg:,.0f}100.00 %"
    assert total[1].startswith(f"{rates.used('reuse'):,.0f}")


def test_the_waterfall_of_money_ends_at_the_net(real: Ran, tmp_path: Path) -> None:
    *bars, net = read(real.result, tmp_path).data["money"]
    assert sum(bar["value"] for bar in bars) == pytest.approx(net["value"])
    assert all(before["start"] + before["value"] == pytest.approx(after["start"]) for before, after in pairwise(bars))
    assert net["value"] == float(real.result.money["net"])


def test_carbon_by_source_sums_to_the_net(real: Ran, tmp_path: Path) -> None:
    *bars, net = read(real.result, tmp_path).data["carbon"]
    assert sum(bar["value"] for bar in bars) == pytest.approx(net["value"])


def test_every_vehicle_and_every_rejected_row_stands_in_the_page(real: Ran, tmp_path: Path) -> None:
    page = read(real.result, tmp_path)
    found = {row[0]: row for row in page.rows if row and row[0].startswith("LOT")}
    assert found.keys() == {vehicle.reference for vehicle in real.result.vehicles}
    for vehicle in real.result.vehicles:
        assert found[vehicle.reference][1] == vehicle.name
    for reject in real.result.rejected:
        assert [reject.file, str(reject.line), reject.field or "–", reject.reason] in page.rows
    for constant in real.result.unverified:
        assert constant in page.text


def test_a_vehicle_shows_its_interval_and_flags(tmp_path: Path) -> None:
    page = read(outcome([fate(7, "2012 VW LAVIDA", 1280.5, flags="mileage unknown")]), tmp_path)
    row = next(row for row in page.rows if row and row[0] == "LOT7")
    assert row == [
        "LOT7", "2012 VW LAVIDA", "M1", "1,280.5", "900–1,100", "87.87 %", "93.93 %", "93.00", "−70.0", "weighed", "mileage unknown",
    ]  # fmt: skip


def test_a_small_run_from_rows_to_page(tmp_path: Path) -> None:
    ran = work(tmp_path, HEADER + GOOD + GOOD)
    page = read(ran.result, tmp_path)
    assert "LSVAA49J132047371" in page.text
    assert any("stands in cars0.csv line 2 already" in row[-1] for row in page.rows)


def test_nothing_processed_is_said_everywhere_and_no_chart_is_empty(tmp_path: Path) -> None:
    path = write(outcome([], [Rejected("cars.csv", None, "", "the file is empty")]), tmp_path)
    page = Reader(path.read_text(encoding="utf-8"))
    assert page.text.count("No vehicle was processed") == 2
    assert "Not assessed: no vehicle of category M1 or N1." in page.text
    assert "None was used." in page.text
    assert "chart-flow" not in dict(page.attributes).values()
    assert ["cars.csv", "–", "–", "the file is empty"] in page.rows
    assert "nan" not in page.text.lower()


def test_no_rejected_row_is_said(tmp_path: Path) -> None:
    assert "Every row was taken." in read(outcome([fate(1, "car")]), tmp_path).text


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    harmless = read(outcome([fate(1, "car")], [Rejected("cars.csv", 2, "vin", "no")]), tmp_path)
    shares = CAR | {("recycle", HOSTILE): 0.0}
    vehicle = replace(fate(1, HOSTILE, shares=shares, flags=HOSTILE, massSource=HOSTILE), reference=f"LOT{HOSTILE}")
    hostile = outcome([vehicle], [Rejected(HOSTILE, 2, HOSTILE, HOSTILE)])
    hostile = replace(hostile, money=hostile.money | {HOSTILE: "1"}, unverified=[HOSTILE])
    page = read(hostile, tmp_path, title=HOSTILE)
    assert "img" not in page.tags
    assert page.tags["script"] == harmless.tags["script"] == 3
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.text.count(HOSTILE) >= 9
    assert HOSTILE in {row["name"]["en"] for row in page.data["money"]}


def test_the_policy_names_every_script_by_its_hash_and_lets_nothing_be_fetched(tmp_path: Path) -> None:
    page = read(outcome([fate(1, "car")]), tmp_path)
    policy = next(value for name, value in page.attributes if name == "content" and value and value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; ")
    for script in page.scripts[1:]:
        assert b64encode(sha256(script.encode()).digest()).decode() in policy
    assert "unsafe-inline" not in policy.split("script-src")[1]
    assert not any(name in {"src", "srcset"} for name, _ in page.attributes)
    assert all((value or "").startswith("#") for name, value in page.attributes if name == "href")


def test_a_file_name_that_is_no_unicode_does_not_stop_the_report(tmp_path: Path) -> None:
    assert r"caf\udce9.csv" in read(outcome([], [Rejected("caf\udce9.csv", 1, "", "x")]), tmp_path).text


def test_the_time_is_utc(tmp_path: Path) -> None:
    page = read(outcome([fate(1, "car")]), tmp_path)
    assert "2026-11-22 09:30 UTC" in page.text
    assert ("datetime", GENERATED.astimezone(UTC).isoformat()) in page.attributes


def test_a_report_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(outcome([fate(1, "car")]), tmp_path)
    before = path.read_bytes()

    def fail(*_: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr(report_module, "_page", fail)
    with pytest.raises(RuntimeError, match="no page"):
        write(outcome([fate(2, "other")]), tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(outcome([fate(1, "car")]), tmp_path / "file")


def test_the_page_without_plotly_is_small(real: Ran, tmp_path: Path) -> None:
    page = read(real.result, tmp_path)
    whole = len((tmp_path / "report.html").read_bytes())
    assert whole - len(page.scripts[1].encode()) < 600_000


def test_every_stream_end_and_use_has_a_name_in_both_languages() -> None:
    names = tomllib.loads((TEMPLATES / "names.toml").read_text(encoding="utf-8"))
    assert {stream.value for stream in Stream} <= names["stream"].keys()
    assert {*(route.value for route in Route), "stock", "lost", "unaccounted"} <= names["end"].keys()
    assert set(USES) <= names["use"].keys()
    assert {vehicle_end for vehicle_end, _ in CAR} <= names["end"].keys()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [*((ink, ground) for ink in ("ink", "quiet", "accent") for ground in ("page", "panel", "soft")),
     ("good", "good-soft"), ("bad", "bad-soft"), ("bad", "panel"), ("panel", "ink")],
)  # fmt: skip
def test_text_has_the_contrast_of_wcag_aa(scheme: int, ink: str, ground: str) -> None:
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


# In a browser.


class Visit:
    """A page that is looked at, with everything it asked for and everything it complained of."""

    def __init__(self, browser: "Browser", path: Path, width: int, language: str = "en-GB", *, script: bool = True) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, locale=language, java_script_enabled=script)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert self.complaints == []
        assert len(self.requests) == 1
        assert self.requests[0].startswith("file://")

    def sideways(self) -> bool:
        """Whether the page itself scrolls sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")

    def column(self, number: int) -> list[str]:
        """Texts of a column of the vehicles that are shown."""
        return self.page.eval_on_selector_all(
            f"#vehicle-table tbody tr:not([hidden]) > :nth-child({number})", "cells => cells.map(cell => cell.textContent)"
        )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three vehicles, one of them with a hostile name."""
    vehicles = [fate(1, "2012 HONDA FIT", 950.0), fate(2, HOSTILE, 1200.0, flags="odd"), fate(3, "2019 HONDA CIVIC", 1300.0)]
    return write(outcome(vehicles, estimated=0.5), tmp_path_factory.mktemp("small"))


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_chart_is_drawn_and_nothing_overflows(
    browser: "Browser", real: Ran, tmp_path: Path, width: int, language: str
) -> None:
    found = flows(real.result.vehicles)
    nodes = {("stream", flow.stream) for flow in found} | {("end", flow.end) for flow in found}
    stages = {flow.stage for flow in found}
    with Visit(browser, write(real.result, tmp_path), width, language) as visit:
        assert visit.page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh-CN" else "en")
        for chart in ("flow", "rates", "mass", "money", "carbon"):
            box = visit.page.locator(f"#chart-{chart}")
            assert box.locator("svg.main-svg").first.is_visible()
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
        assert visit.page.locator("#chart-flow .sankey-node").count() == len(nodes) + (len(stages) + 1 if width > 700 else 0)
        assert visit.page.locator("#chart-mass .point").count() == len(real.result.mass_by_route_kg) + 3
        assert not visit.sideways()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_labels_of_the_flow_do_not_overlap(browser: "Browser", real: Ran, tmp_path: Path, width: int) -> None:
    with Visit(browser, write(real.result, tmp_path), width) as visit:
        boxes = visit.page.eval_on_selector_all(
            "#chart-flow .node-label",
            "labels => labels.map(label => label.getBoundingClientRect()).map(box => [box.left, box.top, box.right, box.bottom])",
        )
        chart = visit.page.locator("#chart-flow").evaluate(
            "box => [box.getBoundingClientRect().left, box.getBoundingClientRect().right]"
        )
        for place, (left, top, right, bottom) in enumerate(boxes):
            assert chart[0] <= left
            assert right <= chart[1]
            for other_left, other_top, other_right, other_bottom in boxes[:place]:
                apart = right <= other_left or other_right <= left or bottom <= other_top + 3 or other_bottom <= top + 3
                assert apart, (place, left, top)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_search_keeps_the_rows_that_hold_every_word(browser: "Browser", small: Path, width: int) -> None:
    with Visit(browser, small, width) as visit:
        visit.page.get_by_label("Search vehicles").fill("honda 2019")
        assert visit.column(2) == ["2019 HONDA CIVIC"]
        assert visit.page.locator("#found").inner_text() == "1 of 3"
        visit.page.get_by_label("Search vehicles").fill("")
        assert len(visit.column(2)) == 3


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_a_column_is_sorted_with_the_keyboard_one_way_and_the_other(browser: "Browser", small: Path, width: int) -> None:
    with Visit(browser, small, width) as visit:
        mass = visit.page.get_by_role("button", name="Mass, kg", exact=True)
        mass.focus()
        visit.page.keyboard.press("Enter")
        assert visit.column(4) == ["950.0", "1,200.0", "1,300.0"]
        visit.page.keyboard.press("Enter")
        assert visit.column(4) == ["1,300.0", "1,200.0", "950.0"]
        assert visit.page.locator("#vehicle-table [aria-sort]").get_attribute("aria-sort") == "descending"
        visit.page.get_by_role("button", name="Carbon", exact=False).click()
        assert visit.column(9) == ["−30.0", "−20.0", "−10.0"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_the_language_switches_text_and_charts(browser: "Browser", small: Path, width: int) -> None:
    with Visit(browser, small, width) as visit:
        heading = visit.page.locator("#flow-title")
        assert heading.inner_text() == "Material flow"
        visit.page.get_by_role("button", name="中文").click()
        assert heading.inner_text() == "物料流"
        assert "废钢铁" in visit.page.locator("#chart-flow").inner_text()
        assert visit.page.get_by_role("button", name="中文").get_attribute("aria-pressed") == "true"
        assert visit.page.locator("#found").inner_text() == "3 辆中的 3 辆"
        assert not visit.sideways()
        visit.page.get_by_role("button", name="English").click()
        assert heading.inner_text() == "Material flow"


@pytest.mark.browser
def test_charts_follow_the_width_of_the_window(browser: "Browser", small: Path) -> None:
    from playwright.sync_api import expect

    with Visit(browser, small, 1440) as visit:
        assert "Vehicles" in visit.page.locator("#chart-flow").inner_text()
        visit.page.set_viewport_size({"width": 390, "height": 844})
        expect(visit.page.locator("#chart-flow")).not_to_contain_text("Vehicles")
        width = visit.page.locator("#chart-flow svg").first.evaluate("drawing => drawing.getBoundingClientRect().width")
        assert width < 390
        assert not visit.sideways()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_without_vehicles_is_whole(browser: "Browser", tmp_path: Path, width: int) -> None:
    with Visit(browser, write(outcome([], [Rejected("cars.csv", 2, "vin", "x" * 300)]), tmp_path), width) as visit:
        assert visit.page.locator(".chart").count() == 0
        assert visit.page.get_by_text("No vehicle was processed, so there is nothing to draw.").is_visible()
        assert not visit.sideways()


@pytest.mark.browser
def test_without_script_every_table_is_there_in_english(browser: "Browser", small: Path) -> None:
    with Visit(browser, small, 390, "zh-CN", script=False) as visit:
        assert visit.page.locator("#flow-title").inner_text() == "Material flow"
        assert visit.page.locator("#vehicle-table tbody tr").count() == 3
        assert visit.page.locator("#vehicle-table").is_visible()
        assert not visit.page.locator("#search").is_visible()
        assert not visit.page.locator(".languages").is_visible()
        assert not visit.page.locator("#chart-flow").is_visible()
        assert not visit.sideways()


def test_a_year_of_vehicles_is_listed_in_part_and_says_so(example: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "_MOST_VEHICLES", 7)
    write_report(example.result, tmp_path / "part.html", title="part", generated=GENERATED, place="cn")
    page = (tmp_path / "part.html").read_text(encoding="utf-8")
    assert "The first 7 are listed" in page
    assert f'<th scope="row">{example.result.vehicles[6].reference}</th>' in page
    assert f'<th scope="row">{example.result.vehicles[7].reference}</th>' not in page
