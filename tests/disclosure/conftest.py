"""Ledgers that disclosures are drawn from: of a base that nobody described, and of one that says who it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from vehiclenest.ledger import Ledger
from vehiclenest.site import Settings, example_manifest, run

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MANIFEST = """vin,make,model,year,powertrain,curb_mass_kg,weighed_mass_kg,mileage_km,damage_codes,battery_code,received_at
LRW0B2PJ2MG208735,TESLA,MODEL 3,2021,electric,1760,1775,262904,,08TPEA10000000B2G8107081,2026-08-06T08:00:00+08:00
LC014B3H4JB476964,BYD,E5,2018,electric,1900,,164333,front:5D6,,2026-08-06T09:00:00+08:00
LFM7RWCK8GE810796,TOYOTA,COROLLA HYBRID,2016,hybrid,1410,1428,272023,,,2026-08-06T10:00:00+08:00
LB38YFAW3BB669975,GEELY,EMGRAND,2011,petrol,1240,,210890,right:4D4,,2026-08-06T11:00:00+08:00
LVHZMSRF1GC659978,HONDA,CR-V,2016,petrol,1540,1544,123352,right:4D4,,2026-09-02T11:00:00+08:00
"""
PARTIES = """
[dismantler]
name = "Nest Dismantling Co."
creditCode = "91110000MA00000000"
permitNumber = "CN-110-0042"
street = "Ring Road"
houseNumber = "45"
zip = "100000"
location = "Beijing"
country = "CN"
phone = "+86 10 1234 5678"
approvalIssued = "2024-01-01"
approvalExpires = "2029-12-31"
bpnl = "BPNL0123456789ZZ"
bpns = "BPNS0123456789ZZ"
actorNumber = "CN-110-0042"
actorRole = "Dismantling Facility"
[authority]
name = "Commerce Bureau"
street = "Chang'an Avenue"
houseNumber = "1"
zip = "100001"
location = "Beijing"
country = "CN"
[dismantler_auditor]
name = "Audit Institute"
street = "Third Street"
houseNumber = "3"
zip = "100002"
location = "Beijing"
country = "CN"
phone = "10 8765 4321"
[carrier]
name = "Safe Haulage"
bpns = "BPNSCARRIER00001"
[material_recycler]
name = "Metal Works"
creditCode = "91110000MA11111111"
permitNumber = "HW-7"
bpns = "BPNSRECEIVER0001"
actorNumber = "R-1"
actorRole = "Material Recycling Facilities"
[second_life_integrator]
name = "Second Life Packs"
creditCode = "91110000MA22222222"
[battery_recycler]
name = "Battery Recycling"
creditCode = "91110000MA33333333"
[licensed_disposal_site]
name = "Landfill"
creditCode = "91110000MA44444444"
[packaging]
lead_battery = "acid-proof box"
"""

Bodies = list[bytes]
Say = Callable[..., bytes]


def _work(folder: Path, settings: Settings) -> Bodies:
    manifest = folder / "august.csv"
    manifest.write_text(MANIFEST, encoding="utf-8")
    with Ledger(f"sqlite:///{folder / 'ledger.db'}") as ledger:
        run([manifest], ledger, settings, NOW, lambda _stage, _done, _total: None)
        return list(ledger.bodies())


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bodies:
    """Events of a base whose settings say nothing about anybody."""
    return _work(tmp_path_factory.mktemp("bare"), Settings())


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a base that says who it is and whom it deals with."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "parties.toml").write_text(PARTIES, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory, site_folder: Path) -> Bodies:
    """Events of the base that says who it is."""
    return _work(tmp_path_factory.mktemp("known"), Settings(folder=site_folder))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Bodies:
    """Events of the demo: 60 made-up vehicles of November 2026."""
    folder = tmp_path_factory.mktemp("demo")
    with Ledger(f"sqlite:///{folder / 'ledger.db'}") as ledger, example_manifest() as manifest:
        run([manifest], ledger, Settings(), NOW, lambda _stage, _done, _total: None)
        return list(ledger.bodies())


@pytest.fixture(scope="session")
def say() -> Say:
    """Return what makes an event that states something: about things, documents, parties, uploads."""

    def event(
        time: str,
        *things: str,
        facts: dict[str, str] | None = None,
        parties: dict[str, dict[str, str]] | None = None,
        documents: dict[str, str] | None = None,
        **fields: Any,
    ) -> bytes:
        body: dict[str, Any] = {
            "type": "ObjectEvent",
            "eventTime": time,
            "eventTimeZoneOffset": "+08:00",
            "action": "OBSERVE",
            "bizStep": "inspecting",
            "epcList": list(things),
        }
        if facts:
            body["vnest:facts"] = {f"vnest:{name}": value for name, value in facts.items()}
        if parties:
            body["vnest:parties"] = [
                {"vnest:role": role} | {f"vnest:{name}": value for name, value in party.items()}
                for role, party in parties.items()
            ]
        if documents:
            body["vnest:informationFlow"] = [{"vnest:kind": kind, "vnest:reference": ref} for kind, ref in documents.items()]
        return orjson.dumps(body | fields)

    return event


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Bodies:
    """Events of the 1,000 real salvage lots."""
    folder = tmp_path_factory.mktemp("real")
    with Ledger(f"sqlite:///{folder / 'ledger.db'}") as ledger:
        lots = data_folder / "vehicles" / "salvage-lots-2026-08-06.csv"
        run([lots], ledger, Settings(), NOW, lambda _stage, _done, _total: None)
        return list(ledger.bodies())
