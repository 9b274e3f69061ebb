#!/usr/bin/env python3
"""Kiểm chứng một bản xuất của sổ tin cậy mà không cần tin hệ thống đã xuất nó. · Verify an export of the log of trust
without trusting the system that made it.

    python verify_log.py EXPORT --key PUBLIC [--anchors FOLDER] [--receipts FOLDER] [--language vi|en] [--json]

Tệp này chỉ cần Python 3.10 trở lên: không thư viện nào khác, không dùng mã của Thông Quan. Lấy nó, khóa công khai và
các mốc neo từ nơi KHÁC với bên được kiểm chứng. · This file needs nothing but Python 3.10 or newer and uses no code
of Thông Quan. Take it, the public key and the anchored checkpoints from somewhere ELSE than the party under audit.

EXPORT: the folder that `thongquan export-log` wrote; without it only receipts and proofs are verified.
PUBLIC: a line "name+id+key", or a file of such lines. --anchors: checkpoints `<size>.txt` as somebody outside kept
them. --receipts: receipts, inclusion proofs (C2SP tlog-proof) and consistency proofs as somebody holds them.
Exit code: 0 everything fits, 1 something does not, 2 wrong use or unreadable input.

Formats: RFC 9162 (tree), RFC 8032 (signatures), C2SP signed-note, tlog-checkpoint and tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

# ---------------------------------------------------------------- words

WORDS: dict[str, tuple[str, str]] = {
    # code: (Vietnamese, English)
    "EXPORT_INCOMPLETE": (
        "Bản xuất thiếu: khai {told} {what}, thấy {found}.",
        "The export is incomplete: it tells of {told} {what}, {found} are there.",
    ),
    "LINE_UNREADABLE": ("Dòng không đọc được: {why}.", "A line cannot be read: {why}."),
    "SEQUENCE_GAP": (
        "Thứ tự niêm phong bị đứt: cần {expected}, gặp {found}.",
        "The sealed sequence breaks: {expected} was expected, {found} was found.",
    ),
    "EVENT_HASH_WRONG": (
        "Mã băm của sự kiện không khớp nội dung của nó.",
        "The event's hash does not fit its content.",
    ),
    "CHAIN_BROKEN": (
        "Sự kiện không nối vào sự kiện trước của hồ sơ (trước đó là số {before}).",
        "The event does not follow the one before it in its chain (before it stands number {before}).",
    ),
    "COLUMNS_DIFFER": (
        "Cột {columns} khác với nội dung đã băm.",
        "Columns {columns} differ from the content that was hashed.",
    ),
    "LEAF_DIFFERS": (
        "Sự kiện, thời điểm ghi nhận hoặc bút toán của nó khác với lá đã niêm phong.",
        "The event, the time it was recorded or its journals differ from the leaf that was sealed.",
    ),
    "ROOT_DIFFERS": (
        "Gốc cây ở {size} sự kiện khác mốc đã ký: có thay đổi trong các sự kiện từ {start} đến {end}.",
        "The root at {size} events differs from the signed checkpoint: something changed among {start} to {end}.",
    ),
    "LOG_SHORTER": (
        "Sổ có {found} sự kiện đã niêm phong, mốc đã ký có {signed}: phần đuôi bị mất hoặc đây là bản sao cũ.",
        "The log has {found} sealed events, the signed checkpoint {signed}: its tail is lost, or this is an old copy.",
    ),
    "SPLIT_VIEW": (
        "Hai mốc cùng được ký cho {size} sự kiện mà khác gốc: hai lịch sử của một sổ.",
        "Two checkpoints are signed for {size} events with different roots: two histories of one log.",
    ),
    "CHECKPOINT_UNREADABLE": ("Không phải một mốc đúng dạng.", "This is not a well-formed checkpoint."),
    "CHECKPOINT_MISNAMED": (
        "Tệp mang tên của kích thước khác với mốc bên trong ({size}).",
        "The file is named after another size than the checkpoint in it ({size}).",
    ),
    "SIGNATURE_WRONG": ("Chữ ký không đúng.", "The signature is wrong."),
    "KEY_UNKNOWN": (
        "Không có chữ ký nào của khóa đã tin.",
        "No signature is of a key that is trusted.",
    ),
    "KEY_RETIRED": (
        "Ký bằng khóa {key} đã thay ở {until} sự kiện.",
        "Signed with key {key}, which was replaced at {until} events.",
    ),
    "ROTATION_WRONG": (
        "Bản thay khóa không được khóa trước và khóa mới cùng ký đúng.",
        "The rotation of a key is not rightly signed by the key before and the new one.",
    ),
    "JOURNAL_UNBALANCED": (
        "Chứng từ sổ {reference} không cân: tổng {total}, {entries} bút toán.",
        "Journal {reference} does not balance: total {total}, {entries} entries.",
    ),
    "JOURNAL_CURRENCY": (
        "Chứng từ sổ {reference} ghi vào tài khoản của đồng tiền khác.",
        "Journal {reference} posts to an account of another currency.",
    ),
    "JOURNAL_WITHOUT_EVENT": (
        "Có chứng từ sổ mà không có sự kiện gây ra nó.",
        "There are journals without the event that caused them.",
    ),
    "ACCOUNT_VERSION_GAP": (
        "Tài khoản {account}: sau bút toán {before} là bút toán {found}.",
        "Account {account}: after entry {before} comes entry {found}.",
    ),
    "ACCOUNT_DRIFTED": (
        "Tài khoản {account} ghi số dư {told} sau {version} bút toán; các bút toán cho {found} sau {count}.",
        "Account {account} tells a balance of {told} after {version} entries; the entries give {found} after {count}.",
    ),
    "RECEIPT_UNREADABLE": ("Không phải biên nhận hay bằng chứng.", "This is neither a receipt nor a proof."),
    "RECEIPT_NOT_IN_LOG": (
        "Biên nhận của sự kiện {n}, hồ sơ {subject}: sổ không có sự kiện ấy.",
        "A receipt for event {n} of {subject}: the log does not have it.",
    ),
    "RECEIPT_DIFFERS": (
        "Biên nhận của sự kiện {n}, hồ sơ {subject} nói khác sổ.",
        "A receipt for event {n} of {subject} says something else than the log.",
    ),
    "PROOF_WRONG": ("Bằng chứng không dẫn tới gốc đã ký.", "The proof does not lead to the signed root."),
    "PROOF_DIFFERS": (
        "Bằng chứng là của một sự kiện khác với sự kiện trong sổ ở vị trí {index}.",
        "The proof is of another event than the log has at place {index}.",
    ),
    "NOTHING_TO_COMPARE": (
        "Không có mốc tin cậy nào của {size} sự kiện để so.",
        "There is no trusted checkpoint of {size} events to compare with.",
    ),
}

SHOWN = (
    """Điều được chứng tỏ:
  - Mọi sự kiện trong bản xuất nguyên vẹn, đúng thứ tự, không thiếu ở giữa; nội dung, thời điểm ghi nhận
    và bút toán của từng sự kiện đúng như lúc niêm phong.
  - Mọi mốc đã ký (kể cả mốc giữ bên ngoài) là của cùng một lịch sử, mốc sau chứa trọn mốc trước.
  - Mọi biên nhận và bằng chứng đã đưa vào đều có trong sổ. Mọi chứng từ sổ đều cân, số dư bằng tổng bút toán.
""",
    """What this shows:
  - Every event of the export is whole, in order, with none missing in between; its content, the time it was
    recorded and its journals are as they were when it was sealed.
  - All signed checkpoints, those kept outside too, are of one history, each containing the ones before.
  - All receipts and proofs given stand in the log. Every journal balances, and balances equal their entries.
""",
)
LIMITS = (
    """Giới hạn:
  - Không có mốc neo do người khác giữ thì chỉ thấy bản xuất tự khớp với chính nó: ai nắm cả cơ sở dữ liệu
    lẫn khóa ký có thể đã viết lại tất cả.
  - Các sự kiện sau mốc neo cuối cùng chỉ được bảo vệ bởi chữ ký và biên nhận; người nắm máy chủ và khóa ký
    có thể nói dối về chúng và về tương lai, nhưng không âm thầm sửa được quá khứ đã neo.
  - Nếu hệ thống đưa cho mỗi người một sổ khác nhau, chỉ khi những người giữ mốc so với nhau mới thấy.
  - Nguyên vẹn không phải là đúng sự thật: điều khai sai được giữ nguyên là sai. Nội dung thông điệp và chứng
    từ đính kèm không nằm trong bản xuất, chỉ có mã băm của chúng.""",
    """Limits:
  - Without checkpoints that somebody else kept, this only shows that the export fits itself: who holds both
    the database and the signing key may have rewritten everything.
  - Events after the last anchored checkpoint are protected by signatures and receipts alone; who holds the
    server and the key can lie about them and about the future, but cannot silently change the anchored past.
  - If the system shows different logs to different people, only comparing their checkpoints tells.
  - Whole does not mean true: what was declared wrongly is kept wrongly. Messages and attached documents are
    not part of the export, only their hashes are.""",
)
LABELS = {
    "events": ("sự kiện đã niêm phong", "sealed events"),
    "waiting": ("sự kiện chờ niêm phong", "events that wait for their seal"),
    "subjects": ("chuỗi hồ sơ", "chains"),
    "journals": ("chứng từ sổ", "journals"),
    "accounts": ("tài khoản", "accounts"),
    "checkpoints": ("mốc đã ký", "signed checkpoints"),
    "anchors": ("mốc neo giữ bên ngoài", "checkpoints kept outside"),
    "anchored": ("sự kiện dưới mốc neo lớn nhất", "events below the largest anchored checkpoint"),
    "receipts": ("biên nhận và bằng chứng", "receipts and proofs"),
}
GOOD = ("ĐẠT: không thấy sai lệch nào.", "PASSED: nothing differs.")
BAD = ("KHÔNG ĐẠT: {count} sai lệch.", "FAILED: {count} faults.")
NO_ANCHORS = (
    "CHÚ Ý: không có mốc neo nào được đưa vào.",
    "MIND: no anchored checkpoint was given.",
)
MORE = ("… và {count} sai lệch nữa cùng loại", "… and {count} more of this kind")


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit. at: the event "number[n] #sequence", the file, or the account."""

    code: str
    at: str
    says: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        return f"{self.at}: {WORDS[self.code][language == 'en'].format_map(self.says)} [{self.code}]"


class Faults:
    """Counted whole, kept up to `kept` of each code."""

    def __init__(self, kept: int = 1_000) -> None:
        self.kept, self.counts, self.listed = kept, dict[str, int](), list[Fault]()

    def add(self, code: str, at: str, **says: Any) -> None:
        self.counts[code] = self.counts.get(code, 0) + 1
        if self.counts[code] <= self.kept:
            self.listed.append(Fault(code, at, says))


# ---------------------------------------------------------------- Ed25519 (RFC 8032)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""X, Y, Z, T in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z."""

NEUTRAL: Point = (0, 1, 1, 0)


def add(left: Point, right: Point) -> Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * left[3] * right[3] * D % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def decompress(raw: bytes) -> Point | None:
    """The point that 32 bytes stand for, None when they stand for none (RFC 8032, 5.1.3)."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def compress(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


Table = list[list[tuple[int, int, int, int]]]


def table(point: Point) -> Table:
    """1 to 255 times the point, the same of 256 times the point, and so on: one addition a byte of a scalar."""
    rows: Table = []
    for _ in range(32):
        row, multiple = [], point
        for _ in range(255):
            x, y, z, t = multiple
            row.append(((y - x) % P, (y + x) % P, 2 * D * t % P, 2 * z % P))
            multiple = add(multiple, point)
        rows.append(row)
        point = multiple
    return rows


def add_multiple(point: Point, rows: Table, scalar: int) -> Point:
    """point + scalar × the point of the table."""
    x, y, z, t = point
    for row, digit in zip(rows, scalar.to_bytes(32, "little"), strict=True):
        if digit:
            minus, plus, product, double = row[digit - 1]
            a, b, c, d = (y - x) * minus % P, (y + x) * plus % P, t * product % P, z * double % P
            e, f, g, h = b - a, d - c, d + c, b + a
            x, y, z, t = e * f % P, g * h % P, f * g % P, e * h % P
    return x, y, z, t


_base: Table = []


def base_table() -> Table:
    if not _base:
        point = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
        assert point is not None
        _base.extend(table(point))
    return _base


class PublicKey:
    """An Ed25519 key that is asked often: its multiples are computed once."""

    def __init__(self, raw: bytes) -> None:
        point = decompress(raw) if len(raw) == 32 else None
        if point is None:
            raise ValueError("not an Ed25519 public key")
        self.raw = raw
        x, y, z, t = point
        self._minus = (-x % P, y, z, -t % P)
        self._table: Table = []
        self._seen: dict[tuple[bytes, bytes], bool] = {}

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over the message."""
        asked = (sha256(message).digest(), signature)
        if asked not in self._seen:
            self._seen[asked] = self._verifies(message, signature)
        return self._seen[asked]

    def _verifies(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        commitment, scalar = signature[:32], int.from_bytes(signature[32:], "little")
        if scalar >= ORDER:
            return False
        if not self._table:
            self._table = table(self._minus)
        challenge = int.from_bytes(sha512(commitment + self.raw + message).digest(), "little") % ORDER
        # s·B − k·A must be the commitment R, byte for byte.
        found = add_multiple(add_multiple(NEUTRAL, base_table(), scalar), self._table, challenge)
        return compress(found) == commitment


@lru_cache(maxsize=64)
def public_key(raw: bytes) -> PublicKey:
    """The key of 32 bytes, whose multiples are computed once however often it is named."""
    return PublicKey(raw)


# ---------------------------------------------------------------- notes, keys, checkpoints


@dataclass
class Key:
    """A key that is trusted. until: the size up to which it signs checkpoints, None while no other follows."""

    name: str
    id: bytes
    public: PublicKey
    until: int | None = None

    @classmethod
    def of(cls, line: str) -> Key:
        name, key_id, encoded = line.strip().split("+", 2)
        decoded = base64.b64decode(encoded, validate=True)
        expected = sha256(name.encode() + b"\n" + decoded).digest()[:4]
        if decoded[:1] != b"\x01" or key_id != expected.hex():
            raise ValueError("not a public key")
        return cls(name, expected, public_key(decoded[1:]))


@dataclass(frozen=True)
class Note:
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """(name, key id, signature)"""


def parse_note(content: str) -> Note:
    """ValueError for what is not a signed note."""
    text, gap, tail = content.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise ValueError("not a note")
    signatures = []
    for line in tail[:-1].split("\n"):
        mark, name, encoded = line.split(" ")
        decoded = base64.b64decode(encoded, validate=True)
        if mark != "—" or len(decoded) < 5:
            raise ValueError("not a note")
        signatures.append((name, decoded[:4], decoded[4:]))
    return Note(text + "\n", tuple(signatures))


def signer(note: Note, keys: Iterable[Key]) -> Key | str:
    """The trusted key that signed a note, or why there is none: KEY_UNKNOWN, SIGNATURE_WRONG."""
    known = {(key.name, key.id): key for key in keys}
    for name, key_id, signature in note.signatures:
        key = known.get((name, key_id))
        if key is not None:
            return key if key.public.verifies(note.text.encode(), signature) else "SIGNATURE_WRONG"
    return "KEY_UNKNOWN"


@dataclass(frozen=True)
class Checkpoint:
    size: int
    root: bytes
    note: Note
    origin: str


def parse_checkpoint(content: str) -> Checkpoint:
    note = parse_note(content)
    origin, size, root, *_ = note.text.split("\n")
    decoded = base64.b64decode(root, validate=True)
    if not origin or not size.isascii() or not size.isdigit() or str(int(size)) != size or len(decoded) != 32:
        raise ValueError("not a checkpoint")
    return Checkpoint(int(size), decoded, note, origin)


class Checkpoints:
    """All checkpoints that a trusted key signed: size → root → where they were found."""

    def __init__(self, keys: list[Key], faults: Faults) -> None:
        self.keys, self.faults = keys, faults
        self.roots: dict[int, dict[bytes, list[str]]] = {}

    def take(self, content: str, at: str, size: str | None = None) -> Checkpoint | None:
        """Take a checkpoint in when it is signed rightly; the fault is told when it is not."""
        try:
            checkpoint = parse_checkpoint(content)
        except ValueError:
            self.faults.add("CHECKPOINT_UNREADABLE", at)
            return None
        if size is not None and str(checkpoint.size) != size:
            self.faults.add("CHECKPOINT_MISNAMED", at, size=checkpoint.size)
        key = signer(checkpoint.note, self.keys)
        if isinstance(key, Key) and key.name != checkpoint.origin:
            key = "KEY_UNKNOWN"
        if not isinstance(key, Key):
            self.faults.add(key, at)
            return None
        if key.until is not None and checkpoint.size > key.until:
            self.faults.add("KEY_RETIRED", at, key=key.id.hex(), until=key.until)
            return None
        roots = self.roots.setdefault(checkpoint.size, {})
        if roots and checkpoint.root not in roots:
            self.faults.add("SPLIT_VIEW", at, size=checkpoint.size)
        roots.setdefault(checkpoint.root, []).append(at)
        return checkpoint

    def take_folder(self, folder: Path, label: str) -> tuple[int, int]:
        """All files `<size>.txt` below a folder: (how many are good, the largest size)."""
        count = largest = 0
        for file in sorted(folder.rglob("*.txt"), key=lambda one: (len(one.name), one.name, str(one))):
            if file.stem.isascii() and file.stem.isdigit():
                found = self.take(read(file), f"{label}/{file.relative_to(folder)}", file.stem)
                if found:
                    count, largest = count + 1, max(largest, found.size)
        return count, largest


def read(file: Path) -> str:
    return file.read_bytes().decode("utf-8", errors="replace")


def follow_rotations(folder: Path, keys: list[Key], faults: Faults) -> None:
    """Trust the keys that a trusted key names, before or after it, and retire those that were replaced.

    A rotation is one note, signed by both keys: kind, origin, size, old key, new key. keys: added to.
    """
    left = {}
    for file in sorted(folder.glob("*.txt"), key=lambda one: (len(one.name), one.name)):
        try:
            left[file.name] = parse_rotation(read(file))
        except ValueError:
            faults.add("ROTATION_WRONG", f"rotations/{file.name}")
    moved = True
    while moved:
        moved = False
        for name, (old, new) in list(left.items()):
            known = {key.public.raw: key for key in keys}
            before, after = known.get(old.public.raw), known.get(new.public.raw)
            if before is None and after is None:
                continue
            del left[name]
            moved = True
            if before is None:
                keys.append(old)
            elif before.until is None:
                before.until = old.until
            else:  # one key cannot be followed by two
                faults.add("ROTATION_WRONG", f"rotations/{name}")
                continue
            if after is None:
                keys.append(new)
    for name in left:
        faults.add("ROTATION_WRONG", f"rotations/{name}")


def parse_rotation(content: str) -> tuple[Key, Key]:
    """The old key, with the size up to which it signs, and the new one. ValueError when it is not signed by both."""
    note = parse_note(content)
    kind, origin, size, former, latter, end = note.text.split("\n")
    old, new = Key.of(former), Key.of(latter)
    old.until = int(size)
    if kind != "thongquan-key-rotation-v1" or end or {old.name, new.name} != {origin} or old.id == new.id:
        raise ValueError("not a rotation")
    if signer(note, [old]) is not old or signer(note, [new]) is not new:
        raise ValueError("not signed by both")
    return old, new


# ---------------------------------------------------------------- the tree (RFC 9162)


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def leaf_data(event_hash: str, recorded_at: str, journals: list[str]) -> bytes:
    """What a leaf says of an event: its hash, when it was recorded, the hashes of its journals in their order."""
    return "\n".join([event_hash, recorded_at, *sorted(journals)]).encode()


class Tree:
    """The roots of the complete subtrees from left to right."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, node: bytes) -> None:
        count = self.size
        while count & 1:
            node = node_hash(self.peaks.pop(), node)
            count >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, edge, found = index, size - 1, leaf
    for node in path:
        if edge == 0:
            return False
        if place & 1 or place == edge:
            found = node_hash(node, found)
            while not place & 1 and place:
                place, edge = place >> 1, edge >> 1
        else:
            found = node_hash(found, node)
        place, edge = place >> 1, edge >> 1
    return edge == 0 and found == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return old_root == new_root and not path
    if not 0 < old < new or not path:
        return False
    nodes = path if old & (old - 1) else [old_root, *path]
    place, edge = old - 1, new - 1
    while place & 1:
        place, edge = place >> 1, edge >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if edge == 0:
            return False
        if place & 1 or place == edge:
            first, second = node_hash(node, first), node_hash(node, second)
            while not place & 1 and place:
                place, edge = place >> 1, edge >> 1
        else:
            second = node_hash(second, node)
        place, edge = place >> 1, edge >> 1
    return edge == 0 and first == old_root and second == new_root


# ---------------------------------------------------------------- the books


def refuse_constant(word: str) -> None:
    raise ValueError(word)


_decode = json.JSONDecoder(parse_constant=refuse_constant).decode


def lines(file: Path, faults: Faults, label: str) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Each line of a file: its number, its bytes, the object that it writes. Unreadable ones are told."""
    if not file.is_file():
        return
    with file.open("rb") as content:
        for number, line in enumerate(content, 1):
            line = line.rstrip(b"\n")
            try:
                found = _decode(line.decode())
                if not isinstance(found, dict):
                    raise TypeError("no object")
            except (ValueError, TypeError, RecursionError) as error:
                faults.add("LINE_UNREADABLE", f"{label}:{number}", why=type(error).__name__)
                continue
            yield number, line, found


class Books:
    """What the journals say: their hashes by event, and where they leave the accounts."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.journals = self.accounts = 0
        self.by_event: dict[str, str] = {}
        self.standing: dict[str, tuple[int, int]] = {}
        """account → (number of its last entry, balance)"""

    def read(self, folder: Path) -> None:
        for number, line, journal in lines(folder / "journals.ndjson", self.faults, "journals.ndjson"):
            self.journals += 1
            try:
                key = f"{journal['n']} {journal['subject']}"
                self.by_event[key] = f"{self.by_event.get(key, '')} {sha256(line).hexdigest()}"
                self._journal(journal)
            except (KeyError, TypeError, ValueError) as error:
                self.faults.add("LINE_UNREADABLE", f"journals.ndjson:{number}", why=type(error).__name__)
        for number, _, account in lines(folder / "accounts.ndjson", self.faults, "accounts.ndjson"):
            self.accounts += 1
            try:
                self._account(account["code"], account["balance_minor"], account["version"])
            except (KeyError, TypeError) as error:
                self.faults.add("LINE_UNREADABLE", f"accounts.ndjson:{number}", why=type(error).__name__)
        for code, (count, balance) in self.standing.items():
            says = {"account": code, "told": 0, "version": 0, "found": balance, "count": count}
            self.faults.add("ACCOUNT_DRIFTED", code, **says)

    def hashes(self, n: int, subject: str) -> list[str]:
        """The hashes of an event's journals, taken out."""
        return self.by_event.pop(f"{n} {subject}", "").split()

    def _journal(self, journal: dict[str, Any]) -> None:
        entries, currency, reference = journal["entries"], journal["currency"], journal["reference"]
        total = 0
        for account, amount, version in entries:
            if type(amount) is not int or type(version) is not int:
                raise TypeError("no amount")
            total += amount
            before, balance = self.standing.get(account, (0, 0))
            if version != before + 1:
                says = {"account": account, "before": before, "found": version}
                self.faults.add("ACCOUNT_VERSION_GAP", reference, **says)
            self.standing[account] = (version, balance + amount)
            if account.split("/", 2)[1] != currency:
                self.faults.add("JOURNAL_CURRENCY", reference, reference=reference)
        if not balanced(total, len(entries)) or any(entry[1] == 0 for entry in entries):
            says = {"reference": reference, "total": total, "entries": len(entries)}
            self.faults.add("JOURNAL_UNBALANCED", reference, **says)

    def _account(self, code: str, balance: int, version: int) -> None:
        count, found = self.standing.pop(code, (0, 0))
        if (version, balance) != (count, found):
            says = {"account": code, "told": balance, "version": version, "found": found, "count": count}
            self.faults.add("ACCOUNT_DRIFTED", code, **says)


def balanced(total: int, entries: int) -> bool:
    return total == 0 and entries >= 2


# ---------------------------------------------------------------- receipts and proofs


class Held:
    """What somebody outside holds: receipts by event, proofs by place, consistency proofs."""

    def __init__(self, checkpoints: Checkpoints, faults: Faults) -> None:
        self.checkpoints, self.faults = checkpoints, faults
        self.count = 0
        self.receipts: dict[str, list[tuple[str, str, str]]] = {}
        """ "n subject" → (hash, recorded_at, file) """
        self.proofs: dict[int, list[tuple[bytes, str]]] = {}
        """index → (leaf hash, file)"""
        self.steps: list[tuple[int, list[bytes], Checkpoint, str]] = []

    def read(self, folder: Path) -> None:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            self.count += 1
            at = f"receipts/{file.relative_to(folder)}"
            content = read(file)
            try:
                if content.startswith("thongquan-receipt-v1\n"):
                    self._receipt(content, at)
                elif content.startswith("c2sp.org/tlog-proof@v1\n"):
                    self._proof(content, at)
                elif content.startswith("old "):
                    self._step(content, at)
                else:
                    raise ValueError("neither")
            except (ValueError, IndexError):
                self.faults.add("RECEIPT_UNREADABLE", at)

    def _receipt(self, content: str, at: str) -> None:
        note = parse_note(content)
        _, origin, *told, end = note.text.split("\n")
        key = signer(note, self.checkpoints.keys)
        if isinstance(key, Key) and key.name != origin:
            key = "KEY_UNKNOWN"
        if not isinstance(key, Key):
            self.faults.add(key, at)
            return
        if end or not told:
            raise ValueError("no receipt")
        for line in told:
            n, event_hash, recorded_at, subject = line.split(" ", 3)
            self.receipts.setdefault(f"{int(n)} {subject}", []).append((event_hash, recorded_at, at))

    def _proof(self, content: str, at: str) -> None:
        head, _, checkpoint = content.partition("\n\n")
        _, extra, index, *path = head.split("\n")
        if not extra.startswith("extra ") or not index.startswith("index "):
            raise ValueError("no proof")
        leaf = leaf_hash(base64.b64decode(extra[6:], validate=True))
        place = int(index[6:])
        signed = self.checkpoints.take(checkpoint, at)
        if signed is None:
            return
        if not included(leaf, place, signed.size, decoded(path), signed.root):
            self.faults.add("PROOF_WRONG", at)
            return
        self.proofs.setdefault(place, []).append((leaf, at))

    def _step(self, content: str, at: str) -> None:
        head, _, checkpoint = content.partition("\n\n")
        old, *path = head.split("\n")
        signed = self.checkpoints.take(checkpoint, at)
        if signed is not None:
            self.steps.append((int(old[4:]), decoded(path), signed, at))

    def compare_steps(self) -> None:
        """Consistency proofs, against every trusted checkpoint of the old size."""
        for old, path, new, at in self.steps:
            roots = self.checkpoints.roots.get(old, {})
            if not roots:
                self.faults.add("NOTHING_TO_COMPARE", at, size=old)
            for root in roots:
                if not consistent(old, new.size, root, new.root, path):
                    self.faults.add("PROOF_WRONG", at)

    def compare(self, key: str, event_hash: str, recorded_at: str) -> None:
        """An event of the log against the receipts for it."""
        n, _, subject = key.partition(" ")
        for told_hash, told_at, at in self.receipts.pop(key, ()):
            if (told_hash, told_at) != (event_hash, recorded_at):
                self.faults.add("RECEIPT_DIFFERS", at, n=n, subject=subject)

    def missing(self) -> None:
        for key, held in self.receipts.items():
            n, _, subject = key.partition(" ")
            for _, _, at in held:
                self.faults.add("RECEIPT_NOT_IN_LOG", at, n=n, subject=subject)


def decoded(path: list[str]) -> list[bytes]:
    return [base64.b64decode(line, validate=True) for line in path]


# ---------------------------------------------------------------- the record

REPEATED = ("subject", "n", "act", "actor", "office", "role")


class Record:
    """The events in their order: each hash, each chain, each leaf, and every signed root on the way."""

    def __init__(self, faults: Faults, checkpoints: Checkpoints, books: Books, held: Held) -> None:
        self.faults, self.books, self.held = faults, books, held
        self.roots = checkpoints.roots
        self.tree = Tree()
        self.heads: dict[str, tuple[int, str]] = {}
        self.waiting = 0
        self.good = 0
        """The largest size at which every signed root fits."""

    def read(self, file: Path) -> None:
        for number, _, event in lines(file, self.faults, "events.ndjson"):
            try:
                self._event(event)
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                self.faults.add("LINE_UNREADABLE", f"events.ndjson:{number}", why=type(error).__name__)
        self._ended()

    def _event(self, event: dict[str, Any]) -> None:
        sequence, subject, n = event["sequence"], event["subject"], event["n"]
        at = f"{subject}[{n}] #{sequence}"
        body, prev, told = event["body"], event["prev"], event["hash"]
        if told != chained(prev, body):
            self.faults.add("EVENT_HASH_WRONG", at)
        before = self.heads.get(subject, START)
        if not follows(before, n, prev):
            self.faults.add("CHAIN_BROKEN", at, before=before[0])
        self.heads[subject] = (n, told)
        self._columns(event, at)
        recorded_at = event["recorded_at"]
        if self.held.receipts:
            self.held.compare(f"{n} {subject}", told, recorded_at)
        leaf = leaf_hash(leaf_data(told, recorded_at, self.books.hashes(n, subject)))
        if sequence is None:
            self.waiting += 1
            return
        self._sealed(sequence, leaf, event["leaf"], at)

    def _columns(self, event: dict[str, Any], at: str) -> None:
        """The columns that repeat a part of the body; a body that is none repeats nothing."""
        try:
            body = _decode(event["body"])
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self.faults.add("COLUMNS_DIFFER", at, columns="body")
            return
        differing = [name for name in REPEATED if body.get(name) != event[name]]
        if body.get("at") != event["at"] and not same_instant(body.get("at"), event["at"]):
            differing.append("at")
        if differing:
            self.faults.add("COLUMNS_DIFFER", at, columns=", ".join(differing))

    def _sealed(self, sequence: int, leaf: bytes, told: str, at: str) -> None:
        tree = self.tree
        if sequence != tree.size or self.waiting:
            self.faults.add("SEQUENCE_GAP", at, expected=tree.size, found=sequence)
        if leaf.hex() != told:
            self.faults.add("LEAF_DIFFERS", at)
        for proven, file in self.held.proofs.pop(tree.size, ()):
            if proven != leaf:
                self.faults.add("PROOF_DIFFERS", file, index=tree.size)
        tree.add(leaf)
        if tree.size in self.roots:
            self._compare_root()

    def _compare_root(self) -> None:
        size, root = self.tree.size, self.tree.root()
        fits = True
        for signed, places in self.roots[size].items():
            if signed != root:
                fits = False
                for place in places:
                    says = {"size": size, "start": self.good, "end": size - 1}
                    self.faults.add("ROOT_DIFFERS", place, **says)
        if fits:
            self.good = size

    def _ended(self) -> None:
        for size in sorted(self.roots):
            if size > self.tree.size:
                for places in self.roots[size].values():
                    for place in places:
                        self.faults.add("LOG_SHORTER", place, found=self.tree.size, signed=size)
        self.held.missing()
        for key in self.books.by_event:
            n, _, subject = key.partition(" ")
            self.faults.add("JOURNAL_WITHOUT_EVENT", f"{subject}[{n}]")


START = (0, "0" * 64)


def chained(prev: str, body: str) -> str:
    """The hash of an event: SHA-256 over the hash before it, a line end, and its body."""
    return sha256(f"{prev}\n{body}".encode()).hexdigest()


def follows(before: tuple[int, str], n: int, prev: str) -> bool:
    """Whether an event's number and predecessor are those that its chain asks for."""
    return n == before[0] + 1 and prev == before[1]


def same_instant(one: object, other: object) -> bool:
    """Whether two texts are the same moment: a body keeps the offset in which the act was done."""
    try:
        left, right = (datetime.fromisoformat(str(text).replace("Z", "+00:00")) for text in (one, other))
        return left == right
    except (ValueError, TypeError):
        return False


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True)
class Report:
    """counts: see LABELS. faults: up to a thousand of each code; totals: how many there are of each."""

    counts: dict[str, int]
    faults: list[Fault]
    totals: dict[str, int]

    @property
    def sound(self) -> bool:
        return not self.totals


def verify(
    export: Path | None, keys: list[Key], anchors: Path | None = None, receipts: Path | None = None
) -> Report:
    """Verify everything that is given. keys: those that are trusted; the ones that they name are added."""
    faults = Faults()
    if export is not None:
        follow_rotations(export / "rotations", keys, faults)
    checkpoints = Checkpoints(keys, faults)
    counts = dict.fromkeys(LABELS, 0)
    if anchors is not None:
        counts["anchors"], counts["anchored"] = checkpoints.take_folder(anchors, "anchors")
    if export is not None:
        counts["checkpoints"], _ = checkpoints.take_folder(export / "checkpoints", "checkpoints")
    held = Held(checkpoints, faults)
    if receipts is not None:
        held.read(receipts)
        counts["receipts"] = held.count
    held.compare_steps()
    if export is not None:
        books = Books(faults)
        books.read(export)
        record = Record(faults, checkpoints, books, held)
        record.read(export / "events.ndjson")
        counts["events"], counts["waiting"] = record.tree.size, record.waiting
        counts["subjects"] = len(record.heads)
        counts["journals"], counts["accounts"] = books.journals, books.accounts
        compare_counts(export, counts, faults)
    return Report(counts, faults.listed, faults.counts)


def compare_counts(export: Path, counts: dict[str, int], faults: Faults) -> None:
    """What the export tells of itself: a copy that broke off must not look like a small log."""
    try:
        told = _decode(read(export / "log.json"))["counts"]
        for what in ("events", "waiting", "journals", "accounts"):
            if told[what] != counts[what]:
                faults.add("EXPORT_INCOMPLETE", "log.json", told=told[what], what=what, found=counts[what])
    except (OSError, ValueError, KeyError, TypeError) as error:
        faults.add("LINE_UNREADABLE", "log.json", why=type(error).__name__)


def keys_of(given: Iterable[str]) -> list[Key]:
    """Keys from lines or files of lines. ValueError, OSError."""
    found = []
    for one in given:
        text = one if one.count("+") >= 2 and not Path(one).exists() else read(Path(one))
        found += [Key.of(line) for line in text.splitlines() if line.strip()]
    return found


def told(report: Report, language: str, *, anchored: bool, printed: int = 20) -> str:
    """The report in words."""
    english = language == "en"
    out = [f"{report.counts[name]:>12,}  {label[english]}" for name, label in LABELS.items()]
    out.append("")
    shown: dict[str, int] = {}
    for fault in report.faults:
        shown[fault.code] = shown.get(fault.code, 0) + 1
        if shown[fault.code] <= printed:
            out.append(fault.sentence(language))
    for code, count in report.totals.items():
        if count > printed:
            out.append(f"{MORE[english].format(count=count - printed)} [{code}]")
    total = sum(report.totals.values())
    out.append((BAD if total else GOOD)[english].format(count=total))
    if not anchored:
        out.append(NO_ANCHORS[english])
    if not total:
        out += ["", SHOWN[english].rstrip()]
    return "\n".join([*out, "", LIMITS[english]])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", nargs="?", type=Path)
    parser.add_argument("--key", action="append", required=True)
    parser.add_argument("--anchors", type=Path)
    parser.add_argument("--receipts", type=Path)
    parser.add_argument("--language", choices=("vi", "en"), default="vi")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    for folder in (given.export, given.anchors, given.receipts):
        if folder is not None and not folder.is_dir():
            sys.stderr.write(f"{folder}: không phải thư mục · not a folder\n")
            return 2
    try:
        keys = keys_of(given.key)
    except (OSError, ValueError):
        sys.stderr.write("--key: không đọc được khóa công khai · no public key can be read\n")
        return 2
    report = verify(given.export, keys, given.anchors, given.receipts)
    if given.json:
        faults = [{"code": one.code, "at": one.at, "says": one.says} for one in report.faults]
        print(json.dumps({"counts": report.counts, "totals": report.totals, "faults": faults}))
    else:
        print(told(report, given.language, anchored=given.anchors is not None))
    return 0 if report.sound else 1


if __name__ == "__main__":
    sys.exit(main())
