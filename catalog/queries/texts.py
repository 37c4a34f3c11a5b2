"""Words that were typed as conditions on the catalog's text columns; split by the database, as those were."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from catalog.likeness import SHORTEST, slips
from catalog.models import Component

LONGEST = 200
"""Characters of a search that are read; nobody types more, and every word of it costs."""
MOST_WORDS = 12
LIKENESS = "0.45"
"""Share of three-letter pieces that forgives a letter left out of seven; PostgreSQL's own 0.6 does not."""
FORGIVING = {
    "pg_trgm.word_similarity_threshold": LIKENESS,
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "enable_indexonlyscan": "off",
}
"""By likeness down to `LIKENESS`, and by the indexes of texts."""
FROM_THE_FIRST = {"synchronize_seqscans": "off"}
"""Else a walk of a large table begins where another is just now, and finds others of what is too many."""
SPLIT = "SELECT lexeme FROM unnest(portico_vector(%s, 'A')) AS said(lexeme, positions) ORDER BY positions[1]"


class Matches(Func):
    """`document @@ query`; the query holds letters and digits only, so nothing in it can be a sign of its own."""

    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()

    def __init__(self, query: str) -> None:
        super().__init__(F("document"), Func(Value(query), template="%(expressions)s::tsquery"))


class HasTag(Func):
    """`tags ? tag`, as a function: of the operator the planner guesses one row in a thousand, and then plans badly."""

    function = "jsonb_exists"
    output_field = BooleanField()

    def __init__(self, tag: str) -> None:
        super().__init__(F("tags"), Value(tag))


class WordLike(Func):
    """`words %> word`: some part of the names is like the word, by the index of three-letter pieces."""

    template = "(%(expressions)s)"
    arg_joiner = " %%> "
    output_field = BooleanField()

    def __init__(self, word: str) -> None:
        super().__init__(F("words"), Value(word))


class Among(Func):
    """`id = ANY(keys)`: one parameter for all of them, where `IN` has hundreds to be written and read one by one."""

    template = "%(expressions)s"
    arg_joiner = " = ANY "
    output_field = BooleanField()

    def __init__(self, keys: Iterable[int]) -> None:
        # as text: each of hundreds of values would be looked at on its way
        listed = Value(f"{{{','.join(map(str, keys))}}}")
        super().__init__(F("pk"), Func(listed, template="(%(expressions)s::bigint[])"))


def words_in(text: str) -> list[str]:
    """The words of `text` in order, lower-cased and split as documents are; none where it has no letter or digit."""
    if not text.strip():
        return []
    with connection.cursor() as cursor:
        cursor.execute(SPLIT, [text[:LONGEST].replace("\x00", " ")])
        return [str(row[0]) for row in cursor.fetchall()][:MOST_WORDS]


def said(words: Iterable[str]) -> Matches:
    """Every word begins one somewhere in the document."""
    return Matches(said_query(words))


def said_query(words: Iterable[str]) -> str:
    """What documents are matched with: every word begins one of theirs."""
    return " & ".join(f"'{word}':*" for word in words)


def turned_query(words: Iterable[str]) -> str:
    """As `said_query`, but of each word letters may have been exchanged, or be one too many."""
    return " & ".join(f"({' | '.join(_meant(word))})" for word in words)


def named(words: Sequence[str]) -> Q:
    """Every word begins a word of the names."""
    found = Q()
    for word in words:
        found &= Q(words__startswith=word) | Q(words__contains=f" {word}")
    return found


def nearly(words: Sequence[str]) -> tuple[Q, ...]:
    """Conditions for components that may be meant, the likeliest first; whoever finds something by one needs no other.

    Letters exchanged or one too many, in any of the words; then any likeness of three-letter pieces, of long words.
    What is alike depends on a setting, see `FORGIVING`.
    """
    alike = Q()
    for word in words:
        alike &= _turned([word]) | _alike([word])
    return _turned(words), alike if len(words) > 1 else _alike(words)


def holding(rows: QuerySet[Component], words: Sequence[str], *, most: int) -> list[int]:
    """Keys of at most `most` components whose documents hold the words, in the order they are stored in.

    The planner guesses badly how many rows hold a word; with a limit it then reads the whole table, in the hope of
    meeting enough of them early, and where nothing fits, to the end. So it is to plan for all of them, and stops at the
    limit nevertheless: what is rare is found by the index, and what half the catalog holds without collecting it first.
    """
    inner, given = _keys(rows, Q(said(words))).query.sql_with_params()
    query = f"WITH one(pk) AS MATERIALIZED ({inner}) SELECT pk FROM one LIMIT %s"  # noqa: S608
    return [row[0] for row in planned(FROM_THE_FIRST, query, [*given, most])]


def forgiven(rows: QuerySet[Component], words: Sequence[str], *, most: int) -> set[int]:
    """Keys of at most `most` components whose names may be meant, by the indexes of texts.

    How many are like a word the planner does not know at all, so it has no choice. One way is asked after the other:
    to look for likenesses takes ten times as long as to look for a word spelt in twenty ways.
    """
    for way in nearly(words):
        try:
            inner, given = _keys(rows, way)[:most].query.sql_with_params()
        except EmptyResultSet:  # nothing is like short words
            continue
        if found := {row[0] for row in planned(FORGIVING, inner, given)}:
            return found
    return set()


def planned(settings: Mapping[str, str], query: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows of a query that is planned by these settings, `FORGIVING` or `FROM_THE_FIRST`.

    Both go at once and so are one transaction, which saves three ways to the database; where a host's connection lets
    the server bind what is given, they can't.
    """
    local = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    if connection.settings_dict["OPTIONS"].get("server_side_binding"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(local)
            cursor.execute(query, given)
            return list(cursor.fetchall())
    with connection.cursor() as cursor:
        cursor.execute(f"{local}; {query}", given)
        cursor.nextset()
        return list(cursor.fetchall())


def _keys(rows: QuerySet[Component], way: Q) -> QuerySet[Component, int]:
    return rows.select_related(None).filter(way).order_by().values_list("pk", flat=True)


def _turned(words: Iterable[str]) -> Q:
    return Q(Matches(turned_query(words)))


def _alike(words: Sequence[str]) -> Q:
    long = [word for word in words if len(word) >= SHORTEST]
    found = named([word for word in words if word not in long]) if long else Q(pk__in=[])
    for word in long:
        found &= Q(WordLike(word))
    return found


def _meant(word: str) -> list[str]:
    return [f"'{one}':*" for one in dict.fromkeys((word, *slips(word)))]
