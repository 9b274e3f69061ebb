"""What was counted as exempt is never changed: what did not come to it is counted back."""

from django.db import migrations

from thongquan.site.kit.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("parties", "0005_exempt_uses")]

    operations = [*append_only("parties_exemptuse")]
