"""Textbook demand of the conventional route: what reactions take times the usual excess, without losses, loops or neutralisation.

The sodium of this table does not close: the lye for the acid that is left over after the leach is not in it (`unneutralised_kg`).
The flowsheet of `hydro` closes it.
"""

from vehiclenest.loop.regenerate.feed import Feed
from vehiclenest.loop.regenerate.parameters import chosen
from vehiclenest.loop.regenerate.plant import METALS
from vehiclenest.loop.regenerate.refine import needed
from vehiclenest.loop.regenerate.species import reaction, species
from vehiclenest.loop.regenerate.stream import stream, total


def textbook(feed: Feed) -> dict[str, float]:
    """Return kg per t of feed: reagents as 100 %, sodium sulfate and lithium carbonate that come of them."""
    values = {name: float(value[0]) for name, value in chosen(feed.parameters).items()}
    solids = stream(feed.amounts)
    acid = float(total(needed(solids, "H2SO4(aq)").values())[0])
    peroxide = float(total(needed(solids, "H2O2(l)").values())[0]) * values["hydro.peroxide_excess"]
    metals = sum(float(solids.element_mol(metal)[0]) for metal in METALS)
    lithium = float(solids.element_mol("Li")[0])
    carbonation = reaction("Li2SO4(aq) + Na2CO3(aq) -> Li2CO3 + Na2SO4(aq)")
    soda = lithium / 2 * -carbonation["Na2CO3(aq)"] * values["hydro.carbonate_excess"]
    used = acid * values["refine.acid_excess"]
    lye = 2 * metals * values["refine.saponification"]
    amounts = {
        "sulfuric acid": ("H2SO4(l)", used),
        "strip acid": ("H2SO4(l)", metals * values["refine.strip_acid"]),
        "hydrogen peroxide": ("H2O2(l)", peroxide),
        "sodium hydroxide": ("NaOH", lye),
        "soda ash": ("Na2CO3", soda),
        "sodium sulfate": ("Na2SO4", used),
        "lithium carbonate": ("Li2CO3", lithium / 2 * carbonation["Li2CO3"]),
    }
    table = {name: amount * species(kind).molar_mass_kg / feed.mass_t for name, (kind, amount) in amounts.items()}
    short = 2 * used - lye - 2 * soda
    return table | {"unneutralised_kg": short * species("NaOH").molar_mass_kg / feed.mass_t}
