"""Reviews: drafted when an incident is over, written with nothing lost, published, taken back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import F, Q

from catalog.access import Actor, system
from catalog.models import Person
from catalog.operations.audit import record_audit
from incidents.models import SECTIONS, Incident, Review, ReviewVersion
from incidents.operations.locking import locked_incident
from incidents.operations.telling import tell
from portal.lib import conf
from portal.lib.errors import Expected, FieldError, Invalid

Kind = ReviewVersion.Kind
PORTICO = system("portico")
LONGEST = 50_000
LOOKS_BACK = timedelta(days=14)
"""How long after its end a missing draft is still made up for; what ended before is reviewed by hand, if at all."""
ONE_SITTING = timedelta(minutes=10)
"""Autosaves of one person within so long are one version of the history."""
NEEDED = ("summary", "causes")


class NotOver(Expected):
    """A review is written when the incident is over."""


class NothingToReview(Expected):
    """A drill has no review; a symptom is reviewed with its cause."""


class IsPublished(Expected):
    """It is published: take it back before it is changed."""


class IsDraft(Expected):
    """It is not published."""


class Conflict(Expected):
    """Somebody else saved meanwhile; what they wrote and what you wrote are both kept."""

    title = "Changed meanwhile"

    def __init__(self, current: Review, mine: Mapping[str, str] | None = None) -> None:
        super().__init__(
            f"{current.saved_by_name} saved version {current.version} meanwhile: read it, then save yours on top of it."
        )
        self.current = current
        self.mine = dict(mine or {})
        """The sections that were to be written."""


def drafts_due(now: datetime) -> list[int]:
    """Numbers of incidents that ended lately and whose review is to be drafted, or refreshed as they ended again.

    Of severity PORTAL_REVIEW_SEVERITY (2: P1 and P2; 0: none) or worse; no drills, no symptoms.
    """
    worst = conf.number("PORTAL_REVIEW_SEVERITY", 2)
    missing = Q(review=None) | Q(review__generation__lt=F("generation"))
    ended = Incident.objects.filter(
        missing, resolved_at__gt=now - LOOKS_BACK, severity__lte=worst, is_drill=False, root=None
    )
    return list(ended.order_by("resolved_at", "pk").values_list("pk", flat=True)[:100])


@transaction.atomic
def draft_review(*, incident: Incident, now: datetime, by: Actor = PORTICO) -> Review:
    """The review of a resolved incident; one that is there stays, and says what is newly known while nobody wrote it.

    Raises NotOver, NothingToReview.
    """
    held = locked_incident(incident.pk)
    there = Review.objects.filter(incident=held).first()
    if held.is_open:
        raise NotOver
    if held.is_drill or held.root_id is not None:
        raise NothingToReview
    if there is not None:
        return _ended_again(there, held, now=now)
    made = Review.objects.create(
        incident=held, generation=held.generation, drafted_at=now, saved_at=now, saved_by=by.person,
        saved_by_name=by.name, **_known(held),
    )  # fmt: skip
    _keep(made, Kind.DRAFTED, by=by, now=now)
    _audit(made, "review.draft", by=by, now=now)
    return made


@transaction.atomic
def save_review(
    *,
    review: Review,
    sections: Mapping[str, str],
    version: int,
    by: Actor,
    now: datetime,
    form: str = "",
    auto: bool = False,
    opened: Mapping[str, str] | None = None,
) -> Review:
    """Write `sections` (any of SECTIONS) over the `version` that was read; what is the same already changes nothing.

    `form` names the opened form: what that form itself saved meanwhile is no conflict. `opened` are the fingerprints of
    what stood in it: with them two who wrote different sections are no conflict either. `auto` is a save that nobody
    asked for. Raises Conflict, IsPublished, Invalid.
    """
    _readable(sections)
    held = _held(review)
    given = {name: _clean(text) for name, text in sections.items()}
    before = held.sections
    if all(before[name] == text for name, text in given.items()):
        return held
    own = bool(form) and held.form == form
    if version != held.version and own and auto:
        return held  # an older autosave that was overtaken by a later save of the same form
    if held.is_published:
        raise IsPublished
    if version != held.version and not own:
        given = _beside(held, given, {} if auto or opened is None else opened)
        if all(before[name] == text for name, text in given.items()):
            return held
    for name, text in given.items():
        setattr(held, name, text)
    _advance(held, by=by, now=now, form=form)
    if not _continues(held, by=by, now=now, auto=auto):
        diff = {name: (before[name], text) for name, text in given.items() if before[name] != text}
        _keep(held, Kind.AUTOSAVED if auto else Kind.EDITED, by=by, now=now)
        _audit(held, "review.edit", by=by, now=now, diff=diff)
    return held


@transaction.atomic
def publish_review(*, review: Review, by: Actor, now: datetime, version: int | None = None) -> Review:
    """Everybody reads it as it is; followers of the incident and its owner's team are told. Twice changes nothing.

    Raises Invalid while it says neither what happened nor why, Conflict where `version` is not what it says now.
    """
    held = _held(review)
    if held.is_published:
        return held
    if version is not None and version != held.version:
        raise Conflict(held)
    said = held.sections
    empty = [name for name in NEEDED if not said[name]]
    if empty:
        message = "Write this before it is published."
        raise Invalid(
            "Say what happened and why before it is published.",
            errors=tuple(FieldError(name, "required", message) for name in empty),
        )
    held.state, held.published_at, held.published_by = Review.State.PUBLISHED, now, by.person
    _advance(held, by=by, now=now)
    _keep(held, Kind.PUBLISHED, by=by, now=now)
    _audit(held, "review.publish", by=by, now=now)
    _tell(held, by=by, now=now)
    return held


@transaction.atomic
def unpublish_review(*, review: Review, reason: str, by: Actor, now: datetime) -> Review:
    """It is a draft again, with the reason in its history. Raises IsDraft, Invalid without a reason."""
    if not reason.strip() or len(reason) > 500:
        message = "Say why, in at most 500 characters."
        raise Invalid(message, errors=(FieldError("reason", "required", message),))
    held = _held(review)
    if not held.is_published:
        raise IsDraft
    held.state, held.published_at, held.published_by = Review.State.DRAFT, None, None
    _advance(held, by=by, now=now)
    _keep(held, Kind.UNPUBLISHED, by=by, now=now, reason=reason.strip())
    _audit(held, "review.unpublish", by=by, now=now, diff={"reason": ("", reason.strip())})
    return held


def draft_due(*, now: datetime) -> int:
    """Draft what is due, each in a transaction of its own; how many."""
    due = drafts_due(now)
    for number in due:
        try:
            draft_review(incident=Incident(pk=number), now=now)
        except (NotOver, NothingToReview):  # it came back, or turned out to be a symptom, meanwhile
            continue
    return len(due)


def _ended_again(review: Review, incident: Incident, *, now: datetime) -> Review:
    if review.generation == incident.generation:
        return review
    review.generation = incident.generation
    changed = ["generation"]
    known = _known(incident)
    if review.version == 1 and review.sections != {**review.sections, **known}:
        for name, text in known.items():
            setattr(review, name, text)
        ReviewVersion.objects.filter(review=review, number=1).update(**known, at=now)
        review.saved_at = now
        changed += [*known, "saved_at"]
    review.save(update_fields=changed)
    return review


def _known(incident: Incident) -> dict[str, str]:
    """What was said during the incident, to begin with."""
    last = incident.updates.order_by("-at", "-pk").first()
    return {"summary": last.text if last else "", "causes": incident.cause}


def fingerprint(text: str) -> str:
    """What tells one text of a section from another."""
    return sha256(_clean(text).encode()).hexdigest()[:16]


def _beside(review: Review, given: Mapping[str, str], opened: Mapping[str, str]) -> dict[str, str]:
    """Of `given` what differs from what was opened, where nobody else touched those sections. Raises Conflict."""
    mine = {name: text for name, text in given.items() if fingerprint(text) != opened.get(name)}
    current = review.sections
    if any(fingerprint(current[name]) != opened.get(name) and current[name] != mine[name] for name in mine):
        raise Conflict(review, mine)
    return mine


def _held(review: Review) -> Review:
    return Review.objects.select_for_update(of=("self",)).select_related("incident__owner").get(pk=review.pk)


def _readable(sections: Mapping[str, str]) -> None:
    errors = [FieldError(name, "unknown", f"Use {', '.join(SECTIONS)}.") for name in sections if name not in SECTIONS]
    errors += [
        FieldError(name, "too_long", f"Use at most {LONGEST:,} characters.")
        for name, text in sections.items()
        if len(text) > LONGEST
    ]
    errors += [FieldError(name, "invalid", "It holds NUL.") for name, text in sections.items() if "\x00" in text]
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=tuple(errors))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _advance(review: Review, *, by: Actor, now: datetime, form: str = "") -> None:
    review.version += 1
    review.form, review.saved_at, review.saved_by, review.saved_by_name = form[:40], now, by.person, by.name
    review.save()


def _continues(review: Review, *, by: Actor, now: datetime, auto: bool) -> bool:
    """Whether the newest version is an autosave of the same person a moment ago, which this write goes on with."""
    last = review.versions.order_by("-number").first()
    if last is None or last.kind != Kind.AUTOSAVED or last.actor_ref != by.ref or now - last.begun_at > ONE_SITTING:
        return False
    kind = Kind.AUTOSAVED if auto else Kind.EDITED
    ReviewVersion.objects.filter(pk=last.pk).update(number=review.version, kind=kind, at=now, **review.sections)
    return True


def _keep(review: Review, kind: ReviewVersion.Kind, *, by: Actor, now: datetime, reason: str = "") -> None:
    ReviewVersion.objects.create(
        review=review, number=review.version, kind=kind, begun_at=now, at=now, person=by.person, actor_ref=by.ref,
        actor_name=by.name, reason=reason, **review.sections,
    )  # fmt: skip


def _audit(
    review: Review, action: str, *, by: Actor, now: datetime, diff: Mapping[str, tuple[object, object]] | None = None
) -> None:
    owner = review.incident.owner
    record_audit(
        actor=by, action=action, object_ref=f"review:{review.pk}", diff=diff or {}, now=now,
        owner_ref=owner.ref if owner else "",
    )  # fmt: skip


def _tell(review: Review, *, by: Actor, now: datetime) -> None:
    incident = review.incident
    concerned = Q(followed_incidents__incident=incident)
    if incident.owner_id is not None:
        concerned |= Q(memberships__team=incident.owner_id)
    url = f"{conf.base_url()}{review.get_absolute_url()}"
    text = f"{incident.title}\n\n{review.summary}\n\n{url}"
    for person in Person.objects.filter(concerned, retired_at=None).distinct():
        if person != by.person:
            tell(person=person, subject=f"{incident.label}: its review is published", text=text,
                 key=f"review-{review.pk}-{review.version}", now=now, incident=incident, can_wait=True)  # fmt: skip
