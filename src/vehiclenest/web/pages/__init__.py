"""The pages, one module a group; each lists its handlers."""

from vehiclenest.web.pages import account, admin, system

HANDLERS = [*account.HANDLERS, *admin.HANDLERS, *system.HANDLERS]
