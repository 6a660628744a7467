"""Disclosure: figures and documents derived from the ledger; here, the recovery rates that were achieved."""

from vehiclenest.disclosure.recovery import USES, Rates, in_scope, recovery_rates, targets

__all__ = ["USES", "Rates", "in_scope", "recovery_rates", "targets"]
