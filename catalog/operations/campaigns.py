"""Campaigns: begun, changed and ended by platform admins, and counted once a day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from catalog.access import Actor, require_admin
from catalog.campaigning import COUNTED
from catalog.levels import LEVELS
from catalog.models import Campaign, Component, Person, Team
from catalog.operations.audit import record_audit
from catalog.refs import BadReference, parse
from portal.lib.errors import Expected, FieldError, Invalid, Missing

LONGEST = timedelta(days=2 * 366)
MOST_NAMED = 50
DAY = f"""
INSERT INTO catalog_campaignday (campaign_id, day, reached, total)
SELECT campaign_id, %(day)s, reached, total FROM (
    {COUNTED} WHERE k.ended_at IS NULL AND (%(only)s::bigint IS NULL OR k.id = %(only)s::bigint) GROUP BY k.id
) counted
ON CONFLICT (campaign_id, day) DO UPDATE SET reached = excluded.reached, total = excluded.total
"""  # noqa: S608  # our own text only


class NoSuchCampaign(Missing):
    """There is no such campaign."""


class CampaignEnded(Expected):
    """This campaign has ended; begin another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSpec:
    """What is asked for: `level` bronze, silver or gold, by the end of `due_on`; empty filters name every component.

    `teams` and `owner` are references or short names; without an owner it is whoever begins it.
    """

    name: str
    level: str
    due_on: date
    why: str = ""
    tiers: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    owner: str = ""


@transaction.atomic
def begin_campaign(*, spec: CampaignSpec, actor: Actor, now: datetime) -> Campaign:
    """Begin one, and count where it begins. Raises Invalid; Forbidden for all but platform admins."""
    require_admin(actor)
    spec, owner = _checked(spec, actor.person)
    _not_over(spec.due_on, now)
    row = Campaign(created_at=now, **_columns(spec, owner))
    _keep(row)
    _record("campaign.begin", row, _diff(None, spec), actor=actor, now=now)
    return row


def change_campaign(*, campaign_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime) -> Campaign:
    """Change the named fields of `CampaignSpec`; idempotent. Raises NoSuchCampaign, CampaignEnded, Invalid, Forbidden.

    Days already counted stay as they were, for they were asked for something else.
    """
    require_admin(actor)
    with transaction.atomic():
        row = _locked(campaign_id)
        if row.ended_at:
            raise CampaignEnded
        before = campaign_spec(row)
        after, owner = _checked(replace(before, **changes), row.owner)
        if after.due_on != before.due_on:
            _not_over(after.due_on, now)
        diff = _diff(before, after)
        if not diff:
            return row
        for name, value in _columns(after, owner).items():
            setattr(row, name, value)
        _keep(row)
        _record("campaign.update", row, diff, actor=actor, now=now)
    return row


@transaction.atomic
def end_campaign(*, campaign_id: int, actor: Actor, now: datetime) -> Campaign:
    """Call it off or call it done: nobody is reminded any more; idempotent. Raises NoSuchCampaign, Forbidden."""
    require_admin(actor)
    row = _locked(campaign_id)
    if row.ended_at is None:
        _count(now.date(), row.pk)
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        _record("campaign.end", row, {"ended": (False, True)}, actor=actor, now=now)
    return row


def record_campaigns(day: date) -> None:
    """Keep how far every running campaign is on `day`."""
    _count(day, None)


def campaign_spec(row: Campaign) -> CampaignSpec:
    """The row as it was asked for."""
    return CampaignSpec(
        name=row.name,
        level=LEVELS[row.level - 1],
        due_on=row.due_on,
        why=row.why,
        tiers=tuple(row.tiers),
        types=tuple(row.types),
        teams=tuple(row.teams),
        owner=row.owner.ref if row.owner else "",
    )


def _count(day: date, only: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DAY, {"day": day, "only": only})


def _locked(campaign_id: int) -> Campaign:
    row = Campaign.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=campaign_id).first()
    if row is None:
        raise NoSuchCampaign
    return row


def _keep(row: Campaign) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # of two that begin one by the same name at once, one is told so here
        if "running_campaigns" not in str(error):
            raise
        message = f"A campaign called {row.name} runs already."
        raise _invalid(FieldError("name", "taken", message)) from error


def _checked(spec: CampaignSpec, owner: Person | None) -> tuple[CampaignSpec, Person | None]:
    """Tidied, and whose it is. Raises Invalid, naming every field that is wrong."""
    spec = replace(
        spec,
        name=" ".join(spec.name.split()),
        why=spec.why.strip(),
        tiers=tuple(sorted(set(spec.tiers))),
        types=tuple(sorted({one.strip() for one in spec.types} - {""})),
    )
    found = _faults(spec)
    teams, faults = _teams(spec.teams)
    found += faults
    if spec.owner:
        owner = _person(spec.owner)
        if owner is None:
            found.append(FieldError("owner", "unknown", f"{spec.owner}: nobody who is still here is called so."))
    if found:
        raise _invalid(*found)
    return replace(spec, teams=teams, owner=owner.ref if owner else ""), owner


def _faults(spec: CampaignSpec) -> list[FieldError]:
    found = []
    if not 0 < len(spec.name) <= 200 or "\x00" in spec.name:
        found.append(FieldError("name", "required", "Say in 1 to 200 characters what it is called."))
    if len(spec.why) > 2000 or "\x00" in spec.why:
        found.append(FieldError("why", "too_long", "Use at most 2000 characters."))
    if spec.level not in LEVELS:
        found.append(FieldError("level", "invalid", f"Use one of {', '.join(LEVELS)}."))
    if unknown := [tier for tier in spec.tiers if tier not in Component.Tier.values]:
        found.append(FieldError("tiers", "invalid", f"{unknown[0]}: a tier is 1, 2, 3 or 4."))
    if len(spec.types) > MOST_NAMED or any(len(one) > 63 or "\x00" in one for one in spec.types):
        found.append(FieldError("types", "invalid", f"Name at most {MOST_NAMED} types of up to 63 characters."))
    return found


def _not_over(due_on: date, now: datetime) -> None:
    if not now.date() <= due_on <= now.date() + LONGEST:
        raise _invalid(FieldError("due_on", "invalid", "Choose a day from today on, at most two years ahead."))


def _teams(named: tuple[str, ...]) -> tuple[tuple[str, ...], list[FieldError]]:
    if len(named) > MOST_NAMED:
        return (), [FieldError("teams", "too_many", f"Name at most {MOST_NAMED} teams.")]
    refs, faults = [], []
    for text in named:
        try:
            refs.append(str(parse(text, kind="group")))
        except BadReference as error:
            faults.append(FieldError("teams", "invalid_reference", f"{error}."))
    there = set(Team.objects.filter(ref__in=refs, retired_at=None).values_list("ref", flat=True))
    faults += [FieldError("teams", "unknown", f"{ref} is no team that is there.") for ref in refs if ref not in there]
    return tuple(sorted(set(refs))), faults


def _person(text: str) -> Person | None:
    try:
        ref = str(parse(text, kind="user"))
    except BadReference:
        return None
    return Person.objects.filter(ref=ref, retired_at=None).first()


def _columns(spec: CampaignSpec, owner: Person | None) -> dict[str, Any]:
    return {
        "name": spec.name,
        "why": spec.why,
        "level": LEVELS.index(spec.level) + 1,
        "tiers": list(spec.tiers),
        "types": list(spec.types),
        "teams": list(spec.teams),
        "due_on": spec.due_on,
        "owner": owner,
    }


def _diff(before: CampaignSpec | None, after: CampaignSpec) -> dict[str, tuple[object, object]]:
    had = asdict(before) if before else {}
    pairs = {name: (_plain(had.get(name, "")), _plain(value)) for name, value in asdict(after).items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return ", ".join(str(one) for one in value) if isinstance(value, tuple | list) else value


def _invalid(*errors: FieldError) -> Invalid:
    return Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _record(
    action: str, row: Campaign, diff: Mapping[str, tuple[object, object]], *, actor: Actor, now: datetime
) -> None:
    _count(now.date(), row.pk)  # so that its page has something to show at once
    record_audit(actor=actor, action=action, object_ref=f"campaign:{row.pk}", diff=diff, now=now)
