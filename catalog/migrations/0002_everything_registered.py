"""Every kind with its metadata, relations said from either side, search, sources, what readers keep, scores."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import catalog.models.entity
from catalog.migrations._written import FUNCTIONS, NO_FUNCTIONS

NAMES = """
UPDATE catalog_dependency d SET holder_ref = c.ref FROM catalog_component c WHERE c.id = d.holder_id;
UPDATE catalog_membership m SET team_ref = t.ref FROM catalog_team t WHERE t.id = m.team_id;
UPDATE catalog_component c SET worst = h.state
  FROM (SELECT component_id, max(state) AS state FROM catalog_componenthealth GROUP BY component_id) h
 WHERE h.component_id = c.id;
"""
NOT_THERE = """
DELETE FROM catalog_dependency WHERE holder_id IS NULL;
DELETE FROM catalog_membership WHERE team_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_spine"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=200)),
                ("ref", models.CharField(db_index=True, max_length=200)),
                ("file", models.CharField(blank=True, max_length=2000)),
                ("since", models.DateTimeField()),
                (
                    "orphaned_at",
                    models.DateTimeField(blank=True, help_text="Since when the source no longer names it", null=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("actor_ref", models.CharField(max_length=200)),
                ("key", models.CharField(max_length=200)),
                ("request", models.CharField(help_text="SHA-256 of method, address and body", max_length=64)),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        help_text="Empty while the first is still being worked on", null=True
                    ),
                ),
                ("body", models.JSONField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(choices=[("lead", "Lead"), ("member", "Member")], default="member", max_length=10),
                ),
                ("digest", models.CharField(help_text="SHA-256 of what the link holds", max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Location",
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
                        blank=True,
                        default=dict,
                        help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
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
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Words("name", "title"),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "document",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[("url", "Addresses"), ("directory", "Directory")], default="url", max_length=20
                    ),
                ),
                (
                    "targets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2000),
                        default=list,
                        help_text="Addresses, or one absolute path",
                    ),
                ),
                ("limited", models.BooleanField(default=False, help_text="To `team`; stays so when that is deleted")),
                ("every_seconds", models.PositiveIntegerField(default=3600, help_text="0: only when asked")),
                ("prunes", models.BooleanField(default=False, help_text="Retire what it no longer names")),
                (
                    "auth_header",
                    models.CharField(
                        blank=True, help_text="Such as Authorization; sent to its hosts only", max_length=100
                    ),
                ),
                ("auth_sealed", models.TextField(blank=True, editable=False)),
                ("hook_sealed", models.TextField(blank=True, editable=False, help_text="What signs its webhook")),
                (
                    "due_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is read next; empty: never by itself", null=True
                    ),
                ),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, help_text="When all of it was last read", null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row")),
                ("error", models.TextField(blank=True, help_text="Why the last try failed as a whole")),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="LocationFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=2000)),
                ("read_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(blank=True, help_text="When its content last differed", null=True)),
                ("digest", models.CharField(blank=True, help_text="SHA-256 of what was read", max_length=64)),
                ("etag", models.CharField(blank=True, max_length=300)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("orphaned", models.PositiveIntegerField(default=0, help_text="Named once, and no longer")),
                (
                    "problems",
                    models.JSONField(default=list, help_text="[{document, line, column, field, code, message, level}]"),
                ),
                ("error", models.TextField(blank=True, help_text="Why it could not be read at all")),
            ],
            options={
                "ordering": ["address"],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(default="catalog", help_text="Which list", max_length=40)),
                ("name", models.CharField(max_length=60)),
                (
                    "query",
                    models.CharField(
                        blank=True, help_text="The query string, without page and cursor", max_length=2000
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "No level"), (1, "Bronze"), (2, "Silver"), (3, "Gold")]
                    ),
                ),
                ("passed", models.PositiveSmallIntegerField()),
                ("failed", models.PositiveSmallIntegerField()),
                ("unknown", models.PositiveSmallIntegerField()),
                ("answers", models.JSONField(default=dict, help_text="{check: [true, false or null, reason]}")),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(help_text="When an answer last changed")),
            ],
        ),
        migrations.CreateModel(
            name="ScoreDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("levels", models.JSONField(help_text="Components by level, 0 to 3")),
                ("checks", models.JSONField(help_text="{check: [passed, failed, unknown]}")),
            ],
        ),
        migrations.CreateModel(
            name="Star",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=200)),
                ("title", models.CharField(max_length=200)),
                ("url", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["title", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=200)),
                ("title", models.CharField(max_length=200)),
                ("url", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="domain",
            options={"ordering": ["name", "pk"]},
        ),
        migrations.AlterModelOptions(
            name="system",
            options={"ordering": ["name", "pk"]},
        ),
        migrations.RemoveConstraint(
            model_name="dependency",
            name="dependency_named_once",
        ),
        migrations.RemoveConstraint(
            model_name="dependency",
            name="nothing_depends_on_itself",
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="one_membership_per_person",
        ),
        migrations.AddField(
            model_name="auditentry",
            name="owner_ref",
            field=models.CharField(blank=True, help_text="Whose it was then, for the log of a team", max_length=200),
        ),
        migrations.AddField(
            model_name="component",
            name="definition",
            field=models.TextField(blank=True, help_text="Of an API: its OpenAPI, gRPC, … text"),
        ),
        migrations.AddField(
            model_name="domain",
            name="type",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AddField(
            model_name="person",
            name="annotations",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="person",
            name="description",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="person",
            name="labels",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="person",
            name="tags",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="person",
            name="title",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="system",
            name="type",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AddField(
            model_name="component",
            name="urgency",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("tier", models.Value(5)),
                output_field=models.PositiveSmallIntegerField(),
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="worst",
            field=models.SmallIntegerField(
                default=-1, editable=False, help_text="The worst ComponentHealth; -1 where nobody says anything"
            ),
        ),
        migrations.AddField(
            model_name="dependency",
            name="by_holder",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="dependency",
            name="by_target",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="dependency",
            name="holder_ref",
            field=models.CharField(db_index=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="membership",
            name="by_person",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="membership",
            name="by_team",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="team_ref",
            field=models.CharField(db_index=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="person",
            name="extra",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="links",
            field=models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]'),
        ),
        migrations.AddField(
            model_name="person",
            name="origin",
            field=models.CharField(
                choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                default="api",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="picture",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="person",
            name="source",
            field=models.CharField(blank=True, help_text="Name of the location or token it came from", max_length=200),
        ),
        migrations.AddField(
            model_name="person",
            name="version",
            field=models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag"),
        ),
        migrations.AddField(
            model_name="person",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Words("name", "display_name"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="children_refs",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                blank=True,
                default=list,
                help_text="Teams it names as its own, there or not",
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, help_text="When it last said that what it owns is right", null=True),
        ),
        migrations.AddField(
            model_name="team",
            name="picture",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="at",
            field=models.DateTimeField(),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="object_ref",
            field=models.CharField(max_length=300),
        ),
        migrations.AlterField(
            model_name="component",
            name="extra",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
            ),
        ),
        migrations.AlterField(
            model_name="dependency",
            name="holder",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="dependencies",
                to="catalog.component",
            ),
        ),
        migrations.AlterField(
            model_name="domain",
            name="extra",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to="catalog.team",
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="ref",
            field=models.CharField(editable=False, max_length=200, unique=True),
        ),
        migrations.AlterField(
            model_name="system",
            name="extra",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
            ),
        ),
        migrations.AlterField(
            model_name="team",
            name="extra",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
            ),
        ),
        migrations.RunSQL(NAMES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="dependency",
            constraint=models.UniqueConstraint(
                fields=("holder_ref", "relation", "target_ref"), name="dependency_named_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="dependency",
            constraint=models.CheckConstraint(
                condition=models.Q(("holder_ref", models.F("target_ref")), _negated=True),
                name="nothing_depends_on_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="dependency",
            constraint=models.CheckConstraint(
                condition=models.Q(("by_holder", True), ("by_target", True), _connector="OR"),
                name="dependency_said_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("team_ref", "person_ref"), name="one_membership_per_person"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("by_team", True), ("by_person", True), _connector="OR"),
                name="membership_said_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(fields=("source", "ref"), name="claimed_once_by_a_source"),
        ),
        migrations.AddConstraint(
            model_name="idempotentanswer",
            constraint=models.UniqueConstraint(fields=("actor_ref", "key"), name="idempotency_key_once"),
        ),
        migrations.AddField(
            model_name="invitation",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="invited", to="catalog.person"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="person",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="invitations",
                to="catalog.person",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="invitations",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="locations",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="locationfile",
            name="location",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="files", to="catalog.location"
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="views", to="catalog.person"
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="views",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="component",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="score", to="catalog.component"
            ),
        ),
        migrations.AddField(
            model_name="scoreday",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="score_days",
                to="catalog.team",
            ),
        ),
        migrations.AddField(
            model_name="star",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="stars", to="catalog.person"
            ),
        ),
        migrations.AddField(
            model_name="visit",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="visits", to="catalog.person"
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="document",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Document("name", "display_name", "tags", "email", "labels"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Words("name", "title"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="document",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="domain",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Words("name", "title"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="system",
            name="document",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="system",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Words("name", "title"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="document",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddField(
            model_name="team",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Words("name", "title"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="component",
            name="document",
            field=models.GeneratedField(
                db_persist=True,
                expression=catalog.models.entity.Document(
                    "name", "title", "tags", "type", "description", "labels", "annotations", "docs"
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddConstraint(
            model_name="locationfile",
            constraint=models.UniqueConstraint(fields=("location", "address"), name="file_of_a_location_once"),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(fields=("person", "page", "name"), name="view_named_once"),
        ),
        migrations.AddConstraint(
            model_name="scoreday",
            constraint=models.UniqueConstraint(fields=("day", "team"), name="score_once_a_day", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name="star",
            constraint=models.UniqueConstraint(fields=("person", "ref"), name="starred_once"),
        ),
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.UniqueConstraint(fields=("person", "ref"), name="visited_once"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["object_ref", "-at", "-id"], name="audit_of_an_object"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_ref", "-at", "-id"], name="audit_of_an_actor"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["owner_ref", "-at", "-id"], name="audit_of_an_owner"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["-at", "-id"], name="audit_newest_first"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=django.contrib.postgres.indexes.GinIndex(fields=["document"], name="component_document"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="component_words"
            ),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=django.contrib.postgres.indexes.GinIndex(fields=["document"], name="domain_document"),
        ),
        migrations.AddIndex(
            model_name="domain",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="domain_words"
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=django.contrib.postgres.indexes.GinIndex(fields=["document"], name="person_document"),
        ),
        migrations.AddIndex(
            model_name="person",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="person_words"
            ),
        ),
        migrations.AddIndex(
            model_name="system",
            index=django.contrib.postgres.indexes.GinIndex(fields=["document"], name="system_document"),
        ),
        migrations.AddIndex(
            model_name="system",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="system_words"
            ),
        ),
        migrations.AddIndex(
            model_name="team",
            index=django.contrib.postgres.indexes.GinIndex(fields=["document"], name="team_document"),
        ),
        migrations.AddIndex(
            model_name="team",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="team_words"
            ),
        ),
        migrations.AddIndex(
            model_name="team",
            index=django.contrib.postgres.indexes.GinIndex(fields=["children_refs"], name="team_children"),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(condition=models.Q(("retired_at", None)), fields=["due_at"], name="location_due"),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(fields=["level"], name="score_by_level"),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(fields=["person", "-at"], name="visit_newest_first"),
        ),
        migrations.AddIndex(
            model_name="dependency",
            index=models.Index(
                condition=models.Q(("by_target", True)), fields=["target_ref"], name="dependency_said_by_target"
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, NOT_THERE),
    ]
