"""The contest in a real browser on a real server: a judge's phone without a connection, a scoreboard that goes on, both languages."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.web.contest.conftest import at_work, make_contest, open_papers

from vehiclenest.web import Configuration, accounts
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Role
from vehiclenest.web.serve import prepare

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VNEST = Path(sys.executable).with_name("vnest")
pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (1440, 390)
SMALLEST_TARGET = 44


@dataclass
class Server:
    """`vnest serve` with a contest whose papers are judged."""

    port: int
    folder: Path
    database: Database
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start serving, and wait until it does."""
        log = self.folder.parent / "log"
        arguments = [str(VNEST), "serve", "--db", self.database.url, "--port", str(self.port), "--contest", str(self.folder)]
        with log.open("ab") as file:
            self.process = subprocess.Popen(arguments, stdout=file, stderr=file, cwd=self.folder.parent)
        for _ in range(200):
            try:
                with urlopen(f"{self.url}/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(log.read_text())

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=20)

    def context(
        self, browser: "Browser", role: Role = Role.PUBLIC, name: str = "", *, width: int = 390, language: str = "en"
    ) -> "BrowserContext":
        """Return a browser in which somebody has logged in."""
        context = browser.new_context(viewport={"width": width, "height": 900})
        cookies = {"vnest_language": language}
        if role is not Role.PUBLIC:
            with self.database.writing() as connection:
                if accounts.credentials(connection, name) is None:
                    accounts.create_user(connection, name, role)
                user = accounts.credentials(connection, name)
                assert user is not None
                accounts.set_password(connection, user.id, "eleven green lorries 7")
                cookies["vnest_session"] = accounts.start_session(connection, user.id, "test")
        context.add_cookies([{"name": key, "value": value, "url": self.url} for key, value in cookies.items()])
        return context


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    contest = make_contest(folder / "spring")
    open_papers(contest)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'base.db'}"
    prepare(Configuration(url))
    serving = Server(port, contest, Database(url))
    serving.start()
    yield serving
    serving.kill()
    serving.database.close()


def serious(page: "Page") -> list[Any]:
    """Return what axe finds that keeps people out."""
    response = cast("dict[str, Any]", Axe().run(page).response)  # pyright: ignore[reportUnknownMemberType]  # axe has no types
    return [rule for rule in response["violations"] if rule["impact"] in {"serious", "critical"}]


def give(page: "Page", entry: str, idea: str) -> None:
    """Fill in and send a score, with a finger."""
    task = page.locator(f"#papers-{entry}")
    if task.get_attribute("open") is None:
        task.locator("summary").click()
    task.get_by_label("Idea").fill(idea)
    task.get_by_label("Team").fill("60")
    task.get_by_role("button", name=re.compile("the score")).click()


def test_scores_that_could_not_be_sent_arrive_once_and_the_board_goes_on(server: Server, browser: "Browser") -> None:
    from playwright.sync_api import expect

    plan = at_work(server.folder).state.stage("papers").plan
    judge = next(iter(plan.values()))[0]
    mine = [entry for entry, judges in plan.items() if judge in judges]
    board = server.context(browser, width=1440).new_page()
    board.goto(f"{server.url}/contest/board/papers/all")
    expect(board.locator("[data-connection]")).to_contain_text("goes on by itself")
    phone = server.context(browser, Role.JUDGE, judge.lower())
    page = phone.new_page()
    page.goto(f"{server.url}/contest/judging")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    give(page, mine[0], "90.5")
    expect(page.locator(f"#papers-{mine[0]} [data-outcome]")).to_contain_text("Arrived as event")
    expect(board.locator("[data-arrived]")).to_have_text("1")
    page.reload()  # from now on the page's worker answers where the server does not
    server.kill()
    expect(board.locator("[data-connection]")).to_contain_text("Not connected")
    give(page, mine[1], "80")
    give(page, mine[2], "70")
    expect(page.locator("[data-queue]")).to_contain_text("wait for a connection: 2")
    page.reload()
    expect(page.locator("[data-queue]")).to_contain_text("wait for a connection: 2")
    server.start()
    expect(page.locator("[data-queue]")).to_contain_text("has arrived", timeout=15_000)
    expect(board.locator("[data-arrived]")).to_have_text("3", timeout=15_000)
    row = board.locator("[data-ranking] tbody tr", has_text=mine[0])
    expect(row).to_contain_text("78.30")  # 0.6 × 90.5 + 0.4 × 60
    stage = at_work(server.folder).state.stage("papers")
    assert [len(stage.scores[entry, judge]) for entry in mine[:3]] == [1, 1, 1]
    give(page, mine[0], "95")
    expect(page.locator("[data-queue]")).to_contain_text(
        "has arrived"
    )  # the field of the reason is required: the browser sent nothing
    page.locator(f"#papers-{mine[0]}").get_by_label("Reason").fill("typed 0 for 5")
    give(page, mine[0], "95")
    expect(row).to_contain_text("81.00")


def test_a_refused_score_says_why_on_the_phone(server: Server, browser: "Browser") -> None:
    from playwright.sync_api import expect

    plan = at_work(server.folder).state.stage("papers").plan
    entry, judges = next(iter(plan.items()))
    page = server.context(browser, Role.JUDGE, judges[1].lower()).new_page()
    page.goto(f"{server.url}/contest/judging")
    page.locator(f"#papers-{entry} [data-score]").evaluate("form => { form.noValidate = true; }")
    give(page, entry, "1000")
    expect(page.locator(f"#papers-{entry} [data-outcome]")).to_contain_text("Refused:")
    expect(page.locator("[data-queue]")).to_contain_text("has arrived")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pages_are_accessible_and_fit(server: Server, browser: "Browser", width: int, language: str) -> None:
    organiser = server.context(browser, Role.ORGANISER, "head", width=width, language=language)
    judge = server.context(browser, Role.JUDGE, "j1", width=width, language=language)
    visits = [
        (organiser, "/contest"),
        (organiser, "/contest/board/papers/all"),
        (organiser, "/contest/console/papers/all"),
        (organiser, "/contest/entries/E1"),
        (judge, "/contest/judging"),
    ]
    for context, path in visits:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message, said=complaints: said.append(message.text))
        page.on("pageerror", lambda error, said=complaints: said.append(str(error)))
        page.goto(server.url + path)
        page.wait_for_timeout(200)
        assert serious(page) == [], path
        assert complaints == [], path
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), path
        small = page.eval_on_selector_all(
            "button, input:not([type=hidden]), summary, a.button, td a, th a, nav a",
            "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 43.9).map(one => one.outerHTML)",
        )
        assert small == [], path
        page.close()


def test_the_console_runs_the_clock_and_shows_who_has_scored(server: Server, browser: "Browser") -> None:
    from playwright.sync_api import expect

    organiser = server.context(browser, Role.ORGANISER, "head", width=1440).new_page()
    organiser.goto(f"{server.url}/contest/console/papers/all")
    board = server.context(browser).new_page()
    board.goto(f"{server.url}/contest/board/papers/all")
    organiser.get_by_role("button", name=re.compile("Call the next entry")).click()
    expect(board.locator("[data-clock]")).to_contain_text("called")
    organiser.get_by_role("button", name=re.compile("Start the talk")).click()
    expect(board.locator("[data-clock]")).to_contain_text("talk")
    expect(organiser.locator("[data-panel]")).to_contain_text("not yet")
