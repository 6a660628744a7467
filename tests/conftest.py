"""What every test may use: the folder of real data, which is not part of the project."""

import os
from pathlib import Path

import pytest

from vehiclenest.ledger import Ledger, Trace, trace

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


def traced(ledger: Ledger, identifier: str) -> Trace:
    """Trace a lot of ours."""
    found = trace(ledger, identifier)
    assert isinstance(found, Trace)
    return found
