"""Safety comes first: rules that reject a battery before anything is graded (GB/T 34015, UL 1974; limits in `safety.toml`)."""

from pathlib import Path

import numpy as np

from vehiclenest.core.constants import ConstantTable, Row, load_table
from vehiclenest.loop.battery.model import Array

_TABLE = Path(__file__).with_name("safety.toml")
_MEASURED = ("insulation", "temperature", "swelling", "lowest_voltage")


def safety_table(site: Path | None = None) -> ConstantTable:
    """Return the rules."""
    return load_table(_TABLE, site)


def safety_columns(table: ConstantTable) -> tuple[str, ...]:
    """Return the names of the input's columns that rules look at."""
    return tuple(table[rule].text("column") for rule in _MEASURED)


def rejections(
    table: ConstantTable, chemistry: str, rested: Array, resistance_ratio: Array, measured: dict[str, Array]
) -> list[str]:
    """Return for each test why it is rejected, empty where no rule does.

    Parameters
    ----------
    chemistry
        Of all of them; decides the limits of voltage.
    rested
        U1 in V.
    resistance_ratio
        Ohmic resistance against the largest that was learnt of the type; NaN where it is not known.
    measured
        Columns of the input by name; NaN was not measured.
    """
    found = [""] * len(rested)
    name = f"voltage_{chemistry}"
    voltage = table[name if name in table else "voltage_other"]
    checks = [(table[rule], table[rule].text("title"), measured[table[rule].text("column")]) for rule in _MEASURED]
    checks = [
        *checks,
        (voltage, "rested voltage", rested),
        (table["resistance"], table["resistance"].text("title"), resistance_ratio),
    ]
    for rule, title, values in checks:
        for number in np.flatnonzero(_broken(rule, values)):
            found[number] = found[number] or f"{title} {values[number]:g}, {_limits(rule)}"
    return found


def _broken(rule: Row, values: Array) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        low = values < rule.number("least") if "least" in rule else np.zeros(len(values), dtype=bool)
        high = values > rule.number("most") if "most" in rule else np.zeros(len(values), dtype=bool)
    return low | high


def _limits(rule: Row) -> str:
    parts = [
        f"at least {rule.number('least'):g}" if "least" in rule else "",
        f"at most {rule.number('most'):g}" if "most" in rule else "",
    ]
    return " and ".join(part for part in parts if part)
