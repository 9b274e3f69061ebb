"""Until when an open obligation must be done, stored when it opens, and the order in which that falls due.

Both columns are added without writing the table anew, so that on SQLite its guards stay.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clearance", "0005_born")]

    operations = [
        migrations.AddField(model_name="obligation", name="due_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="obligation",
            name="due_law",
            field=models.CharField(max_length=300, null=True),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                condition=models.Q(("closed_n__isnull", True)),
                fields=["due_at", "id"],
                name="obligation_by_due",
            ),
        ),
    ]
