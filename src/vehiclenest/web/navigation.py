"""The menu: what of the application a person sees at the top of every page."""

from functools import cache

from vehiclenest.web.policy import ROLES, Permission, Principal, Role

ENTRIES: tuple[tuple[str, str, Permission], ...] = (
    ("/yard", "Yard", Permission.YARD_READ),
    ("/parts", "Parts", Permission.PARTS_READ),
    ("/batteries", "Batteries", Permission.BATTERIES_READ),
    ("/evidence", "Evidence", Permission.EVIDENCE_READ),
    ("/trace", "Trace", Permission.TRACE),
    ("/flows", "Flows", Permission.FLOWS),
    ("/ledger", "Ledger", Permission.LEDGER_VERIFY),
    ("/jobs", "Jobs", Permission.JOBS),
    ("/contest", "Contest", Permission.CONTEST_READ),
    ("/contest/judging", "Judging", Permission.CONTEST_JUDGE),
    ("/admin", "Admin", Permission.ADMINISTER),
    ("/audit", "Audit log", Permission.AUDIT_READ),
)


def menu(principal: Principal, *, contest: bool) -> tuple[tuple[str, str], ...]:
    """Return path and text of the entries that somebody may open; those of the contest where one is served."""
    return () if principal.must_change else _menu(principal.role, contest)


@cache
def _menu(role: Role, contest: bool) -> tuple[tuple[str, str], ...]:
    return tuple(
        (path, text)
        for path, text, permission in ENTRIES
        if role in ROLES[permission] and (contest or not path.startswith("/contest"))
    )


def here(path: str, entries: tuple[tuple[str, str], ...]) -> str:
    """Return the path of the entry that a page belongs to: the longest that it starts with; empty where it belongs to none."""
    found = (entry for entry, _ in entries if path == entry or path.startswith(f"{entry}/"))
    return max(found, key=len, default="")
