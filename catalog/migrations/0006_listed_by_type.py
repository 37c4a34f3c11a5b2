"""The API lists components by reference, and there the kinds come one after the other, with them their types."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_finding")]

    operations = [
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)), fields=["type", "ref"], name="component_of_type"
            ),
        ),
    ]
