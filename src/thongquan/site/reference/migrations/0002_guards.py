"""A published edition is never changed or withdrawn: a later one says what holds from then on."""

from django.db import migrations

from thongquan.site.kit.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("reference", "0001_initial")]

    operations = [*append_only("reference_tariffedition")]
