"""The Merkle tree over events (RFC 6962, section 2.1): leaf hashes in, roots and proofs out. Hashing and proofs are pymerkle's.

The entry of an event is its stored bytes, followed, where it was captured in a context of its own, by the bytes of that context: what
an event means hangs on both.
"""

# pyright: basic
# pymerkle carries no types.

from functools import reduce
from typing import Any

from pymerkle.core import BaseMerkleTree

HASH_BYTES = 32
_BLOCK = 1024  # leaves of a subtree that is hashed in one piece and remembered


class LeafTree(BaseMerkleTree):
    """A tree that holds nothing but its leaf hashes, 32 bytes each, one after another in `leaves`."""

    def __init__(self, leaves: bytes = b"") -> None:
        super().__init__("sha256")
        self.leaves = bytearray(leaves)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.leaves) // HASH_BYTES

    def append(self, entry: bytes) -> None:
        """Append the leaf of an entry."""
        self.append_entry(entry)

    def leaf(self, number: int) -> bytes:
        """Return the leaf hash of event `number`, from 1."""
        return bytes(self.leaves[(number - 1) * HASH_BYTES : number * HASH_BYTES])

    def leaf_hash(self, entry: bytes) -> bytes:
        """Return the leaf hash of an entry: SHA-256 over a zero byte and the entry."""
        return self.hash_buff(entry)

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` leaves."""
        return bytes(self.get_root(size))

    def inclusion_path(self, number: int, size: int) -> list[bytes]:
        """Return the audit path (RFC 6962, 2.1.1) of event `number`, from 1, in the tree over `size` leaves."""
        return list(self.prove_inclusion(number, size).path[1:])  # the first is the leaf itself

    def consistency_path(self, first: int, second: int) -> list[bytes]:
        """Return the consistency proof (RFC 6962, 2.1.2) between the trees over `first` < `second` leaves.

        pymerkle proves the same with the right neighbour of the older tree's last whole subtree spelt out down to its first leaf;
        the RFC names that neighbour by its one hash, and leaves the older root out where it is such a subtree itself.
        """
        proof = self.prove_consistency(first, second)
        last = proof.subset.index(1)
        older = [] if sum(proof.subset) == 1 else [proof.path[last]]
        return [*older, reduce(self.hash_pair, proof.path[:last]), *proof.path[last + 1 :]]

    def _get_subroot(self, offset: int, width: int) -> Any:
        # Larger subtrees are put together from remembered ones, so that the roots of many seals cost hardly more than the last one.
        if width <= _BLOCK:
            return super()._get_subroot(offset, width)
        half = width // 2
        return self.hash_pair(self._get_subroot(offset, half), self._get_subroot(offset + half, half))

    def _encode_entry(self, data: bytes) -> bytes:
        return data

    def _store_leaf(self, data: bytes, digest: bytes) -> int:  # noqa: ARG002  # the tree keeps no entries
        self.leaves += digest
        return self.size

    def _get_leaf(self, index: int) -> bytes:
        return self.leaf(index)

    def _get_leaves(self, offset: int, width: int) -> list[bytes]:
        return [self.leaf(number) for number in range(offset + 1, offset + width + 1)]

    def _get_size(self) -> int:
        return self.size
