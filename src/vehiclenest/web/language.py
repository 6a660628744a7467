"""English and Chinese. A text is named by its English words; `chinese.toml` says them in Chinese. A test holds both together."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
_CHINESE = Path(__file__).with_name("chinese.toml")


@cache
def chinese() -> Mapping[str, str]:
    """Return the Chinese of every text."""
    return tomllib.loads(_CHINESE.read_text("utf-8"))


class Speech:
    """One language: call it with a text and the values of its places in braces."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self.tag = {"en": "en", "zh": "zh-CN"}[self.language]
        self._texts: Mapping[str, str] = chinese() if self.language == "zh" else {}

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in this language; one that nobody translated stays as it is."""
        said = self._texts.get(text, text)
        return said.format(**values) if values else said


def choose(cookie: str | None, preferred: str, accepted: str) -> str:
    """Return the language: of the cookie, of the person's account, else the first of Accept-Language that is spoken here."""
    for wish in (cookie or "", preferred):
        if wish in LANGUAGES:
            return wish
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return "en"
