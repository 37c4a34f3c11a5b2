"""Names to offer while a query is written: metrics, labels and values that its source has now.

A source is asked once a minute for all names of a kind, by each process for itself, and they are looked through here:
whoever types asks at every key, and a source may have a hundred thousand metrics. One that hangs is given up soon, and
is left alone for a while.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from portal.lib.crypto import CannotUnseal
from slo.cursor import Word, at_cursor
from slo.models import DataSource
from slo.prometheus import Prometheus, PrometheusError
from slo.promql import quoted
from slo.queries.presets import LOOKED_BACK
from slo.queries.sources import source_by_name
from slo.sources import make_client

MOST = 20
PATIENCE = timedelta(seconds=3)
"""Nobody who types waits longer."""
HELD = timedelta(minutes=1)
"""So long an answer serves."""
REMEMBERED = timedelta(seconds=15)
"""So long a source that did not answer is not asked again."""
KEPT = 50
"""So many answers are held at once."""
BUCKET = "_bucket"


@dataclass(frozen=True, slots=True)
class Suggested:
    """At most `MOST` of the `matching` names for the word `typed`, best first; `error` where they can't be known."""

    wanted: str = ""
    typed: str = ""
    names: tuple[str, ...] = ()
    matching: int = 0
    error: str = ""


class _Question(NamedTuple):
    source: int
    changed: datetime
    label: str
    metric: str


@dataclass(slots=True)
class _Answer:
    until: datetime
    names: tuple[str, ...] = ()
    error: str = ""


@dataclass(slots=True)
class _Held:
    """Answers of sources, oldest first, and who is asking now."""

    answers: dict[_Question, _Answer] = field(default_factory=dict)
    asking: dict[_Question, threading.Lock] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_held = _Held()


def suggested(*, source_name: str, before: str, now: datetime, histograms: bool = False) -> Suggested:
    """Names for the word that ends at the cursor, of a query of which `before` is the text before it.

    `histograms`: by their own names, as an objective on latency takes them. Raises NoSuchSource for a name unknown;
    without one it is the default source.
    """
    word, source = at_cursor(before), _source(source_name.replace("\x00", ""))
    if word is None or (word.wanted == "metric" and not word.text):
        return Suggested()
    if source is None:
        return Suggested(word.wanted, word.text, error="There is no data source yet.")
    answer = _answer(source, word, now, histograms=histograms)
    if answer.error:
        return Suggested(word.wanted, word.text, error=f"{source.name} does not answer: {answer.error}")
    found = _ranked(_offered(answer.names, word, histograms=histograms), word.text)
    return Suggested(word.wanted, word.text, tuple(found[:MOST]), len(found))


def _source(name: str) -> DataSource | None:
    return source_by_name(name) if name else DataSource.objects.filter(retired_at=None, is_default=True).first()


def _offered(names: Iterable[str], word: Word, *, histograms: bool) -> Iterable[str]:
    if word.wanted == "value":
        return (quoted(name) for name in names)
    if word.wanted == "label":
        return (name for name in names if name != "__name__" and not (histograms and name == "le"))
    return (name.removesuffix(BUCKET) for name in names if name.endswith(BUCKET)) if histograms else names


def _ranked(names: Iterable[str], typed: str) -> list[str]:
    """Those that hold what is typed: at their beginning, at that of a part, anywhere.

    Once a name is whole only longer ones are offered: who has written it is done.
    """
    low = typed.lower()
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for name in names:
        at = (lower := name.lower()).find(low)
        if at >= 0:
            part = at == 0 or any(f"{mark}{low}" in lower for mark in "_:")
            found[0 if at == 0 else 1 if part else 2].append(name)
    if typed in found[0]:
        return [name for name in found[0] if name != typed]
    return [name for some in found for name in some]


def _answer(source: DataSource, word: Word, now: datetime, *, histograms: bool) -> _Answer:
    metric = f"{word.metric}{BUCKET}" if histograms and word.metric else word.metric
    label = "__name__" if word.wanted == "metric" else word.label
    question = _Question(source.pk, source.updated_at, label, "" if word.wanted == "metric" else metric)
    if held := _still(question, now):
        return held
    with _held.lock:
        asking = _held.asking.setdefault(question, threading.Lock())
    with asking:  # who asks the same meanwhile waits for this answer
        if held := _still(question, now):
            return held
        answer = _ask(source, question, now)
        with _held.lock:
            _held.asking.pop(question, None)
            _held.answers.pop(question, None)
            _held.answers[question] = answer
            for oldest in list(_held.answers)[:-KEPT]:
                del _held.answers[oldest]
    return answer


def _still(question: _Question, now: datetime) -> _Answer | None:
    held = _held.answers.get(question)
    return held if held and now < held.until else None


def _ask(source: DataSource, question: _Question, now: datetime) -> _Answer:
    end = now.timestamp()
    start = end - LOOKED_BACK.total_seconds()
    try:
        client = make_client(source, patience=PATIENCE)
        try:
            return _Answer(now + HELD, tuple(_names(client, question, start, end)))
        finally:
            client.close()
    except (PrometheusError, CannotUnseal) as refused:
        return _Answer(now + REMEMBERED, error=str(refused) or str(refused.__doc__))


def _names(client: Prometheus, question: _Question, start: float, end: float) -> list[str]:
    if question.label == "__name__" and not question.metric:
        return client.metrics(start=start, end=end)
    if question.label:
        return client.label_values(question.label, selector=question.metric, start=start, end=end)
    return client.label_names(selector=question.metric, start=start, end=end)
