"""A person before a page in Chromium: he logs in, and looks at it as it is meant to be."""

# axe-playwright carries few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from typing import TYPE_CHECKING

from tests.web.serving import Served

from vehiclenest.web.language import Speech

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "eleven green lorries 7"
_TARGET = 44  # px


def follow(thing: "Locator") -> None:
    """Click what leads to a page, and wait until that one is there."""
    with thing.page.expect_navigation():
        thing.click()


def log_in(page: "Page", served: Served, say: Speech) -> None:
    page.goto(f"{served.url}/login")
    page.get_by_label(say("User name")).fill("admin")
    page.get_by_label(say("Password")).fill(served.password or "")
    follow(page.get_by_role("button", name=say("Log in"), exact=True))
    if page.get_by_role("alert").count():
        page.get_by_label(say("User name")).fill("admin")
        page.get_by_label(say("Password")).fill(PASSWORD)
        follow(page.get_by_role("button", name=say("Log in"), exact=True))
        return
    page.goto(f"{served.url}/yard")  # leads to the new password
    page.get_by_label(say("Current password")).fill(served.password or "")
    page.get_by_label(say("New password"), exact=True).fill(PASSWORD)
    page.get_by_label(say("New password again")).fill(PASSWORD)
    follow(page.get_by_role("button", name=say("Change the password")))


def look(page: "Page") -> None:
    """Look at a page as it is meant to be."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    bad = [(item["id"], item["nodes"][0]["html"][:200]) for item in found if item["impact"] in {"serious", "critical"}]
    assert bad == [], page.url
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), page.url
    small = page.eval_on_selector_all(
        "button, select, header a, input:not([type=hidden]):not([type=checkbox]), label.tick",
        """(items, least) => items.filter(item => item.offsetParent && item.getBoundingClientRect().height < least)
        .map(item => item.outerHTML)""",
        _TARGET - 0.5,
    )
    assert small == [], page.url
