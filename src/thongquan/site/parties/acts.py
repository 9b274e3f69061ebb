"""Know a trader: by number at the first declaration, by name when the register answers."""

from __future__ import annotations

from .models import Trader


def known(registry_id: str) -> Trader:
    """The trader of a number, added when nobody has declared under it yet."""
    # Not get_or_create: on conflict it would break the transaction that it stands in.
    Trader.objects.bulk_create([Trader(registry_id=registry_id)], ignore_conflicts=True)
    return Trader.objects.get(registry_id=registry_id)


def register(registry_id: str, *, name: str, trader_class: str = "") -> Trader:
    """What the register says of a trader now."""
    trader = known(registry_id)
    Trader.objects.filter(pk=trader.pk).update(name=name, trader_class=trader_class)
    trader.refresh_from_db()
    return trader
