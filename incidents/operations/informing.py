"""Telling those an incident concerns, who are not paged: owners of what a P1 breaks, and owners of symptoms; once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from catalog.graph import blast_radius
from catalog.models import Component, Membership, Team
from incidents import timeline
from incidents.escalation import Target, TargetKind
from incidents.models import Incident, TeamPaging, TimelineEntry
from incidents.oncall.directory import Directory
from incidents.operations.telling import Told, tell_many

NAMED = 5
"""So many components or teams are named, the others are counted."""


@transaction.atomic
def inform(number: int, *, now: datetime) -> int:
    """Tell the teams that an incident concerns, by whoever is on call for them, else their leads; answers how many
    people. None of those who are paged for it anyway are told.
    """
    rows = Incident.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    incident = rows.select_related("root__component", "component").filter(pk=number, inform_at__lte=now).first()
    if incident is None:
        return 0  # somebody else does it, or did
    incident.inform_at = None
    incident.save(update_fields=["inform_at"])
    theirs = _concerned(incident)
    reached = _behind(list(theirs), now=now)
    told = {one.person.pk: one for pk, found in reached.items() for one in _messages(incident, theirs[pk], found)}
    tell_many(list(told.values()), key=_key(incident), now=now, incident=incident)
    _say(incident, theirs, reached, now)
    return len(told)


def due(now: datetime) -> list[int]:
    """Numbers of incidents whose neighbours are to be told."""
    waiting = Incident.objects.filter(inform_at__lte=now).order_by("inform_at")
    return list(waiting.values_list("pk", flat=True)[:50])


def _concerned(incident: Incident) -> Mapping[int, list[str]]:
    """By team what of theirs is broken, nearest first; without those that are paged."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    if incident.component is None or not incident.is_open or incident.is_drill:
        return found
    if incident.root is not None:
        if incident.owner_id is not None:
            found[incident.owner_id].append(incident.component.label)
        return found
    engaged = set(incident.pages.filter(team__isnull=False).values_list("team_id", flat=True)) | {incident.owner_id}
    hurt = blast_radius(incident.component.pk).components
    labels = {one.pk: one.label for one in Component.objects.filter(pk__in=[one.component_id for one in hurt])}
    for one in hurt:
        if one.owner_id is not None and one.owner_id not in engaged and one.component_id in labels:
            found[one.owner_id].append(labels[one.component_id])
    return found


def _behind(team_ids: Sequence[int], *, now: datetime) -> dict[int, list[Told]]:
    """By team whoever is on call and can be told, else its leads; the words are still to be put in."""
    shown = dict(
        TeamPaging.objects.filter(team__in=team_ids, schedule__isnull=False).values_list("team_id", "schedule__slug")
    )
    leads: defaultdict[int, list[Target]] = defaultdict(list)
    told = Membership.objects.filter(team__in=team_ids, role=Membership.Role.LEAD).order_by("pk")
    for team_id, ref in told.values_list("team_id", "person_ref"):
        leads[team_id or 0].append(Target(TargetKind.PERSON, ref))
    on_call = {team_id: Target(TargetKind.SCHEDULE, slug) for team_id, slug in shown.items()}
    directory = Directory.load([*on_call.values(), *(one for found in leads.values() for one in found)], now=now)
    people = {
        pk: (directory.reachable([on_call[pk]]) if pk in on_call else []) or directory.reachable(leads[pk])
        for pk in team_ids
    }
    return {
        pk: [Told(person, directory.methods[person.pk][0], "", "") for person in found] for pk, found in people.items()
    }


def _messages(incident: Incident, components: Sequence[str], found: Collection[Told]) -> list[Told]:
    """Names may be plurals, so no verb goes with them."""
    what = _some(components)
    cause = incident.root or incident
    where = cause.component.label if cause.component else cause.title
    if incident.root is not None:
        subject = f"{what}: a symptom of {cause.label}"
        text = (
            f"{incident.title}\n\nIt began together with {cause.label} ({cause.get_severity_display()}): "
            f"{cause.title}.\n\nWhat of yours depends on that: {what}. "
            f"You are not paged; you will be, if it still fires when {cause.label} is over."
        )
    else:
        subject = f"Broken: {where} ({incident.get_severity_display()} {incident.label}), which affects {what}"
        text = (
            f"{incident.title}\n\nWhat of yours depends on it: {what}. You need not do anything, and are not paged. "
            "On its page you see who has it, and can follow it; you are told when it is over."
        )
    return [Told(one.person, one.method, subject[:150], text) for one in found]


def _say(
    incident: Incident, theirs: Mapping[int, list[str]], reached: Mapping[int, Sequence[Told]], now: datetime
) -> None:
    if not theirs:
        return
    labels = {team.pk: team.label for team in Team.objects.filter(pk__in=theirs)}
    heard = [labels[pk] for pk in theirs if reached.get(pk)]
    deaf = [labels[pk] for pk in theirs if not reached.get(pk)]
    words = f"Told {_some(heard)}." if heard else "Nobody could be told."
    if deaf:
        words += f" Nobody to tell in {_some(deaf)}."
    data = {"teams": sorted(theirs)}
    timeline.write(incident.pk, TimelineEntry.Kind.TOLD, words, at=now, data=data)


def _key(incident: Incident) -> str:
    return f"symptom-{incident.pk}-{incident.root_id}" if incident.root_id else f"blast-{incident.pk}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    named = ", ".join(names[:NAMED])
    return f"{named} and {more} more" if more > 0 else named
