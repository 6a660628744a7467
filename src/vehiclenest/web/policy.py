"""Who may do what: every permission with the roles that have it, and what of each table a role sees. The one place for both.

A route names one permission (`routes`); a route without one does not start. Rows that a person may not see are left out of the query:
an object of others is answered as one that does not exist.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlalchemy import ColumnElement, false, select, true

from vehiclenest.contest import State
from vehiclenest.contest import view as contest_view
from vehiclenest.loop.records import Route
from vehiclenest.web import tables


class Role(StrEnum):
    """What a person is at the base; `PUBLIC` is whoever has not logged in."""

    OPERATOR = "operator"
    ENGINEER = "engineer"
    COMPLIANCE = "compliance"
    TRADER = "trader"
    ORGANISER = "organiser"
    JUDGE = "judge"
    TEAM = "team"
    AUDITOR = "auditor"
    ADMIN = "admin"
    PUBLIC = "public"


class Permission(StrEnum):
    """What a route asks for."""

    ANYONE = "anyone"
    ACCOUNT = "account"  # one's own account
    YARD_READ = "yard-read"
    YARD_WORK = "yard-work"  # intake, depollution, dismantling
    PARTS_READ = "parts-read"
    PARTS_PLACE = "parts-place"  # bins and labels
    PARTS_SELL = "parts-sell"  # prices, shipping
    EVIDENCE_READ = "evidence-read"
    EVIDENCE_ADD = "evidence-add"
    BATTERIES_READ = "batteries-read"
    BATTERIES_GRADE = "batteries-grade"
    TRACE = "trace"
    FLOWS = "flows"
    LEDGER_VERIFY = "ledger-verify"
    LEDGER_SEAL = "ledger-seal"
    EPCIS_READ = "epcis-read"
    EPCIS_CAPTURE = "epcis-capture"
    JOBS = "jobs"
    AUDIT_READ = "audit-read"
    METRICS = "metrics"
    ADMINISTER = "administer"  # users, settings, backup
    CONTEST_READ = "contest-read"
    CONTEST_ORGANISE = "contest-organise"
    CONTEST_JUDGE = "contest-judge"
    CONTEST_ENTER = "contest-enter"


_O, _E, _C, _T = Role.OPERATOR, Role.ENGINEER, Role.COMPLIANCE, Role.TRADER
_ALL = frozenset(Role)
_PERSONS = _ALL - {Role.PUBLIC}
_READERS = frozenset({_O, _E, _C, Role.AUDITOR, Role.ADMIN})

ROLES: dict[Permission, frozenset[Role]] = {
    Permission.ANYONE: _ALL,
    Permission.ACCOUNT: _PERSONS,
    Permission.YARD_READ: _READERS,
    Permission.YARD_WORK: frozenset({_O, _E, Role.ADMIN}),
    Permission.PARTS_READ: _READERS | {_T},
    Permission.PARTS_PLACE: frozenset({_O, _E, Role.ADMIN}),
    Permission.PARTS_SELL: frozenset({_T, Role.ADMIN}),
    Permission.EVIDENCE_READ: _READERS | {_T},
    Permission.EVIDENCE_ADD: frozenset({_O, _E, _C, Role.ADMIN}),
    Permission.BATTERIES_READ: _READERS,
    Permission.BATTERIES_GRADE: frozenset({_E, Role.ADMIN}),
    Permission.TRACE: _READERS,
    Permission.FLOWS: _READERS,
    Permission.LEDGER_VERIFY: frozenset({_E, _C, Role.AUDITOR, Role.ADMIN}),
    Permission.LEDGER_SEAL: frozenset({_C, Role.ADMIN}),
    Permission.EPCIS_READ: frozenset({_E, _C, Role.AUDITOR, Role.ADMIN}),
    Permission.EPCIS_CAPTURE: frozenset({_E, Role.ADMIN}),
    Permission.JOBS: _READERS,
    Permission.AUDIT_READ: frozenset({Role.AUDITOR, Role.ADMIN}),
    Permission.METRICS: frozenset({Role.AUDITOR, Role.ADMIN}),
    Permission.ADMINISTER: frozenset({Role.ADMIN}),
    Permission.CONTEST_READ: _ALL,
    Permission.CONTEST_ORGANISE: frozenset({Role.ORGANISER, Role.ADMIN}),
    Permission.CONTEST_JUDGE: frozenset({Role.JUDGE}),
    Permission.CONTEST_ENTER: frozenset({Role.TEAM}),
}

_SOLD = (Route.REUSE.value, Route.REMANUFACTURE.value, Route.SECOND_LIFE.value)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks: a person by session or token, or the public. `must_change` allows nothing but a new password."""

    role: Role = Role.PUBLIC
    user_id: int | None = None
    name: str = ""
    via: Literal["session", "token", "nothing"] = "nothing"
    must_change: bool = False

    def may(self, permission: Permission) -> bool:
        """Return whether the role has a permission."""
        return self.role in ROLES[permission]


PUBLIC = Principal()


def contest_reader(principal: Principal, state: State) -> contest_view.Reader:
    """Return as whom somebody looks at a contest: a judge or a team whose identifier is his name, in lower case, or the public."""
    roles = contest_view.Role
    if principal.may(Permission.CONTEST_ORGANISE):
        return contest_view.Reader(roles.ORGANISER)
    for permission, role, known in (
        (Permission.CONTEST_JUDGE, roles.JUDGE, state.judges),
        (Permission.CONTEST_ENTER, roles.TEAM, state.entries),
    ):
        if principal.may(permission):
            found = [identifier for identifier in known if identifier.lower() == principal.name]
            if len(found) == 1:
                return contest_view.Reader(role, found[0])
    return contest_view.Reader(roles.PUBLIC)


def visible_parts(principal: Principal) -> ColumnElement[bool]:
    """Return which parts somebody sees: a trader those that are for sale, who works at the base all."""
    part = tables.part
    if not principal.may(Permission.PARTS_READ):
        return false()
    if principal.role is Role.TRADER:
        return part.c.state.in_(("stock",)) & part.c.route.in_(_SOLD)
    return true()


def visible_evidence(principal: Principal) -> ColumnElement[bool]:
    """Return which evidence somebody sees: a trader that of parts for sale, who works at the base all."""
    if not principal.may(Permission.EVIDENCE_READ):
        return false()
    if principal.role is Role.TRADER:
        return tables.evidence.c.lot.in_(select(tables.part.c.lot).where(visible_parts(principal)))
    return true()


def visible_jobs(principal: Principal) -> ColumnElement[bool]:
    """Return which background jobs somebody sees: his own; auditor and admin all."""
    if principal.role in {Role.AUDITOR, Role.ADMIN}:
        return true()
    return tables.job.c.user_id == principal.user_id


def visible_files(principal: Principal) -> ColumnElement[bool]:
    """Return which files that were sent somebody sees: his own."""
    return tables.file.c.user_id == principal.user_id


def own_tokens(principal: Principal) -> ColumnElement[bool]:
    """Return which API tokens somebody sees and withdraws: his own."""
    return tables.token.c.user_id == principal.user_id


def own_sessions(principal: Principal) -> ColumnElement[bool]:
    """Return which sessions somebody sees and ends: his own."""
    return tables.session.c.user_id == principal.user_id
