"""A catalog as large as a large company's, written by SQL: names, types, tags, texts and edges as they are in life.

Everything follows from the number of a row, so two runs measure the same catalog.
"""
# ruff: noqa: SIM905 (lists of plain words are read as text)

from django.db import connection

HURT = 5_000
"""Components in a neighbourhood: each depends on up to three with lower numbers in it, all of them on the first."""
AREAS = (
    "checkout billing search catalog inventory shipping returns pricing loyalty identity messaging media ads fraud "
    "risk ledger payroll hiring build deploy registry cluster network storage metrics logging tracing "
    "secrets gateway edge "
    "mobile web partner supplier warehouse routing fleet maps support reporting"
).split()
PARTS = (
    "api worker scheduler gateway proxy cache store queue stream indexer importer exporter renderer notifier "
    "validator router runner operator controller syncer auditor planner resolver collector forwarder"
).split()
TYPES = (
    "service service service service service library website pipeline runner cluster database queue cache "
    "gateway iac-module secrets observability registry golden-path control-plane"
).split()
TAGS = (
    "java python go rust typescript kotlin react grpc rest kafka postgres redis linux arm64 gpu pci gdpr sox "
    "internal public critical batch realtime legacy cloud-native on-prem eu us apac canary"
).split()
WORDS = (
    "handles orders that customers place and keeps them until they are paid reads events from the stream writes "
    "totals for finance serves pages to browsers retries what fails watches quotas of tenants signs artifacts before "
    "release rotates keys every night renders images in all sizes finds duplicates among addresses "
    "plans routes between "
    "sites"
).split()

TEAMS = """
INSERT INTO catalog_team (ref, namespace, name, title, description, tags, labels, annotations, links, extra, origin,
                          source, created_at, updated_at, version, type, email, picture, chat_url, parent_ref,
                          children_refs)
SELECT 'group:default/' || name, 'default', name, initcap(replace(name, '-', ' ')), 'Runs what ' || name || ' needs',
       '[]', '{}', '{}', '[]', '{}', 'api', 'bench', now(), now(), 1, 'team', '', '', '', '', '{}'
  FROM (SELECT (%(areas)s::text[])[1 + n %% 40] || '-' || (%(parts)s::text[])[1 + n / 40 %% 25]
               || CASE WHEN n >= 1000 THEN '-' || n / 1000 ELSE '' END AS name
          FROM generate_series(0, %(teams)s - 1) n) named
"""
PEOPLE = """
INSERT INTO catalog_person (ref, namespace, name, title, description, tags, labels, annotations, links, extra, origin,
                            source, created_at, updated_at, version, display_name, email, picture, time_zone, clock_24h,
                            platform_admin)
SELECT 'user:default/person-' || n, 'default', 'person-' || n, '', '', '[]', '{}', '{}', '[]', '{}', 'api', 'bench',
       now(), now(), 1, 'Person ' || n, 'person-' || n || '@example.org', '', 'UTC', true, false
  FROM generate_series(1, 3 * %(teams)s) n;
INSERT INTO catalog_membership (team_ref, team_id, person_ref, person_id, role, by_team, by_person)
SELECT t.ref, t.id, p.ref, p.id, CASE WHEN place = 0 THEN 'lead' ELSE 'member' END, true, false
  FROM (SELECT ref, id, row_number() OVER (ORDER BY id) AS n FROM catalog_team) t
  JOIN (SELECT ref, id, row_number() OVER (ORDER BY id) AS n, (row_number() OVER (ORDER BY id) - 1) %% 3 AS place
          FROM catalog_person) p ON t.n = 1 + (p.n - 1) / 3
"""
SYSTEMS = """
INSERT INTO catalog_domain (ref, namespace, name, title, description, tags, labels, annotations, links, extra, origin,
                            source, created_at, updated_at, version, type, owner_ref, parent_ref)
SELECT 'domain:default/' || area, 'default', area, initcap(area), '', '[]', '{}', '{}', '[]', '{}', 'api', 'bench',
       now(), now(), 1, '', '', '' FROM unnest(%(areas)s::text[]) area;
INSERT INTO catalog_system (ref, namespace, name, title, description, tags, labels, annotations, links, extra, origin,
                            source, created_at, updated_at, version, type, owner_ref, domain_ref, domain_id)
SELECT 'system:default/' || d.name || '-' || n, 'default', d.name || '-' || n, '', '', '[]', '{}', '{}', '[]', '{}',
       'api', 'bench', now(), now(), 1, '', '', d.ref, d.id
  FROM catalog_domain d, generate_series(1, 15) n
"""
COMPONENTS = """
INSERT INTO catalog_component (ref, kind, namespace, name, title, description, tags, labels, annotations, links, extra,
                               origin, source, created_at, updated_at, version, type, lifecycle, tier, owner_ref,
                               owner_id, system_ref, system_id, docs, runbook, definition, worst)
SELECT kind || ':default/' || name, kind, 'default', name,
       CASE WHEN luck %% 3 = 0 THEN initcap(replace(name, '-', ' ')) ELSE '' END,
       (SELECT string_agg((%(words)s::text[])[1 + (luck / (w + 1) + w * 7) %% 50], ' ') FROM generate_series(1, 12) w),
       jsonb_build_array((%(tags)s::text[])[1 + luck %% 10], (%(tags)s::text[])[11 + luck / 10 %% 10],
                         (%(tags)s::text[])[21 + luck / 100 %% 10]),
       jsonb_build_object('tier', 't' || luck %% 4, 'region', 'r' || luck %% 7), jsonb_build_object(
           'github.com/project-slug', 'example/' || name, 'backstage.io/kubernetes-id', name),
       '[{"url": "https://example.org/board", "title": "Board"}]', '{}', 'api', 'bench', now(), now(), 1,
       CASE kind WHEN 'api' THEN (ARRAY['openapi', 'grpc', 'asyncapi'])[1 + luck %% 3]
            ELSE (%(types)s::text[])[1 + luck / 7 %% 20] END,
       (ARRAY['production', 'production', 'production', 'experimental', 'deprecated'])[1 + luck / 3 %% 5],
       nullif(luck / 11 %% 5, 0), coalesce(t.ref, ''), t.id, s.ref, s.id,
       CASE WHEN luck %% 2 = 0 THEN '# ' || name || E'\n\n' || (
           SELECT string_agg((%(words)s::text[])[1 + (luck / (w + 3) + w * 5) %% 50], ' ')
             FROM generate_series(1, 60) w)
            ELSE '' END, 'https://example.org/runbooks/' || name, '', -1
  FROM (SELECT n, abs(hashint4(n)) AS luck,
               CASE WHEN n %% 20 < 14 THEN 'component' WHEN n %% 20 < 17 THEN 'resource' ELSE 'api' END AS kind,
               (%(areas)s::text[])[1 + abs(hashint4(n + 1)) %% 40] || '-'
                   || (%(parts)s::text[])[1 + abs(hashint4(n + 2)) %% 25] || '-' || to_hex(n) AS name
          FROM generate_series(0, %(components)s - 1) n) named
  LEFT JOIN (SELECT ref, id, row_number() OVER (ORDER BY id) AS n FROM catalog_team) t
         ON luck %% 30 > 0 AND t.n = 1 + luck / 13 %% %(teams)s
  LEFT JOIN (SELECT ref, id, row_number() OVER (ORDER BY id) AS n FROM catalog_system) s ON s.n = 1 + named.n %% 600
 ORDER BY named.n
"""
HEALTH = """
INSERT INTO catalog_componenthealth (component_id, source, state, summary, since)
SELECT id, 'slo', (ARRAY[0, 0, 0, 0, 0, 0, 1, 2, 2, 3])[1 + id %% 10], '62 %% of the budget left', now()
  FROM catalog_component WHERE id %% 3 = 0;
UPDATE catalog_component c SET worst = h.state FROM catalog_componenthealth h WHERE h.component_id = c.id;
INSERT INTO catalog_ownership (component_id, team_ref, team_id, period)
SELECT id, owner_ref, owner_id, tstzrange(now() - interval '1 day', NULL) FROM catalog_component
 WHERE owner_id IS NOT NULL
"""
DEPENDENCIES = """
INSERT INTO catalog_dependency (holder_ref, holder_id, relation, target_ref, target_id, by_holder, by_target)
SELECT h.ref, h.id, CASE WHEN t.kind = 'api' THEN 'consumesApi' ELSE 'dependsOn' END, t.ref, t.id, true, false
  FROM (SELECT n, k, CASE WHEN n %% %(hurt)s = 1 OR k = 0 THEN n - n %% %(hurt)s
                          ELSE n - 1 - abs(hashint4(n * 4 + k)) %% (n %% %(hurt)s) END AS target
          FROM generate_series(0, %(components)s - 1) n, generate_series(0, 3) k
         WHERE n %% %(hurt)s > 0 AND (k > 0 OR n %% 20 = 0)) edge
  JOIN (SELECT id, ref, id - min(id) OVER () AS n FROM catalog_component) h ON h.n = edge.n
  JOIN (SELECT id, ref, kind, id - min(id) OVER () AS n FROM catalog_component) t ON t.n = edge.target
    ON CONFLICT DO NOTHING
"""


def fill(*, components: int, teams: int) -> None:
    """An empty database becomes the catalog, with statistics and visibility as they are after a night's rest."""
    given: dict[str, int | list[str]] = {
        "areas": AREAS, "parts": PARTS, "types": TYPES, "tags": TAGS, "words": WORDS, "teams": teams,
        "components": components, "hurt": min(HURT, components),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in (TEAMS, PEOPLE, SYSTEMS, COMPONENTS, HEALTH, DEPENDENCIES):
            for one in statement.split(";\n"):
                cursor.execute(one, given)
        cursor.execute("VACUUM ANALYZE")
