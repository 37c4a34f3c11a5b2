"""Lists are in the order of what people read, not of the names below it."""

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_squashed_0011_plug7"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="component",
            options={"ordering": ["called", "pk"]},
        ),
        migrations.AlterModelOptions(
            name="domain",
            options={"ordering": ["called", "pk"]},
        ),
        migrations.AlterModelOptions(
            name="location",
            options={"ordering": ["called", "pk"]},
        ),
        migrations.AlterModelOptions(
            name="person",
            options={"ordering": ["called", "ref"], "verbose_name_plural": "people"},
        ),
        migrations.AlterModelOptions(
            name="system",
            options={"ordering": ["called", "pk"]},
        ),
        migrations.AlterModelOptions(
            name="team",
            options={"ordering": ["called", "pk"]},
        ),
        migrations.RemoveIndex(
            model_name="component",
            name="component_by_name",
        ),
        migrations.RemoveIndex(
            model_name="component",
            name="component_by_type",
        ),
        migrations.RemoveIndex(
            model_name="component",
            name="component_by_owner",
        ),
        migrations.RemoveIndex(
            model_name="component",
            name="component_by_tier",
        ),
        migrations.RemoveIndex(
            model_name="component",
            name="component_by_health",
        ),
        migrations.AddField(
            model_name="component",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("display_name", models.Value("")),
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="system",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="called",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Coalesce(
                        django.db.models.functions.comparison.NullIf("title", models.Value("")),
                        "name",
                        output_field=models.TextField(),
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)), fields=["called", "id"], name="component_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)), fields=["type", "called", "id"], name="component_by_type"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)),
                fields=["owner_ref", "called", "id"],
                name="component_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)), fields=["urgency", "called", "id"], name="component_by_tier"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)),
                fields=["calm", "urgency", "called", "id"],
                name="component_by_health",
            ),
        ),
    ]
