"""The rows in which the database keeps how many components there are, put together."""

from django.db import connection

# Of two at once the second waits and then finds the rows gone; what is written meanwhile stays for the next time
GATHER = """
WITH gone AS (
    DELETE FROM catalog_tally WHERE (field, value) IN (
        SELECT field, value FROM catalog_tally GROUP BY field, value HAVING count(*) > 1 OR sum(n) = 0)
    RETURNING field, value, n
)
INSERT INTO catalog_tally (field, value, n)
SELECT field, value, sum(n) FROM gone GROUP BY field, value HAVING sum(n) <> 0
"""


def gather_tally() -> None:
    """One row for each value, so that reading the sums stays cheap. Changes no sum."""
    with connection.cursor() as cursor:
        cursor.execute(GATHER)
