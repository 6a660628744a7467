"""The EPCIS 2.0 REST binding: documents and events in, capture jobs, events by query, and what events name out.

The ledger's own capture checks and books; nothing is parsed twice. GS1 EPCIS 2.0 (ISO/IEC 19987:2024), REST bindings.
"""

from vehiclenest.web.epcis.capturing import KIND, book
from vehiclenest.web.epcis.declared import AsSent
from vehiclenest.web.epcis.handlers import HANDLERS
from vehiclenest.web.epcis.tables import prepare

__all__ = ["HANDLERS", "KIND", "AsSent", "book", "prepare"]
