"""Who may enter a rate of exchange, and who may confirm one: roles.csv as it was when this was written."""

from django.db import migrations

ENTER, CONFIRM = ("REVENUE", "OFFICER", "LEADER"), ("REVENUE", "LEADER")


def give_rights(apps, editor):
    right = apps.get_model("accounts", "Right")
    given = [(role, "enter_rate") for role in ENTER] + [(role, "confirm_rate") for role in CONFIRM]
    right.objects.bulk_create(right(role=role, act=act) for role, act in given)


class Migration(migrations.Migration):
    dependencies = [("reference", "0002_guards"), ("accounts", "0003_reading")]

    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]
