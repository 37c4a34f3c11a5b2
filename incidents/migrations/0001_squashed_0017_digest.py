"""Incidents as of 0017 in one step, see the catalog's."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("incidents", "0001_spine"),
        ("incidents", "0002_timeline_openings"),
        ("incidents", "0003_core"),
        ("incidents", "0004_intake"),
        ("incidents", "0006_policy"),
        ("incidents", "0007_notify"),
        ("incidents", "0008_page"),
        ("incidents", "0009_oncall"),
        ("incidents", "0010_calendars"),
        ("incidents", "0011_drills"),
        ("incidents", "0014_reviews"),
        ("incidents", "0015_oncall"),
        ("incidents", "0017_digest"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0011_plug7"),
        ("slo", "0001_squashed_0005_replicas_and_downsampled"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeverityRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(unique=True)),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        choices=[("page", "Page"), ("ticket", "Ticket"), ("info", "For information")],
                        max_length=10,
                    ),
                ),
                (
                    "tier",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (1, "The whole company stops"),
                            (2, "Several teams stop"),
                            (3, "One team stops"),
                            (4, "Nobody notices"),
                        ],
                        null=True,
                    ),
                ),
                (
                    "teams_blocked",
                    models.PositiveIntegerField(blank=True, help_text="At least so many teams blocked", null=True),
                ),
                ("source", models.CharField(blank=True, max_length=40)),
                (
                    "severity",
                    models.PositiveSmallIntegerField(choices=[(1, "P1"), (2, "P2"), (3, "P3"), (4, "P4"), (5, "P5")]),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="SweepStamp",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("taken", models.PositiveIntegerField(default=0, help_text="Rows taken in the last pass")),
                ("failed", models.PositiveIntegerField(default=0, help_text="Rows pushed back in the last pass")),
                ("by", models.CharField(blank=True, help_text="Host and process", max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="ContactMethod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(help_text="email, webhook, …", max_length=30)),
                ("address", models.CharField(max_length=500)),
                ("secret", models.TextField(blank=True, help_text="Sealed; signs webhooks")),
                ("label", models.CharField(blank=True, max_length=100)),
                ("order", models.PositiveSmallIntegerField(default=0, help_text="The first is tried first")),
                ("created_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contact_methods", to="catalog.person"
                    ),
                ),
                (
                    "last_paged_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the last page was sent off; further ones wait a little for company",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at__isnull", True)),
                        fields=("person", "channel", "address"),
                        name="one_contact_method_per_address",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EscalationPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="policies",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "escalation policies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=300)),
                ("component_ref", models.CharField(blank=True, max_length=200)),
                (
                    "severity",
                    models.PositiveSmallIntegerField(choices=[(1, "P1"), (2, "P2"), (3, "P3"), (4, "P4"), (5, "P5")]),
                ),
                ("severity_reason", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("triggered", "Triggered"),
                            ("acknowledged", "Acknowledged"),
                            ("resolved", "Resolved"),
                        ],
                        default="triggered",
                        max_length=20,
                    ),
                ),
                ("generation", models.PositiveIntegerField(default=0, help_text="How often it reopened")),
                ("source", models.CharField(max_length=40)),
                ("opened_at", models.DateTimeField()),
                ("reopened_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("cause", models.TextField(blank=True, help_text="Said when resolving")),
                (
                    "teams_blocked",
                    models.PositiveIntegerField(blank=True, help_text="Blast radius when last looked at", null=True),
                ),
                ("people_blocked", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "check_again_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Resolved by hand while an alert fires: page again then, if it still does. Flapping: end it then, if it was quiet",
                        null=True,
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents_acknowledged",
                        to="catalog.person",
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="catalog.component",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        help_text="When it opened",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="catalog.team",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents_resolved",
                        to="catalog.person",
                    ),
                ),
                (
                    "root",
                    models.ForeignKey(
                        blank=True,
                        help_text="Joined upstream",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="symptoms",
                        to="incidents.incident",
                    ),
                ),
                (
                    "flapping_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="It opened so often that it stays open until it has been quiet for a while",
                        null=True,
                    ),
                ),
                (
                    "group",
                    models.CharField(
                        blank=True, help_text="What alerts of it share, where it is no component", max_length=300
                    ),
                ),
                (
                    "inform_at",
                    models.DateTimeField(
                        blank=True, help_text="When those it concerns are to be told; empty when they were", null=True
                    ),
                ),
                (
                    "is_drill",
                    models.BooleanField(default=False, help_text="A fire drill: it pages, and counts in no figure"),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=["component"],
                        name="open_incident_of_component",
                    ),
                    models.Index(
                        condition=models.Q(("state", "resolved"), _negated=True),
                        fields=["severity", "-opened_at"],
                        name="open_incidents",
                    ),
                    models.Index(
                        condition=models.Q(("check_again_at__isnull", False)),
                        fields=["check_again_at"],
                        name="incident_check_again",
                    ),
                    models.Index(fields=["-opened_at", "-number"], name="incident_newest"),
                    models.Index(
                        condition=models.Q(
                            models.Q(("state", "resolved"), _negated=True), models.Q(("group", ""), _negated=True)
                        ),
                        fields=["group"],
                        name="open_incident_of_group",
                    ),
                    models.Index(
                        condition=models.Q(("inform_at__isnull", False)), fields=["inform_at"], name="incident_inform"
                    ),
                    models.Index(
                        condition=models.Q(models.Q(("state", "resolved"), _negated=True), ("root__isnull", False)),
                        fields=["root"],
                        name="open_symptoms",
                    ),
                    models.Index(fields=["source"], name="incident_by_source"),
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", False)),
                        fields=["resolved_at"],
                        name="incident_by_its_end",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__range", (1, 5))), name="incident_severity_1_to_5"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "resolved"), ("resolved_at__isnull", True), _connector="XOR"),
                        name="resolved_incidents_have_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Integration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alertmanager", "Alertmanager"),
                            ("pagerduty", "PagerDuty Events v2"),
                            ("generic", "Any JSON"),
                            ("heartbeat", "Heartbeat"),
                            ("own", "Portico's own JSON"),
                        ],
                        max_length=20,
                    ),
                ),
                ("settings", models.JSONField(blank=True, default=dict)),
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
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="integrations",
                        to="catalog.team",
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "warning",
                    models.CharField(blank=True, help_text="What was last noticed about what it sends", max_length=300),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(help_text="Policies refer to it by this", max_length=80, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="schedules",
                        to="catalog.team",
                    ),
                ),
                ("tells_handoffs", models.BooleanField(default=True, help_text="Both people are told at each handoff")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PagingPause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(help_text="Moved to the moment at which somebody ends it earlier")),
                ("reason", models.CharField(max_length=300)),
                (
                    "begun_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "ended_by",
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
                "ordering": ["-starts_at", "-pk"],
                "indexes": [models.Index(fields=["ends_at"], name="pause_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gte", models.F("starts_at"))), name="a_pause_ends_later"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("time_zone", models.CharField(max_length=64)),
                ("days", models.JSONField(help_text="[0, 1, 2, 3, 4]; Monday is 0")),
                ("start", models.TimeField()),
                ("end", models.TimeField(help_text="Not after the start: over midnight")),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="working_hours", to="catalog.person"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "working hours",
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("component_ref", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[("deployment", "Deployment"), ("config", "Configuration"), ("other", "Other")],
                        default="deployment",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                ("url", models.CharField(blank=True, max_length=1000)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(blank=True, help_text="Who made it, as the source says", max_length=200)),
                ("source", models.CharField(help_text="Who tells us: argo-cd, github-actions, …", max_length=100)),
                ("external_id", models.CharField(help_text="The source's own name of it", max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="changes",
                        to="catalog.component",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["component", "-at", "-id"], name="change_of_component"),
                    models.Index(fields=["-at", "-id"], name="change_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "external_id"), name="a_change_is_told_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ToldProblem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="Its kind, schedules and person", max_length=300, unique=True)),
                (
                    "spans",
                    models.JSONField(help_text='When, as it was last seen: [["2026-11-21T08:00:00+00:00", "…"], …]'),
                ),
                ("seen_until", models.DateTimeField(help_text="How far ahead was looked then")),
                ("told_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=200)),
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
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="absences", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "pk"],
                "indexes": [models.Index(fields=["person", "ends_at"], name="absence_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="absence_ends_after_it_starts"
                    )
                ],
            },
        ),
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
        migrations.CreateModel(
            name="ContactRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "urgency",
                    models.CharField(choices=[("high", "High"), ("low", "Low")], default="high", max_length=10),
                ),
                ("after", models.DurationField()),
                (
                    "method",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="incidents.contactmethod"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="contact_rules", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["after", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "urgency", "method", "after"), name="one_rule_per_method_and_time"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CatchAll",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.escalationpolicy"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "catch-all",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_catch_all")],
            },
        ),
        migrations.CreateModel(
            name="HandledTransition",
            fields=[
                (
                    "transition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="handled",
                        serialize=False,
                        to="slo.alerttransition",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(max_length=300)),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="transitions",
                        to="incidents.incident",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="Source and external key; the same key is the same trouble", max_length=300
                    ),
                ),
                ("source", models.CharField(help_text="slo, api, manual, alertmanager, …", max_length=40)),
                ("component_ref", models.CharField(blank=True, max_length=200)),
                (
                    "rule",
                    models.CharField(
                        choices=[("page", "Page"), ("ticket", "Ticket"), ("info", "For information")],
                        default="page",
                        max_length=10,
                    ),
                ),
                ("summary", models.CharField(max_length=300)),
                ("details", models.JSONField(blank=True, default=dict)),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title"}]')),
                ("count", models.PositiveIntegerField(default=1, help_text="How often it was sent while open")),
                ("opened_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, help_text="What became of it, in words", max_length=300)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="catalog.component",
                    ),
                ),
                (
                    "objective",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="slo.objective",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "indexes": [
                    models.Index(fields=["key", "-cleared_at"], name="alert_by_key_and_clearing"),
                    models.Index(fields=["key", "-opened_at"], name="alert_by_key_and_opening"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True)), fields=("key",), name="one_open_alert_per_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("since", models.DateTimeField(help_text="In force from then until the next version's moment")),
                (
                    "steps",
                    models.JSONField(
                        help_text='[{"targets": [{"kind": "schedule|person|team", "ref": "…"}], "delay": "5m", "repeat": 0, "round_robin": false, "condition": {"zone", "days", "start", "end"} | null}]'
                    ),
                ),
                ("repeat", models.PositiveIntegerField(default=0, help_text="Further times through all steps")),
                ("ack_timeout", models.DurationField(blank=True, null=True)),
                ("answer_within", models.DurationField(blank=True, null=True)),
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
                (
                    "fallback",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="fallback_of",
                        to="incidents.escalationpolicy",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="incidents.escalationpolicy",
                    ),
                ),
                (
                    "steps_low",
                    models.JSONField(
                        blank=True,
                        help_text="Steps for incidents of low urgency, as `steps`; empty: the same steps",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["policy", "number"],
                "indexes": [models.Index(fields=["policy", "-since"], name="policy_version_in_force")],
                "constraints": [
                    models.UniqueConstraint(fields=("policy", "number"), name="one_policy_version_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="overrides",
                        to="catalog.person",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="incidents.schedule"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
                "indexes": [models.Index(fields=["schedule", "ends_at"], name="override_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="override_ends_after_it_starts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LayerVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0, help_text="Higher layers cover lower ones")),
                ("name", models.CharField(max_length=100)),
                ("people", models.JSONField(help_text='References in order: ["user:default/ada", …]')),
                (
                    "unit",
                    models.CharField(
                        choices=[("hour", "Hours"), ("day", "Days"), ("week", "Weeks")], default="week", max_length=10
                    ),
                ),
                ("length", models.PositiveSmallIntegerField(default=1, help_text="Units per turn")),
                ("handoff", models.TimeField(help_text="By the clock of the schedule's zone")),
                ("weekday", models.PositiveSmallIntegerField(default=0, help_text="Of weekly handoffs; Monday is 0")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "restrictions",
                    models.JSONField(
                        blank=True, default=list, help_text='[{"start": "18:00", "end": "08:00", "days": [0]}]'
                    ),
                ),
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
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="layers", to="incidents.schedule"
                    ),
                ),
                (
                    "counted_from",
                    models.DateTimeField(
                        blank=True,
                        help_text="Whence turns are counted, where that is earlier: a layer that was moved",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["schedule", "position", "starts_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("length__gte", 1)), name="a_turn_lasts_at_least_one_unit"
                    ),
                    models.CheckConstraint(condition=models.Q(("weekday__range", (0, 6))), name="weekday_0_to_6"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamPaging",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="paged_teams",
                        to="incidents.escalationpolicy",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        help_text="The one shown as the team's on call",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="paged_teams",
                        to="incidents.schedule",
                    ),
                ),
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="paging", to="catalog.team"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "team paging",
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("every_seconds", models.PositiveIntegerField()),
                ("grace_seconds", models.PositiveIntegerField()),
                ("last_beat_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, help_text="Silence becomes an alert then", null=True)),
                (
                    "silent_since",
                    models.DateTimeField(
                        blank=True, help_text="An alert was raised then and is not cleared", null=True
                    ),
                ),
                (
                    "integration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="heartbeat",
                        to="incidents.integration",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("silent_since", None)), fields=["due_at"], name="heartbeat_due"),
                    models.Index(
                        condition=models.Q(("silent_since", None), _negated=True),
                        fields=["silent_since"],
                        name="heartbeat_silent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntegrationKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "prefix",
                    models.CharField(blank=True, help_text="Its first characters, to tell keys apart", max_length=8),
                ),
                ("digest", models.CharField(help_text="SHA-256 of the whole key", max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "integration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="incidents.integration"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ConfirmationCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("wrong", models.PositiveSmallIntegerField(default=0, help_text="Guesses since it was sent")),
                ("asked_since", models.DateTimeField(help_text="Start of the hour in which `asked` counts")),
                ("asked", models.PositiveSmallIntegerField(default=1, help_text="Codes asked for since then")),
                (
                    "method",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="code", to="incidents.contactmethod"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Follower",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                (
                    "told_generation",
                    models.IntegerField(default=-1, help_text="The generation of whose end the person was told"),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="followers", to="incidents.incident"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="followed_incidents",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "ordering": ["since", "pk"],
                "constraints": [models.UniqueConstraint(fields=("incident", "person"), name="a_person_follows_once")],
            },
        ),
        migrations.CreateModel(
            name="IncidentLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("room", "Chat room"), ("link", "Link")], default="link", max_length=10),
                ),
                ("url", models.CharField(max_length=1000)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to="incidents.incident"
                    ),
                ),
            ],
            options={
                "ordering": ["-kind", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "url"), name="a_link_stands_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "room")), fields=("incident",), name="one_room"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IncidentRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[("commander", "Commander"), ("communications", "Communications")], max_length=20
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="roles", to="incidents.incident"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["since", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("incident", "role"),
                        name="one_person_per_role",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusUpdate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("investigating", "Looking into it"),
                            ("identified", "Cause found"),
                            ("monitoring", "Mended, watching"),
                            ("resolved", "Works again"),
                        ],
                        max_length=15,
                    ),
                ),
                ("text", models.TextField()),
                (
                    "public",
                    models.BooleanField(default=True, help_text="On the status page, and not only for followers"),
                ),
                ("next_by", models.DateTimeField(blank=True, help_text="When the next one is promised", null=True)),
                ("at", models.DateTimeField()),
                ("actor_name", models.CharField(max_length=200)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="updates", to="incidents.incident"
                    ),
                ),
                (
                    "person",
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
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["incident", "-at", "-id"], name="update_of_incident")],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300)),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="incidents.incident"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incident_tasks",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Swap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gives", models.JSONField()),
                ("takes", models.JSONField(default=list)),
                ("first_at", models.DateTimeField(help_text="When the first of the shifts begins")),
                ("last_at", models.DateTimeField(help_text="When the last of them ends")),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="swaps_to_answer", to="catalog.person"
                    ),
                ),
                (
                    "asker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="swaps_asked", to="catalog.person"
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="swaps", to="incidents.schedule"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["schedule", "last_at"], name="swap_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("asker", models.F("asked")), _negated=True), name="a_swap_is_between_two"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the secret in its address", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "read_at",
                    models.DateTimeField(blank=True, help_text="When a calendar last came by, to the hour", null=True),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calendar_feeds", to="catalog.person"
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feeds",
                        to="incidents.schedule",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "schedule"), name="one_calendar_feed_per_schedule", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("summary", models.TextField(blank=True)),
                ("impact", models.TextField(blank=True)),
                ("causes", models.TextField(blank=True)),
                ("went_well", models.TextField(blank=True)),
                ("went_badly", models.TextField(blank=True)),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="review",
                        serialize=False,
                        to="incidents.incident",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published")], default="draft", max_length=10
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "generation",
                    models.PositiveIntegerField(help_text="How often the incident had reopened when it was drafted"),
                ),
                ("form", models.CharField(blank=True, help_text="The opened form that saved last", max_length=40)),
                ("drafted_at", models.DateTimeField()),
                ("saved_at", models.DateTimeField()),
                ("saved_by_name", models.CharField(max_length=200)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "saved_by",
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
                "ordering": ["-incident"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "published"), ("published_at__isnull", True), _connector="XOR"),
                        name="published_reviews_have_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HandoffNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=2000)),
                ("created_at", models.DateTimeField()),
                ("by_name", models.CharField(help_text="Whoever wrote it, as they were called then", max_length=200)),
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
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handoff_notes",
                        to="incidents.schedule",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["schedule", "-created_at", "-id"], name="handoff_note_newest")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alertmanager", "Alertmanager"),
                            ("pagerduty", "PagerDuty Events v2"),
                            ("generic", "Any JSON"),
                            ("heartbeat", "Heartbeat"),
                            ("own", "Portico's own JSON"),
                        ],
                        default="own",
                        max_length=20,
                    ),
                ),
                ("sender", models.CharField(blank=True, help_text="Who sent it, by name", max_length=200)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="Deliveries of one key are taken in order of arrival", max_length=300
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("body", models.JSONField(null=True)),
                ("raw", models.TextField(blank=True, help_text="The text as it came")),
                (
                    "state",
                    models.CharField(
                        choices=[("stored", "Waiting"), ("done", "Taken"), ("rejected", "Rejected")],
                        default="stored",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(help_text="When to take it; later after a failure")),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("outcome", models.CharField(blank=True, help_text="What became of it, in words", max_length=300)),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="incidents.alert",
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.apitoken"
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="incidents.integration",
                    ),
                ),
                (
                    "part_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="incidents.delivery",
                    ),
                ),
                (
                    "replay_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replays",
                        to="incidents.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-received_at", "-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "stored")), fields=["due_at", "id"], name="delivery_due"),
                    models.Index(condition=models.Q(("state", "stored")), fields=["key", "id"], name="delivery_of_key"),
                    models.Index(fields=["received_at"], name="delivery_by_age"),
                    models.Index(condition=models.Q(("state", "stored")), fields=["id"], name="delivery_stored"),
                    models.Index(fields=["integration", "received_at", "id"], name="delivery_of_integration"),
                    models.Index(
                        condition=models.Q(("part_of", None)),
                        fields=["received_at", "id"],
                        name="delivery_whole_by_age",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("responder", "Responder"),
                            ("catch-all", "Catch-all"),
                            ("manual", "Called in"),
                        ],
                        default="owner",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("triggered", "triggered"),
                            ("reopened", "reopened"),
                            ("acknowledged", "acknowledged"),
                            ("exhausted", "exhausted"),
                            ("resolved", "resolved"),
                        ],
                        default="triggered",
                        max_length=20,
                    ),
                ),
                ("generation", models.PositiveIntegerField(default=0, help_text="Fences late workers off")),
                ("cycle", models.PositiveIntegerField(default=0)),
                ("step", models.PositiveIntegerField(default=0)),
                ("repeat", models.PositiveIntegerField(default=0)),
                ("next_step_at", models.DateTimeField(blank=True, null=True)),
                ("fallbacks", models.PositiveIntegerField(default=0)),
                ("turn", models.PositiveIntegerField(default=0)),
                ("asked", models.BooleanField(default=False)),
                (
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=50, help_text="Lower goes first: severity, then first pages"
                    ),
                ),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="Failed tries to take the step that is due"),
                ),
                ("routing", models.TextField(blank=True, help_text="Why this team, in words")),
                ("opened_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("exhausted_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="pages_acknowledged",
                        to="catalog.person",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="incidents.incident"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="Called in by name",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="pages",
                        to="catalog.team",
                    ),
                ),
                (
                    "policy_version",
                    models.ForeignKey(
                        blank=True,
                        help_text="In force when the page opened, or fell back to it",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pages",
                        to="incidents.policyversion",
                    ),
                ),
                (
                    "held_until",
                    models.DateTimeField(
                        blank=True, help_text="Its first step waits for the end of a maintenance window", null=True
                    ),
                ),
                (
                    "hands_over",
                    models.ForeignKey(
                        blank=True,
                        help_text="The page that whoever takes this one takes too: it is being handed over to them",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.page",
                    ),
                ),
                (
                    "snoozed_until",
                    models.DateTimeField(
                        blank=True,
                        help_text="Nobody is called before; counts while the next step is planned for then",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_step_at__isnull", False)),
                        fields=["priority", "next_step_at"],
                        name="page_due",
                    ),
                    models.Index(
                        condition=models.Q(("held_until__isnull", False)), fields=["held_until"], name="page_held"
                    ),
                    models.Index(
                        condition=models.Q(("state", "acknowledged")), fields=["acknowledged_by"], name="page_taken"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("role", "catch-all"), _negated=True),
                        fields=("incident", "team"),
                        name="one_page_per_team",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("role", "catch-all")), fields=("incident",), name="one_catch_all_page"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("person__isnull", False)),
                        fields=("incident", "person"),
                        name="one_page_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["resolved", "exhausted"]), _negated=True),
                            ("next_step_at__isnull", True),
                            _connector="OR",
                        ),
                        name="ended_pages_plan_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["triggered", "reopened"]), _negated=True),
                            ("next_step_at__isnull", False),
                            _connector="OR",
                        ),
                        name="untaken_pages_have_a_next_step",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=300)),
                ("details", models.TextField(blank=True, help_text="Markdown")),
                ("owner_ref", models.CharField(help_text="Stays when the person is gone", max_length=200)),
                ("due_on", models.DateField(help_text="Overdue when this day has ended, in UTC")),
                ("component_ref", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dropped", "Dropped")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("tracker_url", models.CharField(blank=True, max_length=1000)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="What came of it, or why it was dropped", max_length=500),
                ),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, help_text="When it was done or dropped", null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="action_items",
                        to="catalog.component",
                    ),
                ),
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
                ("objectives", models.ManyToManyField(blank=True, related_name="action_items", to="slo.objective")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="action_items",
                        to="catalog.person",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="action_items", to="incidents.review"
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "pk"],
                "indexes": [
                    models.Index(fields=["due_on", "id"], name="item_by_due_day"),
                    models.Index(condition=models.Q(("state", "open")), fields=["due_on", "id"], name="item_open"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "done"), ("done_at__isnull", True), _connector="XOR"),
                        name="done_items_have_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("closed_at__isnull", False), _connector="XOR"),
                        name="closed_items_have_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("summary", models.TextField(blank=True)),
                ("impact", models.TextField(blank=True)),
                ("causes", models.TextField(blank=True)),
                ("went_well", models.TextField(blank=True)),
                ("went_badly", models.TextField(blank=True)),
                ("number", models.PositiveIntegerField(help_text="Review.version after it")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("drafted", "Drafted"),
                            ("edited", "Edited"),
                            ("autosaved", "Edited"),
                            ("published", "Published"),
                            ("unpublished", "Taken back"),
                        ],
                        max_length=15,
                    ),
                ),
                ("begun_at", models.DateTimeField(help_text="The first of the writes that it sums up")),
                ("at", models.DateTimeField()),
                ("actor_ref", models.CharField(max_length=200)),
                ("actor_name", models.CharField(max_length=200)),
                ("reason", models.CharField(blank=True, help_text="Why it was taken back", max_length=500)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="incidents.review"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "number"), name="one_review_version_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="PageStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("cycle", models.PositiveIntegerField()),
                ("step", models.PositiveIntegerField()),
                ("repeat", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "late_ms",
                    models.PositiveIntegerField(default=0, help_text="How long after its due time, in milliseconds"),
                ),
                ("people", models.JSONField(default=list, help_text="References of those notified")),
                ("words", models.CharField(max_length=300)),
                (
                    "page",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="incidents.page"
                    ),
                ),
                (
                    "policy_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps_taken",
                        to="incidents.policyversion",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("page", "generation", "cycle", "step", "repeat"), name="a_step_is_taken_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TimelineEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("reopened", "Reopened"),
                            ("alert", "Alert"),
                            ("alert-cleared", "Alert cleared"),
                            ("severity", "Severity"),
                            ("routed", "Routed"),
                            ("paged", "Paged"),
                            ("unreachable", "Nobody reachable"),
                            ("fallback", "Fell back"),
                            ("exhausted", "Nobody has taken it"),
                            ("send-failed", "Message failed"),
                            ("acknowledged", "Acknowledged"),
                            ("asked", "Asked the responder"),
                            ("ack-timeout", "Acknowledgement ran out"),
                            ("escalated", "Escalated by hand"),
                            ("resolved", "Resolved"),
                            ("symptom", "Symptom"),
                            ("flapping", "Flapping"),
                            ("held", "Held by maintenance"),
                            ("told", "Told"),
                            ("note", "Note"),
                            ("budget", "Error budget"),
                            ("fault", "Fault in Portico"),
                            ("update", "Status update"),
                            ("role", "Role"),
                            ("task", "Task"),
                            ("link", "Link"),
                            ("snoozed", "Snoozed"),
                            ("handed-over", "Handed over"),
                            ("edited", "Note edited"),
                            ("pinned", "Pinned"),
                            ("unpinned", "No longer pinned"),
                        ],
                        max_length=20,
                    ),
                ),
                ("actor_ref", models.CharField(default="system:portico", max_length=200)),
                ("actor_name", models.CharField(default="Portico", max_length=200)),
                ("via", models.CharField(default="system", help_text="web, api, link, cli or system", max_length=20)),
                ("words", models.TextField()),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="timeline", to="incidents.incident"
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="incidents.page",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalog.person",
                    ),
                ),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Of a pin: the entry. Of an edit: the note that this replaces in reading",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="later",
                        to="incidents.timelineentry",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "timeline entries",
                "ordering": ["at", "pk"],
                "indexes": [
                    models.Index(fields=["incident", "at", "id"], name="timeline_of_incident"),
                    models.Index(
                        condition=models.Q(("kind__in", ["opened", "reopened"])),
                        fields=["at"],
                        name="timeline_openings",
                    ),
                    models.Index(condition=models.Q(("about__isnull", False)), fields=["about"], name="timeline_about"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InboxMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("page", "Page"),
                            ("ask", "Are you still on it?"),
                            ("told", "For information"),
                            ("test", "Test"),
                            ("code", "Confirmation code"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(help_text="Of what was said, without method", max_length=200, unique=True)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.page",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inbox",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["person", "-at", "-id"], name="inbox_newest"),
                    models.Index(condition=models.Q(("read_at__isnull", True)), fields=["person"], name="inbox_unread"),
                    models.Index(fields=["at"], name="inbox_age"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionReminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField(help_text="As it was then")),
                ("day", models.DateField(help_text="The day it was due to be sent")),
                ("sent_at", models.DateTimeField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reminders", to="incidents.actionitem"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("item", "due_on", "day"), name="reminded_once_for_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("page", "Page"),
                            ("ask", "Are you still on it?"),
                            ("told", "For information"),
                            ("test", "Test"),
                            ("code", "Confirmation code"),
                        ],
                        default="page",
                        max_length=10,
                    ),
                ),
                ("generation", models.PositiveIntegerField(default=0, help_text="The page's when this was asked for")),
                ("channel", models.CharField(max_length=30)),
                ("address", models.CharField(max_length=500)),
                (
                    "urgency",
                    models.CharField(choices=[("high", "High"), ("low", "Low")], default="high", max_length=10),
                ),
                ("rule", models.CharField(help_text="Which of the person's rules asked for it", max_length=40)),
                ("idempotency_key", models.CharField(max_length=200, unique=True)),
                (
                    "words",
                    models.JSONField(blank=True, default=dict, help_text="Subject and text of what is not a page"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("leased", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed, next method taken"),
                            ("dead", "Failed, no method left"),
                            ("cancelled", "No longer needed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=50)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="When it was wanted")),
                ("next_attempt_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("leased_by", models.CharField(blank=True, max_length=64)),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "maybe_duplicate",
                    models.BooleanField(
                        default=False, help_text="A worker died while sending it: it may have arrived before"
                    ),
                ),
                ("receipt", models.CharField(blank=True, max_length=300)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="incidents.incident",
                    ),
                ),
                (
                    "method",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notifications",
                        to="incidents.contactmethod",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to="catalog.person"
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to="incidents.page",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notifications",
                        to="incidents.pagestep",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["priority", "next_attempt_at"],
                        name="notification_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "leased")), fields=["lease_until"], name="notification_leased"
                    ),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["method", "next_attempt_at"],
                        name="notification_company",
                    ),
                    models.Index(fields=["created_at"], name="notification_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state", "leased"), ("lease_until__isnull", True), _connector="XOR"),
                        name="leases_have_an_end",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(max_length=64)),
                (
                    "outcome",
                    models.CharField(blank=True, help_text="sent, temporary, permanent or unknown", max_length=20),
                ),
                ("words", models.CharField(blank=True, max_length=300)),
                (
                    "notification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tries", to="incidents.notification"
                    ),
                ),
                (
                    "together",
                    models.PositiveSmallIntegerField(default=1, help_text="Pages in the one message that was sent"),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("notification", "number"), name="attempts_are_numbered")
                ],
            },
        ),
    ]
