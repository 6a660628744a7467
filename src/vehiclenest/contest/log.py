"""The log of a contest: signed statements, sealed into a chain.

A statement is what somebody says, with his own time and signature; it can be made offline. The keeper gives it a number and a time and
seals both together with the hash of the event before, so that nothing can be changed, left out or put in between without breaking the
chain. A log that lost its end still verifies: compare the head that the keeper published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vehiclenest.contest.keys import sign, signed_by
from vehiclenest.core.errors import InputError
from vehiclenest.core.time import format_time, parse_time

NO_EVENT = "0" * 64  # what the first event names as the one before


def canonical(value: Any) -> bytes:
    """Return the one way to write a value as JSON: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says: kind and data, by whom, at what time of his own clock, signed."""

    contest: str
    kind: str
    author: str
    at: str
    data: Mapping[str, Any]
    signature: str = ""

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        return canonical(self._fields())

    def _fields(self) -> dict[str, Any]:
        return {"contest": self.contest, "kind": self.kind, "author": self.author, "at": self.at, "data": dict(self.data)}

    def document(self) -> dict[str, Any]:
        """Return the statement as a plain object."""
        return {**self._fields(), "signature": self.signature}

    def is_signed_by(self, public: str) -> bool:
        """Return whether the owner of a public key signed exactly this."""
        return signed_by(public, self.signature, self.message())

    @property
    def time(self) -> datetime:
        """The author's time, UTC."""
        return parse_time(self.at)[0]


def signed_statement(
    contest: str, kind: str, author: str, at: datetime, data: Mapping[str, Any], key: Ed25519PrivateKey
) -> Statement:
    """Say something and sign it."""
    said = Statement(contest, kind, author, format_time(at), data)
    return Statement(said.contest, said.kind, said.author, said.at, said.data, sign(key, said.message()))


@dataclass(frozen=True, slots=True)
class Event:
    """A statement in the log: its number from 1, when it arrived, the hash of the event before, and the keeper's seal over all."""

    seq: int
    received: str
    previous: str
    statement: Statement
    seal: str = ""

    def message(self) -> bytes:
        """Return the bytes that are sealed."""
        return canonical(self._fields())

    def _fields(self) -> dict[str, Any]:
        return {"seq": self.seq, "time": self.received, "previous": self.previous, "statement": self.statement.document()}

    def line(self) -> bytes:
        """Return the event as the log holds it, without the line's end."""
        return canonical({**self._fields(), "seal": self.seal})

    def digest(self) -> str:
        """Return the SHA-256 of the line, which the next event names."""
        return sha256(self.line()).hexdigest()

    @property
    def time(self) -> datetime:
        """When the event arrived, UTC."""
        return parse_time(self.received)[0]

    @property
    def kind(self) -> str:
        """What was said."""
        return self.statement.kind

    @property
    def author(self) -> str:
        """Who said it."""
        return self.statement.author

    @property
    def data(self) -> Mapping[str, Any]:
        """The particulars."""
        return self.statement.data


def sealed(seq: int, time: datetime, previous: str, statement: Statement, key: Ed25519PrivateKey) -> Event:
    """Put a statement into the chain."""
    event = Event(seq, format_time(time), previous, statement)
    return Event(event.seq, event.received, event.previous, statement, sign(key, event.message()))


def parse_event(line: bytes) -> Event:
    """Read one line of a log; raise `InputError` where it is no event, or not written the one way."""
    document = _object(line)
    statement = parse_statement(document.get("statement"))
    event = Event(
        cast("int", _field(document, "seq", int)),
        cast("str", _field(document, "time", str)),
        cast("str", _field(document, "previous", str)),
        statement,
        cast("str", _field(document, "seal", str)),
    )
    parse_time(event.received)
    if event.line() != line:
        raise InputError("the line is not written the one way", expected="the bytes that the contest wrote")
    return event


def parse_statement(document: object) -> Statement:
    """Read a statement from a plain object, as a browser sends it; raise `InputError` where it is none."""
    if not isinstance(document, dict):
        raise InputError("there is no statement", expected="an object with contest, kind, author, at, data and signature")
    fields = cast("dict[str, Any]", document)
    words = [cast("str", _field(fields, name, str)) for name in ("contest", "kind", "author", "at")]
    parse_time(words[3])
    data = cast("dict[str, Any]", _field(fields, "data", dict))
    return Statement(words[0], words[1], words[2], words[3], data, cast("str", _field(fields, "signature", str)))


def _object(line: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise InputError("the line is no event", expected="one JSON object")
    return cast("dict[str, Any]", document)


def _field(document: Mapping[str, Any], name: str, kind: type) -> object:
    value: object = document.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{name} is {str(value)[:40]!r}", expected=f"{name} as {kind.__name__}")
    return value
