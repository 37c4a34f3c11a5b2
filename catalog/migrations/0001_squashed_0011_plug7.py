"""The whole catalog as of 0011 in one step: a new database needs no history, and a fifth of the time.

The changes one by one stay beside it for databases that had some of them; Django takes these or this.
"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

import catalog.models.entity
from catalog.migrations._written import (
    FUNCTIONS,
    NO_FUNCTIONS,
    NO_TALLY,
    NO_TRIGGERS,
    NOT_TAGGED,
    TAGGED,
    TALLY,
    TRIGGERS,
)


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("catalog", "0001_spine"),
        ("catalog", "0002_everything_registered"),
        ("catalog", "0003_finding"),
        ("catalog", "0004_locations"),
        ("catalog", "0005_trust"),
        ("catalog", "0006_listed_by_type"),
        ("catalog", "0007_lean_indexes"),
        ("catalog", "0008_exhausted"),
        ("catalog", "0009_tally"),
        ("catalog", "0010_campaigns"),
        ("catalog", "0011_plug7"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(TAGGED, NOT_TAGGED),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(editable=False, max_length=200, unique=True)),
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
                ("annotations", models.JSONField(blank=True, default=dict)),
                ("description", models.TextField(blank=True)),
                ("labels", models.JSONField(blank=True, default=dict)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("title", models.CharField(blank=True, max_length=200)),
                (
                    "extra",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What a manifest says beyond our columns, by `metadata`, `spec`, `profile` and `markers`",
                    ),
                ),
                ("links", models.JSONField(blank=True, default=list, help_text='[{"url", "title", "icon"}]')),
                (
                    "origin",
                    models.CharField(
                        choices=[("api", "API client"), ("manifest", "Manifest"), ("form", "Form")],
                        default="api",
                        max_length=20,
                    ),
                ),
                ("picture", models.CharField(blank=True, max_length=500)),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Name of the location or token it came from", max_length=200
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, help_text="Counts changes; the ETag")),
                (
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Words("name", "display_name"),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "document",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Document("name", "display_name", "tags", "email", "labels"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "people",
                "ordering": ["display_name", "ref"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["document"], name="person_document"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="person_words"
                    ),
                ],
            },
        ),
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
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("orphaned_at", None), _negated=True),
                        fields=["orphaned_at"],
                        name="claim_orphaned",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("source", "ref"), name="claimed_once_by_a_source")],
            },
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
            options={
                "constraints": [models.UniqueConstraint(fields=("actor_ref", "key"), name="idempotency_key_once")],
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "field",
                    models.CharField(
                        choices=[("cell", "Cell"), ("owner", "Owner"), ("system", "System"), ("tag", "Tag")],
                        max_length=6,
                    ),
                ),
                (
                    "value",
                    models.TextField(
                        help_text="Of owners the key, of systems the reference; empty where there is none"
                    ),
                ),
                ("n", models.BigIntegerField()),
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
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stars", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["title", "pk"],
                "constraints": [models.UniqueConstraint(fields=("person", "ref"), name="starred_once")],
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
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="visits", to="catalog.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["person", "-at"], name="visit_newest_first")],
                "constraints": [models.UniqueConstraint(fields=("person", "ref"), name="visited_once")],
            },
        ),
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
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("name",),
                        name="running_campaigns_have_names_of_their_own",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__range", (1, 3))), name="campaigns_ask_for_a_level"
                    ),
                ],
            },
        ),
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
                "constraints": [models.UniqueConstraint(fields=("campaign", "day"), name="campaign_once_a_day")],
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
                ("by_person", models.BooleanField(default=False)),
                ("by_team", models.BooleanField(default=True)),
                ("team_ref", models.CharField(db_index=True, max_length=200)),
            ],
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
                (
                    "children_refs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="Teams it names as its own, there or not",
                    ),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        blank=True, help_text="When it last said that what it owns is right", null=True
                    ),
                ),
                ("picture", models.CharField(blank=True, max_length=500)),
                (
                    "document",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Words("name", "title"),
                        output_field=models.TextField(),
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["document"], name="team_document"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="team_words"
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["children_refs"], name="team_children"),
                ],
            },
        ),
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
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tokens",
                        to="catalog.person",
                    ),
                ),
                ("teams", models.ManyToManyField(blank=True, related_name="tokens", to="catalog.team")),
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
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="domains",
                        to="catalog.team",
                    ),
                ),
                ("type", models.CharField(blank=True, max_length=63)),
                (
                    "document",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Words("name", "title"),
                        output_field=models.TextField(),
                    ),
                ),
            ],
            options={
                "abstract": False,
                "ordering": ["name", "pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["document"], name="domain_document"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="domain_words"
                    ),
                ],
            },
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
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="invited",
                        to="catalog.person",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="catalog.person",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="invitations",
                        to="catalog.team",
                    ),
                ),
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
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="locations",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("retired_at", None)), fields=["due_at"], name="location_due")
                ],
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
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="views", to="catalog.person"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="views",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [models.UniqueConstraint(fields=("person", "page", "name"), name="view_named_once")],
            },
        ),
        migrations.CreateModel(
            name="ScoreDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("levels", models.JSONField(help_text="Components by level, 0 to 3")),
                ("checks", models.JSONField(help_text="{check: [passed, failed, unknown]}")),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="score_days",
                        to="catalog.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("day", "team"), name="score_once_a_day", nulls_distinct=False)
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("actor_ref", models.CharField(help_text="`user:…`, `token:…` or `system:…`", max_length=200)),
                ("actor_name", models.CharField(max_length=200)),
                ("via", models.CharField(blank=True, help_text="web, api, link, cli or system", max_length=20)),
                ("action", models.CharField(help_text="`component.create`, `policy.edit`, …", max_length=60)),
                ("object_ref", models.CharField(max_length=300)),
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
                (
                    "owner_ref",
                    models.CharField(blank=True, help_text="Whose it was then, for the log of a team", max_length=200),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["object_ref", "-at", "-id"], name="audit_of_an_object"),
                    models.Index(fields=["actor_ref", "-at", "-id"], name="audit_of_an_actor"),
                    models.Index(fields=["owner_ref", "-at", "-id"], name="audit_of_an_owner"),
                    models.Index(fields=["-at", "-id"], name="audit_newest_first"),
                ],
            },
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
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="systems",
                        to="catalog.team",
                    ),
                ),
                ("type", models.CharField(blank=True, max_length=63)),
                (
                    "document",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Document("name", "title", "tags", "description", "labels"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "words",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Words("name", "title"),
                        output_field=models.TextField(),
                    ),
                ),
            ],
            options={
                "abstract": False,
                "ordering": ["name", "pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["document"], name="system_document"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="system_words"
                    ),
                ],
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
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="catalog.location"
                    ),
                ),
                (
                    "is_part",
                    models.BooleanField(default=False, help_text="A marker such as {$text: …} reads it into another"),
                ),
                (
                    "packed",
                    models.BinaryField(
                        default=b"", help_text="What was read, by zlib, so that an unchanged file costs a 304"
                    ),
                ),
            ],
            options={
                "ordering": ["address"],
                "constraints": [
                    models.UniqueConstraint(fields=("location", "address"), name="file_of_a_location_once")
                ],
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
                    "kind",
                    models.CharField(
                        choices=[("component", "Component"), ("resource", "Resource"), ("api", "API")],
                        default="component",
                        max_length=20,
                    ),
                ),
                ("type", models.CharField(blank=True, max_length=63)),
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
                ("owner_ref", models.CharField(blank=True, max_length=200)),
                ("system_ref", models.CharField(blank=True, max_length=200)),
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
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="components",
                        to="catalog.team",
                    ),
                ),
                ("definition", models.TextField(blank=True, help_text="Of an API: its OpenAPI, gRPC, … text")),
                (
                    "urgency",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Coalesce("tier", models.Value(5)),
                        output_field=models.PositiveSmallIntegerField(),
                    ),
                ),
                (
                    "worst",
                    models.SmallIntegerField(
                        default=-1, editable=False, help_text="The worst ComponentHealth; -1 where nobody says anything"
                    ),
                ),
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
                        expression=catalog.models.entity.Document(
                            "name", "title", "tags", "type", "description", "labels", "annotations", "docs"
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "calm",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("worst"), "*", models.Value(-1)
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                (
                    "tagged",
                    models.GeneratedField(
                        db_persist=True,
                        expression=catalog.models.entity.Tagged("tags"),
                        output_field=models.TextField(null=True),
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("retired_at", None)), fields=["name", "id"], name="component_by_name"
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["document"], name="component_document"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("words", "gin_trgm_ops"), name="component_words"
                    ),
                    models.Index(
                        condition=models.Q(("owner", None), ("retired_at", None)),
                        fields=["created_at", "id"],
                        name="component_of_nobody",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("retired_at", None), ("system", None), models.Q(("system_ref", ""), _negated=True)
                        ),
                        fields=["created_at", "id"],
                        name="component_of_no_system",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None), _negated=True),
                        fields=["retired_at", "id"],
                        name="component_retired",
                    ),
                    models.Index(fields=["updated_at"], name="component_by_change"),
                    models.Index(
                        django.db.models.functions.comparison.Coalesce("confirmed_at", "created_at"),
                        models.F("id"),
                        condition=models.Q(("retired_at", None)),
                        name="component_by_confirmation",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None)),
                        fields=["type", "name", "id"],
                        name="component_by_type",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None)),
                        fields=["owner_ref", "name", "id"],
                        name="component_by_owner",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None)),
                        fields=["urgency", "name", "id"],
                        name="component_by_tier",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None)),
                        fields=["calm", "urgency", "name", "id"],
                        name="component_by_health",
                    ),
                    models.Index(
                        condition=models.Q(("retired_at", None)),
                        fields=["kind", "type", "lifecycle", "urgency", "calm", "owner", "system_ref"],
                        include=("tagged",),
                        name="component_counted",
                    ),
                    models.Index(condition=models.Q(("tagged", None)), fields=["id"], name="component_of_many_tags"),
                    models.Index(
                        condition=models.Q(("retired_at", None)), fields=["type", "ref"], name="component_of_type"
                    ),
                    models.Index(fields=["owner_ref"], name="component_owned_by"),
                    models.Index(fields=["system_ref"], name="component_in_system"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "namespace", "name"), name="component_named_once"),
                    models.CheckConstraint(
                        condition=models.Q(("tier__isnull", True), ("tier__range", (1, 4)), _connector="OR"),
                        name="component_tier_1_to_4",
                    ),
                ],
            },
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
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="window_ends_after_it_starts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("component__isnull", False), ("team__isnull", False), _connector="XOR"),
                        name="window_for_a_component_or_a_team",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComponentHealth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="`slo` or `incidents`", max_length=40)),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "Healthy"), (1, "No data"), (2, "At risk"), (3, "Exhausted"), (4, "Broken")]
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
                ("target_ref", models.CharField(max_length=200)),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dependencies",
                        to="catalog.component",
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
                ("by_holder", models.BooleanField(default=True)),
                ("by_target", models.BooleanField(default=False)),
                ("holder_ref", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("by_target", True)), fields=["target_ref"], name="dependency_said_by_target"
                    ),
                    models.Index(
                        condition=models.Q(("relation__in", ["dependsOn", "consumesApi"])),
                        fields=["target"],
                        include=("holder",),
                        name="dependency_breaks",
                    ),
                    models.Index(
                        condition=models.Q(("relation", "providesApi")),
                        fields=["holder"],
                        include=("target",),
                        name="dependency_provides",
                    ),
                    models.Index(fields=["target_ref"], name="dependency_names"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("holder_ref", "relation", "target_ref"), name="dependency_named_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("holder_ref", models.F("target_ref")), _negated=True),
                        name="nothing_depends_on_itself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("by_holder", True), ("by_target", True), _connector="OR"),
                        name="dependency_said_by_somebody",
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
                (
                    "component",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="score", to="catalog.component"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["level"], name="score_by_level"),
                    models.Index(fields=["at"], name="score_stalest_first"),
                ],
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
                "indexes": [models.Index(fields=["day"], name="score_step_by_day")],
                "constraints": [models.UniqueConstraint(fields=("component", "day"), name="score_step_once_a_day")],
            },
        ),
        migrations.AddField(
            model_name="Membership",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to="catalog.team",
            ),
        ),
        migrations.AddConstraint(
            model_name="Membership",
            constraint=models.UniqueConstraint(fields=("team_ref", "person_ref"), name="one_membership_per_person"),
        ),
        migrations.AddConstraint(
            model_name="Membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("by_team", True), ("by_person", True), _connector="OR"),
                name="membership_said_by_somebody",
            ),
        ),
        migrations.RunSQL(TALLY, NO_TALLY),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
