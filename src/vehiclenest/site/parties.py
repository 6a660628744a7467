"""The parties to an event as the site's `parties.toml` knows them; where it says nothing, events carry nothing."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from vehiclenest.core.constants import ConstantTable, load_table
from vehiclenest.core.errors import SettingsError, Where
from vehiclenest.ledger.model import PREFIX
from vehiclenest.site.settings import Settings

_TABLE = Path(__file__).with_name("parties.toml")
_HANDOVER = ("dismantler", "return_point", "authority", "dismantler_auditor", "return_point_auditor")


def handover_parties(settings: Settings) -> dict[str, Any]:
    """Return the extension of the event that certifies a vehicle's destruction: who takes it, who approved and audits that."""
    return _extension(settings, {role: role for role in _HANDOVER})


def shipping_parties(counterparty: str, settings: Settings) -> dict[str, Any]:
    """Return the extension of a shipping event: who sends, drives and receives."""
    receiver = counterparty.replace(" ", "_").replace("-", "_")
    return _extension(settings, {"dismantler": "dismantler", "carrier": "carrier", "receiver": receiver})


def packaging(fraction: str, settings: Settings) -> str:
    """Return how a hazardous fraction is packed; empty where the site does not say."""
    return _table(settings.folder)["packaging"].text(fraction)


def _extension(settings: Settings, rows: dict[str, str]) -> dict[str, Any]:
    table = _table(settings.folder)
    parties: list[dict[str, str]] = []
    for role, name in rows.items():
        if filled := {f"{PREFIX}:{key}": value for key, value in table[name].texts().items() if value}:
            parties.append({f"{PREFIX}:role": role} | filled)
    return {f"{PREFIX}:parties": parties} if parties else {}


@lru_cache(maxsize=8)
def _table(folder: Path | None) -> ConstantTable:
    """Return the parties; raise `SettingsError` for a row or a field that nothing would ever read."""
    bundled, table = load_table(_TABLE), load_table(_TABLE, folder)
    fields = list(bundled["dismantler"].texts())
    _require(table, bundled, "parties")
    for name, row in table.items():
        _require((*row, *row.texts()), list(bundled[name].texts()) if name == "packaging" else fields, f"parties.{name}")
    return table


def _require(names: Iterable[str], known: Collection[str], field: str) -> None:
    for name in names:
        if name not in known:
            raise SettingsError(
                f"{name!r} is not known there", expected=f"one of {', '.join(known)}", where=Where(_TABLE.name, field=field)
            )
