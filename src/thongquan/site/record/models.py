"""What every act leaves: its key with the answer, its event in a chain, what others must be told, the raw message."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

HASH_LENGTH = 64
GENESIS = "0" * HASH_LENGTH
"""What the first event of a chain names as the one before."""


class IdempotencyKey(models.Model):
    """A key that a client chose before it first sent a request, and the answer to it.

    Kept as long as the declaration: an office may be cut off for longer than any number of hours that one would
    choose. The answer is written once, in the transaction of the act.
    """

    principal = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=HASH_LENGTH)
    answer = models.BinaryField(default=b"")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="key_once_per_principal")]


class Event(models.Model):
    """One legal act. Append-only, by trigger; chained by hash within its subject.

    subject: the declaration's number, or "tariff:…", "draw:…" for what has none. n: 1, 2, 3 … without a gap.
    body: canonical JSON of everything below and of the act's own facts; the columns repeat it so that it can be
    asked for. hash: SHA-256 over `prev`, a line end and `body`. at: the legal time. recorded_at: when the database
    learnt of it; not part of the hash, because the database and not the act says it.
    """

    subject = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    act = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=150)
    role = models.CharField(max_length=64)
    office = models.CharField(max_length=32, blank=True)
    body = models.TextField()
    prev = models.CharField(max_length=HASH_LENGTH)
    hash = models.CharField(max_length=HASH_LENGTH)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "n"], name="event_once_per_place"),
            models.UniqueConstraint(fields=["hash"], name="event_hash_once"),
            models.CheckConstraint(condition=models.Q(n__gte=1, n__lte=1_000_000), name="event_n_in_bounds"),
        ]
        indexes = [models.Index(fields=["act", "at"], name="event_by_act")]


class Outbox(models.Model):
    """What someone outside must be told: written with the act, sent afterwards, at least once.

    topic: what kind of news. subject, n: the event that it tells of. body: canonical JSON. sent_at: null until sent.
    """

    topic = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    body = models.TextField()
    recorded_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "n", "topic"], name="news_once"),
        ]
        indexes = [models.Index(fields=["id"], name="news_unsent", condition=models.Q(sent_at__isnull=True))]


class RawMessage(models.Model):
    """A message as it came, byte for byte, under its own hash: the same bytes are kept once."""

    hash = models.CharField(max_length=HASH_LENGTH, primary_key=True)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(size__gte=0, size__lte=2**31 - 1), name="message_size_in_bounds"
            )
        ]


class LogKey(models.Model):
    """A public key of the log, from a size on. The last row is the one whose signatures count now.

    public: the key as one line. statement: the note in which its predecessor names it, signed by both; "" for the
    first. first_size: how large the log was then; the predecessor signs nothing beyond.
    """

    public = models.CharField(max_length=400, unique=True)
    statement = models.TextField(blank=True)
    first_size = models.PositiveBigIntegerField()
    at = models.DateTimeField()


class Sealed(models.Model):
    """An event's place in the whole record: 0, 1, 2 … in the order in which the sealer saw the events.

    nodes: 32 bytes for the leaf and for each complete subtree of the Merkle tree that ends with it (`merkle`).
    """

    sequence = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="sealed")
    nodes = models.BinaryField()


class Checkpoint(models.Model):
    """The signed root of the tree over the first `size` events. note: its text as it is given away (C2SP checkpoint).

    root: hexadecimal. key: the id of the key that signed. reach: the largest `Event.id` below it, so that the sealer
    need not look at everything again. at: when it was signed; never before the one before.
    """

    size = models.PositiveBigIntegerField(primary_key=True)
    root = models.CharField(max_length=HASH_LENGTH)
    note = models.TextField()
    key = models.CharField(max_length=8)
    reach = models.PositiveBigIntegerField()
    at = models.DateTimeField()


class Anchored(models.Model):
    """A checkpoint reached a place outside (`anchors`), and when."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="anchored")
    anchor = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["anchor", "checkpoint"], name="anchored_once")]
