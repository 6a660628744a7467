"""The pages, one module a group; each lists its handlers."""

from vehiclenest.web.contest import console, judging
from vehiclenest.web.contest import pages as contest
from vehiclenest.web.pages import account, admin, system

HANDLERS = [
    *account.HANDLERS, *admin.HANDLERS, *system.HANDLERS,
    *contest.HANDLERS, *console.HANDLERS, *judging.HANDLERS,
]  # fmt: skip
