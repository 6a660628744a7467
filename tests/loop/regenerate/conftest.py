"""Outcomes that several tests look at, solved once."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from vehiclenest.loop.regenerate import Outcome, bundled_feed, run


@cache
def _outcome(feed: str, route: Any, finish: Any, fate: Any) -> Outcome:
    return run(bundled_feed(feed), route, finish, fate)


@pytest.fixture(scope="session")
def outcome() -> Callable[..., Outcome]:
    """Return a function that gives the outcome of a bundled feed."""

    def of(feed: str, route: str, finish: str = "salts", fate: str = "kept") -> Outcome:
        return _outcome(feed, route, finish, fate)

    return of
