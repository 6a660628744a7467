"""Direct recycling: the cathode material of one chemistry is freed of binder and graphite, topped up with lithium and annealed."""

from collections.abc import Mapping

import numpy as np

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.feed import Feed
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import (
    CONDENSATE,
    GASES,
    WATER_TO,
    Flowsheet,
    at,
    celsius,
    cold,
    drives,
    water,
    water_tank,
)
from vehiclenest.loop.regenerate.refine import LYE
from vehiclenest.loop.regenerate.stream import Array, Stream, Unit, Vessel, total

TOP_UP, STAGE, PRODUCT = "lithium carbonate bought", "salts", "regenerated cathode"
_CATHODE = ("LiNiO2", "LiCoO2", "LiMnO2", "LiMn2O4", "LiFePO4")
_FOILS = ("Al", "Cu")


def refuse_mix(feed: Feed, limit: float) -> None:
    """Raise `InputError` with the reason where a feed cannot be recycled directly."""
    if len(feed.cathodes) != 1:
        shares = ", ".join(f"{name} {feed.composition[name]:.1%}" for name in feed.cathodes) or "none"
        raise InputError(
            f"direct recycling cannot treat {feed.name}: cathode materials {shares} anneal to no defined material",
            expected="a black mass of one cathode material, sorted before shredding; or --route hydro",
        )
    for metal in _FOILS:
        share = feed.composition.get(metal, 0.0)
        if share >= limit:
            raise InputError(
                f"direct recycling cannot treat {feed.name}: {share:.2%} {metal} would stay in the cathode material",
                expected=f"less than {limit:.1%} each of {' and '.join(_FOILS)} (China 2024 conditions for electrode powder)",
            )


def direct(feed: Mapping[str, Array], values: Values) -> Flowsheet:
    """Solve direct recycling for a feed in mol by species that `refuse_mix` has let through."""
    black_mass = cold(feed)
    tonnes = black_mass.mass_kg / 1000
    debound = _debind(black_mass, values)
    powder = debound.outputs["powder"]
    separated = _separate(powder, values)
    annealed = _anneal(separated.outputs["cathode cake"], values)
    units = [drives("drives of direct", tonnes * values["direct.power"], STAGE), debound, separated, annealed]
    units.append(water_tank(units, values, STAGE))
    return Flowsheet("direct", "salts", units, {name: name for name in (PRODUCT, "graphite")}, 0.0, 1)


def _debind(black_mass: Stream, values: Values) -> Unit:
    fluoride = 2 * black_mass.amounts.get("C2H2F2", np.zeros(1))
    vessel = Vessel({"black mass": black_mass, f"{LYE} to gas cleaning": cold({"NaOH": fluoride})})
    vessel.use_up("C2H2F2 -> 2 C + 2 HF(g)", "C2H2F2")
    vessel.use_up("NaOH -> NaOH(aq)", "NaOH")
    vessel.use_up("HF(g) + NaOH(aq) -> NaF(aq) + H2O", "HF(g)")
    scrubbed = vessel.take(["NaF(aq)"])
    scrubbed |= vessel.take(["H2O"])
    outputs = {"scrubber liquor": cold(scrubbed), "powder": at(vessel.rest(), celsius(values, "direct.debinding_temperature"))}
    return vessel.finish("debinding", STAGE, outputs, efficiency=values["direct.furnace_efficiency"])


def _separate(powder: Stream, values: Values) -> Unit:
    """Float the graphite off; what is neither graphite nor recovered cathode are tailings. Most of the water comes back."""
    circulating = powder.mass_kg * values["direct.water_per_solid"]
    vessel = Vessel({"powder": powder, f"{WATER_TO}separation": water(circulating)})
    graphite = vessel.take(["C"], 1 - values["direct.carbon_in_cathode"])
    cathode = vessel.take([*_CATHODE, "C"], 1.0)
    recovered = {name: amount * (1.0 if name == "C" else values["direct.recovery"]) for name, amount in cathode.items()}
    lost = {name: amount - recovered[name] for name, amount in cathode.items() if name != "C"}
    held = cold(recovered).mass_kg * values["common.cake_moisture"]
    recovered |= vessel.take(["H2O"], held / circulating)
    clear = vessel.take(["H2O"], values["direct.water_reused"])
    outputs = {
        "graphite": cold(graphite),
        "cathode cake": cold(recovered),
        "tailings": cold({**vessel.take([name for name in vessel.amounts if name != "H2O"]), **lost}),
        f"{CONDENSATE}separation": cold(clear),
        "sewage of separation": cold(vessel.rest()),
    }
    return vessel.finish("separation", STAGE, outputs)


def _anneal(cake: Stream, values: Values) -> Unit:
    """Dry, top up with lithium carbonate and anneal in oxygen; graphite that came along burns."""
    cathode = total(cake.amounts.get(name, np.zeros(1)) for name in _CATHODE)
    vessel = Vessel(
        {
            "cathode cake": cake,
            TOP_UP: cold({"Li2CO3": cathode * values["direct.lithium_topped_up"] / 2}),
            "oxygen of air to annealing": cold({"O2(g)": cake.amounts.get("C", np.zeros(1))}),
        }
    )
    vessel.use_up("C + O2(g) -> CO2(g)", "C")
    vessel.use_up("H2O -> H2O(g)", "H2O")
    hot = celsius(values, "direct.annealing_temperature")
    gas = vessel.take(GASES)
    outputs = {"gas of annealing": at(gas, hot), PRODUCT: at(vessel.rest(), hot)}
    return vessel.finish("annealing", STAGE, outputs, efficiency=values["direct.furnace_efficiency"])
