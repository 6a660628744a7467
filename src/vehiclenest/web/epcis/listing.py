"""What the repository knows, a page at a time by key: words and places from the index of terms, things from the ledger."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, select, tuple_

from vehiclenest.ledger import schema
from vehiclenest.ledger.entry import TRANSFORMATION, is_class
from vehiclenest.web.epcis import search
from vehiclenest.web.epcis.refusals import QueryParameterError
from vehiclenest.web.epcis.tables import term
from vehiclenest.web.epcis.words import Pattern

MOST_STEPS = 2_000  # names looked at for a page of things
_MENTIONED, _LOTS = "m", "l"


class Listing(Protocol):
    """Names of one kind."""

    def after(self, connection: Connection, token: str, most: int) -> tuple[list[str], str]:
        """Return the names after a token, and the token of the next page; empty where there is none."""
        ...

    def knows(self, connection: Connection, name: str) -> bool:
        """Return whether the name is one of them."""
        ...


class Terms:
    """The values of a kind in the index of terms, and those that the standard has."""

    def __init__(self, kind: int, standard: Sequence[str]) -> None:
        self.kind = kind
        self.standard = sorted(standard)

    def after(self, connection: Connection, token: str, most: int) -> tuple[list[str], str]:
        """Return the next values in order; one step of the index passes over all events of a value."""
        found = [value for value in self.standard if value > token][: most + 1]
        query = select(term.c.value).where(term.c.kind == self.kind).order_by(term.c.value).limit(1)
        last = token
        for _ in range(most + 1):
            value = connection.execute(query.where(term.c.value > last)).scalar()
            if value is None:
                break
            last = value
            found.append(value)
        names = sorted(set(found))
        return names[:most], names[most - 1] if len(names) > most else ""

    def knows(self, connection: Connection, name: str) -> bool:
        """Return whether the standard has the value, or an event names it."""
        query = select(term.c.event_seq).where(term.c.kind == self.kind, term.c.value == name).limit(1)
        return name in self.standard or connection.execute(query).first() is not None


class Things:
    """Identifiers of things: those that events mention, and after them lots that no event mentions; quantities are none."""

    def after(self, connection: Connection, token: str, most: int) -> tuple[list[str], str]:
        """Return the next identifiers; a page that `MOST_STEPS` ends holds fewer."""
        part, _, last = token.partition(":") if token else (_MENTIONED, "", "")
        if part not in {_MENTIONED, _LOTS}:
            raise QueryParameterError("the nextPageToken is none that this server gave")
        names: list[str] = []
        if part == _MENTIONED:
            mention = schema.mention
            query = select(mention.c.uri).where(mention.c.role != TRANSFORMATION).order_by(mention.c.uri).limit(1)
            for _ in range(MOST_STEPS):
                name = connection.execute(query.where(mention.c.uri > last)).scalar()
                if name is None:
                    part, last = _LOTS, ""
                    break
                last = name
                names += [name] if _is_thing(name) else []
                if len(names) == most:
                    break
            if part == _MENTIONED:
                return names, f"{_MENTIONED}:{last}"
        lots, last = self._lots(connection, last, most - len(names))
        return names + lots, f"{_LOTS}:{last}" if last else ""

    def knows(self, connection: Connection, name: str) -> bool:
        """Return whether an event names the thing."""
        return any(connection.execute(part.limit(1)).first() for part in search.naming(Pattern(name)))

    def _lots(self, connection: Connection, last: str, most: int) -> tuple[list[str], str]:
        lot, prefix, mention = schema.lot, schema.prefix, schema.mention
        query = select(lot.c.reference, lot.c.prefix_id, prefix.c.text).join(prefix, prefix.c.id == lot.c.prefix_id)
        if last:
            reference, _, key = last.rpartition(" ")
            if not (key.isascii() and key.isdigit()):
                raise QueryParameterError("the nextPageToken is none that this server gave")
            query = query.where(tuple_(lot.c.reference, lot.c.prefix_id) > tuple_(reference, int(key)))
        rows = connection.execute(query.order_by(lot.c.reference, lot.c.prefix_id).distinct().limit(most + 1)).all()
        shown = rows[:most]
        names = [row.text + row.reference for row in shown]
        mentioned = set(connection.execute(select(mention.c.uri).where(mention.c.uri.in_(names))).scalars())
        more = f"{shown[-1].reference} {shown[-1].prefix_id}" if len(rows) > most and shown else ""
        if len(rows) > most and not shown:  # the page is full of mentioned things already
            return [], last or " 0"
        return [name for name in names if _is_thing(name) and name not in mentioned], more


def _is_thing(name: str) -> bool:
    return not is_class(name) and not name.startswith("urn:epc:idpat:")
