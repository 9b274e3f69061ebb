"""A balance of exempt goods moves only by what its movements explain, and no movement ever changes."""

from django.db import migrations

from thongquan.site.kit.guards import append_only, guard, never


class Migration(migrations.Migration):
    dependencies = [("parties", "0003_exempt_lists")]

    operations = [
        *append_only("parties_exemptmovement"),
        guard(
            "parties_exemptmovement",
            "dense_version",
            "INSERT",
            "NEW.version <> 1 + COALESCE("
            "(SELECT MAX(version) FROM parties_exemptmovement WHERE line_id = NEW.line_id), 0)",
            "EXEMPT_VERSION_GAP",
        ),
        *never("parties_exemptline", "DELETE", code="APPEND_ONLY"),
        guard(
            "parties_exemptline",
            "born_unused",
            "INSERT",
            "NEW.used_millionths <> 0 OR NEW.version <> 0",
            "EXEMPT_BALANCE_UNEXPLAINED",
        ),
        guard(
            "parties_exemptline",
            "explained",
            "UPDATE OF used_millionths, version",
            "NEW.version < OLD.version OR NEW.used_millionths - OLD.used_millionths <> COALESCE("
            "(SELECT SUM(millionths) FROM parties_exemptmovement WHERE line_id = OLD.id"
            " AND version > OLD.version AND version <= NEW.version), 0)",
            "EXEMPT_BALANCE_UNEXPLAINED",
        ),
        guard(
            "parties_exemptline",
            "same",
            "UPDATE",
            "OLD.number <> NEW.number OR OLD.trader_id <> NEW.trader_id OR OLD.commodity <> NEW.commodity"
            " OR OLD.unit <> NEW.unit OR OLD.first_day <> NEW.first_day",
            "EXEMPT_LINE_IS_THE_SAME",
        ),
    ]
