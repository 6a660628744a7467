"""The pages, one module a group; each lists its handlers."""

from vehiclenest.web import epcis
from vehiclenest.web.contest import console, judging
from vehiclenest.web.contest import pages as contest
from vehiclenest.web.pages import (
    account,
    admin,
    batteries,
    evidence,
    flows,
    imports,
    jobs,
    ledger,
    operation,
    parts,
    settings,
    system,
    trace,
    vehicle,
    yard,
)

HANDLERS = [
    *account.HANDLERS, *admin.HANDLERS, *operation.HANDLERS, *settings.HANDLERS, *system.HANDLERS,
    *yard.HANDLERS, *imports.HANDLERS, *vehicle.HANDLERS, *parts.HANDLERS, *evidence.HANDLERS, *batteries.HANDLERS,
    *trace.HANDLERS, *flows.HANDLERS, *ledger.HANDLERS, *jobs.HANDLERS,
    *contest.HANDLERS, *console.HANDLERS, *judging.HANDLERS,
    *epcis.HANDLERS,
]  # fmt: skip
