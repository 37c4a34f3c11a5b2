"""How people are told, read: their methods with the last test of each, rules, hours, inbox, and what was sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When

from catalog.models import Membership, Person
from incidents.channels.ways import Way, ways
from incidents.escalation import UNTAKEN
from incidents.models import (
    ConfirmationCode,
    ContactMethod,
    ContactRule,
    InboxMessage,
    LayerVersion,
    Notification,
    Urgency,
    WorkingHours,
)
from portal.lib import durations
from portal.lib.errors import Missing

Kind = Notification.Kind


class NoSuchMethod(Missing):
    """There is no such contact method."""


@dataclass(frozen=True, slots=True)
class Method:
    """A contact method with what was last sent to try it: a code or a test, and its code while one can be entered."""

    row: ContactMethod
    trial: Notification | None
    code: ConfirmationCode | None

    @property
    def way(self) -> Way | None:
        """How it is chosen and called."""
        return ways.get(self.row.channel)

    @property
    def title(self) -> str:
        """The channel as people call it."""
        return self.way.title if self.way else self.row.channel

    @property
    def waits(self) -> bool:
        """Whether something is on its way there right now."""
        return self.trial is not None and self.trial.state in (Notification.State.PENDING, Notification.State.LEASED)


@dataclass(frozen=True, slots=True)
class Told:
    """All that decides how one person is told."""

    person: Person
    methods: list[Method]
    rules: Mapping[str, list[ContactRule]]
    hours: WorkingHours | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def confirmed(self) -> list[Method]:
        """Those that count."""
        return [one for one in self.methods if one.row.confirmed_at is not None]

    @property
    def waits(self) -> bool:
        """Whether something is on its way that the reader waits for."""
        return any(one.waits for one in self.methods)


def told(person: Person, *, now: datetime) -> Told:
    """How `person` is told; five queries."""
    rows = list(ContactMethod.objects.filter(person=person, removed_at=None).order_by("order", "pk"))
    trials = _trials(rows)
    codes = {code.method_id: code for code in ConfirmationCode.objects.filter(method__in=rows, expires_at__gt=now)}
    rules = defaultdict(list)
    for rule in ContactRule.objects.filter(person=person).select_related("method").order_by("after", "pk"):
        rules[rule.urgency].append(rule)
    hours = WorkingHours.objects.filter(person=person).first()
    first = next((row for row in rows if row.confirmed_at is not None), None)
    return Told(
        person=person,
        methods=[Method(row, trials.get(row.pk), codes.get(row.pk)) for row in rows],
        rules=rules,
        hours=hours,
        words={urgency: in_words(rules[urgency], first, hours, urgency) for urgency in Urgency.values},
    )


def in_words(
    rules: Iterable[ContactRule], first: ContactMethod | None, hours: WorkingHours | None, urgency: str
) -> str:
    """The rules as a sentence: "At once by E-mail, after 2 min by SMS."."""
    said = [f"{_when(rule.after)} by {_called(rule.method)}" for rule in rules]
    if not said:
        said = [f"at once by {_called(first)}"] if first else []
    if not said:
        return "Nobody can reach you: confirm a method first."
    words = ", ".join(said)
    waits = ""
    if urgency == Urgency.LOW and hours is not None:
        waits = f" Outside of {hours.start:%H:%M}–{hours.end:%H:%M} ({hours.time_zone}) it waits until then."
    return f"{words[:1].upper()}{words[1:]}.{waits}"


def method_of(person: Person, pk: int) -> ContactMethod:
    """One of the person's methods. Raises NoSuchMethod, also for somebody else's."""
    found = ContactMethod.objects.filter(person=person, pk=pk, removed_at=None).select_related("person").first()
    if found is None:
        raise NoSuchMethod
    return found


def unreachable(*, among: str = "all") -> QuerySet[Person]:
    """People whom no page can reach, for they have no confirmed method, by name.

    `among` those `on-call` (named in a schedule), the `members` of teams, or `all`; each says of itself in `on_call`.
    """
    confirmed = ContactMethod.objects.filter(person=OuterRef("pk"), confirmed_at__isnull=False, removed_at=None)
    turns = LayerVersion.objects.filter(schedule__retired_at=None).values_list("people", flat=True)
    named = Q(ref__in={ref for refs in turns for ref in refs})
    rows = Person.objects.filter(~Exists(confirmed), retired_at=None)
    if among == "on-call":
        rows = rows.filter(named)
    elif among == "members":
        rows = rows.filter(Exists(Membership.objects.filter(person=OuterRef("pk"), team__isnull=False)))
    on_call = Case(When(named, then=Value(True)), default=Value(False), output_field=BooleanField())
    return rows.annotate(on_call=on_call).order_by("called", "pk")


def sent_to(person: Person) -> QuerySet[Notification]:
    """What was sent to somebody, newest first, with its tries."""
    rows = Notification.objects.filter(person=person).exclude(kind=Kind.CODE)
    return rows.select_related("incident", "person").prefetch_related("tries").order_by("-pk")


def inbox(person: Person, *, unread: bool = False) -> QuerySet[InboxMessage]:
    """Somebody's inbox, newest first."""
    rows = InboxMessage.objects.filter(person=person).select_related("incident", "page__acknowledged_by")
    return (rows.filter(_wants()) if unread else rows).order_by("-at", "-pk")


def unread_count(person: Person) -> int:
    """How many messages still want them: not read, if it is a page not taken by anybody, and not that it is over."""
    return InboxMessage.objects.filter(_wants(), person=person).count()


def _wants() -> Q:
    over = Q(key__startswith=f"{Notification.OVER}-")  # nothing is left to be done
    return Q(read_at=None) & ~over & (~Q(kind=Kind.PAGE) | Q(page__state__in=UNTAKEN))


def _trials(rows: Iterable[ContactMethod]) -> dict[int, Notification]:
    """By method the last code or test that was sent there."""
    sent = Notification.objects.filter(method__in=list(rows), kind__in=(Kind.CODE, Kind.TEST))
    last = sent.order_by("method_id", "-pk").distinct("method_id").prefetch_related("tries")
    return {one.method_id: one for one in last if one.method_id is not None}


def _when(after: timedelta) -> str:
    return "at once" if not after else f"after {durations.words(after)}"


def _called(method: ContactMethod) -> str:
    way = ways.get(method.channel)
    return f"{way.title if way else method.channel} ({method.label or method.address})"
