"""Refining by sulfuric acid, shared by routes: leach, purification, solvent extraction or precipitation, crystals, sodium sulfate."""

import numpy as np

from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import (
    CONDENSATE,
    DISSOLVED,
    GASES,
    METALS,
    SOLIDS,
    WATER_TO,
    at,
    cake_water_kg,
    celsius,
    cold,
    evaporation_kwh,
    filtered,
    joined,
    water,
    water_kg,
)
from vehiclenest.loop.regenerate.species import molar_mass_kg, reaction, species
from vehiclenest.loop.regenerate.stream import Amounts, Array, Stream, Unit, Vessel, total

ACID, PEROXIDE, LYE = "sulfuric acid", "hydrogen peroxide", "sodium hydroxide"
_SULFATES = tuple(f"{metal}SO4(aq)" for metal in METALS)
_CRYSTALS = {
    "NiSO4(aq)": ("NiSO4(aq) + 6 H2O -> NiSO10H12", "NiSO10H12", "nickel sulfate hexahydrate"),
    "CoSO4(aq)": ("CoSO4(aq) + 7 H2O -> CoSO11H14", "CoSO11H14", "cobalt sulfate heptahydrate"),
    "MnSO4(aq)": ("MnSO4(aq) + H2O -> MnSO5H2", "MnSO5H2", "manganese sulfate monohydrate"),
}
SALTS = tuple(name for _, _, name in _CRYSTALS.values())
# What acid dissolves, by the solid that is used up.
DISSOLUTION = {
    **{
        f"Li{metal}O2": f"2 Li{metal}O2 + 3 H2SO4(aq) + H2O2(l) -> Li2SO4(aq) + 2 {metal}SO4(aq) + 4 H2O + O2(g)"
        for metal in METALS
    },
    "LiMn2O4": "2 LiMn2O4 + 5 H2SO4(aq) + 3 H2O2(l) -> Li2SO4(aq) + 4 MnSO4(aq) + 8 H2O + 3 O2(g)",
    "LiFePO4": "2 LiFePO4 + H2SO4(aq) + H2O2(l) -> Li2SO4(aq) + 2 FePO4 + 2 H2O",
    "Li2CO3": "Li2CO3 + H2SO4(aq) -> Li2SO4(aq) + CO2(g) + H2O",
    "LiF": "2 LiF + H2SO4(aq) -> Li2SO4(aq) + 2 HF(aq)",
    "Li3PO4": "2 Li3PO4 + 3 H2SO4(aq) -> 3 Li2SO4(aq) + 2 H3PO4(aq)",
    "Fe3P2O8": "Fe3P2O8 + 3 H2SO4(aq) -> 3 FeSO4(aq) + 2 H3PO4(aq)",
    "Ni": "Ni + H2SO4(aq) -> NiSO4(aq) + H2(g)",
    "Co": "Co + H2SO4(aq) -> CoSO4(aq) + H2(g)",
    "Fe": "Fe + H2SO4(aq) -> FeSO4(aq) + H2(g)",
    "NiO": "NiO + H2SO4(aq) -> NiSO4(aq) + H2O",
    "CoO": "CoO + H2SO4(aq) -> CoSO4(aq) + H2O",
    "MnO": "MnO + H2SO4(aq) -> MnSO4(aq) + H2O",
    "FeO": "FeO + H2SO4(aq) -> FeSO4(aq) + H2O",
    "Al": "2 Al + 3 H2SO4(aq) -> Al2S3O12(aq) + 3 H2(g)",
    "Cu": "Cu + H2O2(l) + H2SO4(aq) -> CuSO4(aq) + 2 H2O",
    # What the moisture of a cake brings along.
    "LiHCO3(aq)": "2 LiHCO3(aq) + H2SO4(aq) -> Li2SO4(aq) + 2 CO2(g) + 2 H2O",
    "LiF(aq)": "2 LiF(aq) + H2SO4(aq) -> Li2SO4(aq) + 2 HF(aq)",
}


def acid_leach(feed: tuple[str, Stream], values: Values, stage: str, *, of: str, liquid: str, solid_yield: str) -> Unit:
    """Leach solids by sulfuric acid and peroxide, in excess of what all of them would take, and filter.

    Parameters
    ----------
    feed
        Name and stream of the solids.
    values, stage
        Parameters; part of the plant.
    of
        Prefix of the outputs: ``… liquor``, ``… residue``, ``… gas``.
    liquid, solid_yield
        Names of the parameters for water per solid and for the share that dissolves.
    """
    acid = total(needed(feed[1], "H2SO4(aq)").values()) * values["refine.acid_excess"]
    peroxide = total(needed(feed[1], "H2O2(l)").values()) * values["hydro.peroxide_excess"]
    stay = {name: feed[1].amounts[name] for name in feed[1].amounts if name in SOLIDS}
    water_in = feed[1].mass_kg * values[liquid]
    wash = cake_water_kg(stay, values, "cake_moisture")  # enough for the undissolved: the cake is lighter
    vessel = Vessel(
        {
            feed[0]: feed[1],
            f"{ACID} to {of}": cold({"H2SO4(l)": acid}),
            f"{PEROXIDE} to {of}": cold({"H2O2(l)": peroxide}),
            f"{WATER_TO}{of}": water(water_in + wash),
        }
    )
    vessel.use_up("H2SO4(l) -> H2SO4(aq)", "H2SO4(l)")
    for solid, equation in DISSOLUTION.items():
        if solid in feed[1].amounts:
            vessel.use_up(equation, solid, 1.0 if solid in DISSOLVED else values[solid_yield])
    vessel.use_up("CO2(aq) -> CO2(g)", "CO2(aq)")
    vessel.use_up("2 H2O2(l) -> 2 H2O + O2(g)", "H2O2(l)")
    hot = celsius(values, "hydro.leach_temperature")
    gas = vessel.take(GASES)
    residue = filtered(vessel, values, "cake_moisture")
    outputs = {f"{of} gas": at(gas, hot), f"{of} residue": at(residue, hot), f"{of} liquor": at(vessel.rest(), hot)}
    recovered = values["hydro.heat_recovered"] * outputs[f"{of} liquor"].sensible_j
    return vessel.finish(of, stage, outputs, efficiency=values["common.boiler_efficiency"], recovered_j=recovered)


def needed(solids: Stream, reagent: str) -> Amounts:
    """Return what the solids of a stream take of a reagent to dissolve, in mol by solid."""
    found: Amounts = {}
    for solid, equation in DISSOLUTION.items():
        numbers = reaction(equation)
        if solid in solids.amounts and reagent in numbers:
            found[solid] = solids.amounts[solid] * numbers[reagent] / numbers[solid]
    return found


def purify(liquor: tuple[str, Stream], returned: tuple[str, Stream], values: Values, stage: str) -> Unit:
    """Neutralise a leach liquor with the alkali that comes back and with lye, and filter off what precipitates.

    Aluminium, iron and copper leave as hydroxides, with a share of lithium, nickel, cobalt and manganese.
    """
    taken = Vessel({liquor[0]: liquor[1], returned[0]: returned[1]})
    alkali = taken.amount("Na2CO3(aq)") + taken.amount("Li2CO3(aq)") + taken.amount("NaOH(aq)") / 2
    free = taken.amount("H2SO4(aq)")
    metal_loss = values["hydro.coprecipitation_metals"]
    lye = (
        2 * np.maximum(free - alkali, 0.0)
        + 6 * taken.amount("Al2S3O12(aq)")
        + 2 * (taken.amount("CuSO4(aq)") + taken.amount("FeSO4(aq)"))
        + taken.amount("HF(aq)")
        + 3 * taken.amount("H3PO4(aq)")
        + 2 * metal_loss * taken.mol_of(_SULFATES)
    )
    vessel = Vessel(
        {
            **taken.inputs,
            f"{LYE} to purification": cold({"NaOH": lye}),
            f"{ACID} to purification": cold({"H2SO4(l)": np.maximum(alkali - free, 0.0)}),
        }
    )
    vessel.use_up("H2SO4(l) -> H2SO4(aq)", "H2SO4(l)")
    vessel.use_up("NaOH -> NaOH(aq)", "NaOH")
    for metal in ("Na", "Li"):
        vessel.use_up(f"{metal}2CO3(aq) + H2SO4(aq) -> {metal}2SO4(aq) + CO2(g) + H2O", f"{metal}2CO3(aq)")
    vessel.use_up("H2SO4(aq) + 2 NaOH(aq) -> Na2SO4(aq) + 2 H2O", "H2SO4(aq)")
    vessel.use_up("Al2S3O12(aq) + 6 NaOH(aq) -> 2 AlO3H3 + 3 Na2SO4(aq)", "Al2S3O12(aq)")
    for metal in ("Cu", "Fe"):
        vessel.use_up(f"{metal}SO4(aq) + 2 NaOH(aq) -> {metal}O2H2 + Na2SO4(aq)", f"{metal}SO4(aq)")
    vessel.use_up("HF(aq) + NaOH(aq) -> NaF(aq) + H2O", "HF(aq)")
    vessel.use_up("H3PO4(aq) + 3 NaOH(aq) -> Na3PO4(aq) + 3 H2O", "H3PO4(aq)")
    for metal in METALS:
        vessel.use_up(f"{metal}SO4(aq) + 2 NaOH(aq) -> {metal}O2H2 + Na2SO4(aq)", f"{metal}SO4(aq)", metal_loss)
    gas = vessel.take(GASES)
    sludge = joined(vessel.take(SOLIDS), vessel.take(["Li2SO4(aq)"], values["hydro.coprecipitation_lithium"]))
    outputs = {"gas of purification": cold(gas), "hydroxide sludge": cold(sludge), "purified liquor": cold(vessel.rest())}
    return vessel.finish("purification", stage, outputs)


def extract(liquor: tuple[str, Stream], values: Values, stage: str) -> list[Unit]:
    """Extract nickel, cobalt and manganese, strip them by acid and crystallise their sulfates.

    The extractant goes round: saponified by lye, loaded, stripped. What is left of that is lye into the raffinate and acid into the
    strip liquor, mole for mole.
    """
    metals = total(liquor[1].amounts.get(name, np.zeros(1)) for name in _SULFATES)
    strip_water = total(liquor[1].amounts.get(f"{metal}SO4(aq)", np.zeros(1)) * molar_mass_kg(metal) for metal in METALS) / (
        values["refine.strip_metal"] / 1000
    )
    vessel = Vessel(
        {
            liquor[0]: liquor[1],
            f"{LYE} to extraction": cold({"NaOH": 2 * metals * values["refine.saponification"]}),
            f"{ACID} to stripping": cold({"H2SO4(l)": metals * values["refine.strip_acid"]}),
            f"{WATER_TO}stripping": water(strip_water),
        }
    )
    vessel.use_up("H2SO4(l) -> H2SO4(aq)", "H2SO4(l)")
    vessel.use_up("NaOH -> NaOH(aq)", "NaOH")
    stripped = vessel.take(_SULFATES, 1 - values["refine.extraction_loss"])
    strip_liquor = joined(stripped, vessel.take(["H2O"], strip_water / water_kg(vessel.amounts)))
    neutral = "H2SO4(aq) + 2 NaOH(aq) -> Na2SO4(aq) + 2 H2O"
    vessel.react(neutral, vessel.limit(neutral))
    for name in _SULFATES:
        equation = f"{name} + 2 NaOH(aq) -> {name[:2]}O2H2 + Na2SO4(aq)"
        vessel.react(equation, vessel.limit(equation))
    outputs = {
        "strip liquor": cold(strip_liquor),
        "sludge of extraction": cold(vessel.take(SOLIDS)),
        "raffinate": cold(vessel.rest()),
    }
    unit = vessel.finish("solvent extraction", stage, outputs)
    return [unit, _crystallise(outputs["strip liquor"], values, stage)]


def _crystallise(strip: Stream, values: Values, stage: str) -> Unit:
    vessel = Vessel({"strip liquor": strip})
    outputs: dict[str, Stream] = {}
    for sulfate, (equation, crystal, name) in _CRYSTALS.items():
        if sulfate in strip.amounts:
            vessel.use_up(equation, sulfate)
            outputs[name] = cold(vessel.take([crystal]))
    evaporated = water_kg(vessel.amounts)
    outputs[f"{CONDENSATE}crystallisation"] = cold(vessel.rest())
    return vessel.finish("crystallisation", stage, outputs, electricity_kwh=evaporation_kwh(evaporated, values))


def precipitate(liquor: tuple[str, Stream], values: Values, stage: str) -> list[Unit]:
    """Precipitate nickel, cobalt and manganese as hydroxides and calcine them to mixed oxide."""
    metals = total(liquor[1].amounts.get(name, np.zeros(1)) for name in _SULFATES)
    hydroxide_kg = total(
        liquor[1].amounts.get(f"{metal}SO4(aq)", np.zeros(1)) * species(f"{metal}O2H2").molar_mass_kg for metal in METALS
    )
    vessel = Vessel(
        {
            liquor[0]: liquor[1],
            f"{LYE} to precipitation": cold({"NaOH": 2 * metals * values["refine.saponification"]}),
            f"{WATER_TO}precipitation": water(hydroxide_kg * values["common.cake_moisture"]),
        }
    )
    vessel.use_up("NaOH -> NaOH(aq)", "NaOH")
    for name in _SULFATES:
        vessel.use_up(f"{name} + 2 NaOH(aq) -> {name[:2]}O2H2 + Na2SO4(aq)", name)
    cake = filtered(vessel, values, "cake_moisture")
    outputs = {"mixed hydroxide": cold(cake), "raffinate": cold(vessel.rest())}
    return [vessel.finish("precipitation", stage, outputs), _calcine(outputs["mixed hydroxide"], values, stage)]


def _calcine(cake: Stream, values: Values, stage: str) -> Unit:
    vessel = Vessel({"mixed hydroxide": cake})
    for metal in METALS:
        vessel.use_up(f"{metal}O2H2 -> {metal}O + H2O(g)", f"{metal}O2H2")
    vessel.use_up("H2O -> H2O(g)", "H2O")
    hot = celsius(values, "refine.calcination_temperature")
    vapour = vessel.take(GASES)
    outputs = {"mixed oxide": at(vessel.rest(), hot), "vapour of calcination": at(vapour, hot)}
    return vessel.finish("calcination", stage, outputs, efficiency=values["refine.calcination_efficiency"])


def crystallise_sulfate(liquor: tuple[str, Stream], lithium_share: Array, values: Values, stage: str) -> Unit:
    """Crystallise sodium sulfate; the rest of the liquor goes back, what would build up leaves with the cake."""
    vessel = Vessel({liquor[0]: liquor[1]})
    crystallised = values["refine.sulfate_crystallised"]
    vessel.use_up("Na2SO4(aq) -> Na2SO4", "Na2SO4(aq)", crystallised)
    cake = joined(
        vessel.take(SOLIDS),
        vessel.take(["NaF(aq)", "Na3PO4(aq)"]),
        vessel.take(["Li2CO3(aq)", "Li2SO4(aq)"], lithium_share),
    )
    back = vessel.take(DISSOLVED)
    condensate = vessel.take(["H2O"], crystallised)
    evaporated = water_kg(condensate)
    outputs = {
        "sodium sulfate": cold(cake),
        f"{CONDENSATE}sulfate": cold(condensate),
        "returned liquor": cold(joined(back, vessel.rest())),
    }
    return vessel.finish("sulfate crystallisation", stage, outputs, electricity_kwh=evaporation_kwh(evaporated, values))
