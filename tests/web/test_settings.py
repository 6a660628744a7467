"""Settings by page: a change is checked, tried out, kept with who and why, holds from the next use on, and can be taken back."""

import re
from typing import Any

import pytest
from tests.web.conftest import Base, Browser

from vehiclenest.core.constants import load_table
from vehiclenest.site import bundled
from vehiclenest.site.versions import newest_version
from vehiclenest.web import figures
from vehiclenest.web.policy import Role


def a_figure() -> tuple[str, float]:
    table = load_table(bundled.tables()["site"])
    row = table["times"]
    return row["shredding_delay"].name, row["shredding_delay"].value


def change(browser: Browser, name: str, value: str, was: float, reason: str = "measured") -> Any:
    return browser.post("/admin/settings", {"name": name, "value": value, "was": f"{was:.12g}", "reason": reason})


def test_a_change_holds_is_told_and_is_taken_back(fresh_base: Base) -> None:
    base, browser = fresh_base, fresh_base.browser(Role.ADMIN)
    name, old = a_figure()
    started = base.application.settings
    assert change(browser, name, str(old + 7), old).status_code == 303
    assert figures.constant_of(name, figures.current(base.database, started)).value == old + 7
    assert change(browser, name, str(old + 9), old + 7).status_code == 303
    folder = newest_version(base.database.ledger)
    assert folder == figures.current(base.database, started).folder, "vnest run reckons with what the page says"
    told = browser.get("/admin/settings/history").text
    assert "measured" in told
    assert f"{old + 7:g}" in told
    version = re.findall(r"/admin/settings/versions/(\d+)", told)[0]
    assert browser.post(f"/admin/settings/versions/{version}").status_code == 303
    assert figures.constant_of(name, figures.current(base.database, started)).value == old + 7
    assert browser.post("/admin/settings/versions/0").status_code == 303
    assert figures.constant_of(name, figures.current(base.database, started)).value == old


@pytest.mark.parametrize("value", ["", "much", "nan", "-5", "inf"])
def test_what_cannot_be_a_value_is_refused_and_nothing_changes(base: Base, value: str) -> None:
    name, old = a_figure()
    browser = base.browser(Role.ADMIN)
    assert change(browser, name, value, old).status_code == 422
    assert change(browser, name, str(old + 1), old, reason=" ").status_code == 422
    assert change(browser, name, str(old + 1), old + 3).status_code == 409, "somebody changed it meanwhile"
    assert newest_version(base.database.ledger) is None


def test_only_the_admin_changes_figures(base: Base) -> None:
    name, old = a_figure()
    assert change(base.browser(Role.ENGINEER), name, str(old + 1), old).status_code == 403
    assert base.browser(Role.ADMIN).get("/admin/settings/figure?name=no.such.figure").status_code == 404
