"""The conventional route: sulfuric acid and peroxide, purification, extraction or precipitation, lithium carbonate by soda ash."""

from collections.abc import Mapping

import numpy as np

from vehiclenest.loop.regenerate.carbonate import Dissolved, refuse_boiling, saturated_closed
from vehiclenest.loop.regenerate.graphite import Fate, disposed
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import (
    CONDENSATE,
    METALS,
    WATER_TO,
    Finish,
    Flowsheet,
    at,
    cake_water_kg,
    celsius,
    cold,
    dried,
    drives,
    evaporation_kwh,
    filtered,
    products,
    solve_loop,
    water,
    water_kg,
    water_tank,
)
from vehiclenest.loop.regenerate.refine import SALTS, acid_leach, crystallise_sulfate, extract, precipitate, purify
from vehiclenest.loop.regenerate.species import molar_mass_kg
from vehiclenest.loop.regenerate.stream import Amounts, Array, Stream, Unit, Vessel

SODA = "soda ash"
_MOST_DISSOLVED = 0.95  # of the carbonate formed: a liquor so thin gives next to nothing


def hydro(feed: Mapping[str, Array], values: Values, finish: Finish, fate: Fate = "kept") -> Flowsheet:
    """Solve the conventional route for a feed in mol by species.

    Parameters
    ----------
    feed
        mol by species.
    values
        Parameters.
    finish
        Whether nickel, cobalt and manganese become mixed oxide or battery-grade sulfates.
    fate
        What becomes of the graphite in the leach residue.
    """
    black_mass = cold(feed)
    for name in ("leach_temperature", "carbonation_temperature"):
        refuse_boiling(f"hydro.{name}", celsius(values, f"hydro.{name}"), np.ones(1))
    tonnes = black_mass.mass_kg / 1000
    saturated = saturated_closed(celsius(values, "hydro.carbonation_temperature"))
    leach = acid_leach(
        ("black mass", black_mass), values, "metals", of="leach", liquid="hydro.liquid_per_solid", solid_yield="hydro.leach_yield"
    )

    def round_(returned: Amounts) -> tuple[list[Unit], Amounts]:
        purified = purify(("leach liquor", leach.outputs["leach liquor"]), ("returned liquor", cold(returned)), values, "metals")
        refined = _REFINE[finish](("purified liquor", purified.outputs["purified liquor"]), values, finish)
        concentrated = _concentrate(refined[0].outputs["raffinate"], values)
        carbonated = _carbonate(concentrated.outputs["concentrate"], saturated, values)
        sulfate = crystallise_sulfate(
            ("mother liquor", carbonated.outputs["mother liquor"]), values["hydro.sulfate_lithium"], values, "metals"
        )
        return [purified, *refined, concentrated, carbonated, sulfate], dict(sulfate.outputs["returned liquor"].amounts)

    units, error, rounds = solve_loop(round_)
    wet = next(unit for unit in units if unit.name == "carbonation").outputs["wet carbonate"]
    units = [drives("drives of hydro", tonnes * values["hydro.power"], "metals"), leach, *units]
    units += [dried("drying of carbonate", "lithium", ("wet carbonate", wet), "lithium carbonate", values)]
    if any(f"Li{metal}O2" in feed or metal in feed or f"{metal}O" in feed for metal in METALS) or "LiMn2O4" in feed:
        units.append(drives("drives of refining", tonnes * values["refine.power"], finish))
    units += disposed(fate, "leach residue", leach.outputs["leach residue"], values, "metals")
    units.append(water_tank(units, values, "metals"))
    metal = ("mixed oxide",) if finish == "oxide" else SALTS
    names = ("lithium carbonate", *metal, "sodium sulfate", "graphite")
    return Flowsheet("hydro", finish, units, products(names, units), error, rounds)


_REFINE = {"oxide": precipitate, "salts": extract}


def _concentrate(raffinate: Stream, values: Values) -> Unit:
    vessel = Vessel({"raffinate": raffinate})
    held = water_kg(vessel.amounts)
    lithium_kg = raffinate.element_mol("Li") * molar_mass_kg("Li")
    left = np.minimum(lithium_kg / (values["hydro.concentrated_lithium"] / 1000), held)
    condensate = vessel.take(["H2O"], 1 - left / held)
    outputs = {f"{CONDENSATE}concentration": cold(condensate), "concentrate": cold(vessel.rest())}
    return vessel.finish("concentration", "lithium", outputs, electricity_kwh=evaporation_kwh(held - left, values))


def _carbonate(concentrate: Stream, saturated: Dissolved, values: Values) -> Unit:
    """Precipitate lithium carbonate by soda ash; what stays dissolved follows the solubility at the temperature."""
    hot = celsius(values, "hydro.carbonation_temperature")
    lithium = concentrate.amounts["Li2SO4(aq)"]
    wash = cake_water_kg({"Li2CO3": lithium}, values, "crystal_moisture")
    vessel = Vessel(
        {
            "concentrate": concentrate,
            SODA: cold({"Na2CO3": lithium * values["hydro.carbonate_excess"]}),
            f"{WATER_TO}washing of carbonate": water(wash),
        }
    )
    vessel.use_up("Na2CO3 -> Na2CO3(aq)", "Na2CO3")
    vessel.use_up("Li2SO4(aq) + Na2CO3(aq) -> Li2CO3 + Na2SO4(aq)", "Li2SO4(aq)")
    formed = vessel.amount("Li2CO3")
    dissolves = saturated.lithium / 2 * water_kg(concentrate.amounts) - vessel.amount("Li2CO3(aq)")
    vessel.react("Li2CO3 -> Li2CO3(aq)", np.clip(dissolves, 0.0, _MOST_DISSOLVED * formed))
    cake = filtered(vessel, values, "crystal_moisture")
    outputs = {"wet carbonate": at(cake, hot), "mother liquor": at(vessel.rest(), hot)}
    recovered = values["hydro.heat_recovered"] * outputs["mother liquor"].sensible_j
    return vessel.finish("carbonation", "lithium", outputs, efficiency=values["common.boiler_efficiency"], recovered_j=recovered)
