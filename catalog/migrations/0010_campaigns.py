"""Campaigns with how far they are day by day, and how each component's own level went."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

BEGUN = """
INSERT INTO catalog_scorestep (component_id, day, level, passed, failed, unknown)
SELECT component_id, (changed_at AT TIME ZONE 'UTC')::date, level, passed, failed, unknown
  FROM catalog_score WHERE changed_at > 'epoch'
"""
"""What is known of the past: since when the answers are what they are."""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0009_tally"),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("why", models.TextField(blank=True)),
                ("level", models.PositiveSmallIntegerField(choices=[(1, "Bronze"), (2, "Silver"), (3, "Gold")])),
                (
                    "tiers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            choices=[
                                (1, "The whole company stops"),
                                (2, "Several teams stop"),
                                (3, "One team stops"),
                                (4, "Nobody notices"),
                            ]
                        ),
                        blank=True,
                        default=list,
                    ),
                ),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=63), blank=True, default=list
                    ),
                ),
                (
                    "teams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="References of the owners whose it is",
                    ),
                ),
                ("due_on", models.DateField(help_text="The last day, in UTC")),
                ("created_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, help_text="Called off, or done: nobody is reminded any more", null=True
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who asks for it",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="campaigns",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "pk"],
            },
        ),
        migrations.CreateModel(
            name="CampaignDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("reached", models.PositiveIntegerField()),
                ("total", models.PositiveIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="catalog.campaign"
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="ScoreStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "No level"), (1, "Bronze"), (2, "Silver"), (3, "Gold")]
                    ),
                ),
                ("passed", models.PositiveSmallIntegerField()),
                ("failed", models.PositiveSmallIntegerField()),
                ("unknown", models.PositiveSmallIntegerField()),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="score_steps", to="catalog.component"
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("name",),
                name="running_campaigns_have_names_of_their_own",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__range", (1, 3))), name="campaigns_ask_for_a_level"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignday",
            constraint=models.UniqueConstraint(fields=("campaign", "day"), name="campaign_once_a_day"),
        ),
        migrations.AddIndex(
            model_name="scorestep",
            index=models.Index(fields=["day"], name="score_step_by_day"),
        ),
        migrations.AddConstraint(
            model_name="scorestep",
            constraint=models.UniqueConstraint(fields=("component", "day"), name="score_step_once_a_day"),
        ),
        migrations.RunSQL(BEGUN, migrations.RunSQL.noop),
    ]
