"""Shredding: the hulks of a campaign together → metal fractions, light fraction and dust, by transfer coefficients per substance."""

from collections.abc import Iterable
from pathlib import Path

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import SettingsError
from vehiclenest.core.materials import METALS
from vehiclenest.loop.records import Campaign, Composition, ShredderFraction, Stream, merged, scaled

_YIELDS = Path(__file__).with_name("yields.toml")
_OUTPUTS = ("ferrous", "non_ferrous", "heavy")


def shred(hulks: Iterable[Composition], site: Path | None = None) -> Campaign:
    """Return what a campaign gives; every substance of the input is in one of the fractions or in the dust.

    Raises
    ------
    SettingsError
        Where a transfer coefficient is negative, or those of a substance sum to more than 1.
    """
    table = load_table(_YIELDS, site)
    shredder = table["shredder"]
    total = merged(*hulks)
    dust = shredder.number("dust")
    if not 0 <= dust <= 1:
        raise SettingsError(f"yields.toml turns {dust:g} of the hulks into dust", expected="a share from 0 to 1")
    left = scaled(total, 1.0 - dust)
    fractions: list[ShredderFraction] = []
    rest = dict(left)
    for name in _OUTPUTS:
        row = table[name]
        if any(number.value < 0 for number in row.values()):
            raise SettingsError(f"yields.toml sends less than nothing to {name}", expected="shares from 0 to 1")
        materials = {material: mass * share for material, mass in left.items() if (share := _share(row, material)) > 0}
        for material, mass in materials.items():
            rest[material] -= mass
        fractions.append(ShredderFraction(row.text("code"), row.text("name"), Stream(row.text("stream")), materials))
    short = [material for material, mass in rest.items() if mass < -1e-9 * total[material]]
    if short:
        raise SettingsError(
            f"yields.toml sends more than all {short[0]} to the shredder's outputs", expected="shares that sum to 1 at most"
        )
    light = table["light"]
    remaining = {material: mass for material, mass in rest.items() if mass > 0}
    fractions.append(ShredderFraction(light.text("code"), light.text("name"), Stream(light.text("stream")), remaining))
    names = (*shredder.unverified, *(name for output in _OUTPUTS for name in table[output].unverified))
    return Campaign(tuple(fractions), scaled(total, dust), shredder.number("per_tonne") * sum(total.values()) / 1000, names)


def _share(row: Row, material: str) -> float:
    """Return the share of a substance that goes to a row's output: metals by name, `rest` for all else that it does not name."""
    if material in row or material not in METALS:
        return row.number(material, row.number("rest", 0.0))
    return 0.0
