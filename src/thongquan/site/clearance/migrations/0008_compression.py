"""What is large is compressed the quicker way, where PostgreSQL has it (`record.0004_compression`)."""

from django.db import migrations

from thongquan.site.kit.guards import quick_compression


class Migration(migrations.Migration):
    dependencies = [("clearance", "0007_receipts"), ("record", "0004_compression")]

    operations = [quick_compression("clearance_declarationversion", "payload")]
