"""Catena-X documents about one lot: certificate of destruction, material accounting, remanufacturing and reuse certificate.

Comes in: the JSON of every valid event of a ledger, and a lot. Goes out: a `Document` that is valid by its aspect model, or refused with
the list of what is missing and what would supply it. Models: eclipse-tractusx/sldt-semantic-models (CC BY 4.0).
"""

from vehiclenest.disclosure.catenax.document import Document, Gap
from vehiclenest.disclosure.catenax.draw import KINDS, Kind, draw

__all__ = ["KINDS", "Document", "Gap", "Kind", "draw"]
