"""The catalog's spine: people, teams, components, dated ownership, tokens, audit."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(help_text="Its first characters, to tell tokens apart", max_length=12)),
                ("digest", models.CharField(help_text="SHA-256 of the whole token", max_length=64, unique=True)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read", "Read everything"),
                                ("components:write", "Register components and teams"),
                                ("slos:write", "Write objectives"),
                                ("alerts:send", "Send alerts"),
                                ("incidents:write", "Declare, acknowledge and resolve incidents"),
                                ("oncall:write", "Write schedules and policies"),
                            ],
                            max_length=30,
                        )
                    ),
                ),
                (
                    "limited",
                    models.BooleanField(
                        default=False, help_text="To `teams`; stays so when the last of them is deleted"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Domain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(editable=False, max_length=200, unique=True)),
                ("namespace", models.CharField(default="default", max_length=63)),
                ("name", models.CharField(max_length=63)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("annotations", models.JSONField(blank=True, default=dict)),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]')),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="Unknown keys of metadata and spec, kept as they came"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                        default="api",
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Name of the location or token it came from", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("owner_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                ("parent_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="catalog.domain",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=200, unique=True)),
                ("namespace", models.CharField(default="default", max_length=63)),
                ("name", models.CharField(max_length=63)),
                ("display_name", models.CharField(blank=True, max_length=200)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("clock_24h", models.BooleanField(default=True)),
                ("platform_admin", models.BooleanField(default=False, help_text="May write everywhere")),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="person",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "people",
                "ordering": ["display_name", "ref"],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_ref", models.CharField(db_index=True, max_length=200)),
                (
                    "role",
                    models.CharField(choices=[("lead", "Lead"), ("member", "Member")], default="member", max_length=10),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="memberships",
                        to="catalog.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True)),
                ("actor_ref", models.CharField(help_text="`user:…`, `token:…` or `system:…`", max_length=200)),
                ("actor_name", models.CharField(max_length=200)),
                ("via", models.CharField(blank=True, help_text="web, api, link, cli or system", max_length=20)),
                ("action", models.CharField(help_text="`component.create`, `policy.edit`, …", max_length=60)),
                ("object_ref", models.CharField(db_index=True, max_length=300)),
                ("diff", models.JSONField(default=dict, help_text='{"field": [before, after]}')),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="audit_entries",
                        to="catalog.apitoken",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="audit_entries",
                        to="catalog.person",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="apitoken",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="tokens", to="catalog.person"
            ),
        ),
        migrations.CreateModel(
            name="System",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(editable=False, max_length=200, unique=True)),
                ("namespace", models.CharField(default="default", max_length=63)),
                ("name", models.CharField(max_length=63)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("annotations", models.JSONField(blank=True, default=dict)),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]')),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="Unknown keys of metadata and spec, kept as they came"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                        default="api",
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Name of the location or token it came from", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("owner_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                ("domain_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                (
                    "domain",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="systems",
                        to="catalog.domain",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Component",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(editable=False, max_length=200, unique=True)),
                ("namespace", models.CharField(default="default", max_length=63)),
                ("name", models.CharField(max_length=63)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("annotations", models.JSONField(blank=True, default=dict)),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]')),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="Unknown keys of metadata and spec, kept as they came"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                        default="api",
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Name of the location or token it came from", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("component", "Component"), ("resource", "Resource"), ("api", "API")],
                        default="component",
                        max_length=20,
                    ),
                ),
                ("type", models.CharField(blank=True, db_index=True, max_length=63)),
                ("lifecycle", models.CharField(blank=True, max_length=63)),
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
                ("owner_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                ("system_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                ("docs", models.TextField(blank=True, help_text="Markdown")),
                ("runbook", models.URLField(blank=True, max_length=500)),
                (
                    "confirmed_at",
                    models.DateTimeField(blank=True, help_text="When its team last said that this is right", null=True),
                ),
                (
                    "system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="components",
                        to="catalog.system",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(editable=False, max_length=200, unique=True)),
                ("namespace", models.CharField(default="default", max_length=63)),
                ("name", models.CharField(max_length=63)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.TextField(blank=True)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("annotations", models.JSONField(blank=True, default=dict)),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]')),
                (
                    "extra",
                    models.JSONField(
                        blank=True, default=dict, help_text="Unknown keys of metadata and spec, kept as they came"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                        default="api",
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Name of the location or token it came from", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("type", models.CharField(default="team", max_length=63)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("chat_url", models.URLField(blank=True, max_length=500)),
                ("parent_ref", models.CharField(blank=True, db_index=True, max_length=200)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="children",
                        to="catalog.team",
                    ),
                ),
                (
                    "people",
                    models.ManyToManyField(related_name="teams", through="catalog.Membership", to="catalog.person"),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.AddField(
            model_name="system",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="systems",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="team",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="catalog.team"
            ),
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("rrule", models.CharField(blank=True, help_text="RFC 5545, for recurring windows", max_length=500)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                ("holds_pages", models.BooleanField(default=True)),
                ("excludes_budget", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "component",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
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
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="catalog.team",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="domain",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="domains",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="components",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="teams",
            field=models.ManyToManyField(blank=True, related_name="tokens", to="catalog.team"),
        ),
        migrations.CreateModel(
            name="ComponentHealth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="`slo` or `incidents`", max_length=40)),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Healthy"), (1, "No data"), (2, "At risk"), (3, "Broken")]
                    ),
                ),
                ("summary", models.CharField(blank=True, max_length=200)),
                ("since", models.DateTimeField()),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="health", to="catalog.component"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "component"], name="health_by_state")],
                "constraints": [models.UniqueConstraint(fields=("component", "source"), name="one_health_per_source")],
            },
        ),
        migrations.CreateModel(
            name="Dependency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "relation",
                    models.CharField(
                        choices=[
                            ("dependsOn", "depends on"),
                            ("consumesApi", "consumes API"),
                            ("providesApi", "provides API"),
                            ("subcomponentOf", "is part of"),
                        ],
                        default="dependsOn",
                        max_length=20,
                    ),
                ),
                ("target_ref", models.CharField(db_index=True, max_length=200)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="dependencies", to="catalog.component"
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="dependents",
                        to="catalog.component",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("holder", "relation", "target_ref"), name="dependency_named_once"),
                    models.CheckConstraint(
                        condition=models.Q(("holder", models.F("target")), _negated=True),
                        name="nothing_depends_on_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Responder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("team_ref", models.CharField(db_index=True, max_length=200)),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="responders", to="catalog.component"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="responds_for",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("component", "team_ref"), name="responder_named_once")],
            },
        ),
        migrations.CreateModel(
            name="Ownership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("team_ref", models.CharField(max_length=200)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "component",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ownerships", to="catalog.component"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="ownerships",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("component", "="), ("period", "&&")], name="one_owner_at_a_time"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("team", "person_ref"), name="one_membership_per_person"),
        ),
        migrations.AddConstraint(
            model_name="maintenancewindow",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="window_ends_after_it_starts"
            ),
        ),
        migrations.AddConstraint(
            model_name="maintenancewindow",
            constraint=models.CheckConstraint(
                condition=models.Q(("component__isnull", False), ("team__isnull", False), _connector="XOR"),
                name="window_for_a_component_or_a_team",
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=models.Index(
                condition=models.Q(("retired_at", None)), fields=["name", "id"], name="component_by_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.UniqueConstraint(fields=("kind", "namespace", "name"), name="component_named_once"),
        ),
        migrations.AddConstraint(
            model_name="component",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__isnull", True), ("tier__range", (1, 4)), _connector="OR"),
                name="component_tier_1_to_4",
            ),
        ),
    ]
