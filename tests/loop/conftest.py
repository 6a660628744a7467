"""Real salvage lots, and vehicles made to measure."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.intake import Declared, declare_lot, receive
from vehiclenest.loop.records import Powertrain, Vehicle

NOW = datetime(2026, 8, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Received:
    """What became of the real lots: the row of each by lot number, the vehicles, and the refusals."""

    rows: dict[str, dict[str, str]]
    vehicles: dict[str, Vehicle]
    refused: dict[str, InputError]


@pytest.fixture(scope="session")
def lots(data_folder: Path) -> Received:
    """Return the 1,000 real lots, received."""
    path = data_folder / "vehicles/salvage-lots-2026-08-06.csv"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["lotId"]: row for row in csv.DictReader(file)}
    vehicles: dict[str, Vehicle] = {}
    refused: dict[str, InputError] = {}
    for lot, row in rows.items():
        try:
            vehicles[lot] = receive(declare_lot(row, NOW))
        except InputError as error:
            refused[lot] = error
    return Received(rows, vehicles, refused)


@pytest.fixture(scope="session")
def vehicle_of() -> Callable[..., Vehicle]:
    """Return a maker of vehicles: a 2016 petrol sedan in the yard in 2026 but for what is said otherwise."""

    def make(**facts: Any) -> Vehicle:
        declared: dict[str, Any] = {
            "reference": "LOT1",
            "vin": None,
            "make": "TOYOTA",
            "model": "CAMRY",
            "year": 2016,
            "received_at": NOW,
            "body": "SEDAN",
            "powertrain": Powertrain.PETROL,
            "mileage_km": 150_000.0,
        }
        return receive(Declared(**(declared | facts)))

    return make
