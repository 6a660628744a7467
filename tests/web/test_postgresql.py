"""The main way on PostgreSQL: the same pages, the same ledger."""

from collections.abc import Callable

import pytest
from tests.ledger import conftest as ledger_tests
from tests.web.conftest import Base
from tests.web.test_yard import CAR, VIN, ticked, worked_off

from vehiclenest.ledger import Trace, trace
from vehiclenest.web import Configuration
from vehiclenest.web.app import create_app
from vehiclenest.web.policy import Role

pytestmark = pytest.mark.slow
postgres = ledger_tests.postgres  # the same server


def test_a_vehicle_goes_its_way_on_postgresql(postgres: Callable[[], str]) -> None:
    app = create_app(Configuration(postgres(), requests_per_minute=1_000_000))
    base = Base(app, app.state["application"])
    browser = base.browser(Role.OPERATOR)
    assert browser.post("/yard/intake", CAR).status_code == 303
    codes = ticked(browser.get(f"/yard/vehicles/{VIN}").text)
    assert browser.post(f"/yard/vehicles/{VIN}/depollution", {"taken": codes, "do": "finish"}).status_code == 303
    assert browser.post(f"/yard/vehicles/{VIN}/dismantling", {"grade-ENG": "A", "grade-ALT": "A"}).status_code == 303
    for path in ("/parts", "/parts?q=ENG", f"/parts?q={VIN}&before=999999", "/yard?q=LSV", f"/trace?id={VIN}-ENG", "/flows"):
        assert "ENG" in (page := browser.get(path).text) or VIN in page or "<svg" in page, path
    trader = base.browser(Role.TRADER)
    assert trader.post(f"/parts/{VIN}-ALT/sale", {"price": "400"}).status_code == 303
    assert isinstance(trace(base.database.ledger, f"{VIN}-ALT"), Trace)
    job = base.browser(Role.ENGINEER).post("/ledger/verification").headers["location"]
    worked_off(base)
    assert "the ledger has no seal yet" in base.browser(Role.ADMIN).get(job).text
    assert base.browser(Role.ADMIN).post("/admin/backup").status_code == 409
    base.database.close()
