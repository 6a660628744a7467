"""Cells that are simulated for tests: a voltage source behind a resistance and a polarisation that both grow as health falls."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from vehiclenest.loop.battery.health import learn_type
from vehiclenest.loop.battery.learn import read_tests
from vehiclenest.loop.battery.model import HealthModel, PulseTests
from vehiclenest.loop.battery.pulse import CURRENTS_C, VOLTAGES

COLUMNS = ["Mat", "ID", "Qn", "Q", "SOH", "SOC", *VOLTAGES]


def response(soh: float, soc: float, noise: np.random.Generator | None = None, scale: float = 1.0) -> list[float]:
    """Return U1 to U21 of a cell in V; soh and soc in percent."""
    rest = 3.2 + 0.006 * soc
    ohmic = scale * (0.03 + 0.0008 * (100.0 - soh)) * (1.0 + 0.3 * np.exp(-soc / 20.0))
    voltages = [rest]
    for current in CURRENTS_C:
        start, end = rest + ohmic * current, rest + 1.5 * ohmic * current
        voltages += [start, end, end - ohmic * current, rest + 0.05 * ohmic * current]
    found = np.array(voltages)
    return list(found if noise is None else found + noise.normal(0.0, 1e-4, len(found)))


def rows(
    cells: int = 12, socs: Sequence[float] = (10, 20, 30, 40), mat: str = "LFP", qn: float = 35.0, seed: int = 0
) -> list[list[object]]:
    """Return rows of tests of cells between 60 and 100 % SOH."""
    random = np.random.default_rng(seed)
    found: list[list[object]] = []
    for cell in range(cells):
        soh = 60.0 + 40.0 * cell / (cells - 1)
        for soc in socs:
            test: list[object] = [mat, f"{mat}{cell}", qn, qn * soh / 100, soh / 100, soc]
            found.append(test + [f"{u:.4f}" for u in response(soh, soc, random)])
    return found


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


def write(path: Path, found: Sequence[Sequence[object]], columns: Sequence[str] = COLUMNS) -> Path:
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(found)
    return path


Write = Callable[..., Path]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of simulated tests of two types of cell."""
    return write(tmp_path_factory.mktemp("cells") / "cells.csv", [*rows(), *rows(mat="NMC", qn=2.1, seed=1)])


@pytest.fixture(scope="session")
def types(simulated: Path) -> dict[str, tuple[str, float, PulseTests]]:
    """Their tests, by type."""
    return read_tests([simulated], {})[0]


@pytest.fixture(scope="session")
def model(types: dict[str, tuple[str, float, PulseTests]]) -> HealthModel:
    """A model learnt from them, without its cross-validation."""
    return HealthModel({key: learn_type(*found) for key, found in types.items()}, "0" * 64, 0)
