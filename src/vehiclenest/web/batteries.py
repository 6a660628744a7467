"""Batteries at the base, read from the ledger: traction batteries, the modules that grading made of them, second-life packs.

What is said of one comes from events: its grade with the reason from the event that tested or graded it, its way from its last flow.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select

from vehiclenest.ledger import Book, Flow, schema
from vehiclenest.ledger.booking import gains
from vehiclenest.loop.records import TRACTION_BATTERY
from vehiclenest.site.battery import MODULE, PACK
from vehiclenest.web import tables

ROWS = 50
KINDS: Mapping[str, str] = {"battery": "fraction", "module": MODULE, "pack": PACK}
_OPENED, _SHIPPED, _STOCK = "opened", "gone", "stock"
_ROUNDING = 1e-9  # of the mass that came in: what is left below it is nothing
_GRADED = re.compile(r"grade (\S+), (.*?); SOH ([\d.]+) % \(([\d.]+) to ([\d.]+)\); (.*)", re.DOTALL)  # as site/battery writes it


@dataclass(frozen=True, slots=True)
class Battery:
    """A battery, module or pack. SOH in percent as text; `route` is what it took, or what rules and prices suggest."""

    key: int
    reference: str
    lot: str
    kind: str
    name: str
    mass_kg: float
    state: str
    grade: str
    disposition: str
    soh: str
    reason: str
    route: str
    code: str
    path: str


def batteries(connection: Connection, kind: str, before: int | None) -> list[Battery]:
    """Return a page of batteries of a kind, newest first, and one more where there is another page."""
    lot, prefix, description = schema.lot, schema.prefix, schema.description
    query = (
        select(lot.c.id, lot.c.event_seq, (prefix.c.text + lot.c.reference).label("uri"), lot.c.reference, description.c.name)
        .join_from(lot, description, description.c.id == lot.c.description_id)
        .join(prefix, prefix.c.id == lot.c.prefix_id)
        .where(description.c.kind == KINDS[kind])
        .order_by(lot.c.id.desc())
        .limit(ROWS + 1)
    )
    if kind == "battery":
        query = query.where(lot.c.reference.endswith(f"-{TRACTION_BATTERY}"))
    if before is not None:
        query = query.where(lot.c.id < before)
    return [_battery(connection, row, kind) for row in connection.execute(query).all()]


def _battery(connection: Connection, row: Any, kind: str) -> Battery:
    attributes = Book(connection).attributes(row.event_seq, row.uri)
    mass_kg, state, route = _fate(connection, row.id)
    said = _tested(connection, row.uri) if kind == "battery" else _graded(attributes)
    code = attributes.get("batteryCode", "") or said.get("code", "")
    part = tables.part
    known = connection.execute(select(part.c.reference, part.c.route).where(part.c.lot == row.uri)).first()
    return Battery(
        key=row.id,
        reference=row.reference,
        lot=row.uri,
        kind=kind,
        name=row.name,
        mass_kg=mass_kg,
        state=state,
        grade=said.get("grade", ""),
        disposition=said.get("disposition", ""),
        soh=said.get("soh", ""),
        reason=said.get("reason", ""),
        route=route or (known.route if known else ""),
        code=code,
        path=f"/parts/{known.reference}" if known else "",
    )


def _graded(attributes: Mapping[str, str]) -> dict[str, str]:
    found = {"grade": attributes.get("grade", ""), "disposition": attributes.get("disposition", "")}
    found["reason"] = attributes.get("gradeReason", "") or attributes.get("layout", "")
    if soh := attributes.get("sohPercent"):
        found["soh"] = f"{soh} % ({attributes.get('sohLowPercent', '')}–{attributes.get('sohHighPercent', '')})"
    return found


def _tested(connection: Connection, uri: str) -> dict[str, str]:
    """Return what the test of a whole battery said; empty where it was not tested."""
    mention, flow = schema.mention, schema.information_flow
    query = (
        select(flow.c.kind, flow.c.reference)
        .join(mention, mention.c.event_seq == flow.c.event_seq)
        .where(mention.c.uri == uri, flow.c.kind.in_(("battery_grade", "battery_code")), schema.in_force(flow.c.event_seq))
        .order_by(flow.c.event_seq, flow.c.position)
    )
    found: dict[str, str] = {}
    for kind, reference in connection.execute(query):
        if kind == "battery_code":
            found["code"] = reference.split(" ")[0]
        elif match := _GRADED.match(reference):
            grade, disposition, soh, low, high, reason = match.groups()
            found |= {"grade": grade, "disposition": disposition, "soh": f"{soh} % ({low}–{high})", "reason": reason}
    return found


def _fate(connection: Connection, lot_id: int) -> tuple[float, str, str]:
    """Return the mass that came into a lot in kg, its state, and the route of its shipment."""
    flow, outcome = schema.lot_flow, schema.outcome
    gained = case((flow.c.flow.in_(gains()), flow.c.mass_kg), else_=0.0)
    left = case((flow.c.flow.in_(gains()), 0.0), else_=flow.c.mass_kg)
    mine = (flow.c.lot_id == lot_id, schema.in_force(flow.c.event_seq))
    came, went = connection.execute(select(func.sum(gained), func.sum(left)).where(*mine)).one()
    came, went = came or 0.0, went or 0.0
    if came - went > _ROUNDING * came:
        return came, _STOCK, ""
    shipped = list(Flow).index(Flow.SHIPPED)
    query = select(outcome.c.route).join(flow, flow.c.outcome_id == outcome.c.id).where(*mine, flow.c.flow == shipped)
    route = connection.execute(query).scalar()
    return came, _SHIPPED if route else _OPENED, route or ""


def models(connection: Connection) -> Sequence[Any]:
    """Return id, name and time of the grading models that were sent, newest first."""
    file = tables.file
    return connection.execute(
        select(file.c.id, file.c.name, file.c.created).where(file.c.purpose == "model").order_by(file.c.id.desc()).limit(5)
    ).all()
