"""Makes docs/report.png: the upper part of the demo's report in a real browser.

Run: make demo && .venv/bin/python tools/make_report_picture.py demo-out/report.html docs/report.png
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(report: Path, picture: Path) -> None:
    """Take the picture."""
    browser_path = next(path for name in _BROWSERS if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 1560}, locale="en")
        page.goto(report.resolve().as_uri())
        page.wait_for_selector("svg.main-svg")
        page.wait_for_timeout(500)
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
