"""What must hold of a database after any fault: everything acknowledged, once, with books and chains that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db import connection

from thongquan.site.clearance.models import Declaration
from thongquan.site.clearance.reads import verify
from thongquan.site.kit.guards import missing
from thongquan.site.record.models import Event, IdempotencyKey
from thongquan.site.record.signing import PublicKey, signing_key

from .load import Acknowledged


def losses(acknowledged: Iterable[Acknowledged], public: PublicKey | None = None) -> list[str]:
    """Everything that does not hold, in words for whoever reads the test; empty when nothing was lost or doubled."""
    acknowledged = list(acknowledged)
    found = [f"guard {name} is missing" for name in missing(connection)]
    numbers = set(Declaration.objects.values_list("number", flat=True))
    keys = set(IdempotencyKey.objects.values_list("key", flat=True))
    heads = set(Event.objects.values_list("hash", flat=True))
    key = public or signing_key().public
    for one in acknowledged:
        if one.number not in numbers:
            found.append(f"{one.number}: acknowledged and lost")
        if one.key not in keys:
            found.append(f"{one.key}: the answer of this key is lost")
        if one.head not in heads:
            found.append(f"{one.number}: its last acknowledged event is lost")
        if not key.signed(one.receipt) or one.head not in one.receipt:
            found.append(f"{one.number}: its receipt does not prove it")
    references = Counter(Declaration.objects.values_list("functional_reference", "trader_id", "year"))
    found += [f"{reference}: declared {count} times" for reference, count in references.items() if count > 1]
    found += [f"{fault.code} at {fault.at}" for fault in verify().faults]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            found += [str(row[0]) for row in cursor.fetchall() if row[0] != "ok"]
    return found
