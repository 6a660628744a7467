"""`vnest regenerate` as a user types it."""

import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vehiclenest.cli.commands import app
from vehiclenest.cli.regenerate import progress_bar
from vehiclenest.core.errors import VehicleNestError

GOOD = "mass_t = 1\n[composition]\nNMC622 = 0.6\ngraphite = 0.4\n"


def said(*arguments: str) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(app, ["regenerate", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def data(*arguments: str) -> dict[str, Any]:
    """Return the object that a command prints."""
    found: dict[str, Any] = json.loads(said(*arguments, "--json"))
    return found


def test_run_gives_every_key_that_was_promised(tmp_path: Path) -> None:
    (tmp_path / "feed.toml").write_text(GOOD, encoding="utf-8")
    found = data("run", str(tmp_path / "feed.toml"), "--route", "one-step")
    promised = "products recovery closure enthalpy_closure energy_kwh reagents_t water_t labour_h capex opex carbon_kg unverified"
    assert set(promised.split()) <= set(found)
    assert found["labour_h"] is None
    assert found["limits"]
    assert max(found["closure"].values()) < 1e-3


@pytest.mark.parametrize("feed", ["nmc622", "lfp", "mixed"])
@pytest.mark.parametrize("route", ["hydro", "one-step"])
def test_run_reads_well_for_people(feed: str, route: str) -> None:
    printed = said("run", "--feed", feed, "--route", route, "--on", "2028-01-01")
    for word in (
        "Products",
        "Recovery",
        "Where the lithium went",
        "Where the graphite went",
        "Limits",
        "Closure",
        "unverified figures",
    ):
        assert word in printed
    assert ("no public figure found" in printed) == (route == "one-step")


def test_compare_and_claims_and_plan_read_well_and_speak_json(tmp_path: Path) -> None:
    assert "direct recycling cannot treat" in said("compare", "--feed", "mixed")
    assert len(data("compare", "--feed", "nmc622")["rows"]) == 9
    page = tmp_path / "claims.html"
    printed = said("claims", "--runs", "200", "--html", str(page))
    assert "depends on the boundary" in printed
    assert "the claim would hold below 1,075 CNY per t of cell" in printed
    assert page.stat().st_size > 1e6
    rows = data("claims", "--feed", "nmc622", "--runs", "200")["rows"]
    assert {"claim", "boundary", "probability", "verdict", "missing"} <= set(rows[0])
    assert "no product to save on" in said("claims", "--feed", "lfp", "--runs", "200")
    assert said("claims", "--runs", "200", "--markdown").count("|\n") >= 8
    assert "one module every" in said("plan", "--year", "2027")
    assert "missing" in said("plan", "--year", "--route", "one-step")
    assert data("plan")["test_channels"]["UL_1974"] == 33_000


def test_the_table_in_the_documents_is_what_the_command_prints() -> None:
    document = (Path(__file__).parents[2] / "docs" / "regenerate.md").read_text(encoding="utf-8")
    begin, end = "<!-- vnest regenerate claims --markdown -->\n", "<!-- end -->"
    held = document[document.index(begin) + len(begin) : document.index(end)].strip()
    assert held == said("claims", "--markdown").strip()


def test_run_writes_a_page_and_records_in_the_ledger(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text('[own_works]\nroutes = ["regenerate", "second_life"]\n', encoding="utf-8")
    runner = CliRunner()
    result = runner.invoke(app, ["demo", "--out", str(tmp_path / "demo"), "--site", str(site), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    feed = tmp_path / "feed.toml"
    feed.write_text(GOOD.replace("mass_t = 1", "mass_t = 0.01"), encoding="utf-8")
    database, page = f"sqlite:///{tmp_path / 'demo' / 'demo.db'}", tmp_path / "run.html"
    printed = said("run", str(feed), "--lot", "LC0YCXDY6HF783097-TBA", "--db", database, "--site", str(site), "--html", str(page))
    assert "events booked" in printed
    lot = printed.split("vnest trace ")[1].split()[0]
    traced = runner.invoke(app, ["trace", lot, "--db", database, "--json"], catch_exceptions=False)
    assert any("QIN" in origin["name"] for origin in json.loads(traced.output)["backward"])
    assert "法规限值" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "no feed is given; FEED.toml, or --feed nmc622, lfp or mixed"),
        (("run", "x.toml", "--feed", "lfp"), "a file and a bundled feed are given"),
        (("run", "/nonexistent/feed.toml"), "cannot be read"),
        (("run", "--feed", "mixed", "--route", "direct"), "direct recycling cannot treat"),
        (("run", "--feed", "lfp", "--on", "tomorrow"), "is no day"),
        (("claims", "--runs", "1"), "1 runs"),
        (("plan", "--year", "99"), "99 is no year to plan"),
        (("run", "--feed", "lfp", "--lot", "X", "--db", "sqlite:////nonexistent/x.db"), "there is no ledger"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["regenerate", *arguments])
    assert isinstance(result.exception, VehicleNestError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_progress_shows_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar() as progress:
            progress("solving", 1, 4)
        assert ("solving" in stream.getvalue()) == stream.isatty()


def test_without_numpy_the_room_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = {name: module for name, module in sys.modules.items() if name.startswith("vehiclenest.loop.regenerate")}
    for name in saved:
        monkeypatch.delitem(sys.modules, name)

    def nowhere(_name: str) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", nowhere)
    with pytest.raises(VehicleNestError, match="the room regenerate needs NumPy; pip install"):
        importlib.import_module("vehiclenest.loop.regenerate")
    sys.modules.pop("vehiclenest.loop.regenerate", None)
