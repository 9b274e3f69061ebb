"""A receipt says where its money went in the State's books, and may be for several debts of a payer.

SQLite writes the table anew for this, without its guards; they are made again.
"""

import django.db.models.deletion
from django.db import migrations, models

from thongquan.site.kit.guards import VendorSQL, append_only


def added(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField(model_name="receipt", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("clearance", "0006_due"), ("parties", "0002_guards")]

    operations = [
        added(
            "account",
            models.CharField(
                choices=[("BUDGET", "Budget"), ("DEPOSIT", "Deposit")], default="BUDGET", max_length=16
            ),
        ),
        added("chapter", models.CharField(blank=True, default="", max_length=16)),
        added("office", models.CharField(blank=True, default="", max_length=32)),
        added(
            "part_of",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="clearance.receipt",
            ),
        ),
        added("recognised_on", models.DateField(null=True)),
        added("sub_items", models.TextField(default="{}")),
        added(
            "trader",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="receipts",
                to="parties.trader",
            ),
        ),
        added("treasury", models.CharField(blank=True, default="", max_length=64)),
        migrations.AlterField(
            model_name="receipt",
            name="declaration",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="receipts",
                to="clearance.declaration",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.CheckConstraint(
                condition=models.Q(declaration__isnull=False) | models.Q(trader__isnull=False),
                name="receipt_has_an_owner",
            ),
        ),
        *(VendorSQL(sqlite=one.sqlite, postgresql=()) for one in append_only("clearance_receipt")),
    ]
