"""What is shared beyond the sign-in."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_campaigns"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sharing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ref",
                    models.CharField(
                        help_text="component:default/ci-runners, slo:NAME, status:all", max_length=300, unique=True
                    ),
                ),
                ("nonce", models.CharField(help_text="Random; part of what is signed", max_length=32)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "ordering": ["ref"],
            },
        ),
    ]
