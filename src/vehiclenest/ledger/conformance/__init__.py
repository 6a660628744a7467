"""EPCIS 2.0 conformance: bytes come in; the events with the context of each, or every fault by place and rule, come out.

What is checked follows the EPCIS 2.0 and CBV 2.0 standards; the rules are our own, and tests compare them with GS1's JSON schema.
"""

from vehiclenest.ledger.conformance.check import MOST_FAULTS, MOST_LEVELS, Fault
from vehiclenest.ledger.conformance.context import STANDARD, Context
from vehiclenest.ledger.conformance.document import Checked, CheckedEvent, check

__all__ = ["MOST_FAULTS", "MOST_LEVELS", "STANDARD", "Checked", "CheckedEvent", "Context", "Fault", "check"]
