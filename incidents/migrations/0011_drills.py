"""Incidents that are fire drills."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0010_calendars")]

    operations = [
        migrations.AddField(
            "incident",
            "is_drill",
            models.BooleanField(default=False, help_text="A fire drill: it pages, and counts in no figure"),
        ),
    ]
