"""What every test may use: the folder of real data, which is not part of the project, and a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pytest

from vehiclenest.ledger import Ledger, Trace, trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # workers of the tests share the cores; threads of a matrix product would wait for each other


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of real data (environment VNEST_DATA), or skip where there is none."""
    folder = Path(os.environ.get("VNEST_DATA") or ROOT / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}")
    return folder


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A headless Chromium of the machine, or skip where there is none."""
    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on the PATH: chromium, chromium-browser or google-chrome")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


def traced(ledger: Ledger, identifier: str) -> Trace:
    """Trace a lot of ours."""
    found = trace(ledger, identifier)
    assert isinstance(found, Trace)
    return found
