"""An attachment is never changed or taken away, and who may attach one: roles.csv as it was when this was written."""

from django.db import migrations

from thongquan.site.kit.guards import append_only

ATTACH = ("DECLARANT", "OFFICER", "INSPECTOR", "REVENUE", "LEADER", "AGENCY")


def give_rights(apps, editor):
    right = apps.get_model("accounts", "Right")
    right.objects.bulk_create(right(role=role, act="attach") for role in ATTACH)


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial"), ("accounts", "0003_reading")]

    operations = [
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        *append_only("papers_attachment"),
    ]
