"""What becomes of mass: from lots forward to every end, by route, in stock, lost or unaccounted. What ends sums to what started.

Mass walks the graph of lots one event at a time, all of it at once: of a mixed lot and of a mixed batch each part goes on in
proportion. A lot is never made out of itself, so the walk ends.
"""

# Ibis and PyArrow type their expressions in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from typing import Any

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger.columns import Columns, Table
from vehiclenest.ledger.model import STOCK, Flow

_LONGEST_WAY = 1_000  # events from a lot to its end
_ROUNDING = 1e-12  # of what came into a lot: what remains below this is the arithmetic of doubles


def ends_of(columns: Columns, start: Table) -> Iterator[dict[str, Any]]:
    """Yield where mass ended.

    Parameters
    ----------
    columns
        The ledger's columns.
    start
        `origin` (what the caller groups by), `lot` and `kg`: mass to follow.

    Returns
    -------
    Rows with `origin`, `end` (a route, ``stock``, ``lost`` or ``unaccounted``), `stream` (of the lot that it ended as, empty where
    none), `kg`, `value_e4` (net value in ten-thousandths) and `carbon_kg`. An origin and end may come in several rows.

    Raises
    ------
    ConflictError
        Where mass walks in a circle.
    """
    lots, leaving, outputs = columns.keep(_lots(columns)), _leaving(columns), columns.keep(_outputs(columns))
    frontier = columns.keep(start)
    for _ in range(_LONGEST_WAY):
        yield from columns.rows(_in_stock(frontier, lots))
        moving = frontier.inner_join(leaving, "lot")
        moving = moving.inner_join(lots, "lot")
        moving = moving.mutate(part=moving.kg / moving.gained)
        yield from columns.rows(_shipped(moving))
        consumed = moving.filter(moving.flow == Flow.CONSUMED.value)
        into = consumed.group_by("origin", "event_seq").agg(kg=(consumed.moved * consumed.part).sum())
        given = into.inner_join(outputs, "event_seq")
        out = columns.keep(given.mutate(kg=given.kg * given.share))
        yield from columns.rows(_gone(out))
        going = out.filter(out.flow == Flow.PRODUCED.value)
        frontier = columns.keep(going.group_by("origin", "lot").agg(kg=going.kg.sum()))
        if not columns.rows(frontier.agg(left=frontier.count()))[0]["left"]:
            return
    raise ConflictError("a lot was made out of itself", expected="transformations without a cycle")


def _lots(columns: Columns) -> Table:
    """Return what came into each lot and what remains of it, in kg, with its stream."""
    import ibis

    flow, lot = columns.table("flow"), columns.table("lot")
    flow = flow.filter(flow.lot.notnull())
    gain: Table = ibis.ifelse(flow.flow.isin([Flow.RECEIVED.value, Flow.PRODUCED.value]), flow.kg, 0.0)
    moved = flow.select("lot", gain=gain, change=ibis.ifelse(gain > 0, flow.kg, -flow.kg))
    sums = moved.group_by("lot").agg(gained=moved.gain.sum(), remains=moved.change.sum())
    return (
        sums.filter(sums.gained > 0).inner_join(lot.select("lot", "stream"), "lot").select("lot", "gained", "remains", "stream")
    )


def _leaving(columns: Columns) -> Table:
    flow = columns.table("flow")
    left = flow.filter(flow.flow.isin([Flow.CONSUMED.value, Flow.SHIPPED.value]))
    return left.select("lot", "event_seq", "flow", "route", "value_e4", "carbon_kg", moved=left.kg)


def _outputs(columns: Columns) -> Table:
    """Return each output of an event with its share of all of them."""
    flow = columns.table("flow")
    given = flow.filter(flow.flow.isin([Flow.PRODUCED.value, Flow.LOST.value, Flow.UNACCOUNTED.value]))
    totals = given.group_by("event_seq").agg(total=given.kg.sum())
    shared = given.inner_join(totals.filter(totals.total != 0), "event_seq")
    return shared.select("event_seq", "lot", "flow", share=shared.kg / shared.total)


def _in_stock(frontier: Table, lots: Table) -> Table:
    import ibis

    held = frontier.inner_join(lots, "lot")
    held = held.filter(held.remains.abs() > _ROUNDING * held.gained)
    held = held.group_by("origin", "stream").agg(kg=(held.kg * held.remains / held.gained).sum())
    return held.mutate(end=ibis.literal(STOCK), value_e4=ibis.literal(0.0), carbon_kg=ibis.literal(0.0))


def _shipped(moving: Table) -> Table:
    sent = moving.filter(moving.flow == Flow.SHIPPED.value)
    sent = sent.mutate(end=sent.route.coalesce(Flow.SHIPPED.value))
    return sent.group_by("origin", "end", "stream").agg(
        kg=(sent.moved * sent.part).sum(),
        value_e4=(sent.value_e4.coalesce(0) * sent.part).sum(),
        carbon_kg=(sent.carbon_kg.coalesce(0.0) * sent.part).sum(),
    )


def _gone(out: Table) -> Table:
    import ibis

    gone = out.filter(out.flow != Flow.PRODUCED.value)
    gone = gone.group_by("origin", end=gone.flow).agg(kg=gone.kg.sum())
    return gone.mutate(stream=ibis.literal(""), value_e4=ibis.literal(0.0), carbon_kg=ibis.literal(0.0))
