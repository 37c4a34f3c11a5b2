"""What stands around components as one search finds it: teams, people, systems and domains, by one statement.

These tables are small, so a question to each would cost more to ask than to answer; and a search asks twice where slips
are forgiven. Each finds its own best few, as if it were asked alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.likeness import SHORTEST
from catalog.models import Domain, Person, System, Team
from catalog.queries import ranking, texts
from catalog.registries import Hit, Sought

Group = Team | Person | System | Domain
KINDS: Mapping[str, type[Group]] = {"team": Team, "person": Person, "system": System, "domain": Domain}
COLUMNS = ("id", "ref", "namespace", "name", "title", "description")
OF_PEOPLE = ("display_name", "email")
MOST_FORGIVEN = 40
"""Rows of a table that are ranked for each way in which a name may be meant."""

Clause = tuple[str, list[str | int]]
"""Text of SQL and what its placeholders stand for."""


def find(sought: Sought, limit: int, now: datetime) -> list[Hit]:
    """The best `limit` of each kind."""
    found: dict[str, list[Group]] = {kind: [] for kind in KINDS}
    for kind, row in _rows(sought, limit):
        found[kind].append(row)
    return [
        ranking.hit(row, kind, score, row.email if isinstance(row, Person) else row.description)
        for kind, rows in found.items()
        for row, score in ranking.best(rows, sought, limit)
    ]


def _rows(sought: Sought, limit: int) -> Iterator[tuple[str, Group]]:
    part = _meant(sought.words) if sought.forgiving else _holding(sought.words, 2 * limit)
    asked, given = [], list[str | int]()
    for kind, model in KINDS.items():
        text, parameters = part(model._meta.db_table)
        more = OF_PEOPLE if model is Person else ("''", "''")
        asked.append(f"(SELECT %s, {', '.join((*COLUMNS, *more))} {text})")
        given += [kind, *parameters]
    for kind, *values in _asked(" UNION ALL ".join(asked), given, forgiving=sought.forgiving):
        model = KINDS[kind]
        fields = (*COLUMNS, *OF_PEOPLE) if model is Person else COLUMNS
        yield kind, model.from_db(connection.alias, fields, values[: len(fields)])


def _asked(query: str, given: Sequence[str | int], *, forgiving: bool) -> list[tuple[Any, ...]]:
    if forgiving:
        return texts.planned(texts.FORGIVING, query, given)
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def _holding(words: Sequence[str], most: int) -> Callable[[str], Clause]:
    """Those whose documents hold the words: first what is named so from its beginning, then what is named so at all."""
    named, by_name = _named(words)
    text = (
        "FROM {} WHERE retired_at IS NULL AND document @@ %s::tsquery"
        f" ORDER BY CASE WHEN words LIKE %s THEN 0 WHEN {named} THEN 1 ELSE 2 END, name, id LIMIT %s"
    )
    given = [texts.said_query(words), f"{_like(' '.join(words))}%", *by_name, most]
    return lambda table: (text.format(table), given)


def _meant(words: Sequence[str]) -> Callable[[str], Clause]:
    """Those whose names are nearly the words, by the indexes of documents and of pieces of names."""
    alike, by_likeness = _alike(words)
    text = (  # the clause is our own, what was typed are parameters
        "FROM {0} WHERE id IN ("  # noqa: S608
        "(SELECT id FROM {0} WHERE retired_at IS NULL AND document @@ %s::tsquery LIMIT %s)"
        " UNION (SELECT id FROM {0} WHERE retired_at IS NULL AND " + alike + " LIMIT %s)) ORDER BY name, id"
    )
    given = [texts.turned_query(words), MOST_FORGIVEN, *by_likeness, MOST_FORGIVEN]
    return lambda table: (text.format(table), given)


def _named(words: Sequence[str]) -> Clause:
    each = [(f"{_like(word)}%", f"% {_like(word)}%") for word in words]
    text = " AND ".join("(words LIKE %s OR words LIKE %s)" for _ in each)
    return f"({text})", [pattern for both in each for pattern in both]


def _alike(words: Sequence[str]) -> Clause:
    """Longer words may be misspelt, shorter ones begin a word of the names; nothing is like short words alone."""
    long = [word for word in words if len(word) >= SHORTEST]
    if not long:
        return "false", []
    conditions, given = ["words %%> %s"] * len(long), list[str | int](long)
    if short := [word for word in words if word not in long]:
        named, by_name = _named(short)
        conditions, given = [*conditions, named], [*given, *by_name]
    return f"({' AND '.join(conditions)})", given


def _like(word: str) -> str:
    return connection.ops.prep_for_like_query(word)
