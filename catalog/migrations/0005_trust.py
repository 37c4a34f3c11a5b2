"""Indexes that find what is unowned or rotten, and the scorecards that are due."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_everything_registered"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(
                condition=models.Q(("orphaned_at", None), _negated=True), fields=["orphaned_at"], name="claim_orphaned"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("owner", None), ("retired_at", None)),
                fields=["created_at", "id"],
                name="component_of_nobody",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None), ("system", None), models.Q(("system_ref", ""), _negated=True)),
                fields=["created_at", "id"],
                name="component_of_no_system",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None), _negated=True),
                fields=["retired_at", "id"],
                name="component_retired",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(fields=["updated_at"], name="component_by_change"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("confirmed_at", "created_at"),
                models.F("id"),
                condition=models.Q(("retired_at", None)),
                name="component_by_confirmation",
            ),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(fields=["at"], name="score_stalest_first"),
        ),
    ]
