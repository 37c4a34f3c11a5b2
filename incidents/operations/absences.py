"""When people are away: entered by themselves or by whoever leads a team of theirs."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor, require_scope
from catalog.models import Membership, Person
from catalog.operations import record_audit
from incidents.models import Absence
from incidents.operations.turns import GRACE, check, wrong_year
from portal.lib.errors import Expected, FieldError, Forbidden, Missing

SCOPE = "oncall:write"
LONGEST = timedelta(days=366)
MOST = 100


class NotTheirLead(Forbidden):
    """Only the person, whoever leads a team of theirs, and platform admins may say when somebody is away."""


class NoSuchAbsence(Missing):
    """There is no such absence of this person."""


class OverAlready(Expected):
    """This absence is over; nothing was changed."""


def may_say(actor: Actor, person: Person) -> bool:
    """Whether `actor` may enter and end absences of `person`."""
    if actor.token and SCOPE not in actor.token.scopes:
        return False
    if actor.everywhere or (actor.person is not None and actor.person.pk == person.pk):
        return True
    if actor.person is not None:
        led = Membership.objects.filter(person=actor.person, role=Membership.Role.LEAD, team__retired_at=None)
        return Membership.objects.filter(person=person, team__in=led.values("team")).exclude(team=None).exists()
    return Membership.objects.filter(person=person, team__in=actor.team_ids()).exists()


def require_say(actor: Actor, person: Person) -> None:
    """Raise WrongScope or NotTheirLead unless `may_say`."""
    require_scope(actor, SCOPE)
    if not may_say(actor, person):
        raise NotTheirLead


@transaction.atomic
def enter_absence(
    *, person: Person, starts_at: datetime, ends_at: datetime, by: Actor, now: datetime, note: str = ""
) -> Absence:
    """`person` is away in `[starts_at, ends_at)`. Said twice, it is one. Raises Invalid, NotTheirLead.

    It may have begun in the past; whoever has their shifts is for them, their lead, or a swap to settle.
    """
    require_say(by, person)
    check(_wrong(starts_at, ends_at, now))
    Person.objects.select_for_update().get(pk=person.pk)
    ahead = Absence.objects.filter(person=person, ends_at__gt=now).count()
    if ahead >= MOST:
        check([FieldError("starts_at", "too-many", f"There are {MOST} absences ahead already; take one away first.")])
    made, new = Absence.objects.get_or_create(
        person=person,
        starts_at=starts_at,
        ends_at=ends_at,
        defaults={"note": note.strip()[:200], "created_at": now, "created_by": by.person},
    )
    if new:
        _record(by, "enter-absence", person, (None, _told(made)), now)
    return made


@transaction.atomic
def remove_absence(*, absence: Absence, by: Actor, now: datetime) -> None:
    """One to come is taken away, twice is once; one that has begun ends now. Raises NotTheirLead, OverAlready."""
    require_say(by, absence.person)
    found = Absence.objects.select_for_update(of=("self",)).select_related("person").filter(pk=absence.pk).first()
    if found is None:
        return  # another click took it away a moment ago
    absence = found
    if absence.ends_at <= now:
        raise OverAlready
    before = _told(absence)
    if absence.starts_at < now:
        absence.ends_at = now
        absence.save(update_fields=["ends_at"])
        _record(by, "end-absence", absence.person, (before, _told(absence)), now)
    else:
        absence.delete()
        _record(by, "remove-absence", absence.person, (before, None), now)


def _wrong(starts_at: datetime, ends_at: datetime, now: datetime) -> Iterable[FieldError]:
    yield from wrong_year("starts_at", starts_at)
    yield from wrong_year("ends_at", ends_at)
    if ends_at <= starts_at:
        yield FieldError("ends_at", "before-start", "It ends before it starts; choose a later end.")
    elif ends_at < now - GRACE:
        yield FieldError("ends_at", "past", "It is over already; only what is ahead matters to schedules.")
    elif ends_at - starts_at > LONGEST:
        yield FieldError("ends_at", "too-long", "Choose at most 366 days.")


def _told(absence: Absence) -> dict[str, object]:
    return {"from": absence.starts_at.isoformat(), "until": absence.ends_at.isoformat()}


def _record(by: Actor, verb: str, person: Person, diff: tuple[object, object], now: datetime) -> None:
    record_audit(actor=by, action=f"person.{verb}", object_ref=person.ref, diff={"absence": diff}, now=now)
