"""The page of an inspection in a browser: drawn, readable in both languages and widths, harmless whatever a part is called."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vehiclenest.loop.inspect.report import page

from .inspections import inspected, renamed, scan

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

pytestmark = pytest.mark.slow
HOSTILE = '</script><img src=x onerror=document.title="hit">'
LONE = "core-\udcff.ply"
_DRIVER = ("WebGL", "GL Driver", "willReadFrequently", "GPU stall")  # the machine's graphics, not the page


def opened(browser: "Browser", file: Path, width: int, said: list[str]) -> "Page":
    shown = browser.new_page(viewport={"width": width, "height": 900})

    def heard(message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"} and not any(word in message.text for word in _DRIVER):
            said.append(message.text)

    shown.on("console", heard)
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.goto(file.as_uri())
    return shown


@pytest.mark.parametrize(("width", "button", "words"), [(1440, "English", "Deviation map"), (390, "中文", "偏差图")])
def test_the_page_is_drawn_and_accessible(browser: "Browser", tmp_path: Path, width: int, button: str, words: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "inspection.html"
    file.write_text(page("Core 17", *inspected(scan(60_000, noise=0.02))), encoding="utf-8")
    said: list[str] = []
    shown = opened(browser, file, width, said)
    shown.get_by_role("button", name=button).click()
    assert shown.get_by_role("heading", name=words).is_visible()
    assert shown.locator("#cut svg").first.is_visible()
    assert shown.locator("#defects tbody tr").count() == 2
    shown.locator("#defects button").first.click()
    assert not shown.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    found = Axe().run(shown).response["violations"]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    assert [item["id"] for item in found if item["impact"] in {"serious", "critical"}] == []  # pyright: ignore[reportUnknownVariableType]
    assert said == []
    shown.close()


@pytest.mark.parametrize("name", [HOSTILE, LONE])
def test_a_hostile_name_stays_text(browser: "Browser", tmp_path: Path, name: str) -> None:
    inspection, display = inspected(scan(30_000, noise=0.02))
    file = tmp_path / "inspection.html"
    file.write_text(page(name, renamed(inspection, name), display), encoding="utf-8")
    said: list[str] = []
    shown = opened(browser, file, 1440, said)
    shown.wait_for_selector("#cut svg")
    assert shown.title() != "hit"
    assert shown.locator("img").count() == 0
    assert said == []
    shown.close()
