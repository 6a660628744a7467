"""Runs that several tests look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vehiclenest.ledger import Ledger
from vehiclenest.site import Result, Settings, example_manifest, run

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HEADER = "vin,make,model,year,powertrain,curb_mass_kg,weighed_mass_kg,mileage_km,damage_codes,battery_code,received_at\n"
GOOD = "LSVAA49J132047371,VOLKSWAGEN,LAVIDA,2012,petrol,1285,1280,180000,front:5D6,,2026-08-06T08:00:00+08:00\n"


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run with its ledger."""

    result: Result
    ledger: Ledger


def work(folder: Path, *texts: str, settings: Settings | None = None, ledger: Ledger | None = None, name: str = "cars") -> Ran:
    """Run manifests given as text, in a ledger of their own unless one is given."""
    paths: list[Path] = []
    for number, content in enumerate(texts):
        path = folder / f"{name}{number}.csv"
        path.write_text(content, encoding="utf-8")
        paths.append(path)
    own = ledger or Ledger(f"sqlite:///{folder / 'ledger.db'}")
    return Ran(run(paths, own, settings or Settings(), NOW, lambda _stage, _done, _total: None), own)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The bundled manifest of 60 vehicles."""
    folder = tmp_path_factory.mktemp("example")
    with Ledger(f"sqlite:///{folder / 'ledger.db'}") as ledger, example_manifest() as manifest:
        yield Ran(run([manifest], ledger, Settings(), NOW, lambda _stage, _done, _total: None), ledger)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Iterator[Ran]:
    """The 1,000 real salvage lots."""
    folder = tmp_path_factory.mktemp("real")
    with Ledger(f"sqlite:///{folder / 'ledger.db'}") as ledger:
        lots = data_folder / "vehicles" / "salvage-lots-2026-08-06.csv"
        yield Ran(run([lots], ledger, Settings(), NOW, lambda _stage, _done, _total: None), ledger)
