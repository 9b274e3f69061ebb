"""The verifier for outsiders: RFC 8032's and RFC 9162's own figures, and nothing of ours inside."""

from __future__ import annotations

import ast
import base64
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise

import pytest

from thongquan import verify_log
from thongquan.verify_log import Key, PublicKey, Tree, consistent, included, leaf_hash

# RFC 8032, section 7.1: (public key, message, signature).
VECTORS = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
}

# The tree of the eight entries that every implementation of RFC 6962 and 9162 is tried on, and its roots.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
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


@pytest.mark.parametrize("name", VECTORS)
def test_the_signatures_of_rfc_8032_are_right(name):
    key, message, signature = map(bytes.fromhex, VECTORS[name])
    assert PublicKey(key).verifies(message, signature)


@pytest.mark.parametrize("name", VECTORS)
def test_a_signature_with_one_bit_changed_is_wrong(name):
    key, message, signature = map(bytes.fromhex, VECTORS[name])
    public = PublicKey(key)
    for bit in range(0, 512, 7):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not public.verifies(message, bytes(changed))
    assert not public.verifies(message + b"\0", signature)
    assert not public.verifies(message, signature[:63])


def test_a_signature_has_one_form_only():
    # s + L gives the same point; RFC 8032, 5.1.7 demands s < L.
    key, message, signature = map(bytes.fromhex, VECTORS["TEST 2"])
    scalar = int.from_bytes(signature[32:], "little") + verify_log.ORDER
    assert not PublicKey(key).verifies(message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("raw", ["00" * 31, "02" + "00" * 31, "ff" * 32, "ed" + "ff" * 30 + "7f"])
def test_bytes_that_are_no_point_are_no_key(raw):
    # 31 bytes; y = 2 is on no point; y beyond the prime; y = p, which would be 0 written twice
    with pytest.raises(ValueError, match="public key"):
        PublicKey(bytes.fromhex(raw))


def test_a_note_of_another_program_is_read():
    # The example of Go's golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
    key = Key.of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = verify_log.parse_note(
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ry"
        "yBwJnAM=\n"
    )
    assert verify_log.signer(note, [key]) is key
    assert verify_log.signer(note, []) == "KEY_UNKNOWN"
    assert verify_log.signer(verify_log.Note(note.text + "!", note.signatures), [key]) == "SIGNATURE_WRONG"


def test_the_roots_of_the_known_tree_come_out():
    tree = Tree()
    assert tree.root() == sha256(b"").digest()
    for entry, root in zip(ENTRIES, ROOTS, strict=True):
        tree.add(leaf_hash(bytes.fromhex(entry)))
        assert tree.root().hex() == root


def test_a_known_inclusion_proof_leads_to_the_root_and_no_other_place():
    # Leaf 2 of 3: its proof is the root of the two before it.
    leaf, path, root = leaf_hash(b"\x10"), [bytes.fromhex(ROOTS[1])], bytes.fromhex(ROOTS[2])
    assert included(leaf, 2, 3, path, root)
    assert not any(
        included(leaf, index, size, path, root) for index, size in [(1, 3), (3, 3), (-1, 3), (2, 5)]
    )
    assert not included(leaf, 2, 3, [*path, path[0]], root)
    assert not included(leaf, 2, 3, [], root)


def test_a_known_consistency_proof_joins_two_roots_and_no_others():
    # From 2 to 3 leaves: the third leaf is all that is new.
    roots = [bytes.fromhex(root) for root in ROOTS]
    path = [leaf_hash(b"\x10")]
    assert consistent(2, 3, roots[1], roots[2], path)
    assert consistent(3, 3, roots[2], roots[2], [])
    for old, new in pairwise(range(1, 8)):
        if (old, new) != (2, 3):
            assert not consistent(old, new, roots[old - 1], roots[new - 1], path)
    assert not consistent(2, 3, roots[1], roots[2], [])
    assert not consistent(2, 3, roots[0], roots[2], path)


@pytest.mark.parametrize(
    "text",
    [
        "x\n01\nAAAA\n",
        "x\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "x\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "x\n1\n",
    ],
)
def test_what_only_looks_like_a_checkpoint_is_refused(text):
    with pytest.raises(ValueError):
        verify_log.parse_checkpoint(f"{text}\n— x {base64.b64encode(bytes(68)).decode()}\n")


def test_it_imports_only_what_python_brings(repository):
    source = (repository / "src/thongquan/verify_log.py").read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.split(".")[0])
    assert imported <= sys.stdlib_module_names


def test_it_runs_alone_in_any_folder(repository, tmp_path):
    alone = tmp_path / "verify_log.py"
    alone.write_bytes((repository / "src/thongquan/verify_log.py").read_bytes())
    # -I -S: no environment, no installed packages.
    run = [sys.executable, "-I", "-S", str(alone), "--key", "PeterNeumann+c74f20a3+AAAA"]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--key" in done.stderr


def test_every_fault_has_its_words_and_every_word_its_fault(repository):
    source = (repository / "src/thongquan/verify_log.py").read_text(encoding="utf-8")
    given = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in verify_log.WORDS:
            given.add(node.value)
    # Each code stands in the table of words and at least once where it is given.
    assert given == set(verify_log.WORDS)
    for code in verify_log.WORDS:
        assert source.count(f'"{code}"') >= 2, code
