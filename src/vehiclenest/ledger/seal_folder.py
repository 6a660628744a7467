"""The folder of seals: what is published. For each seal ``seal-SIZE.json`` and the leaf hashes since the one before.

A seal signs the root over everything captured by then, the root of the seal before it, and the SHA-256 of the new leaf hashes
(``leaves-FROM-TO.bin``, 32 bytes each). Public keys stand beside them (``key-….pem``).
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vehiclenest.core.errors import InputError, Where
from vehiclenest.ledger.merkle import HASH_BYTES, LeafTree
from vehiclenest.ledger.signing import load_public_key, public_hex, public_pem

FORMAT = "vehiclenest-seal/1"
_UNKNOWN = bytes(HASH_BYTES)  # stands for a leaf whose file is missing or wrong: no SHA-256 anybody knows is all zeros

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Seal(BaseModel):
    """A signed root. Hashes, key and signature in hexadecimal; `time` is when it was made, UTC."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    format: Literal["vehiclenest-seal/1"] = FORMAT
    ledger: str
    tree_size: int = Field(gt=0)
    root: _Hash
    previous_tree_size: int = Field(ge=0)
    previous_root: _Hash
    leaves_sha256: _Hash
    time: str
    public_key: _Hash
    signature: str = Field(default="", pattern=r"^([0-9a-f]{128})?$")

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"seal-{self.tree_size:012d}.json"

    @property
    def leaves_file(self) -> str:
        """Name of the file of the leaf hashes since the seal before it."""
        return f"leaves-{self.previous_tree_size + 1:012d}-{self.tree_size:012d}.bin"

    def signed_bytes(self) -> bytes:
        """Return what is signed: everything but the signature, as canonical JSON (RFC 8785)."""
        content = self.model_dump(exclude={"signature"})
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def signed(self, key: Ed25519PrivateKey) -> "Seal":
        """Return the seal with its signature."""
        return self.model_copy(update={"signature": key.sign(self.signed_bytes()).hex()})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file of the folder."""

    file: str
    what: str


@dataclass(slots=True)
class History:
    """The seals of a folder in order, as far as their signatures hold, with the tree of their leaves and what is wrong with the rest.

    `whole` says that no leaf is missing; `keys` are the keys that the signatures were checked against.
    """

    folder: Path
    keys: Sequence[str]
    seals: list[Seal] = field(default_factory=list[Seal])
    tree: LeafTree = field(default_factory=LeafTree)
    faults: list[Fault] = field(default_factory=list[Fault])
    whole: bool = True

    @property
    def last(self) -> Seal | None:
        """The newest seal."""
        return self.seals[-1] if self.seals else None

    def known_leaf(self, number: int) -> bytes | None:
        """Return the sealed leaf hash of event `number`; None where its file is missing or wrong."""
        leaf = self.tree.leaf(number)
        return None if leaf == _UNKNOWN else leaf

    def sound(self) -> "History":
        """Return the history itself; raise `InputError` where something is wrong with it."""
        for fault in self.faults:
            raise InputError(fault.what, expected="vnest verify says more", where=Where(str(self.folder / fault.file)))
        return self


def read_history(folder: Path, public_keys: Sequence[Path] = ()) -> History:
    """Read and check every seal of a folder; a folder that does not exist holds none.

    Parameters
    ----------
    folder
        Where the seals are.
    public_keys
        Files of the keys that are trusted; by default those in the folder, which show only that seals and keys fit each other.

    Raises
    ------
    InputError
        Where the folder or a key cannot be read.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is no folder", expected="the folder of the seals")
    keys = {public_hex(key): key for key in map(load_public_key, public_keys or sorted(folder.glob("key-*.pem")))}
    history = History(folder, sorted(keys))
    for path in sorted(folder.glob("seal-*.json")):
        seal = _read_seal(path, keys, history.faults)
        if seal is not None:
            _append(history, seal)
    return history


def _read_seal(path: Path, keys: Mapping[str, Ed25519PublicKey], faults: list[Fault]) -> Seal | None:
    """Return a seal whose signature holds; note what is wrong with any other."""
    try:
        seal = Seal.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        faults.append(Fault(path.name, f"is no seal: {reason}"))
        return None
    key = keys.get(seal.public_key)
    if key is None:
        faults.append(Fault(path.name, f"is signed with the key {seal.public_key[:16]}…, which is not among the trusted ones"))
        return None
    try:
        key.verify(bytes.fromhex(seal.signature), seal.signed_bytes())
    except InvalidSignature:
        faults.append(Fault(path.name, "its signature does not hold: the seal was changed"))
        return None
    if seal.file != path.name:
        faults.append(Fault(path.name, f"is the seal of another name, {seal.file}"))
        return None
    return seal


def _append(history: History, seal: Seal) -> None:
    """Take the next seal into a history: it has to go on where the one before it ended."""
    tree, faults = history.tree, history.faults
    before = history.last
    size, root = (before.tree_size, before.root) if before else (0, tree.root(0).hex())
    history.seals.append(seal)
    if (seal.previous_tree_size, seal.previous_root) != (size, root):
        faults.append(
            Fault(seal.file, f"follows a seal over {seal.previous_tree_size} events; the one before it here is over {size}")
            if seal.previous_tree_size != size
            else Fault(seal.file, "names another root for the seal before it")
        )
    leaves = _leaves(history.folder, seal, faults)
    if leaves is None or tree.size != seal.previous_tree_size:
        history.whole = False
    tree.leaves += _UNKNOWN * (seal.previous_tree_size - tree.size)
    if leaves is not None and tree.size == seal.previous_tree_size:
        tree.leaves += leaves
    tree.leaves += _UNKNOWN * (seal.tree_size - tree.size)
    if history.whole and tree.root(seal.tree_size).hex() != seal.root:
        faults.append(Fault(seal.file, "its root is not the root of the leaf hashes"))


def _leaves(folder: Path, seal: Seal, faults: list[Fault]) -> bytes | None:
    """Return the leaf hashes of a seal; note what is wrong with their file."""
    try:
        leaves = (folder / seal.leaves_file).read_bytes()
    except OSError as error:
        faults.append(Fault(seal.leaves_file, f"cannot be read: {error.strerror}"))
        return None
    if hashlib.sha256(leaves).hexdigest() != seal.leaves_sha256:
        faults.append(Fault(seal.leaves_file, "was changed: its SHA-256 is not the one that was signed"))
        return None
    if len(leaves) != HASH_BYTES * (seal.tree_size - seal.previous_tree_size):
        faults.append(Fault(seal.leaves_file, "does not hold one leaf hash for each event"))
        return None
    return leaves


def write_seal(folder: Path, seal: Seal, leaves: bytes, key: Ed25519PrivateKey) -> None:
    """Write a seal with its leaf hashes and public key; the seal itself comes last, so that none is there without the others."""
    pem = public_pem(key)
    _write_whole(folder / f"key-{seal.public_key[:16]}.pem", pem)
    _write_whole(folder / seal.leaves_file, leaves)
    _write_whole(folder / seal.file, json.dumps(seal.model_dump(), indent=2, ensure_ascii=False).encode() + b"\n")


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears under its name only when it is whole and on the disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written: {error.strerror}", expected="a folder that can be written") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path} cannot be written: {error.strerror}", expected="room on the disk") from None
        raise
