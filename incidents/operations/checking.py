"""What is wrong with the schedules of the next four weeks is told to those who lead the team, once.

There is no cursor: every pass looks at everything, and the rows say what was told. A problem is told again only when it
has become more; when it is gone its row goes too, so that it is told again if it comes back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from catalog.models import Membership, Person
from incidents.models import ToldProblem
from incidents.oncall import problems
from incidents.oncall.checking import FOUR_WEEKS, Found, problems_of
from incidents.oncall.problems import Span
from incidents.operations.telling import tell
from portal.lib import conf

SHOWN = 10


@transaction.atomic
def check_schedules(*, now: datetime) -> int:
    """Look at all schedules and tell what is new, in one message to each who answers for it; the number of messages.

    The leads of the schedule's team answer for it; where it has no team or the team no lead, the platform admins.
    """
    found = problems_of(now=now)
    told = {row.key: row for row in ToldProblem.objects.select_for_update()}
    news = [one for one in found if _is_news(one, told.get(one.problem.key))]
    messages = 0
    for person, theirs in _by_reader(news).values():
        subject, text = _words(theirs, person)
        messages += (
            tell(person=person, subject=subject, text=text, key=_key(theirs, now), now=now, can_wait=True) is not None
        )
    _remember(found, {one.problem.key for one in news}, told, now)
    return messages


def _is_news(one: Found, row: ToldProblem | None) -> bool:
    if row is None:
        return True
    spans = [Span(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in row.spans]
    return problems.is_news(one.problem, spans, row.seen_until)


def _remember(found: Sequence[Found], news: set[str], told: Mapping[str, ToldProblem], now: datetime) -> None:
    there = {one.problem.key for one in found}
    ToldProblem.objects.filter(pk__in=[row.pk for key, row in told.items() if key not in there]).delete()
    rows = [
        ToldProblem(
            key=one.problem.key,
            spans=[[span.start.isoformat(), span.end.isoformat()] for span in one.problem.spans],
            seen_until=now + FOUR_WEEKS,
            told_at=now if one.problem.key in news else told[one.problem.key].told_at,
        )
        for one in found
    ]
    ToldProblem.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields=["spans", "seen_until", "told_at"]
    )


def _by_reader(news: Iterable[Found]) -> dict[int, tuple[Person, list[Found]]]:
    news = list(news)
    if not news:
        return {}
    teams = {row.team_id for one in news for row in one.schedules if row.team_id is not None}
    leads: dict[int | None, list[Person]] = defaultdict(list)
    rows = Membership.objects.filter(team__in=teams, role=Membership.Role.LEAD, person__retired_at=None)
    for row in rows.exclude(person=None).select_related("person").order_by("pk"):
        if row.person is not None:
            leads[row.team_id].append(row.person)
    admins = list(Person.objects.filter(platform_admin=True, retired_at=None))
    readers: dict[int, tuple[Person, list[Found]]] = {}
    for one in news:
        for person in {p.pk: p for row in one.schedules for p in leads.get(row.team_id) or admins}.values():
            readers.setdefault(person.pk, (person, []))[1].append(one)
    return readers


def _words(theirs: Sequence[Found], reader: Person) -> tuple[str, str]:
    subject = theirs[0].words if len(theirs) == 1 else f"{len(theirs)} problems with who is on call"
    with timezone.override(reader.time_zone or "UTC"):
        lines = [f"- {one.words}: {_when(one)}." for one in theirs[:SHOWN]]
    if len(theirs) > SHOWN:
        lines.append(f"- and {len(theirs) - SHOWN} more.")
    where = f"{conf.base_url()}{reverse('incidents:oncall-problems')}"
    head = f"In the next four weeks (times in {reader.time_zone or 'UTC'}):"
    return subject, "\n".join([head, "", *lines, "", f"All of them, and what to do: {where}"])


def _when(one: Found) -> str:
    first, last = timezone.localtime(one.problem.first.start), timezone.localtime(one.problem.first.end)
    if one.problem.lasting and not one.more:
        return f"from {first:%a} {first.day} {first:%b %H:%M} on"
    more = f", and {one.more} more time{'s' if one.more > 1 else ''}" if one.more else ""
    return f"{first:%a} {first.day} {first:%b %H:%M} to {last:%a} {last.day} {last:%b %H:%M}{more}"


def _key(theirs: Sequence[Found], now: datetime) -> str:
    """Two who look at the same moment say the same once; what comes back another day is told again."""
    said = "|".join(one.problem.key for one in theirs)
    return f"problems-{now:%Y-%m-%d-%H}-{sha256(said.encode()).hexdigest()[:40]}"
