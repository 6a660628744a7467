"""The main way as a person goes it, in Chromium, wide and narrow, in both languages:
intake → depollution → dismantling → part → trace → report.

On every page: no serious violation of WCAG found by axe, nothing wider than the screen, targets of 44 px, and no complaint of the
browser (the content security policy is in force).
"""

import csv
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.web.looking import follow, log_in, look
from tests.web.serving import Served, serving

from vehiclenest.site import example_manifest
from vehiclenest.web.language import Speech

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A base on its first start, whose admin has chosen a password."""
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


def rows() -> list[dict[str, str]]:
    with example_manifest() as path, path.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["powertrain"] == "petrol" and row["category"] == "M1"]


@pytest.mark.parametrize(
    ("number", "width", "tag"), [(0, 1440, "en-GB"), (1, 390, "en-GB"), (2, 1440, "zh-CN"), (3, 390, "zh-CN")]
)
def test_the_main_way(browser: "Browser", served: Served, number: int, width: int, tag: str) -> None:
    say, row = Speech("zh" if tag == "zh-CN" else "en"), rows()[number]
    with ExitStack() as stack:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=tag)
        stack.callback(context.close)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        log_in(page, served, say)
        complaints.clear()  # the refused first password is one
        page.goto(f"{served.url}/yard")
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if say.language == "zh" else "en")
        look(page)
        # Intake.
        follow(page.get_by_role("link", name=say("Take a vehicle in")))
        look(page)
        for label, name in (("VIN", "vin"), ("Make", "make"), ("Model", "model"), ("Model year", "year")):
            page.get_by_label(re.compile(f"^{re.escape(say(label))} \\*$")).fill(row[name])
        page.get_by_label(say("Powertrain"), exact=True).select_option("petrol")
        page.get_by_label(say("front"), exact=True).fill("5D4")
        follow(page.get_by_role("button", name=say("Take it in")))
        assert page.url.endswith(f"/yard/vehicles/{row['vin']}")
        look(page)
        # Depollution: everything on the list, or it is refused.
        boxes = page.locator("ul.checklist input[type=checkbox]")
        for index in range(boxes.count()):
            boxes.nth(index).check()
        follow(page.get_by_role("button", name=say("Depollution is complete")))
        # Dismantling: one part by hand, one stays on the hulk.
        page.get_by_label(f"{say('Grade')}: {say('engine')}", exact=True).select_option("A")
        page.get_by_label(f"{say('Grade')}: {say('hood')}", exact=True).select_option(label=say("stays on the hulk"))
        look(page)
        follow(page.get_by_role("button", name=say("Dismantling is done")))
        assert page.get_by_role("heading", name=say("Parts and fractions")).is_visible()
        look(page)
        # A part gets its place.
        follow(page.get_by_role("link", name=f"{say('engine')} (ENG)"))
        page.get_by_label(say("Bin"), exact=True).fill(f"A-{number}")
        follow(page.get_by_role("button", name=say("Put it there")))
        assert page.locator("dd", has_text=f"A-{number}").is_visible()
        look(page)
        page.goto(f"{served.url}/parts?q=bin:A-{number}")
        look(page)
        # Trace and report.
        follow(page.get_by_role("link", name=f"{say('engine')} (ENG)"))
        follow(page.get_by_role("main").get_by_role("link", name=say("Trace")))
        assert page.get_by_role("link", name=re.compile(row["vin"])).first.is_visible()
        look(page)
        follow(page.get_by_role("link", name=say("Flows"), exact=True))
        assert page.get_by_role("heading", name=say("Recovery rates"), exact=True).is_visible()
        assert page.locator("svg.sankey").first.is_visible()
        look(page)
        for path in ("/ledger", "/jobs", "/admin", "/audit", "/account", "/yard/imports"):
            page.goto(f"{served.url}{path}")
            look(page)
        assert complaints == []


def test_pages_work_without_script(browser: "Browser", served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page, say, row = context.new_page(), Speech("en"), rows()[4]
    log_in(page, served, say)
    page.goto(f"{served.url}/yard/intake")
    for name in ("vin", "make", "model", "year"):
        page.locator(f"#{name}").fill(row[name])
    follow(page.get_by_role("button", name="Take it in"))
    assert page.url.endswith(row["vin"])
    context.close()
