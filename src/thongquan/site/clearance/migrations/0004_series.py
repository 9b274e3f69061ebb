"""A series of numbers is never lost and never goes back: a number that was given is not given again."""

from django.db import migrations

from thongquan.site.kit.guards import guard, never


class Migration(migrations.Migration):
    dependencies = [("clearance", "0003_machines")]

    operations = [
        *never("clearance_series", "DELETE", code="APPEND_ONLY"),
        guard(
            "clearance_series",
            "goes_on",
            "UPDATE",
            "NEW.last < OLD.last OR NEW.pack <> OLD.pack OR NEW.office <> OLD.office OR NEW.year <> OLD.year",
            "SERIES_GOES_ON",
        ),
    ]
