"""From SOH to grade and disposition: the first grade whose least SOH is reached (`grade.toml`)."""

from pathlib import Path

from vehiclenest.core.constants import ConstantTable, load_table

_TABLE = Path(__file__).with_name("grade.toml")
_GRADES = ("A", "B", "C", "D", "E")


def grade_table(site: Path | None = None) -> ConstantTable:
    """Return the table of grades."""
    return load_table(_TABLE, site)


def graded(table: ConstantTable, soh: float, soh_low: float) -> tuple[str, str, str]:
    """Return grade, disposition and reason for a SOH and the lower end of its interval, in percent."""
    row, name, why = table[_GRADES[-1]], _GRADES[-1], f"SOH {soh:.1f} %"
    for candidate in _GRADES:
        row = table[candidate]
        value, words = (soh_low, "lower end of the interval") if row.text("by") == "lower" else (soh, "SOH")
        if value >= row.number("least"):
            name, why = candidate, f"{words} {value:.1f} % is at least {row.number('least'):g} %"
            break
    return name, row.text("disposition"), why
