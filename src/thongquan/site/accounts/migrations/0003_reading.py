"""What each role may read, beside the acts of the lifecycle: roles.csv as it was when this was written."""

from django.db import migrations

READS = {
    "DECLARANT": "read read_content read_assessment read_timeline read_responses subscribe",
    "SYSTEM": "read",
    "OFFICER": "read read_content read_assessment read_timeline read_responses read_risk read_personal",
    "INSPECTOR": "read read_content read_assessment read_timeline read_risk read_personal",
    "SUPERVISOR": "read",
    "REVENUE": "read read_content read_assessment read_timeline read_responses read_personal",
    "LEADER": "read read_content read_assessment read_timeline read_responses read_risk read_personal",
    "BANK": "read",
    "AGENCY": "read read_content",
}
EVERYBODY = "read_tariff calculate"


def give_rights(apps, editor):
    right = apps.get_model("accounts", "Right")
    right.objects.bulk_create(
        right(role=role, act=act)
        for role, acts in sorted(READS.items())
        for act in (*acts.split(), *EVERYBODY.split())
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_rights")]

    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]
