"""The rights that the lifecycle table gives, and a person's traces that stay."""

from django.db import migrations

from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.kit.guards import guard, never


def give_rights(apps, editor):
    right = apps.get_model("accounts", "Right")
    rows = {(str(role), str(step.act)) for step in DECLARATION.steps for role in step.roles}
    right.objects.bulk_create(right(role=role, act=act) for role, act in sorted(rows))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        *never("accounts_user", "DELETE", code="APPEND_ONLY"),
        *never("accounts_posting", "DELETE", code="APPEND_ONLY"),
        guard(
            "accounts_posting",
            "only_ended",
            "UPDATE",
            "OLD.user_id <> NEW.user_id OR OLD.role <> NEW.role OR OLD.office <> NEW.office"
            " OR OLD.trader <> NEW.trader OR OLD.first_day <> NEW.first_day OR OLD.capacity <> NEW.capacity",
            "POSTING_IS_FINAL",
        ),
        guard("accounts_user", "same_name", "UPDATE", "OLD.username <> NEW.username", "USER_IS_THE_SAME"),
    ]
