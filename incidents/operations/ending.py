"""Telling that it is over: whoever was paged or told of an incident, or follows it, hears of its end, once and quietly.

Written in the transaction that ends the incidents, for any number of them in the same few statements, and sent a little
later: what ends together comes in one message, and nobody is told of an end that does not last. One that has reopened
is told of only when it has been over for as long as flapping ones must be quiet; what reopens before is not sent (see
`paging.outbox.wanted`). Nobody is told by a page, and whoever ended it by hand knows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Max, OuterRef, Q, Subquery

from catalog.models import Person
from incidents.models import Follower, InboxMessage, Incident, Notification, WorkingHours
from incidents.oncall.directory import opens_at
from incidents.operations.telling import Told, first_methods, outbox_row
from portal.lib import conf
from portal.lib.durations import words
from portal.lib.hints import nudge

SETTLES = timedelta(seconds=30)
"""How long the news waits at least: for others that end with it, and for whether it lasts."""
AT_ONCE = 1000
"""Rows in a statement."""
PAGED, TOLD, FOLLOWS = "You were paged for it.", "You were told of the incident.", "You follow it."
Kind, State = Notification.Kind, Notification.State
CALLED = Q(kind__in=(Kind.PAGE, Kind.ASK))
OVER = Q(rule__startswith=f"{Notification.OVER}/")
AGAIN = Q(rule__startswith=f"{Notification.AGAIN}/")


@dataclass(frozen=True, slots=True)
class News:
    """An end that one person hears of: how it ended, and why they hear; where not `sent`, in the portal alone."""

    incident: Incident
    person_id: int
    how: str
    why: str
    sent: bool = True

    @property
    def subject(self) -> str:
        """In a line."""
        return f"Over: {self.incident.label}, {self.incident.title}"[:150]

    @property
    def text(self) -> str:
        """For the portal's inbox."""
        end = self.incident.resolved_at or self.incident.opened_at
        return f"It lasted {words(end - self.incident.opened_at)}. {self.how}\n\n{self.why}"


def tell_ended(ended: Mapping[int, str], *, now: datetime) -> int:
    """Tell everybody of these incidents, by number how they ended, that they are over, as far as they are; to how many
    people a message goes out.
    """
    over = Incident.objects.filter(pk__in=ended, state=Incident.State.RESOLVED)
    incidents = {incident.pk: incident for incident in over.order_by("pk")}
    found = _news(incidents, ended) if incidents else []
    people = Person.objects.filter(retired_at=None).in_bulk({one.person_id for one in found}) if found else {}
    news = [one for one in found if one.person_id in people]
    if not news:
        return 0
    _into_inbox(news, now)
    return _into_outbox([one for one in news if one.sent], people, now)


def _news(incidents: Mapping[int, Incident], how: Mapping[int, str]) -> list[News]:
    """Whoever has heard something of an incident since they were told that it is over, if they ever were."""
    why: dict[tuple[int, int], str] = dict.fromkeys(_in_portal(incidents), "")
    for number, person, heard in _heard(incidents):
        why[number, person] = heard
        if not heard:
            del why[number, person]
    for key in _followers(incidents):
        why[key] = why.get(key) or FOLLOWS
    return [
        News(incidents[number], person, f"{how[number].rstrip('.')}.", said or TOLD, sent=bool(said))
        for (number, person), said in why.items()
        if incidents[number].resolved_by_id != person
    ]


def _heard(incidents: Collection[int]) -> list[tuple[int, int, str]]:
    """By incident and person why they are told, empty where the last they heard is that it is over."""
    rows = Notification.objects.filter(incident__in=incidents).exclude(state=State.CANCELLED)
    told = rows.order_by().values("incident_id", "person_id")
    summed = told.annotate(
        called=Max("pk", filter=CALLED),
        heard=Max("pk", filter=~OVER & ~(AGAIN & Q(state=State.PENDING))),
        over=Max("pk", filter=OVER & ~Q(state=State.PENDING)),
    )
    return [
        (number, person, "" if (over or 0) > (heard or 0) else PAGED if called else TOLD)
        for number, person, called, heard, over in summed.values_list(
            "incident_id", "person_id", "called", "heard", "over"
        )
        if number is not None and (heard or over)
    ]


def _in_portal(incidents: Collection[int]) -> list[tuple[int, int]]:
    """Those who find it in the portal, also where no message could reach them."""
    rows = InboxMessage.objects.filter(incident__in=incidents).exclude(key__startswith=f"{Notification.OVER}-")
    return [(number or 0, person) for number, person in rows.order_by().values_list("incident_id", "person").distinct()]


def _followers(incidents: Collection[int]) -> list[tuple[int, int]]:
    """Those who follow and were not told of this end; from now on they were."""
    rows = Follower.objects.filter(incident__in=incidents, told_generation__lt=F("incident__generation"))
    found = list(rows.values_list("incident_id", "person_id"))
    if found:
        generation = Incident.objects.filter(pk=OuterRef("incident")).values("generation")
        Follower.objects.filter(incident__in=incidents).update(told_generation=Subquery(generation))
    return found


def _into_inbox(news: Sequence[News], now: datetime) -> None:
    """One message of each incident, however often it ends."""
    rows = [
        InboxMessage(
            person_id=one.person_id,
            kind=Kind.TOLD,
            key=f"{Notification.OVER}-{one.incident.pk}-{one.person_id}",
            incident=one.incident,
            subject=one.incident.marked(one.subject)[:200],
            text=one.text,
            at=now,
        )
        for one in news
    ]
    changing = ["subject", "text", "at", "read_at"]
    InboxMessage.objects.bulk_create(
        rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["key"], update_fields=changing
    )


def _into_outbox(news: Sequence[News], people: Mapping[int, Person], now: datetime) -> int:
    methods = first_methods(people)
    hours = {row.person_id: row for row in WorkingHours.objects.filter(person__in=methods)}
    rows = []
    for one in news:
        if one.person_id not in methods:
            continue
        told = Told(people[one.person_id], methods[one.person_id], one.subject, one.text)
        due = _due(one.incident, now)
        open_hours = hours.get(one.person_id)
        key = f"over-{one.incident.pk}-{one.incident.generation}"
        row = outbox_row(told, key, now, one.incident, opens_at(open_hours, due) if open_hours else due)
        row.rule = f"{Notification.OVER}/{told.method.pk}"
        row.generation = one.incident.generation
        row.words |= {"how": one.how, "why": one.why}
        rows.append(row)
    Notification.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    if rows:
        nudge("incidents.deliver_due")
    return len({row.person_id for row in rows})


def _due(incident: Incident, now: datetime) -> datetime:
    """When its end is told: after a moment, and not so soon after it reopened that it may go on so."""
    again = incident.reopened_at
    quiet = again + conf.minutes("PORTAL_FLAPPING_QUIET_MINUTES", 30) if again else now
    return max(now + SETTLES, quiet)
