"""What a reference to nothing was probably meant to name: the closest that is there, by trigrams of its name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction

TABLES = {
    "component": "catalog_component",
    "resource": "catalog_component",
    "api": "catalog_component",
    "group": "catalog_team",
    "user": "catalog_person",
    "system": "catalog_system",
}
CLOSE = 0.35
"""Share of trigrams (0..1) from which on two names are alike: `biuld-ci` and `build-ci` are, `k8s` and `dns` not."""

# Candidates by the index on words (a loose test), then ranked by whole names
MEANT = """
SELECT wanted.ref, best.ref
  FROM unnest(%(refs)s::text[], %(names)s::text[], %(words)s::text[]) AS wanted(ref, name, words)
 CROSS JOIN LATERAL (
    SELECT c.ref, similarity(lower(c.name), wanted.name) AS alike FROM {table} c
     WHERE wanted.words <%% c.words AND c.retired_at IS NULL AND c.ref <> wanted.ref
     ORDER BY alike DESC, split_part(c.ref, '/', 1) = split_part(wanted.ref, '/', 1) DESC, c.ref LIMIT 1
 ) best WHERE best.alike >= %(close)s
"""


def meant(refs: Iterable[str]) -> Mapping[str, str]:
    """By dangling reference the one it was probably meant to be, for those that have one; a query a table."""
    by_table: dict[str, set[str]] = defaultdict(set)
    for ref in refs:
        if table := TABLES.get(ref.partition(":")[0]):
            by_table[table].add(ref)
    found: dict[str, str] = {}
    if by_table:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL pg_trgm.word_similarity_threshold = 0.4")
            for table, wanted in by_table.items():
                cursor.execute(MEANT.format(table=table), _asked(sorted(wanted)))
                found |= dict(cursor.fetchall())
    return found


def _asked(refs: list[str]) -> dict[str, Any]:
    names = [ref.partition("/")[2] for ref in refs]
    words = ["".join(c if c.isalnum() else " " for c in name) for name in names]
    return {"refs": refs, "names": names, "words": words, "close": CLOSE}
