"""The numbers that schemes are built on, from `schemes.toml`."""

from pathlib import Path

from vehiclenest.core.constants import load_table

_PATH = Path(__file__).with_name("schemes.toml")


def number(row: str, name: str) -> float:
    """Return a number of `schemes.toml`."""
    return load_table(_PATH)[row].number(name)
