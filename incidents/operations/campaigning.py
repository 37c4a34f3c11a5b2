"""Leads of teams that are behind in a campaign are reminded a month, a week and a day before it is due, each once.

The catalog knows the campaigns and sends nothing; it is asked here. What was told is known by the key of the message in
the inbox, so a sweep that dies half-way goes on where it was, and nobody is told twice.
"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.models import Campaign, Person
from catalog.queries.campaigns import Lagging, lagging, to_remind_of
from incidents.models import InboxMessage
from incidents.operations.telling import tell
from portal.lib import conf

STAGES = (1, 7, 30)
"""Days before the due one; a campaign that begins later is told of at the stage it is in."""
MORNING = 8
"""Nobody is reminded before this hour of their own day."""


def remind_of_campaigns(*, now: datetime) -> int:
    """Tell the leads of lagging teams, whose morning it is, of campaigns that come near; how many were told."""
    told = 0
    for campaign in to_remind_of(now=now):
        behind = lagging(campaign)
        wanted = [(one, lead) for one in behind for lead in one.leads if _awake(lead, now)]
        for one, lead in _untold(campaign, wanted, now):
            subject, text = _words(campaign, one, now)
            tell(person=lead, subject=subject, text=text, key=_key(campaign, one, now), now=now)
            told += 1
    return told


def _untold(campaign: Campaign, wanted: list[tuple[Lagging, Person]], now: datetime) -> list[tuple[Lagging, Person]]:
    """Those who have no such message yet; `tell` would tell nobody twice, but asks several questions for each."""
    keys = {f"told-{_key(campaign, one, now)}-{lead.pk}": (one, lead) for one, lead in wanted}
    for key in InboxMessage.objects.filter(key__in=keys).values_list("key", flat=True):
        keys.pop(key, None)
    return list(keys.values())


def _key(campaign: Campaign, one: Lagging, now: datetime) -> str:
    """With the day in it: a campaign that is put off is told of again."""
    left = (campaign.due_on - now.date()).days
    stage = next(days for days in STAGES if left <= days)
    return f"campaign-{campaign.pk}-{campaign.due_on:%Y%m%d}-{stage}-{one.team.pk}"


def _words(campaign: Campaign, one: Lagging, now: datetime) -> tuple[str, str]:
    """Subject and text."""
    left = (campaign.due_on - now.date()).days
    when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
    verb = "is" if one.behind == 1 else "are"
    level = campaign.get_level_display().lower()
    return (
        f"{campaign.name}: due {when}, {one.team.label} misses {one.behind} of {one.total}",
        f"{one.behind} of {one.total} components {verb} not {level} yet, of those that {campaign.name} asks of "
        f"{one.team.label} by {campaign.due_on.day} {campaign.due_on:%b %Y}.\n"
        f"Which, and what each misses: {conf.base_url()}{campaign.get_absolute_url()}",
    )


def _awake(person: Person, now: datetime) -> bool:
    try:
        return now.astimezone(ZoneInfo(person.time_zone or "UTC")).hour >= MORNING
    except (ZoneInfoNotFoundError, ValueError):
        return now.hour >= MORNING
