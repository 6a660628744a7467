"""Events are found: by an index where one narrows the query down, else along the order; every one is tested, a page at a time.

A page reads at most `MOST_READ` events. Where that is not enough to fill it, it holds what was found, and its address of the next page
goes on from there: nothing is loaded as a whole.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, union

from vehiclenest.ledger import schema
from vehiclenest.ledger.entry import context_of, hash_id, split, unpack
from vehiclenest.ledger.epcis import in_context
from vehiclenest.ledger.event_hash import event_hash
from vehiclenest.web.epcis.parameters import Query
from vehiclenest.web.epcis.refusals import QueryParameterError, TooLargeError
from vehiclenest.web.epcis.tables import term
from vehiclenest.web.epcis.words import Pattern
from vehiclenest.web.fields import LARGEST_KEY, starting_with

MOST_PER_PAGE, DEFAULT_PER_PAGE = 1_000, 30
MOST_READ = 10_000
NARROW = 10_000  # events up to which an index is followed instead of the order
_AT_ONCE = 500
_HASH = "ni:///sha-256;"
_Seqs = Select[tuple[int]]


@dataclass(frozen=True, slots=True)
class Page:
    """Events, as JSON, and where the next page starts; empty where there is none."""

    events: list[bytes]
    token: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read: key of the order and number of the event, and how many events may still come."""

    key: int
    seq: int
    left: int | None = None

    def token(self) -> str:
        """Return it as text."""
        return base64.urlsafe_b64encode(orjson.dumps([self.key, self.seq, self.left])).decode().rstrip("=")


def place_of(token: str) -> Place:
    """Return the place that a token stands for; raise `QueryParameterError` where it is none of ours."""
    try:
        key, seq, left = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if all(type(value) is int and abs(value) <= LARGEST_KEY for value in (key, seq, 0 if left is None else left)):
            return Place(key, seq, left)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise QueryParameterError("the nextPageToken is none that this server gave")


def page(connection: Connection, query: Query, per_page: int, token: str = "") -> Page:
    """Return a page of events.

    Raises
    ------
    TooLargeError
        Where there are more than `query.most`.
    QueryParameterError
        For a token that is none.
    """
    place = place_of(token) if token else None
    left = query.first if place is None else place.left
    if query.most is not None and place is None:
        _refuse_more(connection, query, query.most)
    wanted = per_page if left is None else min(per_page, left)
    events: list[bytes] = []
    if wanted < 1:
        return Page([], "")
    last: Place | None = None
    for key, seq, body in _found(connection, query, place):
        if body is not None:
            if len(events) == wanted:
                assert last is not None  # noqa: S101  # a page that is full has a last event
                rest = None if left is None else left - len(events)
                return Page(events, "" if rest == 0 else Place(last.key, last.seq, rest).token())
            events.append(body)
        elif seq < 0:  # the bound is reached
            rest = None if left is None else left - len(events)
            return Page(events, Place(key, -seq, rest).token())
        last = Place(key, seq)
    return Page(events, "")


def _refuse_more(connection: Connection, query: Query, most: int) -> None:
    count = 0
    for _, seq, body in _found(connection, query, None):
        count += body is not None
        if count > most or (body is None and seq < 0):
            raise TooLargeError(f"there are more than {most} events, or too many to count", expected="a narrower query, or pages")


def _found(connection: Connection, query: Query, place: Place | None) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield key, number and body of events in order; the body is None of one that is read and not what is asked for.

    A number below zero ends it early: so far (its positive) events were read.
    """
    narrow = _narrow(connection, query)
    read = 0
    while True:
        rows = _window(connection, query, place, narrow)
        if not rows:
            return
        found = bodies(connection, [seq for _, seq, hit in rows if hit])
        for key, seq, hit in rows:
            body = found[seq] if hit else None
            yield key, seq, orjson.dumps(body) if body is not None and query.fits(body) else None
        read += len(rows)
        place = Place(rows[-1][0], rows[-1][1])
        if len(rows) < _AT_ONCE:
            return
        if read >= MOST_READ:
            yield place.key, -place.seq, None
            return


def _window(connection: Connection, query: Query, place: Place | None, narrow: list[int] | None) -> list[tuple[int, int, bool]]:
    """Return the next events by key and number, each with whether the index of terms lets it through."""
    event = schema.event
    key: ColumnElement[int] = event.c[query.order]
    statement: Any = select(key.label("key"), event.c.seq)
    for name, (start, end) in query.times.items():
        if start is not None:
            statement = statement.where(event.c[name] >= start)
        if end is not None:
            statement = statement.where(event.c[name] < end)
    if place is not None:
        later = (key < place.key, event.c.seq < place.seq) if query.descending else (key > place.key, event.c.seq > place.seq)
        reached = key <= place.key if query.descending else key >= place.key
        statement = statement.where(reached, or_(later[0], and_(key == place.key, later[1])))
    order = (key.desc(), event.c.seq.desc()) if query.descending else (key, event.c.seq)
    if narrow is not None:
        followed = _following(connection, statement, narrow, descending=query.descending)
        return [(found, seq, True) for found, seq in followed]
    inner = statement.order_by(*order).limit(_AT_ONCE).subquery()
    hit = [
        select(term.c.event_seq).where(term.c.kind == kind, term.c.value.in_(values), term.c.event_seq == inner.c.seq).exists()
        for kind, values in query.terms
    ]
    outer_order = (inner.c.key.desc(), inner.c.seq.desc()) if query.descending else (inner.c.key, inner.c.seq)
    chosen: Any = select(inner.c.key, inner.c.seq, *hit)
    rows: Any = connection.execute(chosen.order_by(*outer_order))
    return [(row[0], row[1], all(row[2:])) for row in rows]


def _following(connection: Connection, statement: Any, narrow: Sequence[int], *, descending: bool) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start in range(0, len(narrow), _AT_ONCE):
        rows: Any = connection.execute(statement.where(schema.event.c.seq.in_(narrow[start : start + _AT_ONCE])))
        found += [(row[0], row[1]) for row in rows]
    return sorted(found, reverse=descending)[:_AT_ONCE]


def _narrow(connection: Connection, query: Query) -> list[int] | None:
    """Return the numbers of all events that an index lets through where one narrows the query down; None where none does."""
    best: list[int] | None = None
    for seqs in _indexed(query):
        found = [seq for (seq,) in connection.execute(select(seqs.subquery().c[0]).distinct().limit(NARROW + 1))]
        if len(found) <= NARROW and (best is None or len(found) < len(best)):
            best = found
    return best


def _indexed(query: Query) -> Iterator[Any]:
    mention = schema.mention
    if query.event_ids:
        yield _with_ids(query.event_ids)
    if query.transformations:
        yield select(mention.c.event_seq).where(mention.c.uri.in_(query.transformations))
    for patterns in query.patterns:
        yield union(*(part for pattern in patterns for part in naming(pattern)))
    for kind, values in query.terms:
        yield select(term.c.event_seq).where(term.c.kind == kind, term.c.value.in_(values))


def naming(pattern: Pattern) -> Iterator[_Seqs]:
    """Yield queries for the numbers of events that name something like a pattern, as a thing or as a lot."""
    mention, lot, prefix, flow = schema.mention, schema.lot, schema.prefix, schema.lot_flow
    lots = select(flow.c.event_seq).join(lot, lot.c.id == flow.c.lot_id).join(prefix, prefix.c.id == lot.c.prefix_id)
    head, reference = split(pattern.exact)
    yield select(mention.c.event_seq).where(mention.c.uri == pattern.exact)
    yield lots.where(lot.c.reference == reference, prefix.c.text == head)
    if pattern.start is None:
        return
    first, end = starting_with(pattern.start)
    yield select(mention.c.event_seq).where(mention.c.uri >= first, mention.c.uri < end)
    yield lots.where(prefix.c.text >= first, prefix.c.text < end)
    head, reference = split(pattern.start)
    if reference:
        first, end = starting_with(reference)
        yield lots.where(prefix.c.text == head, lot.c.reference >= first, lot.c.reference < end)


def _with_ids(event_ids: Sequence[str]) -> Any:
    """Return the query for events of some ids, and for the declarations that withdrew them."""
    event, withdrawal = schema.event, schema.withdrawal
    hashes = [found for one in event_ids if (found := _identity(one))]
    named = event.c.event_id.in_(event_ids)
    seqs = select(event.c.seq).where(or_(named, event.c.identity.in_(hashes)) if hashes else named)
    return union(seqs, select(withdrawal.c.by_seq).where(withdrawal.c.event_seq.in_(seqs)))


def _identity(event_id: str) -> bytes | None:
    try:
        return bytes.fromhex(event_id[len(_HASH) :][:64]) if event_id.startswith(_HASH) else None
    except ValueError:
        return None


def bodies(connection: Connection, seqs: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return events by number as they are answered: with the context that they need, and an id."""
    event, context = schema.event, schema.context
    query = select(event.c.seq, event.c.identity, event.c.body, context.c.body).select_from(event.outerjoin(context))
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(seqs), _AT_ONCE):
        for seq, identity, stored, around in connection.execute(query.where(event.c.seq.in_(seqs[start : start + _AT_ONCE]))):
            body = unpack(stored)
            said: dict[str, Any] = orjson.loads(body if around is None else in_context(body, around))
            if "eventID" not in said:  # a declaration has the id of the event in error
                declares = "errorDeclaration" in said
                said["eventID"] = event_hash(said, context_of(around)) if declares else hash_id(bytes(identity))
            found[seq] = said
    return found
