"""Proofs as JSON for a third party: that an event was captured by the time of a seal, that a later seal only adds to an earlier one.

What is proved follows RFC 6962, section 2.1; docs/seal.md holds the few lines that check it.
"""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError
from vehiclenest.ledger import schema
from vehiclenest.ledger.entry import hash_id
from vehiclenest.ledger.seal_folder import History, Seal, read_history
from vehiclenest.ledger.store import Ledger
from vehiclenest.ledger.trace import trace

FORMAT = "vehiclenest-proof/1"
_DIGITS = 18  # of the largest number that is tried as an event's: databases count to 2**63


def prove_inclusion(ledger: Ledger, folder: Path, name: str, size: int | None = None) -> dict[str, Any]:
    """Prove that events are in the ledger as they were sealed.

    Parameters
    ----------
    ledger
        Where the events are.
    folder
        Its seals.
    name
        Number, event hash id or eventID of an event; or the name of a thing, for all events that name it and were sealed.
    size
        Which seal to prove against, by its tree size; the newest by default.

    Raises
    ------
    NotFoundError
        Where there is no such event or seal.
    InputError
        Where no event of that name was sealed by then, or the seals are damaged.
    ConflictError
        Where an event was changed since it was sealed.
    """
    history = read_history(folder).sound()
    seal = _seal(history, size)
    with ledger.engine.connect() as connection:
        numbers = _numbers(ledger, connection, name)
        sealed = [number for number in numbers if 1 <= number <= seal.tree_size]
        if not sealed:
            raise InputError(
                f"event {numbers[0]} is not under the seal over {seal.tree_size} events", expected="vnest seal, or a newer --seal"
            )
        entries = [_inclusion(connection, history, number, seal.tree_size) for number in sealed]
    return {"format": FORMAT, "proves": "inclusion", "seal": seal.model_dump(), "entries": entries}


def prove_consistency(folder: Path, first: int, second: int) -> dict[str, Any]:
    """Prove that the seal over `second` events only adds to the one over `first` events.

    Raises
    ------
    NotFoundError
        Where there is no such seal.
    InputError
        Where the second is not larger than the first, or the seals are damaged.
    """
    history = read_history(folder).sound()
    seals = [_seal(history, size) for size in (first, second)]
    if first >= second:
        raise InputError(f"the seals over {first} and {second} events", expected="a smaller and a larger one, in this order")
    path = history.tree.consistency_path(first, second)
    return {
        "format": FORMAT,
        "proves": "consistency",
        "first": seals[0].model_dump(),
        "second": seals[1].model_dump(),
        "path": _hex(path),
    }


def _seal(history: History, size: int | None) -> Seal:
    if history.last is None:
        raise NotFoundError(f"there are no seals in {history.folder}", expected="vnest seal first, or --seals DIR")
    if size is None:
        return history.last
    found = next((seal for seal in history.seals if seal.tree_size == size), None)
    if found is None:
        near = min(history.seals, key=lambda seal: abs(seal.tree_size - size))
        raise NotFoundError(f"there is no seal over {size} events", expected=f"a tree size such as {near.tree_size}")
    return found


def _numbers(ledger: Ledger, connection: Connection, name: str) -> Sequence[int]:
    """Return the numbers of the events of a name; a lot's number wins over an event's."""
    event = schema.event
    identity = _identity(name)
    query = select(event.c.seq).where(event.c.event_id == name if identity is None else event.c.identity == identity)
    found = list(connection.execute(query.order_by(event.c.seq)).scalars())
    if found:
        return found
    try:
        return [one.seq for one in trace(ledger, name).events]
    except NotFoundError:
        if not name.isascii() or not name.isdecimal() or len(name) > _DIGITS:
            raise
    number = int(name)
    if connection.execute(select(event.c.seq).where(event.c.seq == number)).scalar() is None:
        raise NotFoundError(
            f"no event and no thing in the ledger is called {name[:80]!r}", expected="a number, event id, or name"
        )
    return [number]


def _identity(name: str) -> bytes | None:
    """Return the hash in an event hash id."""
    head, _, rest = name.partition(";")
    try:
        return bytes.fromhex(rest.partition("?")[0]) if head == "ni:///sha-256" else None
    except ValueError:
        return None


def _inclusion(connection: Connection, history: History, number: int, size: int) -> dict[str, Any]:
    event, context = schema.event, schema.context
    query = (
        select(event.c.identity, event.c.event_id, event.c.body, context.c.body)
        .select_from(event.outerjoin(context))
        .where(event.c.seq == number)
    )
    identity, event_id, body, around = connection.execute(query).one()
    tree = history.tree
    if tree.leaf_hash(body + (around or b"")) != tree.leaf(number):
        raise ConflictError(f"event {number} was changed after it was sealed", expected="vnest verify says more")
    return {
        "event": event_id or hash_id(identity),
        "index": number - 1,
        "body": b64encode(body).decode(),
        "context": b64encode(around or b"").decode(),
        "path": _hex(tree.inclusion_path(number, size)),
    }


def _hex(path: Sequence[bytes]) -> list[str]:
    return [node.hex() for node in path]
