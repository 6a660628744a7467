"""What becomes of an inspected part: reuse, remanufacture, recycle, or a person looks at it, with the reason in words and figures.

Rules by part family stand in verdict.toml; a site's own file of that name goes before it. What is in doubt is never decided.
"""

from collections.abc import Iterator
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.model import Damage, Defect, Deviation, Figure, Pose, Verdict

_TABLE = Path(__file__).with_name("verdict.toml")


def verdict(
    damage: Damage,
    deviation: Deviation,
    coverage: float,
    family: str,
    *,
    tolerance_mm: float,
    pose: Pose | None = None,
    site: Path | None = None,
) -> Verdict:
    """Return what becomes of a part of a family with this damage; `coverage` is the share of its surface that was seen.

    A figure whose interval holds the limit that it is judged by decides nothing: the part goes to a person. The same holds for a
    pose that did not converge or that wear may have pulled, and for too little coverage. Exact symmetry is no doubt: all is the same there.

    Raises
    ------
    InputError
        Where coverage is no share, or the tolerance is not above 0.
    SettingsError
        Where the site's verdict.toml cannot be read.
    """
    if not 0 <= coverage <= 1:
        raise InputError(f"a coverage of {coverage}", expected="a share from 0 to 1")
    if not tolerance_mm > 0:
        raise InputError(f"a tolerance of {tolerance_mm} mm", expected="more than 0")
    table = load_table(_TABLE, site)
    rules = table[family] if family in table else table["general"]
    source = rules.unverified
    if unsure := tuple(_unsure(coverage, rules, pose)):
        return Verdict("manual", unsure, source)
    ends, doubts = list[str](), list[str]()
    for defect in damage.defects:
        _end_by(defect, rules, ends, doubts)
    _beyond(damage.greatest_wear_mm, rules.number("wear_mm"), "wear", rules.flag("replaced"), ends, doubts)
    if ends:
        return Verdict("recycle", tuple(ends), source)
    if doubts:
        return Verdict("manual", tuple(doubts), source)
    if mends := tuple(_mends(damage, tolerance_mm)):
        return Verdict("remanufacture", mends, source)
    return _nothing_found(damage, deviation, tolerance_mm, source)


def _nothing_found(damage: Damage, deviation: Deviation, tolerance_mm: float, source: tuple[str, ...]) -> Verdict:
    if max(abs(deviation.p01), abs(deviation.p99)) > tolerance_mm:
        told = f"1 % of the surface is off by {max(-deviation.p01, deviation.p99):.2f} mm or more, beyond {tolerance_mm:g} mm"
        return Verdict("manual", (f"{told}, yet no defect explains it.",), source)
    if damage.greatest_wear_mm.high > tolerance_mm:
        said = f"Wear of {_said(damage.greatest_wear_mm, 'mm')} may be beyond the tolerance of {tolerance_mm:g} mm."
        return Verdict("manual", (said,), source)
    kept = f"No defect, and wear of {_said(damage.greatest_wear_mm, 'mm')} keeps to {tolerance_mm:g} mm."
    return Verdict("reuse", (kept,), source)


def _unsure(coverage: float, rules: Row, pose: Pose | None) -> Iterator[str]:
    if pose is not None and not pose.converged:
        yield f"The scan could not be laid on the reference (left over: {pose.rms_mm:.3f} mm)."
    if pose is not None and pose.contested:
        yield "Wear and pose cannot be told apart: measure against a datum on surface that does not wear."
    if coverage < rules.number("least_coverage"):
        yield f"{100 * coverage:.0f} % of the surface was seen, less than {100 * rules.number('least_coverage'):.0f} %."


def _end_by(defect: Defect, rules: Row, ends: list[str], doubts: list[str]) -> None:
    """Add why a defect ends the part, or why that is in doubt."""
    if defect.kind == "crack":
        said = f"A crack {_said(defect.depth_mm, 'mm')} deep"
        if rules.flag("safety"):
            ends.append(f"{said} in a part that safety depends on.")
        else:
            doubts.append(f"{said}: a person decides whether it can be welded.")
    elif defect.kind == "missing":
        _beyond(defect.volume_mm3, rules.number("missing_mm3"), "a piece missing", True, ends, doubts, "mm³")
    elif defect.kind == "dent":
        _beyond(defect.depth_mm, rules.number("repair_mm"), "a dent", True, ends, doubts)


def _beyond(figure: Figure, limit: float, name: str, final: bool, ends: list[str], doubts: list[str], unit: str = "mm") -> None:
    """Judge a figure by a limit; what is over it ends the part where that is final, and else a person looks."""
    if figure.high <= limit or figure.value <= 0:
        return
    said = f"{name[0].upper()}{name[1:]} of {_said(figure, unit)}"
    if figure.low > limit:
        (ends if final else doubts).append(f"{said} is beyond what is made good, {limit:g} {unit}.")
    else:
        doubts.append(f"{said} is at the limit of what is made good, {limit:g} {unit}.")


def _mends(damage: Damage, tolerance_mm: float) -> Iterator[str]:
    for defect in damage.defects:
        if defect.kind == "excess":
            yield f"Excess {_said(defect.depth_mm, 'mm')} high is to be taken off."
        else:
            name = "A piece missing" if defect.kind == "missing" else "A dent"
            yield f"{name}, {_said(defect.depth_mm, 'mm')} deep, {_said(defect.volume_mm3, 'mm³')}, is to be filled."
    if damage.greatest_wear_mm.low > tolerance_mm:
        yield f"Wear of {_said(damage.greatest_wear_mm, 'mm')} is beyond {tolerance_mm:g} mm; {_said(damage.wear_volume_mm3, 'mm³')} lost."


def _said(figure: Figure, unit: str) -> str:
    digits = 3 if unit == "mm" else 1
    return f"{figure.value:.{digits}f} ± {figure.uncertainty:.{digits}f} {unit}"
