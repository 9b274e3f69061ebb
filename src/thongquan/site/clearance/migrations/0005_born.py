"""A declaration may be born in the state that its event gives it: one row written, where it was written and changed.

It is as little possible as before to have a state without its event, which must stand when the row is born.
"""

from django.db import migrations

from thongquan.site.kit.guards import VendorSQL, guard

UNLODGED = "NEW.state <> 'UNLODGED' OR NEW.events <> 0 OR NEW.version <> 0"
BY_EVENT = (
    "EXISTS (SELECT 1 FROM record_event JOIN clearance_allowedtransition"
    " ON clearance_allowedtransition.act = record_event.act WHERE record_event.subject = NEW.number"
    " AND record_event.n = 1 AND NEW.events = 1 AND record_event.hash = NEW.head"
    " AND clearance_allowedtransition.source = 'UNLODGED' AND clearance_allowedtransition.target = NEW.state)"
)

_before = guard("clearance_declaration", "born_unlodged", "INSERT", UNLODGED, "STATE_WITHOUT_EVENT")


class Migration(migrations.Migration):
    dependencies = [("clearance", "0004_series")]

    operations = [
        VendorSQL(
            sqlite=_before.undo_sqlite,
            postgresql=_before.undo_postgresql,
            undo_sqlite=_before.sqlite,
            undo_postgresql=_before.postgresql,
        ),
        guard(
            "clearance_declaration",
            "born_unlodged",
            "INSERT",
            f"({UNLODGED}) AND NOT {BY_EVENT}",
            "STATE_WITHOUT_EVENT",
        ),
    ]
