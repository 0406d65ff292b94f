"""The tree beside the vectors of Certificate Transparency and beside an implementation that is not ours."""

import hashlib
import random

import pymerkle
import pytest

from notary import merkle

# The eight inputs and roots of the reference implementation of Certificate Transparency (RFC 6962).
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


def tree_of(leaves: list[bytes]) -> merkle.Tree:
    """A tree over ``leaves``, its tiles made the simplest way."""
    rows, hashes = [], [merkle.leaf(data) for data in leaves]
    while hashes:
        rows.append(hashes)
        full = range(0, len(hashes) - len(hashes) % merkle.WIDTH, merkle.WIDTH)
        hashes = [merkle.fold(hashes[at : at + merkle.WIDTH]) for at in full]

    def fetch(level: int, place: int) -> bytes:
        row = rows[level] if level < len(rows) else []
        return b"".join(row[place * merkle.WIDTH : (place + 1) * merkle.WIDTH])

    return merkle.Tree(fetch)


@pytest.fixture(scope="module")
def many():
    """A thousand leaves here and in the other implementation."""
    leaves = [f"leaf {n}".encode() for n in range(1000)]
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for data in leaves:
        theirs.append_entry(data)
    return leaves, tree_of(leaves), theirs


def test_the_roots_are_those_of_the_standard():
    leaves = [bytes.fromhex(text) for text in LEAVES]
    assert tree_of([]).root(0) == hashlib.sha256(b"").digest()
    assert [tree_of(leaves).root(size).hex() for size in range(1, 9)] == ROOTS


def test_every_root_is_that_of_the_other_implementation(many):
    _leaves, ours, theirs = many
    for size in range(1, 1001):
        assert ours.root(size) == theirs.get_root(size)


def test_the_other_implementation_accepts_our_proofs(many):
    leaves, ours, theirs = many
    chance = random.Random(5)
    for _ in range(300):
        size = chance.randint(1, 1000)
        index = chance.randrange(size)
        path = ours.inclusion(index, size)
        # It lists the leaf first, and counts from 1.
        assert [merkle.leaf(leaves[index]), *path] == theirs.prove_inclusion(index + 1, size).path
        old = chance.randint(1, size)
        proof = theirs.prove_consistency(old, size)
        pymerkle.verify_consistency(ours.root(old), ours.root(size), proof)
        assert merkle.consistent(old, ours.root(old), size, ours.root(size), ours.consistency(old, size))


def test_a_proof_leads_to_the_root_and_no_other_does(many):
    leaves, ours, _theirs = many
    for size in (1, 2, 7, 8, 255, 256, 257, 1000):
        for index in {0, size // 2, size - 1}:
            path, root = ours.inclusion(index, size), ours.root(size)
            leaf = merkle.leaf(leaves[index])
            assert merkle.root_of(leaf, index, size, path) == root
            assert merkle.root_of(merkle.leaf(b"other"), index, size, path) != root
            assert merkle.root_of(leaf, index, size, path[:-1]) != root or size == 1
            assert merkle.root_of(leaf, index, size, [*path, root]) is None
            assert merkle.root_of(leaf, index + 1, size, path) != root or size == 1
            for at in range(len(path)):
                broken = [*path[:at], bytes(32), *path[at + 1 :]]
                assert merkle.root_of(leaf, index, size, broken) != root


def test_a_rewritten_past_is_not_consistent(many):
    leaves, ours, _theirs = many
    other = tree_of([*leaves[:500], b"edited", *leaves[501:]])
    for old, new in [(600, 1000), (512, 513), (501, 999)]:
        assert not merkle.consistent(old, ours.root(old), new, other.root(new), other.consistency(old, new))
        assert not merkle.consistent(old, ours.root(old), new, ours.root(new), ours.consistency(old, new)[:-1])
    assert merkle.consistent(500, ours.root(500), 1000, other.root(1000), other.consistency(500, 1000))


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, 1001)])
def test_what_the_tree_has_not_is_not_proved(many, index, size):
    with pytest.raises(LookupError):
        many[1].inclusion(index, size)
