"""A trader stays who it is: declarations of many years speak of it by its registry id."""

from django.db import migrations

from thongquan.site.kit.guards import guard, never


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_initial")]

    operations = [
        *never("parties_trader", "DELETE", code="APPEND_ONLY"),
        guard("parties_trader", "same", "UPDATE", "OLD.registry_id <> NEW.registry_id", "TRADER_IS_THE_SAME"),
    ]
