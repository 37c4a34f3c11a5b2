"""How many components of each kind there are is kept, not counted: every write says what it changes of it."""

from django.db import migrations, models

from catalog.migrations._written import FILLED, NO_TALLY, NO_TRIGGERS, TALLY, TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_exhausted")]

    operations = [
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
        migrations.RunSQL(TALLY, NO_TALLY),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
