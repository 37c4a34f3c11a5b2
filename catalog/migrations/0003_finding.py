"""What lists are sorted and counted by, and what a blast radius walks along, each from one index."""

import django.db.models.expressions
from django.db import migrations, models

import catalog.models.entity
from catalog.migrations._written import NOT_TAGGED, TAGGED

LIVING = models.Q(("retired_at", None))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_locations")]

    operations = [
        migrations.RunSQL(TAGGED, NOT_TAGGED),
        migrations.AddField(
            model_name="component",
            name="calm",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.CombinedExpression(models.F("worst"), "*", models.Value(-1)),
                output_field=models.SmallIntegerField(),
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="tagged",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Tagged("tags"),
                output_field=models.TextField(null=True),
            ),
        ),
        migrations.AlterField(model_name="component", name="type", field=models.CharField(blank=True, max_length=63)),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(condition=LIVING, fields=["type", "name", "id"], name="component_by_type"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(condition=LIVING, fields=["owner_ref", "name", "id"], name="component_by_owner"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(condition=LIVING, fields=["urgency", "name", "id"], name="component_by_tier"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(condition=LIVING, fields=["calm", "urgency", "name", "id"], name="component_by_health"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=LIVING,
                fields=["kind", "type", "lifecycle", "urgency", "calm", "owner", "system_ref"],
                include=("tagged",),
                name="component_counted",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(condition=models.Q(("tagged", None)), fields=["id"], name="component_of_many_tags"),
        ),
        migrations.AddIndex(
            model_name="dependency",
            index=models.Index(
                condition=models.Q(("relation__in", ["dependsOn", "consumesApi"])),
                fields=["target"],
                include=("holder",),
                name="dependency_breaks",
            ),
        ),
        migrations.AddIndex(
            model_name="dependency",
            index=models.Index(
                condition=models.Q(("relation", "providesApi")),
                fields=["holder"],
                include=("target",),
                name="dependency_provides",
            ),
        ),
    ]
