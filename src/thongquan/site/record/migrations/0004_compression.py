"""What is large is compressed the quicker way, where PostgreSQL has it."""

from django.db import migrations

from thongquan.site.kit.guards import quick_compression


class Migration(migrations.Migration):
    dependencies = [("record", "0003_log_of_trust")]

    operations = [quick_compression("record_rawmessage", "content")]
