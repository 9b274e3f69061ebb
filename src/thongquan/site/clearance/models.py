"""The rows of one declaration's life.

The events (`record.Event`) are the truth; `Declaration` repeats what is asked for most. No state changes without an
event that the lifecycle table allows: the database itself looks (`migrations/0002_guards`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models.functions import Now

from ...engine.lifecycle.declaration import Goods, State
from ...engine.risk.channels import Channel
from ..accounts.models import Client
from ..parties.models import Trader
from ..record.models import GENESIS, HASH_LENGTH, Outbox, RawMessage

LARGEST_MINOR = 10**17
OPEN = models.Q(closed_n__isnull=True)


def _amount(**kwargs: Any) -> Any:
    return models.BigIntegerField(**kwargs)


def _in_bounds(*fields: str) -> models.Q:
    whole = models.Q()
    for field in fields:
        whole &= models.Q(**{f"{field}__gte": 0, f"{field}__lte": LARGEST_MINOR})
    return whole


class Series(models.Model):
    """The next number of an office and year. Its row is locked while a declaration gets its number, so that numbers
    have no gap even when a lodgement fails."""

    pack = models.CharField(max_length=16)
    office = models.CharField(max_length=32)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack", "office", "year"], name="series_once")]


class Declaration(models.Model):
    """A declaration as it stands now.

    number: customs' own. trader, functional_reference, year: the natural key, for ever: the trader's own reference
    names one declaration a year. external_reference: another system's number, in a demonstration only.
    consignment: hash of the name that a draw is bound to. under_document: whether a transport document gives that
    name; then equal goods_hash (the lines as declared) means a possible duplicate. events, head: number and hash of
    the last event of its chain. assessed_minor: what is owed to customs in all, null before the first assessment.
    """

    number = models.CharField(max_length=40, unique=True)
    pack = models.CharField(max_length=16)
    office = models.CharField(max_length=32, blank=True)
    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="declarations")
    functional_reference = models.CharField(max_length=64, blank=True)
    year = models.PositiveSmallIntegerField()
    external_reference = models.CharField(max_length=64, blank=True, db_index=True)
    flow = models.CharField(max_length=8, blank=True)
    type_code = models.CharField(max_length=16, blank=True)
    simplified = models.BooleanField(default=False)
    lines = models.PositiveIntegerField(default=0)
    consignment = models.CharField(max_length=HASH_LENGTH, blank=True, db_index=True)
    under_document = models.BooleanField(default=False)
    goods_hash = models.CharField(max_length=HASH_LENGTH, blank=True)

    state = models.CharField(max_length=16, default=State.UNLODGED.value)
    goods = models.CharField(max_length=16, default=Goods.EXPECTED.value)
    channel = models.PositiveSmallIntegerField(null=True, choices=[(c.value, c.name) for c in Channel])
    version = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=HASH_LENGTH, default=GENESIS)
    legal_day = models.DateField(null=True)
    lodged_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)
    assessed_minor = _amount(null=True)
    paid_minor = _amount(default=0)
    guaranteed_minor = _amount(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trader", "functional_reference", "year"],
                condition=~models.Q(functional_reference=""),
                name="reference_once_a_year",
            ),
            models.CheckConstraint(
                condition=_in_bounds("paid_minor", "guaranteed_minor"), name="declaration_money_in_bounds"
            ),
            models.CheckConstraint(
                condition=models.Q(assessed_minor__isnull=True) | _in_bounds("assessed_minor"),
                name="declaration_assessed_in_bounds",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lodged_at"], name="declaration_by_state"),
            models.Index(fields=["trader", "-lodged_at"], name="declaration_by_trader"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def channel_name(self) -> str:
        """GREEN, YELLOW or RED; "" before selection."""
        return Channel(self.channel).name if self.channel else ""


class DeclarationVersion(models.Model):
    """What was declared, in canonical JSON: 1 as lodged, then one for each amendment. Append-only.

    n: the event that brought it. message: the bytes that it came in, null when it was given as data.
    changes: of an amendment, [{path, before, after}], canonical JSON.
    """

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    n = models.PositiveIntegerField()
    payload = models.TextField()
    hash = models.CharField(max_length=HASH_LENGTH)
    message = models.ForeignKey(RawMessage, on_delete=models.PROTECT, null=True)
    changes = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["declaration", "version"], name="version_once")]


class AssessmentRow(models.Model):
    """One tax of one line as assessed, with its trace. Append-only; the last event's rows are the current ones.

    n: the event. line: its place, from 1. base_minor, assessed_minor, payable_minor: minor units of the pack's
    currency. terms: when it is due. trace: canonical JSON of every step. pack_version, edition: what computed it.
    """

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="assessments")
    n = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    part = models.PositiveIntegerField()
    tax = models.CharField(max_length=32)
    base_minor = models.BigIntegerField()
    assessed_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()
    method = models.CharField(max_length=8, blank=True)
    terms = models.CharField(max_length=16, blank=True)
    law = models.CharField(max_length=300, blank=True)
    trace = models.TextField()
    pack_version = models.CharField(max_length=HASH_LENGTH)
    edition = models.CharField(max_length=HASH_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "n", "line", "tax", "part"], name="assessment_once"
            ),
            models.CheckConstraint(
                condition=_in_bounds("assessed_minor", "payable_minor"), name="assessment_money_in_bounds"
            ),
        ]


class Obligation(models.Model):
    """What must be done beside the spine. opened_n, closed_n: the events; open while closed_n is null.

    due_at: from which instant on it is too late by the law of the day on which it opened, null where no law gives a
    time or it does not run yet. due_law: who says so.
    """

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="obligations")
    kind = models.CharField(max_length=32)
    reference = models.CharField(max_length=160, blank=True)
    opened_n = models.PositiveIntegerField()
    closed_n = models.PositiveIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    due_law = models.CharField(max_length=300, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "kind", "reference"], condition=OPEN, name="obligation_open_once"
            )
        ]
        indexes = [models.Index(fields=["due_at", "id"], condition=OPEN, name="obligation_by_due")]


class Hold(models.Model):
    """Stops everything that would let the goods go, until it is lifted."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="holds")
    reference = models.CharField(max_length=160)
    opened_n = models.PositiveIntegerField()
    closed_n = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "reference"], condition=OPEN, name="hold_open_once"
            )
        ]


class Selection(models.Model):
    """A channel, with everything that led to it. Append-only, and a ratchet: only an officer's own act lowers it.

    n: the event. reasons: canonical JSON. draw_day, draw_ppm, share_ppm: the day whose secret drew, what was drawn,
    and below what it hits. rules: hash of the rule set.
    """

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="selections")
    n = models.PositiveIntegerField()
    act = models.CharField(max_length=32)
    version = models.PositiveIntegerField()
    channel = models.PositiveSmallIntegerField(choices=[(c.value, c.name) for c in Channel])
    reasons = models.TextField(default="[]")
    draw_day = models.DateField(null=True)
    draw_ppm = models.PositiveIntegerField(null=True)
    share_ppm = models.PositiveIntegerField(null=True)
    rules = models.CharField(max_length=HASH_LENGTH, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["declaration", "n"], name="selection_once")]


class Draw(models.Model):
    """The draw of a consignment: made once, at its first selection, and used for everything declared of it after.

    Cancelling and lodging again buys no second draw. key: the consignment's hash, or "number:…" where it has none.
    """

    key = models.CharField(max_length=80, unique=True)
    day = models.DateField()
    drawn_ppm = models.PositiveIntegerField()
    first_number = models.CharField(max_length=40)


class DrawCommitment(models.Model):
    """What was promised of a day's secret before any draw of that day: its SHA-256. Append-only."""

    day = models.DateField(unique=True)
    commitment = models.CharField(max_length=HASH_LENGTH)
    recorded_at = models.DateTimeField(db_default=Now())


class Mark(models.Model):
    """What a cancelled red declaration leaves on its consignment: until last_day (included) no channel below it."""

    consignment = models.CharField(max_length=HASH_LENGTH, db_index=True)
    channel = models.PositiveSmallIntegerField(choices=[(c.value, c.name) for c in Channel])
    first_day = models.DateField()
    last_day = models.DateField()
    number = models.CharField(max_length=40)


class Decision(models.Model):
    """A decision that is taken once and stands until it is revoked: registration, release, clearance, exit …"""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="decisions")
    act = models.CharField(max_length=32)
    n = models.PositiveIntegerField()
    form_number = models.CharField(max_length=160, blank=True)
    revoked_n = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "act"], condition=models.Q(revoked_n__isnull=True), name="decided_once"
            )
        ]


class Receipt(models.Model):
    """Money that someone outside reports. source, reference: his own name for it, so that it counts once.

    declaration, n: what it was paid for, and the event. Money for several debts at once has a receipt without a
    declaration for the whole (trader, n: in his chain), and `part_of` it one for each declaration that it reaches.
    treasury: the account that received it; account: whether that is one of the budget or of deposits. chapter,
    sub_items: where the State's books put it (canonical JSON, tax → sub-item). recognised_on: the day on which the
    Treasury recognises it, null where the report does not say.
    """

    class Kept(models.TextChoices):
        BUDGET = "BUDGET"
        DEPOSIT = "DEPOSIT"

    source = models.CharField(max_length=64)
    reference = models.CharField(max_length=120)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, null=True, related_name="receipts")
    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, null=True, related_name="receipts")
    part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    n = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    treasury = models.CharField(max_length=64, blank=True, default="")
    office = models.CharField(max_length=32, blank=True, default="")
    account = models.CharField(max_length=16, choices=Kept, default=Kept.BUDGET)
    chapter = models.CharField(max_length=16, blank=True, default="")
    sub_items = models.TextField(default="{}")
    recognised_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="receipt_once"),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gte=1, amount_minor__lte=LARGEST_MINOR),
                name="receipt_amount_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(declaration__isnull=False) | models.Q(trader__isnull=False),
                name="receipt_has_an_owner",
            ),
        ]

    @property
    def owner(self) -> str:
        """Whose it is: the number of the declaration, else of the payer."""
        return self.declaration.number if self.declaration else self.trader.registry_id if self.trader else ""


class Response(models.Model):
    """A message to the declarant, as it is sent. Append-only. identifier: our reference in it; kind: what it says."""

    identifier = models.CharField(max_length=64, unique=True)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="responses")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["declaration", "n", "kind"], name="response_once")]


class Acknowledgement(models.Model):
    """A client has taken a response in. What it has not acknowledged stays in its queue: a cursor would pass over a
    response whose transaction ended later than that of one with a higher id."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="acknowledgements")
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="acknowledgements")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "response"], name="acknowledged_once")]


class Subscription(models.Model):
    """Where a client wants to be told of what happens to declarations that it may read.

    url: https, to a public address. ended_at: null while it stands. The secret that signs is derived from the site's
    own key and the id, so it is in no table.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="subscriptions")
    url = models.CharField(max_length=500)
    recorded_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "url"],
                condition=models.Q(ended_at__isnull=True),
                name="subscription_once",
            )
        ]


class Delivery(models.Model):
    """One piece of news for one subscription, until it is delivered or given up.

    news: the outbox row. tries: how often it was sent. due_at: when it may be sent next; a worker that takes it moves
    this forward first, so that two do not send at once. status: of the last answer, 0 for none. done_at: delivered,
    or given up (then status is not 2xx).
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="deliveries")
    news = models.ForeignKey(Outbox, on_delete=models.PROTECT, related_name="deliveries")
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "news"], name="delivery_once")]
        indexes = [
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(done_at__isnull=True))
        ]


class AllowedTransitionManager(models.Manager["AllowedTransition"]):
    def says(self, steps: Iterable[Any]) -> bool:
        """Whether the table says what the lifecycle says."""
        return self._wanted(steps) == set(self.values_list("source", "target", "act"))

    def write(self, steps: Iterable[Any]) -> None:
        """Make the table say what the lifecycle says: safe at every start, and the only writer."""
        wanted = self._wanted(steps)
        standing = set(self.values_list("source", "target", "act"))
        for source, target, act in standing - wanted:
            self.filter(source=source, target=target, act=act).delete()
        self.bulk_create(
            [AllowedTransition(source=s, target=t, act=a) for s, t, a in sorted(wanted - standing)],
            ignore_conflicts=True,
        )

    @staticmethod
    def _wanted(steps: Iterable[Any]) -> set[tuple[str, str, str]]:
        return {
            (str(source), str(step.target or source), str(step.act))
            for step in steps
            for source in step.sources
        }


class AllowedTransition(models.Model):
    """The lifecycle table as the database sees it: an act from a state leads to a state."""

    source = models.CharField(max_length=16)
    target = models.CharField(max_length=16)
    act = models.CharField(max_length=32)

    objects = AllowedTransitionManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target", "act"], name="transition_once")]
