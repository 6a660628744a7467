"""Material accounting (Catena-X standard CX-0159) of a batch: aspect model ``io.catenax.recycling_batch``, RecyclingBatch.

A batch is a lot that one transformation gave: masses in, out and lost are those of that event; who sends, drives and receives are those
of the shipment.
"""

import re
from pathlib import Path
from typing import Any

from vehiclenest.core.constants import load_table
from vehiclenest.disclosure.catenax.document import (
    AT_LEAST_ONE,
    NUMBER,
    SITE,
    TIME,
    UUID,
    YES_OR_NO,
    Document,
    Leaf,
    minted,
    settle,
)
from vehiclenest.disclosure.catenax.story import Story
from vehiclenest.disclosure.events import View

ASPECT = "RecyclingBatch"
_STEPS = load_table(Path(__file__).with_name("processes.toml"))
_LOSSES = frozenset({"lost", "unaccounted"})


def material(told: Story) -> Document:
    """Return the recycling batch that a lot is, or what it lacks."""
    origin = told.origin
    step = origin.step if origin else ""
    notes = (f"processes.{step}: the names of the process and procedure R12 are our reading, from memory [U]",)
    return settle(
        ASPECT,
        told.lot,
        {
            "recyclingBatchId": told.lot,
            "globalAssetId": Leaf(told.facts.get("catenaXId", minted(told.lot)), _fact("catenaXId"), UUID),
            "container": {
                "containerWeight": _stated(told, "containerWeightKg", NUMBER),
                "containerVolume": _stated(told, "containerVolume", AT_LEAST_ONE),
                "containerDescription": _stated(told, "containerDescription"),
                "containerTypeId": _stated(told, "containerTypeId"),
            },
            "childProcessSteps": [_process(told, origin)],
            "processInformation": {
                "processType": _named(told, step, "processType"),
                "treatmentProcedure": _named(told, step, "treatmentProcedure"),
                "mechanicalRecycling": _named(told, step, "mechanicalRecycling"),
                "chemicalRecycling": _named(told, step, "chemicalRecycling"),
            },
            "sender": _actor(told, "dismantler"),
            "receiver": _actor(told, "receiver"),
            "operator": {
                "transferId": _stated(told, "transferId"),
                "bpnsProperty": Leaf(told.parties.get("carrier", {}).get("bpns"), _party("carrier", "bpns"), SITE),
            },
        },
        notes if step in _STEPS else (),
    )


def _process(told: Story, origin: View | None) -> dict[str, Any]:
    event = "a TransformationEvent that gives the lot"
    movements = origin.movements() if origin else []
    masses = {flow: sum(each.mass_kg for each in movements if each.flow == flow) for flow in ("consumed", "produced")}
    lost = [each for each in movements if each.flow in _LOSSES]
    time = origin.time if origin else ""
    mine = next((each for each in movements if each.lot == told.lot), None)
    instrument = "" if mine is None else "scale" if mine.basis == "weighed" else "none: estimated"
    return {
        "childProcessType": _named(told, origin.step if origin else "", "childProcessType"),
        "inputNetMass": Leaf(masses["consumed"] or None, event),
        "outputNetMass": Leaf(masses["produced"] or None, event),
        "processLoss": sum(each.mass_kg for each in lost),
        "lossType": "; ".join(dict.fromkeys(each.reason or each.flow for each in lost)) or "none",
        "startTimestamp": _stated(told, "startedAt", TIME),
        "endTimestamp": Leaf(time, event, TIME),
        "measurementTimestamp": Leaf(told.facts.get("measuredAt", time), _fact("measuredAt"), TIME),
        "measurementType": Leaf(told.facts.get("measurementType", instrument), _fact("measurementType")),
        "weighingSlip": _stated(told, "weighingSlip"),
    }


def _actor(told: Story, role: str) -> dict[str, Leaf]:
    patterns = {"actorNumber": "", "actorRole": _words("actorRole"), "bpns": SITE}
    party = told.parties.get(role, {})
    leaves = {name: Leaf(party.get(name), _party(role, name), pattern) for name, pattern in patterns.items()}
    return {"bpnsProperty": leaves.pop("bpns"), **leaves}


def _named(told: Story, step: str, name: str) -> Leaf:
    known = _STEPS[step].text(name) if step in _STEPS else ""
    return Leaf(told.facts.get(name, known), _fact(name), _words(name))


def _words(name: str) -> str:
    """Return the pattern of the words that the model allows for a field."""
    words = _STEPS["words"].words(name)
    return YES_OR_NO if set(words) == {"true", "false"} else "|".join(map(re.escape, words)).replace("\\ ", " ")


def _stated(told: Story, name: str, pattern: str = "") -> Leaf:
    return Leaf(told.facts.get(name), _fact(name), pattern)


def _fact(name: str) -> str:
    return f"an event that lists the lot with the fact {name}"


def _party(role: str, name: str) -> str:
    row = "the receiver's row" if role == "receiver" else f"[{role}]"
    return f"{row} {name} in the site's parties.toml before the lot is shipped, or an event that lists it with {name} of the party {role}"
