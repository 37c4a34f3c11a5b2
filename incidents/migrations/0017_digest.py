"""The letters of the weekly digest, and who wants none."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_campaigns"),
        ("incidents", "0015_oncall"),
    ]

    operations = [
        migrations.CreateModel(
            name="DigestChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("off_since", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="digest_choice", to="catalog.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DigestLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("week", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("leased", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("dropped", "Not wanted"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="Monday, 08:00, by the clock of the team")),
                ("next_attempt_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "maybe_duplicate",
                    models.BooleanField(
                        default=False, help_text="A worker died while sending it: it may have arrived before"
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("receipt", models.CharField(blank=True, max_length=300)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="digest_letters", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-week", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="digest_due"
                    ),
                    models.Index(condition=models.Q(("state", "leased")), fields=["lease_until"], name="digest_leased"),
                    models.Index(fields=["week"], name="digest_by_week"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "week"), name="one_digest_a_week_and_person"),
                    models.CheckConstraint(
                        condition=models.Q(("state", "leased"), ("lease_until__isnull", True), _connector="XOR"),
                        name="digest_leases_have_an_end",
                    ),
                ],
            },
        ),
    ]
