"""The pages, one module a group; each lists its handlers."""

from vehiclenest.web.pages import account, admin, flows, imports, jobs, ledger, operation, parts, system, trace, vehicle, yard

HANDLERS = [
    *account.HANDLERS,
    *yard.HANDLERS,
    *imports.HANDLERS,
    *vehicle.HANDLERS,
    *parts.HANDLERS,
    *trace.HANDLERS,
    *flows.HANDLERS,
    *ledger.HANDLERS,
    *jobs.HANDLERS,
    *admin.HANDLERS,
    *operation.HANDLERS,
    *system.HANDLERS,
]
