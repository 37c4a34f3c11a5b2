"""How people can be told: their contact methods, which count once they are confirmed by a code."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.crypto import constant_time_compare, salted_hmac

from catalog.access import Actor, require_admin, require_scope
from catalog.models import ApiToken, Person
from catalog.operations import record_audit
from incidents.channels.ways import filled
from incidents.models import ConfirmationCode, ContactMethod, ContactRule, Notification, Urgency
from portal.lib.crypto import seal
from portal.lib.errors import Expected, FieldError, Forbidden, Invalid, Missing
from portal.lib.hints import nudge

MOST_METHODS = 20
CODE_LASTS = timedelta(minutes=15)
WRONG_GUESSES = 5
CODES_AN_HOUR = 5
CODES_OF_A_PERSON = 15
BETWEEN_CODES = timedelta(seconds=30)
BETWEEN_TESTS = timedelta(seconds=10)
AN_HOUR = timedelta(hours=1)
AT_ONCE = 1
"""Somebody sits there and waits for a code or a test, so they go before pages; they are few."""
NOT_A_PAGE = (Notification.Kind.CODE, Notification.Kind.TEST)


class NotYours(Forbidden):
    """Only the person and platform admins may say how somebody is told."""


class NoSuchMethod(Missing):
    """There is no such contact method."""


class TooOften(Expected):
    """That was a moment ago; wait a little."""

    status = 429
    title = "Too often"


class CodeOver(Expected):
    """There is no code that could be entered: it was used, is older than 15 minutes, or was guessed at. Ask for one."""

    title = "Ask for a new code"


class WrongCode(Invalid):
    """This is not the code that was sent."""


class NotConfirmed(Expected):
    """This method is not confirmed yet, so nothing but its code is sent there."""


class LastMethod(Expected):
    """This is your last confirmed method: without it no page reaches you. Say that you are sure."""


@dataclass(frozen=True, slots=True)
class Added:
    """A new method; `secret` is one made for it, to be shown once."""

    method: ContactMethod
    secret: str = ""


def require_own(person: Person, by: Actor) -> None:
    """Raise NotYours (or WrongScope) unless `by` may see and say how `person` is told."""
    require_scope(by, ApiToken.Scope.ONCALL)
    if not by.everywhere and by.person != person:
        raise NotYours


@transaction.atomic
def put_method(
    *, person: Person, channel: str, address: str, by: Actor, now: datetime, confirmed: bool = False, order: int = 0
) -> ContactMethod:
    """A way to tell `person`; idempotent by channel and address.

    `confirmed` vouches for the address without a code, which only the portal and platform admins may. Raises NotYours,
    Forbidden.
    """
    require_own(person, by)
    if confirmed:
        require_admin(by)
    method, created = ContactMethod.objects.get_or_create(
        person=person,
        channel=channel,
        address=address,
        removed_at=None,
        defaults={"created_at": now, "order": order},
    )
    vouched = confirmed and method.confirmed_at is None
    if vouched:
        method.confirmed_at = now
        method.save(update_fields=["confirmed_at"])
    if created or vouched:
        diff = {"method": (None, str(method)), "confirmed": (False, method.confirmed_at is not None)}
        record_audit(actor=by, action="contact.put", object_ref=person.ref, diff=diff, now=now)
    return method


def add_method(
    *, person: Person, channel: str, given: Mapping[str, str], by: Actor, now: datetime, label: str = ""
) -> Added:
    """A further way to tell `person`, last in order and not confirmed; its code is sent at once.

    Raises NotYours, Invalid (what was filled in; a method they have already; too many), TooOften.
    """
    require_own(person, by)
    made = filled(channel, given)
    with transaction.atomic():
        _alone(person)
        mine = ContactMethod.objects.filter(person=person, removed_at=None)
        if mine.filter(channel=channel, address=made.address).exists():
            raise Invalid(errors=(FieldError("channel", "taken", "You have this method already."),))
        if mine.count() >= MOST_METHODS:
            raise Invalid(errors=(FieldError("channel", "too-many", f"{MOST_METHODS} methods are enough."),))
        method = ContactMethod.objects.create(
            person=person,
            channel=channel,
            address=made.address,
            secret=seal(made.secret),
            label=_label(label),
            order=(mine.aggregate(last=Max("order"))["last"] or 0) + 1,
            created_at=now,
        )
        _record(method, "contact.add", {"method": (None, str(method))}, by, now)
        _send_code(method, by, now)
    return Added(method, made.shown_once)


@transaction.atomic
def ask_code(*, method: ContactMethod, by: Actor, now: datetime) -> None:
    """Send a new code; the one before is over. Raises NotYours, NoSuchMethod, TooOften."""
    _send_code(_mine(method, by), by, now)


def confirm(*, method: ContactMethod, code: str, by: Actor, now: datetime) -> ContactMethod:
    """The code has arrived: from now on the method counts. Five wrong guesses end a code.

    Raises NotYours, NoSuchMethod, CodeOver, WrongCode.
    """
    with transaction.atomic():
        held = _mine(method, by)
        left = _guess(held, code, by, now)
    if held.confirmed_at is not None:
        return held
    if left is None:
        raise CodeOver
    words = f"This is not the code that was sent; {left} more {'try' if left == 1 else 'tries'}."
    if left == 0:
        words = "This is not the code that was sent. That was the last try; ask for a new one."
    raise WrongCode(words, errors=(FieldError("code", "wrong", words),))


@transaction.atomic
def send_test(*, method: ContactMethod, by: Actor, now: datetime) -> Notification:
    """A test page by this method, through the very outbox. Raises NotYours, NoSuchMethod, NotConfirmed, TooOften."""
    held = _mine(method, by)
    if held.confirmed_at is None:
        raise NotConfirmed
    before = Notification.objects.filter(method=held, kind=Notification.Kind.TEST, created_at__gt=now - BETWEEN_TESTS)
    if before.exists():
        raise TooOften
    words = {
        "subject": "Test: this is how a page reaches you",
        "text": "You asked Portico for a test. A page would look for you here. There is nothing to do.",
    }
    _record(held, "contact.test", {"method": (None, str(held))}, by, now)
    return _put(held, Notification.Kind.TEST, words, now)


@transaction.atomic
def remove_method(*, method: ContactMethod, by: Actor, now: datetime, sure: bool = False) -> None:
    """Nothing is sent there any more, and its secret is forgotten; rules that named it go with it.

    Raises NotYours, NoSuchMethod, LastMethod (unless `sure`).
    """
    require_own(method.person, by)
    # before the method is held: couriers hold messages first, then methods
    unsent = Notification.objects.filter(method=method, state=Notification.State.PENDING, kind__in=NOT_A_PAGE)
    unsent.update(state=Notification.State.CANCELLED)
    held = _mine(method, by)
    others = ContactMethod.objects.filter(person=held.person, removed_at=None, confirmed_at__isnull=False)
    if held.confirmed_at is not None and not sure and not others.exclude(pk=held.pk).exists():
        raise LastMethod
    held.removed_at, held.secret = now, ""
    held.save(update_fields=["removed_at", "secret"])
    ContactRule.objects.filter(method=held).delete()
    ConfirmationCode.objects.filter(method=held).delete()
    _record(held, "contact.remove", {"method": (str(held), None)}, by, now)


@transaction.atomic
def label_method(*, method: ContactMethod, label: str, by: Actor, now: datetime) -> ContactMethod:
    """What its owner calls it. Raises NotYours, NoSuchMethod, Invalid."""
    held = _mine(method, by)
    before, held.label = held.label, _label(label)
    if before != held.label:
        held.save(update_fields=["label"])
        _record(held, "contact.label", {"label": (before, held.label)}, by, now)
    return held


@transaction.atomic
def move_method(*, method: ContactMethod, to: int, by: Actor, now: datetime) -> list[ContactMethod]:
    """Put it at position `to` (from 0; beyond the last: last) of the person's methods; the first is tried first.

    Answers them in their new order. Raises NotYours, NoSuchMethod.
    """
    require_own(method.person, by)
    rows = ContactMethod.objects.filter(person=method.person, removed_at=None).order_by("pk")
    held = sorted(rows.select_for_update(no_key=True), key=lambda one: (one.order, one.pk))
    moved = next((one for one in held if one.pk == method.pk), None)
    if moved is None:
        raise NoSuchMethod
    before = held.index(moved)
    held.remove(moved)
    held.insert(max(0, to), moved)
    for order, one in enumerate(held):
        one.order = order
    ContactMethod.objects.bulk_update(held, ["order"])
    if held.index(moved) != before:
        _record(moved, "contact.move", {"position": (before + 1, held.index(moved) + 1)}, by, now)
    return held


def _mine(method: ContactMethod, by: Actor) -> ContactMethod:
    """The method, held."""
    require_own(method.person, by)
    rows = ContactMethod.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    held = rows.filter(pk=method.pk, removed_at=None).first()
    if held is None:
        raise NoSuchMethod
    return held


def _alone(person: Person) -> None:
    """One at a time adds methods to a person."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _label(text: str) -> str:
    words = " ".join(text.replace("\x00", "").split())
    if len(words) > 100:
        raise Invalid(errors=(FieldError("label", "too-long", "At most 100 characters."),))
    return words


def _send_code(method: ContactMethod, by: Actor, now: datetime) -> None:
    if method.confirmed_at is not None:
        raise CodeOver("This method is confirmed; there is nothing to enter.")
    there = ConfirmationCode.objects.filter(method=method).first()
    fresh = there is None or now - there.asked_since >= AN_HOUR
    asked = 1 if there is None or fresh else there.asked + 1
    if there is not None and (now - there.sent_at < BETWEEN_CODES or asked > CODES_AN_HOUR):
        raise TooOften(f"At most {CODES_AN_HOUR} codes an hour, with half a minute between them.")
    sent = Notification.objects.filter(
        person=method.person, kind=Notification.Kind.CODE, created_at__gt=now - AN_HOUR
    ).count()
    if sent >= CODES_OF_A_PERSON:  # or the portal could be made to pester strangers
        raise TooOften(f"At most {CODES_OF_A_PERSON} codes an hour for all of your methods.")
    code = f"{secrets.randbelow(1_000_000):06}"
    since = now if there is None or fresh else there.asked_since
    values = {"digest": _digest(method, code), "sent_at": now, "expires_at": now + CODE_LASTS, "wrong": 0}
    ConfirmationCode.objects.update_or_create(method=method, defaults={**values, "asked_since": since, "asked": asked})
    _put(method, Notification.Kind.CODE, {"sealed_code": seal(code)}, now)


def _guess(held: ContactMethod, code: str, by: Actor, now: datetime) -> int | None:
    """Tries left after a wrong one; None where there is no code. The right one confirms the method."""
    row = ConfirmationCode.objects.select_for_update().filter(method=held).first()
    if held.confirmed_at is not None or row is None or row.expires_at <= now or row.wrong >= WRONG_GUESSES:
        return None
    if not constant_time_compare(row.digest, _digest(held, "".join(code.split()))):
        row.wrong += 1
        row.save(update_fields=["wrong"])
        return WRONG_GUESSES - row.wrong
    held.confirmed_at = now
    held.save(update_fields=["confirmed_at"])
    row.delete()
    _record(held, "contact.confirm", {"method": (None, str(held)), "confirmed": (False, True)}, by, now)
    return None


def _digest(method: ContactMethod, code: str) -> str:
    """Keyed, so that who reads the database can't work out six digits."""
    return salted_hmac("incidents.confirmation", f"{method.pk}:{code}", algorithm="sha256").hexdigest()


def _put(method: ContactMethod, kind: Notification.Kind, words: dict[str, str], now: datetime) -> Notification:
    made = Notification.objects.create(
        kind=kind,
        person=method.person,
        method=method,
        channel=method.channel,
        address=method.address,
        urgency=Urgency.HIGH,
        rule=f"{kind}/{method.pk}",
        idempotency_key=f"{kind}-{method.pk}-{now.timestamp():.6f}/{method.pk}-{method.channel}",
        words=words,
        priority=AT_ONCE,
        created_at=now,
        due_at=now,
        next_attempt_at=now,
    )
    nudge("incidents.deliver_due")
    return made


def _record(
    method: ContactMethod, action: str, diff: Mapping[str, tuple[object, object]], by: Actor, now: datetime
) -> None:
    record_audit(actor=by, action=action, object_ref=method.person.ref, diff=diff, now=now)
