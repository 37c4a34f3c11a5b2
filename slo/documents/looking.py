"""What data sources say of SLO and SLI documents, asked before anything is written: the look-ups of the form.

Only of what would be counted otherwise than now: documents that change nothing, such as those of a location that is
read every few minutes, ask nobody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from time import monotonic

from catalog.access import Actor, require, require_scope
from catalog.manifest import Document
from catalog.models import Component
from catalog.refs import BadReference, parse
from portal.lib.crypto import CannotUnseal
from portal.lib.errors import Expected, FieldError, Invalid
from slo import openslo
from slo.documents.common import placed
from slo.documents.held import base_of
from slo.documents.slos import PATHS, paths_of
from slo.drafts import ObjectiveDraft
from slo.indicators import kinds
from slo.models import DataSource, Definition, Indicator
from slo.openslo import API_VERSION, Counted, Faults, Measure
from slo.operations.looking_up import asked, unasked
from slo.operations.objectives import SCOPE
from slo.prometheus import PrometheusError, SourceUnreachable

ASKS_FOR = 20.0
"""How long all the look-ups of one stream may take, seconds; what is left then is written with a warning."""

type Said = Expected | Sequence[FieldError]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a document would have counted, where the source is said (`at`), and the paths of an indicator's keys."""

    measure: Measure
    counted: Counted
    paths: Mapping[str, str]
    at: str


@dataclass(slots=True)
class _Looking:
    """What is known so far: answers by source and indicator, and sources that were not to be reached."""

    now: datetime
    until: float
    new_sources: frozenset[str]
    answers: dict[tuple[int, str, tuple[tuple[str, str], ...]], Said] = field(default_factory=dict)
    down: dict[int, Exception] = field(default_factory=dict)

    def say(self, wanted: Wanted) -> Said:
        source = _source(wanted.measure.source)
        name = source.name if source else wanted.measure.source
        if name in self.new_sources:
            words = f"{name} is written by these files as well, so it was not asked whether the metrics are there."
            return (FieldError(wanted.at, "unchecked", words),)
        if source is None:
            return ()  # refused when it is written
        key = (source.pk, wanted.counted.type, tuple(sorted(wanted.counted.indicator.items())))
        if key not in self.answers:
            self.answers[key] = self._ask(source, wanted)
        found = self.answers[key]
        if isinstance(found, Invalid):
            return placed(found, wanted.paths, wanted.at)
        return found if isinstance(found, Expected) else [FieldError(wanted.at, one.code, one.message) for one in found]

    def _ask(self, source: DataSource, wanted: Wanted) -> Said:
        if source.pk in self.down:
            return (FieldError("", "unchecked", unasked(source, self.down[source.pk])),)
        if monotonic() > self.until:
            words = "asking takes too long for so many documents; apply the rest by themselves to have them checked"
            return (FieldError("", "unchecked", unasked(source, Exception(words))),)
        counted = wanted.counted
        draft = ObjectiveDraft("", "", counted.type, counted.indicator, Decimal("0.5"))
        try:
            return [FieldError("", "absent", words) for words in asked(draft, source, self.now)]
        except Invalid as error:
            return error
        except (PrometheusError, CannotUnseal) as error:
            if isinstance(error, (SourceUnreachable, CannotUnseal)):
                self.down[source.pk] = error
            return (FieldError("", "unchecked", unasked(source, error)),)


def look_up(documents: Sequence[Document], actor: Actor, now: datetime) -> dict[int, Said]:
    """What is to be said of the SLO and SLI documents among these, by their places; nothing of those that are broken.

    Each source that is down is asked once, and makes a warning rather than a refusal.
    """
    ours = {place: one for place, one in enumerate(documents) if one.api_version == API_VERSION}
    slis = {sli.meta.name: sli.measure for one in ours.values() if (sli := _sli(one)) is not None}
    new = frozenset(name for one in ours.values() if (name := _new_source(one)))
    looking = _Looking(now, monotonic() + ASKS_FOR, new)
    found: dict[int, Said] = {}
    for place, document in ours.items():
        for wanted in _wanted(document, slis, actor):
            if said := looking.say(wanted):
                found[place] = said
    return found


def _wanted(document: Document, slis: Mapping[str, Measure], actor: Actor) -> Iterator[Wanted]:
    """What the document would have counted from raw samples, where that is another thing than now."""
    wanted = _of_slo(document, slis, actor) if document.kind == "SLO" else _of_sli(document, actor)
    if wanted is None or wanted.counted.type not in kinds:
        return
    kind = kinds[wanted.counted.type]
    if kind.counted and not any(kind.errors(wanted.counted.indicator)):
        yield wanted


def _of_slo(document: Document, slis: Mapping[str, Measure], actor: Actor) -> Wanted | None:
    faults = Faults()
    slo = openslo.read_slo(document.value(), faults)
    if slo is None or faults.errors or not _may(actor, slo.component):
        return None
    measure = _measure(slo, slis)
    if measure is None:
        return None
    counted = openslo.counted(slo, measure, faults)
    if faults.errors or _counts_already(slo.meta.name, counted, measure.source):
        return None
    paths = PATHS | paths_of(slo, measure)
    return Wanted(measure, counted, paths, paths["indicator"])


def _measure(slo: openslo.Slo, slis: Mapping[str, Measure]) -> Measure | None:
    if not slo.sli_ref:
        return slo.sli.measure if slo.sli else None
    if slo.sli_ref in slis:
        return replace(slis[slo.sli_ref], paths={})
    row = Indicator.objects.select_related("source").filter(name=slo.sli_ref).first()
    return base_of(row) if row else None


def _of_sli(document: Document, actor: Actor) -> Wanted | None:
    sli = _sli(document)
    if sli is None or not _may(actor, ""):
        return None
    row = Indicator.objects.select_related("source").filter(name=sli.meta.name).first()
    measure = sli.measure
    here = Counted(measure.type, measure.indicator)
    if row is not None and (base_of(row), Counted(row.type, row.indicator)) == (measure, here):
        return None
    return Wanted(measure, here, {f"indicator.{key}": path for key, path in measure.paths.items()}, "spec")


def _sli(document: Document) -> openslo.Sli | None:
    if document.kind != "SLI":
        return None
    faults = Faults()
    found = openslo.read_sli(document.value(), faults)
    return None if faults.errors else found


def _new_source(document: Document) -> str:
    """The name of the data source that a document makes or changes."""
    if document.kind != "DataSource":
        return ""
    faults = Faults()
    found = openslo.read_source(document.value(), faults)
    if found is None or faults.errors:
        return ""
    row = DataSource.objects.filter(name=found.meta.name, retired_at=None).first()
    same = row is not None and row.url == found.details.get("url")
    return "" if same else found.meta.name


def _source(name: str) -> DataSource | None:
    found = DataSource.objects.filter(retired_at=None)
    return found.filter(name=name).first() if name else found.filter(is_default=True).first()


def _counts_already(name: str, counted: Counted, source: str) -> bool:
    row = Definition.objects.select_related("source").filter(name=name, retired_at=None).first()
    if row is None or Counted(row.type, row.indicator) != Counted(counted.type, dict(counted.indicator)):
        return False
    asked = _source(source)
    return row.source_id == (asked.pk if asked else None)


def _may(actor: Actor, component: str) -> bool:
    """Whether the actor could write it: who can't is told nothing of what a source holds."""
    try:
        require_scope(actor, SCOPE)
        row = _component(component)
        if row is not None:
            require(actor, [row.owner_id], scope=SCOPE)
    except Expected:
        return False
    return True


def _component(ref: str) -> Component | None:
    try:
        found = str(parse(ref, kind="component")) if ref else ""
    except BadReference:
        return None
    return Component.objects.filter(ref=found, retired_at=None).first() if found else None
