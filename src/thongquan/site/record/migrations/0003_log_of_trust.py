"""The log of trust: a place for each event, checkpoints, keys and anchors, none of which is ever changed or lost."""

import django.db.models.deletion
from django.db import migrations, models

from thongquan.site.kit.guards import append_only, guard


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("root", models.CharField(max_length=64)),
                ("note", models.TextField()),
                ("key", models.CharField(max_length=8)),
                ("reach", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public", models.CharField(max_length=400, unique=True)),
                ("statement", models.TextField(blank=True)),
                ("first_size", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Sealed",
            fields=[
                ("sequence", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("nodes", models.BinaryField()),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sealed", to="record.event"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Anchored",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("anchor", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="anchored",
                        to="record.checkpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("anchor", "checkpoint"), name="anchored_once")
                ],
            },
        ),
        *append_only("record_logkey"),
        *append_only("record_sealed"),
        guard(
            "record_sealed",
            "dense",
            "INSERT",
            "NEW.sequence <> COALESCE((SELECT MAX(sequence) + 1 FROM record_sealed), 0)",
            "SEQUENCE_GAP",
        ),
        *append_only("record_checkpoint"),
        guard(
            "record_checkpoint",
            "of_all",
            "INSERT",
            "NEW.size <> COALESCE((SELECT MAX(sequence) + 1 FROM record_sealed), 0)",
            "CHECKPOINT_NOT_OF_THE_LOG",
        ),
        *append_only("record_anchored"),
    ]
