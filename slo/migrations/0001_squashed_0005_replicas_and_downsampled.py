"""SLOs as of 0005 in one step, see the catalog's."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from slo.migrations._written import MINUTES, NO_MINUTES


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("slo", "0001_ledger"),
        ("slo", "0002_promises"),
        ("slo", "0003_partial_data"),
        ("slo", "0004_applied_ledgers"),
        ("slo", "0005_replicas_and_downsampled"),
    ]

    dependencies = [
        ("catalog", "0001_squashed_0011_plug7"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerMinute",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ledger", "bucket", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bucket", models.DateTimeField()),
                ("good", models.DecimalField()),
                ("total", models.DecimalField()),
                ("carried_good", models.DecimalField(default=0)),
                ("carried_total", models.DecimalField(default=0)),
                ("good_sum", models.DecimalField()),
                ("total_sum", models.DecimalField()),
                ("carried_good_sum", models.DecimalField(default=0)),
                ("carried_total_sum", models.DecimalField(default=0)),
                ("known_sum", models.BigIntegerField()),
                ("flags", models.SmallIntegerField(default=0, help_text="slo.counting.Flag")),
                ("provisional", models.BooleanField(default=False)),
                ("excluded", models.BooleanField(default=False, help_text="Kept, but left out of the running sums")),
            ],
            options={
                "db_table": "slo_ledgerminute",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="AlertPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                (
                    "rules",
                    models.JSONField(
                        help_text="[{name, title, fraction | factor | ratio, long, short, severity, min_events, min_bad}]"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("description", models.TextField(blank=True)),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="What a document said that nothing here means"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "alert policies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DataSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("url", models.URLField(max_length=500)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("prometheus", "Prometheus"),
                            ("thanos", "Thanos"),
                            ("mimir", "Mimir"),
                            ("victoriametrics", "VictoriaMetrics"),
                        ],
                        default="prometheus",
                        max_length=20,
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                (
                    "auth",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("basic", "User and password"),
                            ("bearer", "Bearer token"),
                            ("mtls", "Client certificate"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("username", models.CharField(blank=True, max_length=200)),
                ("secret", models.TextField(blank=True, help_text="Sealed password or token")),
                ("headers", models.TextField(blank=True, help_text="Sealed JSON object of extra headers")),
                ("cert_file", models.CharField(blank=True, max_length=500)),
                ("key_file", models.CharField(blank=True, max_length=500)),
                ("ca_file", models.CharField(blank=True, max_length=500)),
                ("verify", models.BooleanField(default=True)),
                ("timeout", models.DurationField(default=datetime.timedelta(seconds=10))),
                (
                    "delay",
                    models.DurationField(
                        default=datetime.timedelta(seconds=30),
                        help_text="How long after its end a bucket waits for late samples",
                    ),
                ),
                (
                    "external_labels",
                    models.JSONField(
                        blank=True, default=list, help_text="Labels that are no part of a series' identity"
                    ),
                ),
                ("reachable", models.BooleanField(help_text="Null: never asked", null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("ok_at", models.DateTimeField(help_text="Last success", null=True)),
                ("down_since", models.DateTimeField(null=True)),
                ("version", models.CharField(blank=True, max_length=50)),
                ("latency", models.FloatField(help_text="Seconds", null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "warning",
                    models.TextField(
                        blank=True, help_text="What it said beside its last answer, such as that it was partial"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("description", models.TextField(blank=True)),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="What a document said that nothing here means"
                    ),
                ),
                (
                    "lag",
                    models.DurationField(
                        help_text="How late samples arrive, as last measured; lengthens the delay", null=True
                    ),
                ),
                ("lag_at", models.DateTimeField(help_text="When the lag was last measured", null=True)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("is_default",), name="one_default_source"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sweep",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("ledgers", models.PositiveIntegerField(default=0)),
                ("queries", models.PositiveIntegerField(default=0)),
                ("samples", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="AlertCondition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("rule", models.JSONField(help_text="As in AlertPolicy.rules")),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="What a document said that nothing here means"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="BudgetPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True, help_text="What was agreed on, as Markdown")),
                (
                    "thresholds",
                    models.JSONField(help_text="[{remaining, action, holds}], such as remaining 0.25; highest first"),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "budget policies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="CursorGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cursor", models.DateTimeField(help_text="End of the last bucket appended")),
                ("filling", models.BooleanField(default=False, help_text="Reading history, in the background")),
                ("next_due_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row")),
                ("error", models.TextField(blank=True)),
                (
                    "step",
                    models.DurationField(
                        help_text="How much to ask for at once, where less than usual is accepted", null=True
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="slo.datasource",
                    ),
                ),
                (
                    "provisional_from",
                    models.DateTimeField(
                        help_text="Start of the first bucket of a partial answer; its series states are from before it (rule 9)",
                        null=True,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["filling", "next_due_at"], name="groups_due")],
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("type", models.CharField(max_length=20)),
                ("indicator", models.JSONField()),
                ("labels", models.JSONField(blank=True, default=dict)),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="What a document said that nothing here means"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="Null: the default one",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indicators",
                        to="slo.datasource",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="TeamBudgetPolicy",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="budget_policy",
                        serialize=False,
                        to="catalog.team",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="teams", to="slo.budgetpolicy"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReplicaChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(help_text="End of the first bucket counted from the new one")),
                (
                    "before",
                    models.CharField(help_text="Its labels that are no part of a series' identity", max_length=300),
                ),
                ("after", models.CharField(max_length=300)),
                ("targets", models.PositiveIntegerField(help_text="How many metrics of targets changed")),
                ("created_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="replica_changes", to="slo.datasource"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "at", "before", "after"), name="one_record_per_replica_change"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Definition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("events", "Events"),
                            ("latency", "Latency"),
                            ("uptime", "Uptime"),
                            ("promql", "PromQL"),
                            ("response", "Incident response"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "indicator",
                    models.JSONField(
                        help_text="What the type needs: {good, bad, total} or {query, condition, combine}, …"
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                (
                    "budgeting",
                    models.CharField(
                        choices=[("occurrences", "Events"), ("timeslices", "Time slices")],
                        default="occurrences",
                        max_length=20,
                    ),
                ),
                (
                    "no_data",
                    models.CharField(
                        choices=[("ignore", "Neither good nor bad"), ("bad", "Bad"), ("good", "Good")],
                        default="ignore",
                        max_length=10,
                    ),
                ),
                ("blind_after", models.DurationField(default=datetime.timedelta(seconds=600))),
                ("slice_length", models.DurationField(default=datetime.timedelta(seconds=60))),
                (
                    "group_by",
                    models.JSONField(
                        blank=True, default=list, help_text="Labels; one objective per combination of values"
                    ),
                ),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slo_definitions",
                        to="catalog.component",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="Null: counted by the portal itself",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="definitions",
                        to="slo.datasource",
                    ),
                ),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="What a document said that nothing here means"
                    ),
                ),
                ("group_error", models.TextField(blank=True, help_text="Why not all values have an objective")),
                (
                    "grouped_at",
                    models.DateTimeField(blank=True, help_text="When its values were last looked for", null=True),
                ),
                (
                    "max_series",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="More series than this are counted by increase(); null: the usual limit",
                        null=True,
                    ),
                ),
                ("preset", models.CharField(blank=True, help_text="The preset it was made from", max_length=63)),
                (
                    "sli",
                    models.ForeignKey(
                        blank=True,
                        help_text="The shared indicator that `type` and `indicator` are a copy of",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="definitions",
                        to="slo.indicator",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="SeriesState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.PositiveIntegerField()),
                ("blob", models.BinaryField()),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="states", to="slo.cursorgroup"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("group", "part"), name="one_state_per_part")],
            },
        ),
        migrations.CreateModel(
            name="Ledger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField()),
                ("type", models.CharField(max_length=20)),
                ("indicator", models.JSONField()),
                ("bucket_length", models.DurationField(default=datetime.timedelta(seconds=60))),
                (
                    "approximate",
                    models.BooleanField(default=False, help_text="Counted by increase() rather than from raw samples"),
                ),
                ("starts_at", models.DateTimeField(help_text="Start of its first bucket")),
                (
                    "filled_at",
                    models.DateTimeField(
                        help_text="When it had caught up with the present for the first time", null=True
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledgers",
                        to="slo.datasource",
                    ),
                ),
                (
                    "fallback",
                    models.TextField(
                        blank=True, help_text="Why it is approximate though its indicator could be counted"
                    ),
                ),
                (
                    "downsampled_until",
                    models.DateTimeField(
                        help_text="Up to where its source keeps only downsampled data, of which nothing is counted",
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("good_base", models.DecimalField()),
                ("total_base", models.DecimalField()),
                ("carried_good_base", models.DecimalField(default=0)),
                ("carried_total_base", models.DecimalField(default=0)),
                ("known_base", models.BigIntegerField()),
                ("good_end", models.DecimalField()),
                ("total_end", models.DecimalField()),
                ("carried_good_end", models.DecimalField(default=0)),
                ("carried_total_end", models.DecimalField(default=0)),
                ("known_end", models.BigIntegerField()),
                ("good", django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField())),
                ("total", django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField())),
                (
                    "carried_good",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField(), null=True),
                ),
                (
                    "carried_total",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField(), null=True),
                ),
                ("known", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField())),
                (
                    "marks",
                    models.JSONField(
                        default=dict,
                        help_text="By minute, what is unusual: flags, provisional, excluded with its counts",
                    ),
                ),
                (
                    "ledger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="days", to="slo.ledger"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("ledger", "day"), name="one_row_per_ledger_day")],
            },
        ),
        migrations.CreateModel(
            name="Objective",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=63, unique=True)),
                ("title", models.CharField(blank=True, max_length=200)),
                (
                    "target",
                    models.DecimalField(
                        decimal_places=10, help_text="Share of good events, such as 0.995", max_digits=12
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(blank=True, help_text="Rolling period, 1 to 90 days", null=True),
                ),
                (
                    "calendar",
                    models.CharField(
                        blank=True,
                        choices=[("week", "Week"), ("month", "Month"), ("quarter", "Quarter"), ("year", "Year")],
                        max_length=10,
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", help_text="Of a calendar period", max_length=64)),
                (
                    "group_values",
                    models.JSONField(blank=True, default=dict, help_text="The values of the definition's group_by"),
                ),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "definition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="objectives", to="slo.definition"
                    ),
                ),
                (
                    "ledger",
                    models.ForeignKey(
                        blank=True,
                        help_text="The one in force",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="slo.ledger",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="objectives", to="slo.alertpolicy"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        help_text="The grouped objective it is one value of",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="slo.objective",
                    ),
                ),
                (
                    "budget_policy",
                    models.ForeignKey(
                        blank=True,
                        help_text="Null: its team's",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="objectives",
                        to="slo.budgetpolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("target__gt", 0), ("target__lt", 1)), name="target_between_0_and_1"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("calendar", ""), ("window_days__range", (1, 90))),
                            models.Q(("window_days__isnull", True), models.Q(("calendar", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="rolling_or_calendar",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                (
                    "ledger",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="cursor",
                        serialize=False,
                        to="slo.ledger",
                    ),
                ),
                ("bucket", models.DateTimeField(help_text="End of the last bucket looked at, known or not")),
                ("good_sum", models.DecimalField(default=0)),
                ("total_sum", models.DecimalField(default=0)),
                ("carried_good_sum", models.DecimalField(default=0)),
                ("carried_total_sum", models.DecimalField(default=0)),
                ("known_sum", models.BigIntegerField(default=0)),
                ("surplus", models.DecimalField(default=0, help_text="Good beyond total, to be counted later")),
                ("last_sample", models.DateTimeField(null=True)),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cursors", to="slo.cursorgroup"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertTransition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("burn", "Burn rate"), ("blind", "Sight"), ("budget", "Budget")], max_length=10
                    ),
                ),
                ("rule", models.CharField(blank=True, max_length=63)),
                ("severity", models.CharField(help_text="page, ticket or info", max_length=10)),
                ("from_state", models.CharField(max_length=12)),
                ("to_state", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("bucket", models.DateTimeField(help_text="End of the bucket decided on", null=True)),
                ("burn_long", models.FloatField(null=True)),
                ("burn_short", models.FloatField(null=True)),
                ("budget_remaining", models.FloatField(null=True)),
                ("good", models.DecimalField(help_text="In the long window; for budgets in the period", null=True)),
                ("bad", models.DecimalField(help_text="In the long window; for budgets in the period", null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "objective",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="transitions", to="slo.objective"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "indexes": [models.Index(fields=["objective", "at", "id"], name="transitions_of_objective")],
            },
        ),
        migrations.CreateModel(
            name="RuleState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=63)),
                ("severity", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("inactive", "Inactive"), ("firing", "Firing")], default="inactive", max_length=10
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "quiet_since",
                    models.DateTimeField(
                        help_text="End of the bucket since which the short window is not over", null=True
                    ),
                ),
                ("held", models.CharField(blank=True, help_text="no_traffic or no_data", max_length=20)),
                (
                    "objective",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rule_states", to="slo.objective"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("objective", "rule"), name="one_state_per_rule")],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "objective",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="slo.objective",
                    ),
                ),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Healthy"),
                            (1, "Reading history"),
                            (2, "No data"),
                            (3, "At risk"),
                            (4, "Exhausted"),
                            (5, "Burning"),
                        ],
                        default=1,
                    ),
                ),
                (
                    "data",
                    models.CharField(
                        choices=[
                            ("waiting", "Not evaluated yet"),
                            ("flowing", "Data is flowing"),
                            ("quiet", "No traffic"),
                            ("absent", "The metric is absent"),
                            ("stale", "No fresh sample"),
                            ("partial", "A part of the data is missing"),
                            ("unreachable", "The source is unreachable"),
                            ("error", "The query is refused"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "firing",
                    models.CharField(
                        blank=True, help_text="The loudest severity that fires: page, ticket or none", max_length=10
                    ),
                ),
                (
                    "budget",
                    models.CharField(
                        choices=[("ok", "Healthy"), ("at-risk", "At risk"), ("exhausted", "Exhausted")],
                        default="ok",
                        max_length=10,
                    ),
                ),
                ("bucket", models.DateTimeField(help_text="End of the newest bucket decided on", null=True)),
                ("period_start", models.DateTimeField(null=True)),
                ("good", models.DecimalField(decimal_places=6, help_text="In the period", max_digits=40, null=True)),
                ("total", models.DecimalField(decimal_places=6, help_text="In the period", max_digits=40, null=True)),
                ("remaining", models.FloatField(help_text="Share of the budget left; may be negative", null=True)),
                ("burn", models.FloatField(help_text="In the long window of the first rule", null=True)),
                ("burn_slow", models.FloatField(help_text="In the last 6 hours", null=True)),
                ("exhausts_at", models.DateTimeField(help_text="At the pace of the last 6 hours", null=True)),
                ("coverage", models.FloatField(help_text="Share of the period's minutes that are known", null=True)),
                ("readings", models.JSONField(default=list, help_text="Per rule, see slo.queries.RuleReading")),
                ("known_at", models.DateTimeField(help_text="Newest time for which there was data", null=True)),
                ("blind_since", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "caught_up_at",
                    models.DateTimeField(help_text="When a gap was last filled after the fact", null=True),
                ),
                ("evaluated_at", models.DateTimeField(null=True)),
                (
                    "threshold",
                    models.FloatField(
                        help_text="Of its budget policy, the lowest share that the budget left has fallen below",
                        null=True,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("blind_since__isnull", False)),
                        fields=["blind_since"],
                        name="standing_blind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(help_text="Why", max_length=200)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "rrule",
                    models.CharField(blank=True, help_text="Repeats it, by the clock of the time zone", max_length=500),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exclusions",
                        to="catalog.component",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.person"
                    ),
                ),
                (
                    "objective",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exclusions",
                        to="slo.objective",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exclusions",
                        to="catalog.team",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-starts_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="exclusion_has_length"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("component", None), ("objective__isnull", False), ("team", None)),
                            models.Q(("component__isnull", False), ("objective", None), ("team", None)),
                            models.Q(("component", None), ("objective", None), ("team__isnull", False)),
                            _connector="OR",
                        ),
                        name="exclusion_of_one_thing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AppliedExclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fingerprint",
                    models.CharField(help_text="Of everything that decides which minutes it holds in", max_length=64),
                ),
                ("applied_at", models.DateTimeField()),
                (
                    "window",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="applied",
                        to="catalog.maintenancewindow",
                    ),
                ),
                (
                    "exclusion",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="applied",
                        to="slo.exclusion",
                    ),
                ),
                (
                    "ledgers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, help_text="Those that were brought in line"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("exclusion__isnull", False), ("window", None)),
                            models.Q(("exclusion", None), ("window__isnull", False)),
                            _connector="OR",
                        ),
                        name="applied_exclusion_or_window",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="Ledger",
            name="objective",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="ledgers", to="slo.objective"
            ),
        ),
        migrations.AddConstraint(
            model_name="Ledger",
            constraint=models.UniqueConstraint(fields=("objective", "revision"), name="one_ledger_per_revision"),
        ),
        migrations.RunSQL(MINUTES, NO_MINUTES),
    ]
