"""Words that were typed as conditions on the catalog's text columns; split by the database, as those were."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from catalog.likeness import SHORTEST, slips
from catalog.models import Component

LONGEST = 200
"""Characters of a search that are read; nobody types more, and every word of it costs."""
MOST_WORDS = 12
LIKENESS = "0.45"
"""Share of three-letter pieces that forgives a letter left out of seven; PostgreSQL's own 0.6 does not."""
BY_TEXT_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off"
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


def words_in(text: str) -> list[str]:
    """The words of `text` in order, lower-cased and split as documents are; none where it has no letter or digit."""
    if not text.strip():
        return []
    with connection.cursor() as cursor:
        cursor.execute(SPLIT, [text[:LONGEST].replace("\x00", " ")])
        return [str(row[0]) for row in cursor.fetchall()][:MOST_WORDS]


def said(words: Iterable[str]) -> Matches:
    """Every word begins one somewhere in the document."""
    return Matches(" & ".join(f"'{word}':*" for word in words))


def named(words: Sequence[str]) -> Q:
    """Every word begins a word of the names."""
    found = Q()
    for word in words:
        found &= Q(words__startswith=word) | Q(words__contains=f" {word}")
    return found


def nearly(words: Sequence[str], *, mixed: bool = False) -> tuple[Q, ...]:
    """Conditions of which one is enough for names that may be meant: letters exchanged or one too many; or alike.

    With `mixed` each of several words may be either, which is one condition and wants a table so large that the planner
    takes its indexes. What is alike is more once `forgive` was called.
    """
    if mixed and len(words) > 1:
        found = Q()
        for word in words:
            found &= _turned([word]) | _alike([word])
        return (found,)
    return _turned(words), _alike(words)


def some(rows: QuerySet[Any], way: Q, *, most: int) -> list[int]:
    """Keys of at most `most` rows that fit `way`, found by the indexes of texts.

    The planner guesses badly how many rows hold a word; with a limit it then reads the whole table, in the hope of
    meeting enough of them early, and where nothing fits, to the end.
    """
    keys = rows.select_related(None).filter(way).order_by().values_list("pk", flat=True)[:most]
    if rows.model is not Component:  # small enough to be read whole
        return list(keys)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(BY_TEXT_INDEX)
        return list(keys)


def _turned(words: Iterable[str]) -> Q:
    return Q(Matches(" & ".join(f"({' | '.join(_meant(word))})" for word in words)))


def _alike(words: Sequence[str]) -> Q:
    long = [word for word in words if len(word) >= SHORTEST]
    found = named([word for word in words if word not in long]) if long else Q(pk__in=[])
    for word in long:
        found &= Q(WordLike(word))
    return found


def _meant(word: str) -> list[str]:
    return [f"'{one}':*" for one in dict.fromkeys((word, *slips(word)))]


def forgive() -> None:
    """Let this connection find names by likeness down to `LIKENESS`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [LIKENESS])
