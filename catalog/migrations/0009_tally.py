"""How many components of each kind there are is kept, not counted: every write says what it changes of it."""

from django.db import migrations, models

# What one component counts for; a row that is retired counts for nothing
COUNTED = """
  FROM {rows} c CROSS JOIN LATERAL (
      VALUES ('owner', coalesce(c.owner_id::text, '')), ('system', c.system_ref::text),
             ('cell', jsonb_build_array(c.kind, c.type, c.lifecycle, c.urgency, c.calm)::text)
      UNION ALL
      SELECT 'tag', tag
        FROM jsonb_array_elements_text(CASE jsonb_typeof(c.tags) WHEN 'array' THEN c.tags ELSE '[]' END) tag
  ) counted(field, value)
 WHERE c.retired_at IS NULL
"""
SAID = "INSERT INTO catalog_tally (field, value, n) SELECT field, value, {n} {counted} GROUP BY field, value;"
MORE = SAID.format(n="count(*)", counted=COUNTED.format(rows="added"))
FEWER = SAID.format(n="-count(*)", counted=COUNTED.format(rows="removed"))
OTHERS = f"""
INSERT INTO catalog_tally (field, value, n)
SELECT field, value, sum(n) FROM (
    SELECT field, value, 1 AS n {COUNTED.format(rows="added")}
    UNION ALL
    SELECT field, value, -1 {COUNTED.format(rows="removed")}
) changed GROUP BY field, value HAVING sum(n) <> 0;
"""  # noqa: S608 (our own text only)
FUNCTION = f"""
CREATE FUNCTION portico_tally() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $tally$
BEGIN
    CASE TG_OP
        WHEN 'INSERT' THEN {MORE}
        WHEN 'UPDATE' THEN {OTHERS}
        WHEN 'DELETE' THEN {FEWER}
        ELSE DELETE FROM catalog_tally;
    END CASE;
    RETURN NULL;
END $tally$;
"""  # noqa: S608 (our own text only)
TRIGGERS = """
CREATE TRIGGER tally_added AFTER INSERT ON catalog_component
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION portico_tally();
CREATE TRIGGER tally_changed AFTER UPDATE ON catalog_component
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION portico_tally();
CREATE TRIGGER tally_removed AFTER DELETE ON catalog_component
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION portico_tally();
CREATE TRIGGER tally_emptied AFTER TRUNCATE ON catalog_component
    FOR EACH STATEMENT EXECUTE FUNCTION portico_tally();
"""
NO_TRIGGERS = """
DROP TRIGGER tally_added ON catalog_component;
DROP TRIGGER tally_changed ON catalog_component;
DROP TRIGGER tally_removed ON catalog_component;
DROP TRIGGER tally_emptied ON catalog_component;
"""
FILLED = SAID.format(n="count(*)", counted=COUNTED.format(rows="catalog_component"))


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
        migrations.RunSQL(FUNCTION, "DROP FUNCTION portico_tally()"),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
