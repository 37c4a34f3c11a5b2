"""SQL of the catalog's migrations: functions that columns and indexes are made of, and the triggers that keep tallies."""

# Bodies in the standard's form: names in them are bound now, so that a restore without a search path finds them
FUNCTIONS = r"""
CREATE FUNCTION portico_words(name text, title text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(regexp_replace(name || ' ' || title, '[^[:alnum:]]+', ' ', 'g'));

CREATE FUNCTION portico_vector(said text, weight "char") RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('simple'::regconfig, regexp_replace(left(said, 20000), '[^[:alnum:]]+', ' ', 'g')), weight);

CREATE FUNCTION portico_names(name text, title text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN portico_vector(
    name || ' ' || title || ' ' || regexp_replace(name, '([a-z0-9])([A-Z])', '\1 \2', 'g'), 'A'::"char");

CREATE FUNCTION portico_document(name text, title text, tags jsonb, description text, labels jsonb)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN portico_names(name, title) || portico_vector(tags::text, 'B'::"char")
    || portico_vector(description || ' ' || labels::text, 'C'::"char");

CREATE FUNCTION portico_document(name text, title text, tags jsonb, type text, description text, labels jsonb,
                                 annotations jsonb, docs text)
RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN portico_names(name, title) || portico_vector(tags::text || ' ' || type, 'B'::"char")
    || portico_vector(description || ' ' || labels::text || ' ' || annotations::text, 'C'::"char")
    || portico_vector(docs, 'D'::"char");
"""
NO_FUNCTIONS = """
DROP FUNCTION portico_document(text, text, jsonb, text, text, jsonb, jsonb, text);
DROP FUNCTION portico_document(text, text, jsonb, text, jsonb);
DROP FUNCTION portico_names(text, text);
DROP FUNCTION portico_vector(text, "char");
DROP FUNCTION portico_words(text, text);
"""
# An entry of a B-tree holds 2,700 bytes: with longer tags a component is counted by reading its row
TAGGED = """
CREATE FUNCTION portico_tagged(tags jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(tags::text) <= 600 THEN tags::text END;
"""
NOT_TAGGED = "DROP FUNCTION portico_tagged(jsonb)"

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
TALLY = f"""
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
NO_TALLY = "DROP FUNCTION portico_tally()"
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
