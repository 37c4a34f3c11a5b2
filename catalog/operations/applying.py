"""`apply`: streams of documents of any kind Portico knows, written in one transaction, each by itself.

A document that is broken or refused is one answer, with the line and the column; the others are written. What a
`source` named once and no longer names is orphaned, or retired where that is asked.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from catalog import manifest, registries
from catalog.access import Actor
from catalog.leniency import Passed, as_files_say
from catalog.manifest import Document, Entity, Marker, Problem
from catalog.models.entity import Origin
from catalog.operations.addresses import shared_addresses
from catalog.operations.audit import Diff
from catalog.operations.circles import circles_of
from catalog.operations.claims import Claims, Named, claimed
from catalog.operations.components import named_by, put_components
from catalog.operations.entities import put_entity
from catalog.operations.locking import hold_refs, hold_source
from catalog.operations.unknown_kinds import fault_of_kind
from catalog.operations.written import Outcome
from catalog.specs import (
    ComponentSpec,
    DomainSpec,
    EntitySpec,
    PersonSpec,
    SystemSpec,
    TeamSpec,
    checked_component,
    checked_domain,
    checked_person,
    checked_system,
    checked_team,
)
from catalog.translating import Untranslatable, path_of, spec_of, steps_of, unread
from portal.lib.errors import Expected, FieldError, Invalid

FAILED = "failed"
ELSEWHERE = "named_elsewhere"
# Owners first, so that who makes a team in a stream may give it components in the same one
ORDER: tuple[type[EntitySpec], ...] = (TeamSpec, PersonSpec, DomainSpec, SystemSpec)


class PruneNeedsSource(Invalid):
    """Name the source whose entities are to be pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A text and where it came from; `markers` reads what `{$text: …}` speaks of, None where it can't be read."""

    address: str
    text: str | bytes
    markers: Callable[[Marker], str | None] = unread


@dataclass(slots=True, kw_only=True)
class DocumentResult:
    """What became of one document: `outcome` is created, updated, unchanged or failed."""

    file: str
    document: int
    line: int
    kind: str = ""
    ref: str = ""
    outcome: str = FAILED
    diff: Diff = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of all: `orphaned` are no longer named, `retired` were; `incomplete` files held orphans back."""

    documents: tuple[DocumentResult, ...]
    orphaned: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()

    def count(self, outcome: str) -> int:
        """How many documents ended so."""
        return sum(1 for one in self.documents if one.outcome == outcome)


@dataclass(slots=True)
class Item:
    """A document on its way: what it is, once read, and what becomes of it."""

    file: SourceFile
    document: Document
    result: DocumentResult
    entity: Entity | None = None
    spec: EntitySpec | None = None
    kind: registries.ApplyKind | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be written."""
        return not self.result.problems

    def refuse(self, error: Expected) -> None:
        """Note why it can't be, each fault at its place."""
        faults = error.errors or (FieldError("", "refused", str(error)),)
        self.result.outcome = FAILED
        self.result.problems = tuple(self._problem(fault) for fault in faults)

    def warn(self, faults: Sequence[FieldError]) -> None:
        """Note what is not done as it was written."""
        self.result.warnings = (*self.result.warnings, *(self._problem(fault) for fault in faults))

    def _problem(self, fault: FieldError) -> Problem:
        path = steps_of(fault.field) if self.entity is None else path_of(fault.field, kind=self.entity.kind)
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).strip(".")
        at = self.document.at(*path)
        return Problem(self.document.number, *at, where, fault.code, fault.message)


def apply_files(
    *,
    files: Sequence[SourceFile],
    actor: Actor,
    now: datetime,
    source: str = "",
    prune: bool = False,
    dry_run: bool = False,
    origin: Origin = Origin.MANIFEST,
    incomplete: Collection[str] = (),
) -> Applied:
    """Make the catalog what `files` say. Idempotent; a dry run answers the same and writes nothing.

    `incomplete` are addresses of files of this source that could not be read now: what they named stays as it is.
    Raises PruneNeedsSource; every other fault is a document's own.
    """
    if prune and not source:
        raise PruneNeedsSource(errors=(FieldError("source", "required", "prune=true needs source=NAME."),))
    items, lost = _read(files)
    _once(items)
    _look_up(items, actor, now)
    with transaction.atomic():
        by = Apply(actor=actor, now=now, source=source, origin=origin)
        answer = _apply(files, items, lost, by, prune, incomplete)
        if dry_run:
            transaction.set_rollback(True)
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """By whom, when and from where."""

    actor: Actor
    now: datetime
    source: str
    origin: Origin


def _apply(
    files: Sequence[SourceFile],
    items: Sequence[Item],
    lost: Sequence[DocumentResult],
    by: Apply,
    prune: bool,
    incomplete: Collection[str],
) -> Applied:
    doomed: set[str] = set()
    if by.source:
        hold_source(by.source)
        doomed = claimed(by.source) if prune else doomed  # what is retired at the end is held from the beginning
    hold_refs(written=_written(items) | doomed, named=_named(items))
    claims = Claims.of(by.source, [item.result.ref for item in items])
    for item in items:
        _respect(item, claims)
    _write(items, by)
    _look_round(items)
    for item in items:
        _spare(item)
    held = {*incomplete, *(one.file for one in lost), *(item.file.address for item in items if not item.result.ref)}
    named = [Named(item.result.ref, item.file.address, item.open) for item in items if item.result.ref]
    claims.keep(named, now=by.now)
    orphaned, retired = claims.settle(named, incomplete=held, prune=prune, actor=by.actor, now=by.now)
    documents = sorted([*lost, *(item.result for item in items)], key=_place(files))
    return Applied(documents=tuple(documents), orphaned=orphaned, retired=retired, incomplete=tuple(sorted(held)))


def _place(files: Sequence[SourceFile]) -> Callable[[DocumentResult], tuple[int, int]]:
    order = {file.address: place for place, file in enumerate(files)}
    return lambda one: (order[one.file], one.document)


def _read(files: Sequence[SourceFile]) -> tuple[list[Item], list[DocumentResult]]:
    items: list[Item] = []
    lost: list[DocumentResult] = []
    for file in files:
        stream = manifest.read(file.text)
        items += [_item(file, document) for document in stream.documents]
        lost += [
            DocumentResult(file=file.address, document=one.document, line=one.line, problems=(one,))
            for one in stream.errors
        ]
    return items, lost


def _item(file: SourceFile, document: Document) -> Item:
    result = DocumentResult(file=file.address, document=document.number, line=document.line, kind=document.kind)
    item = Item(file, document, result)
    kind = registries.apply_kinds.get((document.api_version, document.kind))
    if kind is not None and document.root is not None:
        item.kind, result.ref = kind, kind.ref_of(document)
        return item
    if (fault := fault_of_kind(document)) is not None:
        item.refuse(Invalid(fault.message, errors=(fault,)))
        return item
    item.entity = manifest.entity_of(document)
    if item.entity is not None:
        result.ref = str(item.entity.ref)
        _translate(item, item.entity)
    result.problems = result.problems or tuple(document.problems.errors)
    result.warnings = (*document.problems.warnings, *result.warnings)
    if item.entity is None and not result.problems:
        result.problems = (Problem(document.number, document.line, 1, "", "unreadable", "This can't be read."),)
    return item


def _translate(item: Item, entity: Entity) -> None:
    with as_files_say() as passed:
        try:
            item.spec = _checked(spec_of(entity, read=item.file.markers))
        except Untranslatable:
            item.refuse(Invalid(f"A {entity.kind} can't be applied here; add it under Imports."))
        except Invalid as error:
            item.refuse(error)
        else:
            item.warn([fault for _, fault in passed])


def _checked(spec: EntitySpec) -> EntitySpec:
    if isinstance(spec, ComponentSpec):
        return checked_component(spec)
    if isinstance(spec, SystemSpec):
        return checked_system(spec)
    if isinstance(spec, DomainSpec):
        return checked_domain(spec)
    return checked_team(spec) if isinstance(spec, TeamSpec) else checked_person(spec)


def _once(items: Sequence[Item]) -> None:
    first: dict[str, Item] = {}
    for item in items:
        ref = item.result.ref
        if ref in first and item.open:
            other = first[ref]
            where = "" if other.file is item.file else f" of {other.file.address}"
            message = f"{ref} is in document {other.document.number}{where} already; keep one of them."
            item.refuse(Invalid(message, errors=(FieldError("name", "twice", message),)))
        elif ref:
            first.setdefault(ref, item)


def _look_up(items: Sequence[Item], actor: Actor, now: datetime) -> None:
    """What others than the database say of the documents of other apps; nothing is locked while they are asked."""
    others = [item for item in _open(items) if item.kind is not None]
    documents = [item.document for item in others]
    looks = {item.kind.look_up for item in others if item.kind is not None and item.kind.look_up is not None}
    for look_up in looks:
        for place, said in look_up(documents, actor, now).items():
            if isinstance(said, Expected):
                others[place].refuse(said)
            else:
                others[place].warn(said)


def _written(items: Sequence[Item]) -> set[str]:
    return {item.result.ref for item in items if item.open and item.result.ref}


def _named(items: Sequence[Item]) -> set[str]:
    found: set[str] = set()
    for item in items:
        if item.spec is not None and item.open:
            found |= _names(item.spec)
    return found


def _names(spec: EntitySpec) -> set[str]:
    """As the operation of its kind holds them; locks taken here in order are only taken again there."""
    if isinstance(spec, ComponentSpec):
        return named_by(spec)
    if isinstance(spec, TeamSpec):
        return {ref for ref in (spec.parent, *spec.children, *(one.person for one in spec.members or ())) if ref}
    if isinstance(spec, PersonSpec):
        return set(spec.member_of or ())
    group = spec.domain if isinstance(spec, SystemSpec) else spec.parent
    return {ref for ref in (spec.owner, group) if ref}


def _respect(item: Item, claims: Claims) -> None:
    """What another source names is that one's to write."""
    other = claims.of_others.get(item.result.ref)
    if not other or not item.open:
        return
    if claims.source:
        message = f"{item.result.ref} comes from {other} already; take it out of one of them."
        item.refuse(Invalid(message, errors=(FieldError("name", ELSEWHERE, message),)))
    else:
        at = item.document.at("metadata", "name")
        message = f"{item.result.ref} comes from {other}, which will write it again when it is read."
        warning = Problem(item.document.number, *at, "metadata.name", ELSEWHERE, message)
        item.result.warnings = (*item.result.warnings, warning)


def _spare(item: Item) -> None:
    """What says the same as its source has nothing to lose to it: an export that is applied again warns of nothing."""
    if item.result.outcome == Outcome.UNCHANGED:
        item.result.warnings = tuple(one for one in item.result.warnings if one.code != ELSEWHERE)


def _write(items: Sequence[Item], by: Apply) -> None:
    for spec_type in ORDER:
        for item in _open(items):
            if isinstance(item.spec, spec_type):
                _put(item, by)
    _put_components([item for item in _open(items) if isinstance(item.spec, ComponentSpec)], by)
    others = [item for item in _open(items) if item.kind is not None]
    for item in sorted(others, key=lambda one: one.kind.order if one.kind else 0):
        _put_other(item, by)


def _look_round(items: Sequence[Item]) -> None:
    """Warn of what is wrong only beside others."""
    written = [item.spec for item in _open(items) if item.result.diff]
    people = {spec.ref: spec.email for spec in written if isinstance(spec, PersonSpec)}
    groups = [spec for spec in written if isinstance(spec, TeamSpec | DomainSpec)]
    _warn(items, [*shared_addresses(people), *circles_of(groups)])


def _open(items: Sequence[Item]) -> Iterator[Item]:
    return (item for item in items if item.open)


def _put(item: Item, by: Apply) -> None:
    if item.spec is None:
        return
    with as_files_say():
        try:
            written = put_entity(spec=item.spec, actor=by.actor, now=by.now, origin=by.origin, source=by.source)
        except Expected as error:
            item.refuse(error)
        else:
            item.result.outcome, item.result.diff = str(written.outcome), written.diff


def _put_components(items: Sequence[Item], by: Apply) -> None:
    specs = [item.spec for item in items if isinstance(item.spec, ComponentSpec)]
    with as_files_say() as passed:
        try:
            answers = put_components(specs=specs, actor=by.actor, now=by.now, origin=by.origin, source=by.source)
        except Expected as error:  # the token lacks the scope
            answers = [error] * len(specs)
    for item, answer in zip(items, answers, strict=True):
        if isinstance(answer, Expected):
            item.refuse(answer)
        else:
            item.result.outcome, item.result.diff = str(answer.outcome), answer.diff
    _warn(items, passed)


def _warn(items: Iterable[Item], passed: Passed) -> None:
    """Of what was let pass what is about an entity among others; what is wrong in itself was told when it was read."""
    by_ref = {item.result.ref: item for item in items}
    for ref, fault in passed:
        if ref in by_ref:
            by_ref[ref].warn([fault])


def _put_other(item: Item, by: Apply) -> None:
    if item.kind is None:
        return
    try:
        with transaction.atomic():
            written = item.kind.write(item.document, by.actor, by.now)
    except Expected as error:
        item.refuse(error)
    else:
        item.result.ref, item.result.outcome, item.result.diff = written.ref, written.outcome, written.diff
        item.warn(written.warnings)


OUTCOMES = (*(str(outcome) for outcome in Outcome), FAILED)
