"""The table of docs/security.md: every requirement of level 1 once, and no test in it that does not exist."""

import re
from pathlib import Path

TEXT = Path(__file__).parents[2].joinpath("docs", "security.md").read_text("utf-8")
LEVEL_ONE = [
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "1.2.5",
    "1.3.1",
    "1.3.2",
    "1.5.1",
    "2.1.1",
    "2.2.1",
    "2.2.2",
    "2.3.1",
    "3.2.1",
    "3.2.2",
    "3.3.1",
    "3.4.1",
    "3.4.2",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "4.1.1",
    "4.4.1",
    "5.2.1",
    "5.2.2",
    "5.3.1",
    "5.3.2",
    "6.1.1",
    "6.2.1",
    "6.2.2",
    "6.2.3",
    "6.2.4",
    "6.2.5",
    "6.2.6",
    "6.2.7",
    "6.2.8",
    "6.3.1",
    "6.3.2",
    "6.4.1",
    "6.4.2",
    "7.2.1",
    "7.2.2",
    "7.2.3",
    "7.2.4",
    "7.4.1",
    "7.4.2",
    "8.1.1",
    "8.2.1",
    "8.2.2",
    "8.3.1",
    "9.1.1",
    "9.1.2",
    "9.1.3",
    "9.2.1",
    "10.4.1",
    "10.4.2",
    "10.4.3",
    "10.4.4",
    "10.4.5",
    "11.3.1",
    "11.3.2",
    "11.4.1",
    "12.1.1",
    "12.2.1",
    "12.2.2",
    "13.4.1",
    "14.2.1",
    "14.3.1",
    "15.1.1",
    "15.2.1",
    "15.3.1",
]


def test_every_requirement_of_level_one_is_there_once() -> None:
    assert len(LEVEL_ONE) == 70
    assert re.findall(r"^\| (\d+\.\d+\.\d+) \|", TEXT, re.MULTILINE) == LEVEL_ONE


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", TEXT))
    assert len(named) > 20
    for file, name in named:
        assert f"def {name}(" in Path(__file__).with_name(file).read_text("utf-8"), (file, name)
