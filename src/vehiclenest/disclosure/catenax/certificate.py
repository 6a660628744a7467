"""Remanufacturing and reuse certificates, aspect models ``io.catenax.remanufacturing_certificate`` and ``reuse_certificate`` 3.0.0.

A certificate exists where an event issues it: shipping a part to somebody who remanufactures parts is not enough.
"""

from typing import Literal

from vehiclenest.disclosure.catenax.document import DAY, LEGAL_ENTITY, TIME, UUID, Document, Leaf, minted, settle
from vehiclenest.disclosure.catenax.story import Story

ASPECTS = {"remanufacturing": "RemanufacturingCertificate", "reuse": "ReuseCertificate"}
_OPTIONAL = {"catenaXIdPreviousLife": UUID, "articleNumber": "", "van": "", "vehicleCatenaXId": UUID}
_REVOCATION = (
    "an event that lists the part with the fact revocationDate: the model requires a date though it speaks of exceptional cases alone; "
    "agree with the receiver what a certificate in force carries, for example 9999-12-31"
)


def certificate(told: Story, kind: Literal["remanufacturing", "reuse"]) -> Document:
    """Return the certificate of a part, or what it lacks."""
    issued, _ = told.documented(f"{kind}_certificate")
    issuer = issued.parties.get("issuer", issued.parties.get("dismantler", {})) if issued else {}
    serial = told.facts.get("partInstanceId")
    identifiers = [{"key": "partInstanceId", "value": serial}] if serial else []
    return settle(
        ASPECTS[kind],
        told.lot,
        {
            "certificate": {
                "supplier": Leaf(
                    issuer.get("bpnl"), "bpnl of the party issuer in the event that issues the certificate", LEGAL_ENTITY
                ),
                "issueDate": Leaf(
                    issued.time if issued else "", f"an event with the document {kind}_certificate that lists the part", TIME
                ),
                "catenaXId": Leaf(told.facts.get("catenaXId", minted(told.lot)), _fact("catenaXId"), UUID),
                "originalEquipmentNumber": Leaf(told.facts.get("originalEquipmentNumber"), _fact("originalEquipmentNumber")),
                "revocationDate": Leaf(told.facts.get("revocationDate"), _REVOCATION, DAY),
                **{name: Leaf(told.facts.get(name), _fact(name), pattern, optional=True) for name, pattern in _OPTIONAL.items()},
            },
            "partInstanceId": [*identifiers, {"key": "customKey:epc", "value": told.lot}],
        },
        ()
        if "catenaXId" in told.facts
        else ("catenaXId is minted from the EPC (UUID version 5): register the part's twin under it",),
    )


def _fact(name: str) -> str:
    return f"an event that lists the part with the fact {name}"
