"""English and Chinese: no text of a page is without its Chinese, and places in braces are the same in both."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop.dismantle import teardown
from vehiclenest.loop.records import Powertrain, Route, Stream
from vehiclenest.web import language, silhouette
from vehiclenest.web.navigation import ENTRIES
from vehiclenest.web.policy import Role

WEB = Path(language.__file__).parent
_SAID = re.compile(r"""say\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_NOTED = re.compile(r"""(?:visit|work)\.note\(\s*\w+,\s*"([^"]+)\"""")


def texts_of_templates() -> set[str]:
    found: set[str] = set()
    for path in (WEB / "templates").rglob("*.html"):
        found |= {one or other for one, other in _SAID.findall(path.read_text("utf-8"))}
    return found


def texts_of_code() -> set[str]:
    found = {text for _, text, _ in ENTRIES} | {role.value for role in Role if role is not Role.PUBLIC}
    for path in WEB.rglob("*.py"):
        text = path.read_text("utf-8")
        found |= set(_NOTED.findall(text))
        found |= {one or other for one, other in re.findall(r"""speech\(\s*(?:"([^"]*)"|'([^']*)')""", text)}
    return found


@pytest.mark.parametrize("texts", [texts_of_templates, texts_of_code])
def test_every_text_is_said_in_chinese(texts: Callable[[], set[str]]) -> None:
    missing = sorted(text for text in texts() if text and text not in language.chinese())
    assert missing == []


def test_places_in_braces_are_the_same_in_both() -> None:
    for english, chinese in language.chinese().items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), english


def test_the_language_is_the_cookies_then_the_accounts_then_the_browsers() -> None:
    assert language.choose("zh", "en", "en") == "zh"
    assert language.choose(None, "zh", "en") == "zh"
    assert language.choose(None, "", "de-DE,zh-CN;q=0.8,en;q=0.7") == "zh"
    assert language.choose("xx", "", "fr") == "en"


def test_parts_substances_routes_and_zones_are_named_in_chinese() -> None:
    rows = tomllib.loads(Path(teardown.__file__).with_name("components.toml").read_text("utf-8")).values()
    names = {row["name"] for row in rows if "name_zh" in row}
    words = {*MATERIALS, *(item.value for kind in (Route, Stream, Powertrain) for item in kind), *silhouette.zones()}
    assert len(names) > 40
    assert sorted((names | words) - set(language.chinese())) == []
