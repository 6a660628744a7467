"""The one-step route: reduction roast, leach by water and carbon dioxide, thermal decomposition; carbon dioxide and water go round."""

from collections.abc import Mapping

import numpy as np

from vehiclenest.loop.regenerate.carbonate import (
    Dissolved,
    henry,
    refuse_boiling,
    saturated_under,
    vapour_atm,
)
from vehiclenest.loop.regenerate.graphite import Fate, disposed, float_graphite
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import (
    DISSOLVED,
    GASES,
    SOLIDS,
    WATER_TO,
    Finish,
    Flowsheet,
    at,
    cake_water_kg,
    celsius,
    cold,
    dried,
    drives,
    filtered,
    products,
    solve_loop,
    water,
    water_kg,
    water_tank,
)
from vehiclenest.loop.regenerate.refine import LYE, SALTS, acid_leach, crystallise_sulfate, extract, purify
from vehiclenest.loop.regenerate.species import species
from vehiclenest.loop.regenerate.stream import Amounts, Array, Stream, Unit, Vessel

DIOXIDE, AIR = "carbon dioxide", "oxygen of air"
# What graphite reduces, by the solid that is used up; manganese stays an oxide and takes oxygen for it.
REDUCTION = {
    "LiNiO2": "LiNiO2 + 0.75 C -> 0.5 Li2CO3 + Ni + 0.25 CO2(g)",
    "LiCoO2": "LiCoO2 + 0.75 C -> 0.5 Li2CO3 + Co + 0.25 CO2(g)",
    "LiMnO2": "LiMnO2 + 0.25 C + 0.25 CO2(g) -> 0.5 Li2CO3 + MnO",
    "LiMn2O4": "LiMn2O4 + 0.75 C -> 0.5 Li2CO3 + 2 MnO + 0.25 CO2(g)",
    "NiO": "NiO + 0.5 C -> Ni + 0.5 CO2(g)",
    "CoO": "CoO + 0.5 C -> Co + 0.5 CO2(g)",
}
_CARBON = {"LiNiO2": 0.75, "LiCoO2": 0.75, "LiMnO2": 0.25, "LiMn2O4": 0.75, "NiO": 0.5, "CoO": 0.5}


def one_step(feed: Mapping[str, Array], values: Values, finish: Finish, fate: Fate = "kept") -> Flowsheet:
    """Solve the one-step route for a feed in mol by species.

    Nickel, cobalt and manganese leave the leach as metal and oxide with the graphite. With `finish` oxide graphite is floated off and
    the rest oxidised; with salts they go through acid leach and extraction like the conventional route's.
    """
    for step in ("leach", "decomposition"):
        refuse_boiling(
            f"one_step.{step}_temperature", celsius(values, f"one_step.{step}_temperature"), values[f"one_step.{step}_pressure"]
        )
    black_mass = cold(feed)
    tonnes = black_mass.mass_kg / 1000
    if fate == "burnt":
        values = {**values, "one_step.graphite_burnt": np.ones(1)}
    roasted = _roast(black_mass, values)
    cooled = _cool(roasted.outputs["calcine"])
    cleaned = _clean_gas(roasted.outputs["roast gas"])
    calcine = cooled.outputs["cold calcine"]
    leached, left = _saturation(values)

    def round_(returned: Amounts) -> tuple[list[Unit], Amounts]:
        leach = _leach(calcine, cold(returned), leached, values)
        decomposition = _decompose(leach.outputs["lithium liquor"], left, values)
        condenser = _condense(decomposition.outputs["wet dioxide"], values)
        cooler = _cool_liquor(decomposition.outputs["hot mother liquor"], condenser.outputs["condensed water"], values)
        return [leach, decomposition, condenser, cooler], dict(cooler.outputs["returned lithium liquor"].amounts)

    loop, error, rounds = solve_loop(round_)
    captured = loop[2].outputs["captured dioxide"]
    units = [drives("drives of one-step", tonnes * values["one_step.power"], "lithium"), roasted, cooled, cleaned, *loop]
    units.append(_make_up(captured, loop[0].inputs["dioxide to leach"]))
    wet = loop[1].outputs["wet carbonate"]
    units.append(dried("drying of carbonate", "lithium", ("wet carbonate", wet), "lithium carbonate", values))
    residue = loop[0].outputs["leach residue"]
    finished, names, loop_error, loop_rounds = _FINISH[finish](residue, tonnes, values, fate)
    units += finished
    units.append(water_tank(units, values, "lithium"))
    made = products(("lithium carbonate", *names), units)
    return Flowsheet("one-step", finish, units, made, max(error, loop_error), max(rounds, loop_rounds))


def _roast(feed: Stream, values: Values) -> Unit:
    """Reduce the active material by graphite; then fluorine, phosphorus and aluminium take their share of the lithium carbonate."""
    probe = Vessel({"black mass": feed})
    share = values["one_step.reduction"]
    wanted = sum((probe.amount(solid) * share * carbon for solid, carbon in _CARBON.items()), np.zeros(1))
    enough = np.minimum(probe.amount("C") / np.maximum(wanted, 1e-12), 1.0)
    burnt = np.maximum(probe.amount("C") - wanted, 0.0) * values["one_step.graphite_burnt"]
    vessel = Vessel({"black mass": feed, f"{AIR} to roast": cold({"O2(g)": burnt})})
    for solid, equation in REDUCTION.items():
        if solid in feed.amounts:
            vessel.use_up(equation, solid, share * enough)
    _bind(vessel, "LiFePO4 + Li2CO3 -> Li3PO4 + FeO + CO2(g)", "LiFePO4", values["one_step.phosphate_binding"])
    vessel.use_up("3 LiFePO4 -> Li3PO4 + Fe3P2O8", "LiFePO4", values["one_step.phosphate_binding"])
    _bind(vessel, "C2H2F2 + Li2CO3 -> 2 LiF + 2 C + CO2(g) + H2O(g)", "C2H2F2", values["one_step.fluoride_binding"])
    vessel.use_up("C2H2F2 -> 2 C + 2 HF(g)", "C2H2F2")
    oxidation = "2 Al + 3 CO2(g) -> Al2O3 + 3 CO(g)"
    vessel.react(oxidation, vessel.limit(oxidation))
    _bind(vessel, "Al2O3 + Li2CO3 -> 2 LiAlO2 + CO2(g)", "Al2O3", values["one_step.aluminate"])
    vessel.use_up("H2O -> H2O(g)", "H2O")
    gas = "CO2(g) + C -> 2 CO(g)"
    vessel.react(gas, vessel.limit(gas) * values["one_step.carbon_monoxide"])
    vessel.react("C + O2(g) -> CO2(g)", np.minimum(vessel.amount("O2(g)"), np.maximum(vessel.amount("C"), 0.0)))
    hot = celsius(values, "one_step.roast_temperature")
    outputs = {"roast gas": at(vessel.take(GASES), hot), "calcine": at(vessel.rest(), hot)}
    return vessel.finish("reduction roast", "lithium", outputs, efficiency=values["one_step.roast_efficiency"])


def _bind(vessel: Vessel, equation: str, name: str, share: Array) -> None:
    """Let a share of a species take lithium carbonate, as long as there is any."""
    vessel.react(equation, np.minimum(vessel.limit(equation), vessel.amount(name) * share))


def _cool(calcine: Stream) -> Unit:
    vessel = Vessel({"calcine": calcine})
    return vessel.finish("cooling of calcine", "lithium", {"cold calcine": cold(vessel.rest())})


def _clean_gas(gas: Stream) -> Unit:
    """Burn carbon monoxide and wash out hydrogen fluoride with lye."""
    fluoride = gas.amounts.get("HF(g)", np.zeros(1))
    monoxide, oxygen = (gas.amounts.get(name, np.zeros(1)) for name in ("CO(g)", "O2(g)"))
    vessel = Vessel(
        {
            "roast gas": gas,
            f"{AIR} to gas cleaning": cold({"O2(g)": np.maximum(monoxide / 2 - oxygen, 0.0)}),
            f"{LYE} to gas cleaning": cold({"NaOH": fluoride}),
        }
    )
    vessel.use_up("2 CO(g) + O2(g) -> 2 CO2(g)", "CO(g)")
    vessel.use_up("NaOH -> NaOH(aq)", "NaOH")
    vessel.use_up("HF(g) + NaOH(aq) -> NaF(aq) + H2O", "HF(g)")
    outputs = {"flue gas": cold(vessel.take(GASES)), "scrubber liquor": cold(vessel.rest())}
    return vessel.finish("gas cleaning", "lithium", outputs)


def _saturation(values: Values) -> tuple[Dissolved, Dissolved]:
    """Return what the leach can dissolve, and what stays dissolved after decomposition."""
    cool, pressure = celsius(values, "one_step.leach_temperature"), values["one_step.leach_pressure"]
    hot, residual = celsius(values, "one_step.decomposition_temperature"), values["one_step.residual_dioxide"]
    return saturated_under(cool, pressure - vapour_atm(cool)), saturated_under(hot, residual)


def _leach(calcine: Stream, returned: Stream, saturated: Dissolved, values: Values) -> Unit:
    """Dissolve lithium carbonate as bicarbonate, with as much water as that takes."""
    temperature = celsius(values, "one_step.leach_temperature")
    pressure = values["one_step.leach_pressure"] - vapour_atm(temperature)
    back = Vessel({"returned lithium liquor": returned})
    fresh = calcine.amounts.get("Li2CO3", np.zeros(1)) * values["one_step.leach_yield"]
    lithium = 2 * fresh + back.amount("LiHCO3(aq)") + 2 * back.amount("Li2CO3(aq)")
    # A feed that gives no lithium is still wetted: a kilogram of water per kilogram, so that the residue can be filtered.
    liquid = np.maximum(lithium / (values["one_step.approach"] * saturated.lithium), calcine.mass_kg)
    salt = np.clip(
        values["one_step.fluoride_solubility"] * liquid - back.amount("LiF(aq)"), 0.0, calcine.amounts.get("LiF", np.zeros(1))
    )
    left = Vessel({"cold calcine": calcine})
    left.amounts["Li2CO3"], left.amounts["LiF"] = left.amount("Li2CO3") - fresh, left.amount("LiF") - salt
    wash = cake_water_kg(left.take(SOLIDS), values, "cake_moisture")
    gas = henry(temperature) * pressure * liquid - back.amount("CO2(aq)")
    dioxide = fresh + back.amount("Li2CO3(aq)") + np.maximum(gas, 0.0)
    used = fresh + back.amount("Li2CO3(aq)")
    top_up = np.maximum(liquid - water_kg(back.amounts) + used * species("H2O").molar_mass_kg, 0.0)
    vessel = Vessel(
        {
            "cold calcine": calcine,
            "returned lithium liquor": returned,
            "dioxide to leach": cold({"CO2(g)": dioxide}),
            f"{WATER_TO}carbonate leach": water(top_up + wash),
        }
    )
    vessel.react("Li2CO3 + CO2(g) + H2O -> 2 LiHCO3(aq)", fresh)
    vessel.use_up("Li2CO3(aq) + CO2(g) + H2O -> 2 LiHCO3(aq)", "Li2CO3(aq)")
    vessel.use_up("CO2(g) -> CO2(aq)", "CO2(g)")
    vessel.react("LiF -> LiF(aq)", salt)
    residue = filtered(vessel, values, "cake_moisture")
    outputs = {"leach residue": at(residue, temperature), "lithium liquor": at(vessel.rest(), temperature)}
    return vessel.finish("carbon-dioxide leach", "lithium", outputs)


def _decompose(liquor: Stream, saturated: Dissolved, values: Values) -> Unit:
    """Drive carbon dioxide out of the liquor; lithium carbonate precipitates down to what stays dissolved, and is filtered."""
    hot = celsius(values, "one_step.decomposition_temperature")
    lithium = liquor.amounts.get("LiHCO3(aq)", np.zeros(1))
    liquid = water_kg(liquor.amounts)
    stays = np.minimum(saturated.lithium * liquid, lithium)
    crystals = (lithium - stays) / 2
    wash = cake_water_kg({"Li2CO3": crystals}, values, "crystal_moisture")
    vessel = Vessel({"lithium liquor": liquor, f"{WATER_TO}washing of carbonate": water(wash)})
    vessel.react("2 LiHCO3(aq) -> Li2CO3 + CO2(g) + H2O", crystals)
    vessel.react("2 LiHCO3(aq) -> Li2CO3(aq) + CO2(g) + H2O", stays * np.minimum(saturated.carbonate_share, 1.0) / 2)
    held = np.minimum(henry(hot) * values["one_step.residual_dioxide"] * liquid, vessel.amount("CO2(aq)"))
    vessel.react("CO2(aq) -> CO2(g)", vessel.amount("CO2(aq)") - held)
    # The gas leaves saturated with steam: the least that has to be boiled off.
    vapour = vapour_atm(hot)
    steam = vessel.amount("CO2(g)") * vapour / (values["one_step.decomposition_pressure"] - vapour)
    vessel.react("H2O -> H2O(g)", np.minimum(steam, 0.5 * vessel.amount("H2O")))
    gas = vessel.take(GASES)
    cake = filtered(vessel, values, "crystal_moisture")
    outputs = {"wet dioxide": at(gas, hot), "wet carbonate": at(cake, hot), "hot mother liquor": at(vessel.rest(), hot)}
    recovered = values["one_step.heat_recovered"] * (outputs["hot mother liquor"].sensible_j - liquor.sensible_j)
    return vessel.finish(
        "thermal decomposition",
        "lithium",
        outputs,
        efficiency=values["common.boiler_efficiency"],
        recovered_j=np.maximum(recovered, 0.0),
    )


def _condense(gas: Stream, values: Values) -> Unit:
    vessel = Vessel({"wet dioxide": gas})
    vessel.use_up("H2O(g) -> H2O", "H2O(g)")
    captured = vessel.take(GASES, values["one_step.dioxide_captured"])
    vented = vessel.take(GASES)
    outputs = {"captured dioxide": cold(captured), "vented dioxide": cold(vented), "condensed water": cold(vessel.rest())}
    return vessel.finish("condenser", "lithium", outputs)


def _cool_liquor(liquor: Stream, condensed: Stream, values: Values) -> Unit:
    vessel = Vessel({"hot mother liquor": liquor, "condensed water": condensed})
    bled = vessel.take([*DISSOLVED, "H2O"], values["one_step.bleed"])
    outputs = {"bleed": cold(bled), "returned lithium liquor": cold(vessel.rest())}
    return vessel.finish("liquor cooler", "lithium", outputs)


def _make_up(captured: Stream, wanted: Stream) -> Unit:
    """Bring captured carbon dioxide to the leach, with bought gas for what is short; what is over is vented."""
    have, want = (item.amounts.get("CO2(g)", np.zeros(1)) for item in (captured, wanted))
    vessel = Vessel({"captured dioxide": captured, DIOXIDE: cold({"CO2(g)": np.maximum(want - have, 0.0)})})
    outputs = {"dioxide to leach": cold({"CO2(g)": want}), "surplus dioxide": cold({"CO2(g)": np.maximum(have - want, 0.0)})}
    return vessel.finish("dioxide holder", "lithium", outputs)


def _to_oxide(residue: Stream, tonnes: Array, values: Values, _fate: Fate) -> tuple[list[Unit], tuple[str, ...], float, int]:
    """Float graphite off and oxidise the rest; graphite that stayed with it burns."""
    flotation = float_graphite("leach residue", residue, values, "oxide", "metal concentrate")
    concentrate = flotation.outputs["metal concentrate"]
    metal = sum((concentrate.amounts.get(name, np.zeros(1)) for name in ("Ni", "Co")), np.zeros(1))
    oven = Vessel(
        {
            "metal concentrate": concentrate,
            f"{AIR} to oxidation": cold({"O2(g)": metal / 2 + concentrate.amounts.get("C", np.zeros(1))}),
        }
    )
    for name in ("Ni", "Co"):
        oven.use_up(f"2 {name} + O2(g) -> 2 {name}O", name)
    oven.use_up("C + O2(g) -> CO2(g)", "C")
    oven.use_up("H2O -> H2O(g)", "H2O")
    hot = celsius(values, "refine.calcination_temperature")
    gas = oven.take(GASES)
    given = {"mixed oxide": at(oven.rest(), hot), "gas of oxidation": at(gas, hot)}
    oxidation = oven.finish("oxidation", "oxide", given, efficiency=values["refine.calcination_efficiency"])
    power = drives("drives of refining", tonnes * values["refine.power"] / 2, "oxide")
    return [flotation, oxidation, power], ("mixed oxide", "graphite"), 0.0, 1


def _to_salts(residue: Stream, tonnes: Array, values: Values, fate: Fate) -> tuple[list[Unit], tuple[str, ...], float, int]:
    """Leach the residue by acid, extract and crystallise; lithium that the roast had bound ends in the sodium sulfate."""
    leach = acid_leach(
        ("leach residue", residue),
        values,
        "salts",
        of="residue leach",
        liquid="refine.residue_liquid_per_solid",
        solid_yield="refine.residue_leach_yield",
    )

    def round_(returned: Amounts) -> tuple[list[Unit], Amounts]:
        back = cold(returned)
        liquor = ("residue leach liquor", leach.outputs["residue leach liquor"])
        purified = purify(liquor, ("returned liquor", back), values, "salts")
        refined = extract(("purified liquor", purified.outputs["purified liquor"]), values, "salts")
        sulfate = crystallise_sulfate(("raffinate", refined[0].outputs["raffinate"]), np.ones(1), values, "salts")
        return [purified, *refined, sulfate], dict(sulfate.outputs["returned liquor"].amounts)

    units, error, rounds = solve_loop(round_)
    power = drives("drives of refining", tonnes * values["refine.power"], "salts")
    # What the kiln was told to burn is burnt there; the residue keeps or sells the rest.
    left = (
        disposed(fate, "residue leach residue", leach.outputs["residue leach residue"], values, "salts") if fate == "sold" else []
    )
    return [leach, *units, *left, power], (*SALTS, "sodium sulfate", "graphite"), error, rounds


_FINISH = {"oxide": _to_oxide, "salts": _to_salts}
