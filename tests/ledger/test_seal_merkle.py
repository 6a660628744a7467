"""The tree is the one of RFC 6962: roots, audit paths and consistency proofs are those of its definitions."""

import hashlib

import pytest

from vehiclenest.ledger.merkle import LeafTree

# The test vectors of Certificate Transparency's reference implementation: leaves, and the root after each.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1."""
    if not entries:
        return digest(b"")
    if len(entries) == 1:
        return digest(b"\0" + entries[0])
    k = split(len(entries))
    return digest(b"\1" + tree_hash(entries[:k]) + tree_hash(entries[k:]))


def audit_path(index: int, entries: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*audit_path(index, entries[:k]), tree_hash(entries[k:])]
    return [*audit_path(index - k, entries[k:]), tree_hash(entries[:k])]


def sub_proof(size: int, entries: list[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if size == len(entries):
        return [] if whole else [tree_hash(entries)]
    k = split(len(entries))
    if size <= k:
        return [*sub_proof(size, entries[:k], whole=whole), tree_hash(entries[k:])]
    return [*sub_proof(size - k, entries[k:], whole=False), tree_hash(entries[:k])]


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    return [bytes([number]) * number for number in range(40)]


@pytest.fixture(scope="module")
def tree(entries: list[bytes]) -> LeafTree:
    grown = LeafTree()
    for entry in entries:
        grown.append(entry)
    return grown


def test_roots_are_those_of_the_reference_vectors() -> None:
    tree = LeafTree()
    for leaf in LEAVES:
        tree.append(bytes.fromhex(leaf))
    assert [tree.root(size).hex() for size in range(1, len(LEAVES) + 1)] == ROOTS


def test_every_root_is_that_of_the_definition(tree: LeafTree, entries: list[bytes]) -> None:
    assert all(tree.root(size) == tree_hash(entries[:size]) for size in range(len(entries) + 1))


def test_every_audit_path_is_that_of_the_definition(tree: LeafTree, entries: list[bytes]) -> None:
    for size in range(1, len(entries) + 1):
        for index in range(size):
            assert tree.inclusion_path(index + 1, size) == audit_path(index, entries[:size])


def test_every_consistency_proof_is_that_of_the_definition(tree: LeafTree, entries: list[bytes]) -> None:
    for second in range(2, len(entries) + 1):
        for first in range(1, second):
            assert tree.consistency_path(first, second) == sub_proof(first, entries[:second], whole=True)


def test_a_tree_larger_than_a_block_has_the_root_of_the_definition() -> None:
    entries = [number.to_bytes(2, "big") for number in range(2500)]
    tree = LeafTree(b"".join(digest(b"\0" + entry) for entry in entries))
    assert tree.root(2500) == tree_hash(entries)
    assert tree.inclusion_path(2100, 2500) == audit_path(2099, entries)
