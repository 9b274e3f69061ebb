"""An export in memory, and those who change it: from the clumsy to one who owns the database and the signing key."""

from __future__ import annotations

import copy
import json
import random
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from thongquan import verify_log
from thongquan.site.record.signing import PublicKey, SigningKey

GENESIS = "0" * 64


@dataclass
class Export:
    """The files of an export, read. events: in their order, the waiting ones last. checkpoints: size → note."""

    log: dict
    events: list[dict]
    journals: list[dict]
    accounts: list[dict]
    checkpoints: dict[int, str]
    keys: str
    rotations: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Export:
        def lines(name: str) -> list[dict]:
            return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]

        return cls(
            log=json.loads((folder / "log.json").read_text()),
            events=lines("events.ndjson"),
            journals=lines("journals.ndjson"),
            accounts=lines("accounts.ndjson"),
            checkpoints={int(file.stem): file.read_text() for file in (folder / "checkpoints").iterdir()},
            keys=(folder / "keys.txt").read_text(),
            rotations={file.name: file.read_text() for file in (folder / "rotations").iterdir()},
        )

    def write(self, folder: Path) -> None:
        for name in ("checkpoints", "rotations"):
            (folder / name).mkdir(parents=True)
        (folder / "events.ndjson").write_bytes(b"".join(canonical(one) + b"\n" for one in self.events))
        (folder / "journals.ndjson").write_bytes(b"".join(canonical(one) + b"\n" for one in self.journals))
        (folder / "accounts.ndjson").write_bytes(b"".join(canonical(one) + b"\n" for one in self.accounts))
        (folder / "log.json").write_bytes(canonical(self.log))
        (folder / "keys.txt").write_text(self.keys)
        for size, note in self.checkpoints.items():
            (folder / "checkpoints" / f"{size}.txt").write_text(note)
        for name, note in self.rotations.items():
            (folder / "rotations" / name).write_text(note)

    def copy(self) -> Export:
        return copy.deepcopy(self)

    @property
    def sealed(self) -> int:
        return sum(event["sequence"] is not None for event in self.events)

    # what a forger does so that everything fits again

    def count(self) -> None:
        """Let log.json tell what is there."""
        self.log["counts"] = {
            "events": self.sealed,
            "waiting": len(self.events) - self.sealed,
            "journals": len(self.journals),
            "accounts": len(self.accounts),
            "checkpoints": len(self.checkpoints),
        }

    def chain(self) -> None:
        """Number every chain anew and hash it from its beginning; the columns follow the bodies."""
        heads: dict[str, tuple[int, str]] = {}
        for event in self.events:
            body = json.loads(event["body"])
            subject = body["subject"]
            n, prev = heads.get(subject, (0, GENESIS))
            for journal in self.journals:
                if (journal["subject"], journal["n"]) == (
                    event["subject"],
                    event["n"],
                ) and "moved" not in journal:
                    journal.update(subject=subject, n=n + 1, moved=True)
            body["n"] = n + 1
            event["body"] = canonical(body).decode()
            event.update(
                {name: body[name] for name in ("subject", "n", "act", "actor", "role", "office", "at")}
            )
            event["prev"], event["hash"] = prev, verify_log.chained(prev, event["body"])
            heads[subject] = (n + 1, event["hash"])
        for journal in self.journals:
            journal.pop("moved", None)

    def leaves(self) -> None:
        """Number the sealed events anew, and compute every leaf."""
        hashes: dict[tuple[str, int], list[str]] = {}
        for journal in self.journals:
            key = journal["subject"], journal["n"]
            hashes.setdefault(key, []).append(verify_log.sha256(canonical(journal)).hexdigest())
        sealed = [event for event in self.events if event["sequence"] is not None]
        for sequence, event in enumerate(sealed):
            event["sequence"] = sequence
            booked = hashes.get((event["subject"], event["n"]), [])
            data = TRUE_LEAF_DATA(event["hash"], event["recorded_at"], booked)
            event["leaf"] = TRUE_LEAF_HASH(data).hex()

    def balance(self) -> None:
        """Let the accounts say what the entries give, with the versions in their order."""
        standing: dict[str, list[int]] = {}
        for journal in self.journals:
            for entry in journal["entries"]:
                account = standing.setdefault(entry[0], [0, 0])
                account[0], account[1] = account[0] + 1, account[1] + entry[1]
                entry[2] = account[0]
        self.accounts = [
            {"code": code, "version": version, "balance_minor": balance}
            for code, (version, balance) in sorted(standing.items())
        ]

    def sign(self, key: SigningKey, above: int = 0) -> None:
        """Sign the roots that stand now, at the sizes of the checkpoints that are still reached."""
        tree = verify_log.Tree()
        sizes = {size for size in self.checkpoints if size <= self.sealed} | {self.sealed}
        kept = {size: note for size, note in self.checkpoints.items() if size <= above}
        self.checkpoints = kept
        for event in self.events:
            if event["sequence"] is None:
                break
            tree.add(bytes.fromhex(event["leaf"]))
            if tree.size in sizes and tree.size > above:
                root = b64encode(tree.root()).decode()
                self.checkpoints[tree.size] = key.note(f"{key.public.name}\n{tree.size}\n{root}\n")

    def restored(self, size: int) -> Export:
        """The export as it was when the log had so many events: nothing in it is forged."""
        old = self.copy()
        old.events = [event for event in old.events if event["sequence"] is not None][:size]
        there = {(event["subject"], event["n"]) for event in old.events}
        old.journals = [journal for journal in old.journals if (journal["subject"], journal["n"]) in there]
        old.checkpoints = {reached: note for reached, note in old.checkpoints.items() if reached <= size}
        old.balance()
        old.count()
        return old


# Taken before a test plants a fault in the verifier: a forger's tools work as they should.
TRUE_LEAF_DATA, TRUE_LEAF_HASH = verify_log.leaf_data, verify_log.leaf_hash


def canonical(value: dict) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Forger:
    """Who changes an export, and what he has. anchored: the size that is safe outside.

    cover: how much he makes to fit again: 0 nothing, 1 hashes, leaves, accounts and counts, 2 the signatures too, with
    the log's own key.
    """

    random: random.Random
    key: SigningKey
    own_key: SigningKey
    anchored: int
    cover: int = 0

    def pick(self, export: Export) -> dict:
        """An anchored event."""
        return export.events[self.random.randrange(self.anchored)]

    def after(self, export: Export) -> Export:
        if self.cover:
            export.chain()
            export.balance()
            export.leaves()
            export.count()
        if self.cover == 2:
            export.sign(self.key)
        return export


type Kind = Callable[[Forger, Export], Export]
KINDS: dict[str, Kind] = {}
"""What is done to anchored events: each must be seen, however well it is covered up."""

TAIL_KINDS: dict[str, Kind] = {}
"""What is done after the last anchor, by somebody without the key, or against receipts that others hold."""


def kind(table: dict[str, Kind]) -> Callable[[Kind], Kind]:
    def named(work: Kind) -> Kind:
        table[work.__name__] = work
        return work

    return named


def rewritten(event: dict, **changed: object) -> None:
    event["body"] = canonical({**json.loads(event["body"]), **changed}).decode()


@kind(KINDS)
def edit(forger: Forger, export: Export) -> Export:
    event = forger.pick(export)
    said = json.loads(event["body"])["says"]
    rewritten(event, says={**said, "reason": f"forged {forger.random.random()}"})
    return forger.after(export)


@kind(KINDS)
def change_the_actor(forger: Forger, export: Export) -> Export:
    rewritten(forger.pick(export), actor="nobody")
    return forger.after(export)


@kind(KINDS)
def change_a_column(forger: Forger, export: Export) -> Export:
    column = forger.random.choice(["actor", "role", "office", "act", "subject", "n", "at"])
    value = {"n": 99, "at": "2020-01-01T00:00:00Z"}.get(column, "forged")
    forger.pick(export)[column] = value
    return export


@kind(KINDS)
def change_the_time_of_recording(forger: Forger, export: Export) -> Export:
    forger.pick(export)["recorded_at"] = "2026-03-02T11:00:00Z"
    return forger.after(export)


@kind(KINDS)
def delete(forger: Forger, export: Export) -> Export:
    event = forger.pick(export)
    export.events.remove(event)
    if forger.cover:
        export.journals = [
            one for one in export.journals if (one["subject"], one["n"]) != (event["subject"], event["n"])
        ]
    return forger.after(export)


@kind(KINDS)
def truncate(forger: Forger, export: Export) -> Export:
    size = forger.random.randrange(forger.anchored)
    left = export.restored(size)
    if forger.cover == 0:  # only the events are gone
        export.events = left.events
        return export
    return forger.after(left)


@kind(KINDS)
def restore_an_older_copy(forger: Forger, export: Export) -> Export:
    return export.restored(
        forger.random.choice([size for size in export.checkpoints if size < forger.anchored])
    )


@kind(KINDS)
def reorder(forger: Forger, export: Export) -> Export:
    one, other = sorted(forger.random.sample(range(forger.anchored), 2))
    export.events[one], export.events[other] = export.events[other], export.events[one]
    if forger.cover == 0 and forger.random.random() < 0.5:
        left, right = export.events[one], export.events[other]
        left["sequence"], right["sequence"] = right["sequence"], left["sequence"]
    return forger.after(export)


@kind(KINDS)
def insert(forger: Forger, export: Export) -> Export:
    # Not behind the last anchored event: who holds the key may always add to what nobody has seen yet.
    place = forger.random.randrange(forger.anchored - 1)
    forged = copy.deepcopy(export.events[place])
    rewritten(forged, act="clear", actor="nobody", says={"reason": str(forger.random.random())})
    forged["hash"] = verify_log.chained(forged["prev"], forged["body"])
    export.events.insert(place + 1, forged)
    if forger.cover == 0:
        export.count()
    return forger.after(export)


@kind(KINDS)
def swap_two_subjects(forger: Forger, export: Export) -> Export:
    subjects = sorted({event["subject"] for event in export.events[: forger.anchored]} - {"log"})
    one, other = forger.random.sample(subjects, 2)
    names = {one: other, other: one}
    for event in export.events:
        if event["subject"] in names:
            rewritten(event, subject=names[event["subject"]])
    return forger.after(export)


@kind(KINDS)
def replace_a_checkpoint(forger: Forger, export: Export) -> Export:
    size = forger.random.choice(sorted(size for size in export.checkpoints if size <= forger.anchored))
    note = export.checkpoints[size]
    root = b64encode(forger.random.randbytes(32)).decode()
    text = f"{forger.key.public.name}\n{size}\n{root}\n"
    export.checkpoints[size] = forger.random.choice(
        [
            forger.key.note(text),
            forger.own_key.note(text),
            note.replace(note.splitlines()[2], root),
            note[:-8] + "AAAAAA=\n",
            forger.key.note(f"{forger.key.public.name}\n{size + 1}\n{note.splitlines()[2]}\n"),
        ]
    )
    return export


@kind(KINDS)
def swap_the_key(forger: Forger, export: Export) -> Export:
    """Everything signed with another key, which the export then tells of as if it were the log's."""
    forger.cover = 1
    edit(forger, export)
    export.sign(forger.own_key)
    export.keys = f"{forger.own_key.public.text}\n"
    old = PublicKey.of(forger.key.public.text)
    text = f"thongquan-key-rotation-v1\n{old.name}\n0\n{old.text}\n{forger.own_key.public.text}\n"
    forged = {"9.txt": forger.own_key.note(text)}
    export.rotations = forger.random.choice([{}, forged, {**export.rotations, **forged}])
    return export


@kind(KINDS)
def move_money(forger: Forger, export: Export) -> Export:
    """Another amount or another account, and the journal still adds up to 0."""
    journal = _journal(forger, export)
    if forger.random.random() < 0.5:
        journal["entries"][0][1] += 1_000
        journal["entries"][1][1] -= 1_000
    else:
        parts = journal["entries"][0][0].split("/")
        journal["entries"][0][0] = "/".join([*parts[:2], "SOMEBODY", *parts[3:]])
    return forger.after(export)


@kind(KINDS)
def make_money(forger: Forger, export: Export) -> Export:
    _journal(forger, export)["entries"][0][1] += 1
    return forger.after(export)


@kind(KINDS)
def delete_a_journal(forger: Forger, export: Export) -> Export:
    export.journals.remove(_journal(forger, export))
    return forger.after(export)


@kind(KINDS)
def insert_a_journal(forger: Forger, export: Export) -> Export:
    forged = copy.deepcopy(_journal(forger, export))
    forged["reference"] += "/2"
    export.journals.append(forged)
    return forger.after(export)


@kind(KINDS)
def change_a_balance(forger: Forger, export: Export) -> Export:
    forger.random.choice(export.accounts)["balance_minor"] += forger.random.choice([-1, 1, 10**9])
    return export


def _journal(forger: Forger, export: Export) -> dict:
    anchored = {(event["subject"], event["n"]) for event in export.events[: forger.anchored]}
    return forger.random.choice([one for one in export.journals if (one["subject"], one["n"]) in anchored])


# after the last anchor


def _rest(forger: Forger, export: Export) -> list[dict]:
    return export.events[forger.anchored :]


@kind(TAIL_KINDS)
def cut_the_tail(forger: Forger, export: Export) -> Export:
    """Everything after the last anchor is gone, and nothing else: only receipts know better."""
    return export.restored(forger.anchored)


@kind(TAIL_KINDS)
def rewrite_the_tail_with_the_key(forger: Forger, export: Export) -> Export:
    rewritten(forger.random.choice(_rest(forger, export)), says={"reason": "forged"})
    forger.cover = 2
    return forger.after(export)


@kind(TAIL_KINDS)
def rewrite_the_tail_without_the_key(forger: Forger, export: Export) -> Export:
    rewritten(forger.random.choice(_rest(forger, export)), says={"reason": "forged"})
    forger.cover = 1
    forger.after(export)
    export.sign(forger.own_key, above=forger.anchored)
    return export


@kind(TAIL_KINDS)
def sign_the_tail_wrongly(forger: Forger, export: Export) -> Export:
    """Nothing is changed but a signature that nobody made with the key."""
    size = max(export.checkpoints)
    text = export.checkpoints[size].rpartition("\n\n")[0] + "\n"
    forged = SigningKey(forger.key.public.name, forger.random.randbytes(32)).signature(text)
    raw = bytes.fromhex(forger.key.public.id) + verify_log.base64.b64decode(forged.split(" ")[2])[4:]
    line = f"— {forger.key.public.name} {b64encode(raw).decode()}\n"
    export.checkpoints[size] = f"{text}\n{line}"
    return export


def _waiting(export: Export) -> list[dict]:
    return [event for event in export.events if event["sequence"] is None]


@kind(TAIL_KINDS)
def edit_a_waiting_body(forger: Forger, export: Export) -> Export:
    rewritten(forger.random.choice(_waiting(export)), says={"reason": "forged"})
    return export


@kind(TAIL_KINDS)
def add_a_waiting_event_from_nowhere(forger: Forger, export: Export) -> Export:
    forged = copy.deepcopy(_waiting(export)[-1])
    rewritten(forged, n=forged["n"] + 2)
    forged["n"] += 2
    forged["prev"] = "f" * 64
    forged["hash"] = verify_log.sha256(f"{forged['prev']}\n{forged['body']}".encode()).hexdigest()
    export.events.append(forged)
    export.count()
    return export


@kind(TAIL_KINDS)
def unbalance_a_waiting_journal(forger: Forger, export: Export) -> Export:
    waiting = {(event["subject"], event["n"]) for event in _waiting(export)}
    journal = next(one for one in export.journals if (one["subject"], one["n"]) in waiting)
    journal["entries"][0][1] += 1
    export.balance()
    return export
