"""Sealing: a signed root (RFC 6962 tree, Ed25519) over everything captured so far, in a folder outside the database.

Whoever holds a copy of the folder can show later that an event was captured by then and that nothing was changed since; docs/seal.md
says how. Sealing is meant to run daily.
"""

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from vehiclenest.core.errors import ConflictError, InputError
from vehiclenest.core.time import format_time
from vehiclenest.ledger import schema
from vehiclenest.ledger.merkle import HASH_BYTES, LeafTree
from vehiclenest.ledger.seal_folder import Seal, read_history, write_seal
from vehiclenest.ledger.signing import load_key, make_key, public_hex
from vehiclenest.ledger.store import Ledger

Progress = Callable[[str, int, int], None]
_EVENTS_AT_ONCE = 1000


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


def seal(ledger: Ledger, folder: Path, key: Ed25519PrivateKey, now: datetime, progress: Progress = silent) -> Seal | None:
    """Seal everything captured so far.

    Parameters
    ----------
    ledger
        What is sealed.
    folder
        Where the seals are; the new one is written there, whole or not at all.
    key
        Signs the seal.
    now
        When it is made.

    Returns
    -------
    Seal or None
        None where nothing was captured since the last seal.

    Raises
    ------
    ConflictError
        Where the ledger does not go on from the last seal: events are missing, or it is another ledger.
    InputError
        Where the folder is damaged or cannot be written.
    """
    history = read_history(folder).sound()
    before, tree = history.last, history.tree
    sealed = tree.size
    previous_root = tree.root(sealed).hex()
    with ledger.engine.connect() as connection:
        _append(connection, tree, progress)
    if tree.size == sealed:
        return None
    leaves = bytes(tree.leaves[sealed * HASH_BYTES :])
    made = Seal(
        ledger=name_of(ledger),
        tree_size=tree.size,
        root=tree.root(tree.size).hex(),
        previous_tree_size=sealed,
        previous_root=previous_root,
        leaves_sha256=hashlib.sha256(leaves).hexdigest(),
        time=format_time(now),
        public_key=public_hex(key),
    ).signed(key)
    with ledger.writing():  # whoever else seals this ledger waits
        if read_history(folder).last != before:
            raise ConflictError(f"another seal was made in {folder} meanwhile", expected="to seal again")
        write_seal(folder, made, leaves, key)
    return made


def _append(connection: Connection, tree: LeafTree, progress: Progress) -> None:
    """Append the events that follow the leaves of a tree; the last of these has to be in the ledger as it was sealed."""
    first = max(tree.size, 1)
    total = connection.execute(select(schema.event.c.seq).order_by(schema.event.c.seq.desc()).limit(1)).scalar() or 0
    expected = first
    with closing(entries_from(connection, first)) as entries:
        for seq, entry in entries:
            if seq != expected:
                break
            if seq > tree.size:
                tree.append(entry)
            elif tree.leaf_hash(entry) != tree.leaf(seq):
                raise ConflictError(
                    f"event {seq} is not the one that was sealed", expected="the ledger of these seals; vnest verify says more"
                )
            expected += 1
            if not seq % _EVENTS_AT_ONCE:
                progress("sealing", seq, total)
    if expected <= max(total, tree.size):
        raise ConflictError(
            f"event {expected} is missing in the ledger", expected="the ledger of these seals; vnest verify says more"
        )


def entries_from(connection: Connection, first: int) -> Generator[tuple[int, bytes]]:
    """Yield number and entry, the bytes under the leaf hash, of each event from `first` on."""
    event, context = schema.event, schema.context
    query = (
        select(event.c.seq, event.c.body, context.c.body)
        .select_from(event.outerjoin(context))
        .where(event.c.seq >= first)
        .order_by(event.c.seq)
    )
    with connection.execute(query, execution_options={"yield_per": _EVENTS_AT_ONCE}) as rows:
        for seq, body, around in rows:
            yield seq, body if around is None else body + around


def name_of(ledger: Ledger) -> str:
    """Return the name of a ledger's database, without its folder."""
    name = Path(ledger.engine.url.database or "").name
    return name.encode("utf-8", "replace").decode("utf-8")


def seals_folder(ledger: Ledger) -> Path:
    """Return the folder of seals where nobody names one: beside a SQLite file, or in the working directory."""
    if ledger.engine.dialect.name == "sqlite":
        return Path(ledger.engine.url.database or "").with_suffix(".seals")
    return Path("vnest.seals")


def key_for(path: Path, folder: Path, *, new: bool) -> Ed25519PrivateKey:
    """Return the key to go on sealing a folder with: the one at `path`, made where `new` asks for it or nothing was sealed yet.

    Raises
    ------
    ConflictError
        Where the last seal was signed with another key and no new one was asked for, or a new one is there already.
    InputError
        Where the key would lie in the folder, which is published.
    """
    if path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{path} lies in the folder of the seals, which is published", expected="a place for the key elsewhere")
    last = read_history(folder).sound().last
    if new or (last is None and not path.exists()):
        return make_key(path)
    key = load_key(path)
    if last is not None and last.public_key != public_hex(key):
        raise ConflictError(
            f"{path} is not the key of the last seal, {last.public_key[:16]}…",
            expected="--key FILE with that key, or --new-key with the name of a new file to go on with another",
        )
    return key
