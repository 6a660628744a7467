"""One capture inside one transaction: entries are checked against the book in order, then all their rows are written at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, case, func, select

from vehiclenest.core.errors import ConflictError, VehicleNestError
from vehiclenest.ledger import schema
from vehiclenest.ledger.closure import ROUNDING
from vehiclenest.ledger.database import Among, chunks, insert_rows, texts
from vehiclenest.ledger.entry import CODES, INPUT, OUTPUT, TRANSFORMATION, Entry, FlowRow, is_class, split
from vehiclenest.ledger.graph import gained, sources
from vehiclenest.ledger.model import Flow
from vehiclenest.ledger.schema import in_force, named_lots

_RECEIVED, _CONSUMED, _PRODUCED, _SHIPPED = (CODES[flow] for flow in (Flow.RECEIVED, Flow.CONSUMED, Flow.PRODUCED, Flow.SHIPPED))
_OF_LOTS = frozenset({_RECEIVED, _CONSUMED, _PRODUCED, _SHIPPED})
_GAINS = frozenset({_RECEIVED, _PRODUCED})
# A foreign quantity, unlike a thing, may go into an event and come out of it: some of a class is reworked, as GS1's own example does.
_QUANTITIES = ("urn:epc:class:", "urn:epc:idpat:")


def gains() -> list[int]:
    """Return the codes of flows that bring mass into a lot."""
    return sorted(_GAINS)


@dataclass(slots=True)
class _Lot:
    """A lot as it stands during the capture; masses in kg."""

    id: int
    uri: str
    described: bool
    stock_kg: float = 0.0
    through_kg: float = 0.0
    used: bool = False  # something was made of it

    @property
    def is_class(self) -> bool:
        return is_class(self.uri)


class Booking:
    """Entries of one capture. Call `book`, look at the errors it yields, then `write` or give the transaction up."""

    def __init__(self, connection: Connection, texts: "Dictionaries") -> None:
        self.connection = connection
        self.texts = texts
        self.stored = 0
        self.known = 0
        self.booked: list[Entry] = []  # in the order of the rows of the table `event`
        self.rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._lots: dict[str, _Lot] = {}
        self._seqs: dict[bytes, int] = {}
        self._event_ids: dict[str, int] = {}  # of this capture
        self._next_seq = self._next(schema.event, "seq")
        self._next_lot = self._next(schema.lot, "id")
        self.unsettled = False  # an event in error left behind what does not hold: nothing may be written
        self._unsettled: dict[str, int] = {}  # lots of withdrawn events, with the place of the declaration
        self._made_of: defaultdict[str | None, set[str | None]] = defaultdict(set)  # in this capture: output → inputs
        self._used: set[str | None] = set()  # something was made of it
        self._transformations: dict[str, tuple[frozenset[str], frozenset[str]]] = {}  # outputs, inputs so far

    def book(self, entries: Sequence[Entry]) -> Iterator[tuple[int, VehicleNestError]]:
        """Book entries in order; yield the place of each that the book refuses, with the reason. What is refused leaves no trace."""
        self.texts.load(entries)
        self._load_known(entries)
        self._load_lots({flow[0] for entry in entries for flow in entry.flows if flow[0] is not None})
        self._load_transformations(entries)
        self._load_used(entries)
        for index, entry in enumerate(entries):
            if entry.identity in self._seqs:
                self.known += 1
                continue
            try:
                self._add(entry, index)
            except VehicleNestError as error:
                yield index, error
        yield from self._settle()

    def write(self) -> None:
        """Write everything that was booked."""
        self.texts.write()
        for table in schema.metadata.sorted_tables:
            insert_rows(self.connection, table, self.rows[table.name])

    def _add(self, entry: Entry, index: int) -> None:
        seq = self._next_seq
        withdrawn = None
        if entry.declared is not None:
            withdrawn = self._in_error(entry)
        changes, through = self._checked(entry)
        self._check_cycle(entry)
        if withdrawn is not None:
            self._withdraw(withdrawn, seq, index)
        self._next_seq += 1
        self.stored += 1
        self.booked.append(entry)
        self._seqs[entry.identity] = seq
        if entry.event_id is not None:
            self._event_ids[entry.event_id] = seq
        rows = self.rows
        context = None if entry.context is None else self.texts.contexts.id((entry.context,))
        rows["event"].append(
            (
                seq,
                entry.identity,
                entry.event_id,
                entry.type,
                entry.event_time,
                entry.record_time,
                entry.biz_step,
                context,
                entry.body,
            )
        )
        self._add_lots(entry, seq, changes)
        flows = rows["lot_flow"]
        for position, flow in enumerate(entry.flows):
            uri, code, mass, _, _, value, carbon = flow
            lot_id = changes[uri].id if uri is not None and code in _OF_LOTS else None
            key = outcome_of(flow)
            outcome = None if key is None else self.texts.outcomes.id(key)
            flows.append((seq, position, lot_id, code, mass, outcome, value, carbon, through[position]))
        rows["mixture"] += [(seq, *row) for row in entry.mixtures]
        rows["information_flow"] += [(seq, position, *row) for position, row in enumerate(entry.information)]
        rows["mention"] += [(uri, seq, role) for uri, role in entry.mentions]

    def _checked(self, entry: Entry) -> tuple[dict[str, _Lot], list[float | None]]:
        """Return the lots of an event as they stand after it, and the running sum of each flow; nothing is changed yet."""
        described = {lot[0] for lot in entry.lots}
        changes: dict[str, _Lot] = {}
        through: list[float | None] = []
        created: set[str] = set()
        for uri, code, mass, *_ in entry.flows:
            if code not in _OF_LOTS:
                through.append(None)
                continue
            lot = changes.get(uri or "")
            if lot is None:
                lot = changes[uri or ""] = self._standing(uri, described)
            self._book(lot, code, mass)
            if code in _GAINS:
                created.add(lot.uri)
                through.append(lot.through_kg if lot.is_class else None)
            else:
                through.append(None)
        for uri in described - created:
            raise ConflictError(f"{uri} is described and not created", expected="a received or produced flow of that lot")
        return changes, through

    def _standing(self, uri: str | None, described: set[str]) -> _Lot:
        found = self._lots.get(uri or "")
        if found is not None and (found.described or uri in described or uri in self._unsettled):
            if found.described and uri in described and not found.is_class:
                raise ConflictError(f"{uri} is in the ledger already", expected="a thing is received or produced once")
            return _Lot(found.id, found.uri, found.described, found.stock_kg, found.through_kg, found.used)
        if uri is None or uri not in described:
            raise ConflictError(
                f"lot {uri} is not in the ledger",
                expected="a lot is received or produced, with its description, before it is used",
            )
        return _Lot(0, uri, described=False)

    def _book(self, lot: _Lot, code: int, mass_kg: float) -> None:
        if code in _GAINS:
            if lot.through_kg and not lot.is_class:
                raise ConflictError(f"{lot.uri} is in the ledger already", expected="a thing is received or produced once")
            lot.stock_kg += mass_kg
            lot.through_kg += mass_kg
            return
        stock = lot.stock_kg - mass_kg
        if stock < -ROUNDING * max(lot.through_kg, mass_kg) and lot.uri not in self._unsettled:
            raise ConflictError(
                f"{mass_kg:.3f} kg {'consumed' if code == _CONSUMED else 'shipped'} from {lot.uri}, which holds {lot.stock_kg:.3f} kg",
                expected="no more than it holds",
            )
        lot.stock_kg = stock
        lot.used = lot.used or code == _CONSUMED

    def _add_lots(self, entry: Entry, seq: int, changes: dict[str, _Lot]) -> None:
        for uri, kind, name, stream in entry.lots:
            lot = changes[uri]
            if lot.described:
                continue
            if not lot.id:
                lot.id = self._next_lot
                self._next_lot += 1
            lot.described = True
            start, reference = split(uri)
            self.rows["lot"].append(
                (lot.id, seq, self.texts.prefixes.id((start,)), reference, self.texts.descriptions.id((kind, name, stream)))
            )
        self._lots.update(changes)

    def _in_error(self, entry: Entry) -> int | None:
        """Return the number of the event that a declaration names; None for a foreign one that is not here."""
        assert entry.declared is not None  # noqa: S101  # for the type checker
        seq = self._seqs.get(entry.declared) or self._event_ids.get(entry.event_id or "")
        if seq is None and entry.event_id is not None:
            event = schema.event
            seq = self.connection.execute(select(func.max(event.c.seq)).where(event.c.event_id == entry.event_id)).scalar()
        if seq is None and entry.own:
            raise ConflictError(
                "the event that is declared in error is not in the ledger",
                expected="the same event, or its eventID, with errorDeclaration",
            )
        return seq

    def _withdraw(self, target: int, seq: int, index: int) -> None:
        """Take the flows of an event back; its lots have to hold again at the end of the capture."""
        withdrawal = schema.withdrawal
        if (
            any(row[0] == target for row in self.rows["withdrawal"])
            or self.connection.execute(select(withdrawal.c.by_seq).where(withdrawal.c.event_seq == target)).scalar()
        ):
            return
        self.rows["withdrawal"].append((target, seq))
        for uri, code, mass in self._flows_of(target):
            lot = self._lots[uri]
            gained = code in _GAINS
            lot.stock_kg += -mass if gained else mass
            if gained:
                lot.through_kg -= mass
                lot.described = lot.is_class
            self._unsettled.setdefault(uri, index)

    def _flows_of(self, seq: int) -> list[tuple[str, int, float]]:
        uris = {lot.id: uri for uri, lot in self._lots.items()}
        if own := [(uris[row[2]], row[3], row[4]) for row in self.rows["lot_flow"] if row[0] == seq and row[2] is not None]:
            return own
        flow, named = schema.lot_flow, named_lots()
        query = select(named.c.prefix + named.c.reference, flow.c.flow, flow.c.mass_kg).join(named, named.c.id == flow.c.lot_id)
        found = [(uri, code, mass) for uri, code, mass in self.connection.execute(query.where(flow.c.event_seq == seq))]
        self._load_lots({uri for uri, _, _ in found})
        return found

    def _settle(self) -> Iterator[tuple[int, VehicleNestError]]:
        """Check what withdrawn events left behind."""
        for uri, index in self._unsettled.items():
            lot = self._lots[uri]
            if lot.stock_kg < -ROUNDING * max(lot.through_kg, 1.0):
                self.unsettled = True
                yield (
                    index,
                    ConflictError(
                        f"without the event in error {uri} would hold {lot.stock_kg:.3f} kg: what came later used it",
                        expected="corrective events in the same capture, or the later events declared in error first",
                    ),
                )

    def _check_cycle(self, entry: Entry) -> None:
        """Refuse an event that makes something out of itself, over any number of events."""
        outputs, inputs = _named(entry, OUTPUT), _named(entry, INPUT)
        transformations = _named(entry, TRANSFORMATION)
        for name in transformations:  # its inputs and outputs may stand in several events
            before = self._transformations.get(name, (frozenset[str](), frozenset[str]()))
            outputs, inputs = outputs | before[0], inputs | before[1]
        through = {uri for uri in outputs & inputs if uri.startswith(_QUANTITIES)}
        made = {flow[0] for flow in entry.flows if flow[1] == _PRODUCED} | (outputs - through)
        of = {flow[0] for flow in entry.flows if flow[1] == _CONSUMED} | (inputs - through)
        if made and of:
            again = made & of or (made & self._used and made & self._ancestors(of))
            if again:
                raise ConflictError(
                    f"{min(map(str, again))} would be made out of itself", expected="transformations without a cycle"
                )
            for uri in made:
                self._made_of[uri] |= of
        self._used |= of
        self._transformations.update(dict.fromkeys(transformations, (outputs, inputs)))

    def _ancestors(self, of: set[str | None]) -> set[str | None]:
        """Return everything that things were made of."""
        found: set[str | None] = set()
        fresh = set(of)
        while fresh:
            found |= fresh
            older: set[str | None] = {*sources(self.connection, [uri for uri in fresh if uri is not None])}
            for uri in fresh:
                older |= self._made_of.get(uri, set())
            fresh = older - found
        return found

    def _load_transformations(self, entries: Sequence[Entry]) -> None:
        """Note what the transformations that these events go on with took in and gave out before."""
        mention, other = schema.mention, schema.mention.alias("other")
        for chunk in chunks(sorted({name for entry in entries for name in _named(entry, TRANSFORMATION)})):
            query = (
                select(mention.c.uri, other.c.uri, other.c.role)
                .join(other, other.c.event_seq == mention.c.event_seq)
                .where(mention.c.uri.in_(chunk), mention.c.role == TRANSFORMATION, other.c.role.in_([INPUT, OUTPUT]))
                .where(in_force(mention.c.event_seq))
            )
            for name, uri, role in self.connection.execute(query):
                made, of = self._transformations.get(name, (frozenset[str](), frozenset[str]()))
                self._transformations[name] = (made | {uri}, of) if role == OUTPUT else (made, of | {uri})

    def _load_used(self, entries: Sequence[Entry]) -> None:
        """Note which outputs of these events something was made of before."""
        mention = schema.mention
        outputs = {uri for entry in entries for uri in _named(entry, OUTPUT)}
        for chunk in chunks(sorted(outputs.union(*(made for made, _ in self._transformations.values())))):
            query = select(mention.c.uri).where(mention.c.uri.in_(chunk), mention.c.role == INPUT)
            self._used.update(self.connection.execute(query).scalars())
        self._used.update(uri for uri, lot in self._lots.items() if lot.used)

    def _load_known(self, entries: Iterable[Entry]) -> None:
        if self._next_seq == 1:
            return
        wanted = {entry.identity for entry in entries} | {entry.declared for entry in entries if entry.declared is not None}
        event = schema.event
        for chunk in chunks(list(wanted)):
            query = select(event.c.identity, event.c.seq).where(event.c.identity.in_(chunk))
            self._seqs.update((bytes(identity), seq) for identity, seq in self.connection.execute(query))

    def _load_lots(self, uris: set[str]) -> None:
        """Load lots that the ledger holds, as they stand."""
        lot, flow, prefix = schema.lot, schema.lot_flow, schema.prefix
        described = func.max(case((in_force(lot.c.event_seq), 1), else_=0))
        named = select(prefix.c.text, lot.c.reference, lot.c.id, described).select_from(lot.join(prefix))
        named = named.where(Among(lot.c.reference, texts("references"))).group_by(prefix.c.text, lot.c.reference, lot.c.id)
        wanted = {split(uri): uri for uri in uris if uri not in self._lots}
        for chunk in chunks(list(wanted)):
            found: dict[int, _Lot] = {}
            references = {"references": [reference for _, reference in chunk]}
            for start, reference, identity, is_described in self.connection.execute(named, references).all():
                if uri := wanted.get((start, reference)):
                    found[identity] = _Lot(identity, uri, bool(is_described) or is_class(uri))
            for identity, mass in gained(self.connection, list(found)).items():
                found[identity].stock_kg = found[identity].through_kg = mass
            left = (
                select(flow.c.lot_id, func.sum(flow.c.mass_kg), func.min(flow.c.flow))
                .where(flow.c.lot_id.in_(found), flow.c.flow.in_((_CONSUMED, _SHIPPED)), in_force(flow.c.event_seq))
                .group_by(flow.c.lot_id)
            )
            for identity, mass, code in self.connection.execute(left) if found else ():
                found[identity].stock_kg -= mass
                found[identity].used = code == _CONSUMED
            self._lots.update({one.uri: one for one in found.values()})

    def _next(self, table: Table, column: str) -> int:
        return self.connection.execute(select(func.coalesce(func.max(table.c[column]), 0))).scalar_one() + 1


class Dictionary:
    """Texts that stand in the ledger many times and are written once."""

    def __init__(self, connection: Connection, table: Table, by: str) -> None:
        """`by` is the column to look texts up by, which an index starts with."""
        self.connection = connection
        self.table = table
        self._by = list(table.columns.keys()).index(by) - 1
        self.fresh: list[tuple[Any, ...]] = []
        self._known: dict[tuple[Any, ...], int] = {}
        self._texts: dict[int, tuple[Any, ...]] = {}  # the same the other way round
        self._last = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()

    def load(self, keys: Iterable[tuple[Any, ...]]) -> None:
        """Look up texts, so that `id` has not to ask for each."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._known]
        if not wanted:
            return
        columns = list(self.table.columns)
        for chunk in chunks(wanted) if self._last else ():
            query = select(*columns).where(columns[self._by + 1].in_({key[self._by] for key in chunk}))
            for identity, *key in self.connection.execute(query):
                self._known[tuple(key)] = identity
                self._texts[identity] = tuple(key)

    def id(self, key: tuple[Any, ...]) -> int:
        """Return the number of a text that was loaded, a new one where it was never used."""
        found = self._known.get(key)
        if found is None:
            found = self._last = self._known[key] = self._last + 1
            self._texts[found] = key
            self.fresh.append((found, *key))
        return found

    def text(self, identity: int) -> tuple[Any, ...]:
        """Return the text of a number that `id` gave."""
        return self._texts[identity]

    def write(self) -> None:
        """Write the texts that are new."""
        insert_rows(self.connection, self.table, self.fresh)
        self.fresh = []


class Dictionaries:
    """The dictionaries of a ledger, kept over the captures of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.contexts = Dictionary(connection, schema.context, "body")
        self.prefixes = Dictionary(connection, schema.prefix, "text")
        self.descriptions = Dictionary(connection, schema.description, "name")
        self.outcomes = Dictionary(connection, schema.outcome, "reason")

    def load(self, entries: Sequence[Entry]) -> None:
        """Look up every text of entries."""
        self.contexts.load((entry.context,) for entry in entries if entry.context is not None)
        self.prefixes.load((split(lot[0])[0],) for entry in entries for lot in entry.lots)
        self.descriptions.load(lot[1:] for entry in entries for lot in entry.lots)
        self.outcomes.load(key for entry in entries for flow in entry.flows if (key := outcome_of(flow)))

    def write(self) -> None:
        """Write the texts that are new."""
        for dictionary in (self.contexts, self.prefixes, self.descriptions, self.outcomes):
            dictionary.write()


def _named(entry: Entry, role: int) -> frozenset[str]:
    return frozenset(uri for uri, named_as in entry.mentions if named_as == role)


def outcome_of(flow: FlowRow) -> tuple[str, str] | None:
    """Return route and reason of a flow, None where it says neither."""
    route, reason = flow[3], flow[4]
    return None if route is None and reason is None else (route or "", reason or "")
