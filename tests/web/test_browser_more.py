"""Beside the main way, in Chromium: flows with a filter, the drawn trace, a list dropped on its form, a scanned VIN, evidence, batteries,
figures; wide and narrow, in both languages.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.web.looking import follow, log_in, look
from tests.web.serving import Served, serving

from vehiclenest.ledger import Ledger
from vehiclenest.site import example_manifest
from vehiclenest.site.run import run
from vehiclenest.site.settings import Settings
from vehiclenest.web.language import Speech

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
REPORT = """<!doctype html><title>Deviation</title><p id="said">not run</p><script>
document.getElementById("said").textContent = "run";
try { opener.document.title = "taken over"; } catch (error) { document.getElementById("said").textContent = "kept inside"; }
try { localStorage.setItem("a", "b"); document.getElementById("said").textContent = "stored"; } catch (error) { /* an origin of its own */ }
</script>"""
DROP = """([form, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, {type: "text/csv"}));
  form.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


@dataclass(frozen=True)
class Visitor:
    """An admin before a page."""

    page: "Page"
    say: Speech
    url: str

    def goes(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        follow(self.page.get_by_role("button", name=self.say(name), exact=True))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A base after a day of 60 vehicles."""
    folder = tmp_path_factory.mktemp("day")
    with example_manifest() as manifest, Ledger(f"sqlite:///{folder / 'vnest.db'}") as ledger:
        run([manifest], ledger, Settings(), datetime.now(UTC), lambda _stage, _done, _total: None)
    with serving(folder) as found:
        yield found


@pytest.fixture(params=[(1440, "en-GB"), (390, "zh-CN")], ids=["wide, English", "narrow, Chinese"])
def visitor(request: pytest.FixtureRequest, browser: "Browser", served: Served) -> Iterator[Visitor]:
    width, tag = request.param
    say = Speech("zh" if tag == "zh-CN" else "en")
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=tag)
    page = context.new_page()
    log_in(page, served, say)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Visitor(page, say, served.url)
    context.close()
    assert complaints == []


def vin() -> str:
    with example_manifest() as path, path.open(encoding="utf-8") as file:
        return next(csv.DictReader(file))["vin"]


def test_flows_of_a_stage_and_of_a_material(visitor: Visitor) -> None:
    page, say = visitor.page, visitor.say
    visitor.goes("/flows")
    assert page.locator("svg.sankey").count() == 5  # fates, mass, energy, money that came in and that was paid
    look(page)
    page.get_by_label(say("Stage"), exact=True).select_option("destroying")
    visitor.press("Show")
    assert page.locator("svg.sankey").count() == 4  # no money came in at the shredder
    with page.expect_download() as download:
        page.get_by_role("link", name=f"{say('Energy')}: CSV").click()
    assert re.fullmatch(r"stage,carrier,kwh\ndestroying,electricity,[0-9.]+\n", download.value.path().read_text())
    page.get_by_label(say("Material"), exact=True).select_option("copper")
    visitor.press("Show")
    assert page.locator("svg.sankey").count() == 2
    look(page)


def test_the_drawn_trace_leads_on_by_the_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    visitor.goes(f"/trace?id={vin()}")
    look(page)
    assert page.locator("svg.trace a").count() >= 5
    page.locator("svg.trace a").last.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/trace?id=urn" in page.url
    assert vin() in (page.locator("svg.trace").text_content() or "")
    look(page)


def test_a_list_dropped_on_its_form_is_looked_at_before_anything_is_booked(visitor: Visitor) -> None:
    page = visitor.page
    visitor.goes("/yard/imports")
    form = page.locator("form.drop")
    page.evaluate(DROP, [form.element_handle(), "cars.csv", "vin,make,model,year\nBADVIN,FORD,F-150,2013\n"])
    follow(form.locator("button"))
    assert page.get_by_role("heading", name="cars.csv").is_visible()
    look(page)


def test_a_scanner_that_ends_with_enter_does_not_send_the_form(visitor: Visitor) -> None:
    page = visitor.page
    visitor.goes("/yard/intake")
    page.locator("#vin:focus").wait_for()  # the page puts the cursor there
    page.keyboard.type("LB38YFAW3BB669975")
    page.keyboard.press("Enter")
    assert page.locator("#vin").input_value() == "LB38YFAW3BB669975"
    assert page.evaluate("document.activeElement.id") == "make"
    look(page)


def test_a_report_runs_in_its_sandbox_and_reaches_nothing_outside(visitor: Visitor, tmp_path: Path) -> None:
    page, say = visitor.page, visitor.say
    (tmp_path / "deviation.html").write_text(REPORT)
    for _ in range(60):  # until the yard has read the day's events
        visitor.goes(f"/yard?q={vin()}")
        if page.locator("main a", has_text=vin()).count():
            break
        page.wait_for_timeout(500)
    visitor.goes("/evidence")
    page.locator("#thing").fill(vin())
    page.locator("#evidence-file").set_input_files(tmp_path / "deviation.html")
    visitor.press("Attach it")
    visitor.goes("/evidence")
    look(page)
    follow(page.locator("ul.gallery a").first)
    look(page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=say("Open the file")).click()
    report = opened.value
    report.wait_for_load_state()
    assert report.locator("#said").text_content() == "kept inside"
    assert page.title().startswith("deviation.html")


def test_batteries_figures_and_their_history(visitor: Visitor) -> None:
    page = visitor.page
    visitor.goes("/batteries")
    assert page.locator("tbody tr").count() >= 1
    look(page)
    visitor.goes("/admin/settings")
    look(page)
    follow(page.locator("main a[href^='/admin/settings/figure']").first)
    look(page)
    visitor.goes("/admin/settings/history")
    look(page)
