"""The standard's own words (CBV 2.0): which may be written bare in which field, and the full name of each."""

import tomllib
from importlib.resources import files
from typing import Final


def _load() -> dict[str, dict[str, str]]:
    tables = tomllib.loads(files("vehiclenest.ledger.conformance").joinpath("cbv.toml").read_text(encoding="utf-8"))
    return {name: {word: table["namespace"] + word for word in table["words"]} for name, table in tables.items()}


_TABLES: Final = _load()
BIZ_STEPS: Final = _TABLES["biz_step"]
DISPOSITIONS: Final = _TABLES["disposition"]
BUSINESS_TRANSACTION_TYPES: Final = _TABLES["business_transaction_type"]
SOURCE_DESTINATION_TYPES: Final = _TABLES["source_destination_type"]
ERROR_REASONS: Final = _TABLES["error_reason"]
COMPONENTS: Final = _TABLES["component"]
EXCEPTIONS: Final = _TABLES["exception"]
MEASUREMENT_TYPES: Final = _TABLES["measurement_type"]

# How CBV 1.x named the same vocabularies; the rest of such a URN is the word.
URN_NAMESPACES: Final = {
    "urn:epcglobal:cbv:bizstep:": "https://ref.gs1.org/cbv/BizStep-",
    "urn:epcglobal:cbv:disp:": "https://ref.gs1.org/cbv/Disp-",
    "urn:epcglobal:cbv:btt:": "https://ref.gs1.org/cbv/BTT-",
    "urn:epcglobal:cbv:sdt:": "https://ref.gs1.org/cbv/SDT-",
    "urn:epcglobal:cbv:er:": "https://ref.gs1.org/cbv/ER-",
}
