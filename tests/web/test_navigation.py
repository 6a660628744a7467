"""The menu marks one entry as the page that is open."""

import pytest

from vehiclenest.web.navigation import here, menu
from vehiclenest.web.policy import Principal, Role


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/contest/judging", "/contest/judging"),
        ("/contest/entries/E1", "/contest"),
        ("/contest", "/contest"),
        ("/contested", ""),
        ("/account", ""),
    ],
)
def test_one_entry_is_the_page_that_is_open(path: str, entry: str) -> None:
    assert here(path, menu(Principal(Role.JUDGE, 1, "j", "session"), contest=True)) == entry
