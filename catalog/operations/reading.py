"""What readers keep for themselves: stars, what they looked at, views. Nobody else's business, so only views that a
team shares are in the change log."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from catalog import rules
from catalog.access import Actor, NotYourTeam
from catalog.models import Person, SavedView, Star, Team
from catalog.operations.audit import Diff, record_audit
from catalog.operations.written import Outcome, Written
from catalog.things import KINDS, address_of, thing_by_ref
from portal.lib.errors import Expected, FieldError, Forbidden, Invalid, Missing

KEPT_VISITS = 20
MOST_STARS, MOST_VIEWS = 200, 50
LONGEST_QUERY = 2000
# All in one statement, for every page waits for it: looking again within a minute is the same visit and writes nothing,
# beyond the newest few the rest goes, and nobody waits for the disk to note what they looked at
VISIT = """
WITH seen AS (
    INSERT INTO catalog_visit AS v (person_id, ref, title, url, at)
    SELECT %(person)s, thing.ref, left({label}, 200), %(url)s, coalesce(%(now)s::timestamptz, clock_timestamp())
      FROM {table} thing, set_config('synchronous_commit', 'off', true) WHERE thing.ref = %(ref)s
    ON CONFLICT (person_id, ref) DO UPDATE SET at = EXCLUDED.at, title = EXCLUDED.title, url = EXCLUDED.url
     WHERE v.at < EXCLUDED.at - interval '1 minute'
    RETURNING 1
)
DELETE FROM catalog_visit WHERE id IN (
    SELECT id FROM catalog_visit WHERE person_id = %(person)s AND ref <> %(ref)s AND EXISTS (SELECT FROM seen)
     ORDER BY at DESC, id DESC OFFSET %(others)s)
"""
LABEL, LABEL_OF_PEOPLE = (
    "coalesce(nullif(title, ''), name)",
    "coalesce(nullif(display_name, ''), nullif(title, ''), name)",
)


class NoReader(Forbidden):
    """A token reads for nobody: stars and views belong to people, who sign in."""


class TooMany(Expected):
    """There are as many as one person may keep; let some of them go."""


class NoSuchView(Missing):
    """There is no such view, or it is not yours."""


class SharedWithYou(Forbidden):
    """Who made a view, or a platform admin, takes it away; you may save one of your own under another name."""


def reader(actor: Actor) -> Person:
    """The person who reads. Raises NoReader."""
    if actor.person is None:
        raise NoReader
    return actor.person


@transaction.atomic
def star(*, ref: str, actor: Actor, now: datetime) -> Written[Star]:
    """Keep a thing at hand; twice is once. Raises NoReader, NoSuchThing, TooMany."""
    person, thing = reader(actor), thing_by_ref(ref)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # two at once would both be the last one allowed
    found = Star.objects.filter(person=person, ref=thing.ref).first()
    if found:
        return Written(found, Outcome.UNCHANGED)
    if Star.objects.filter(person=person).count() >= MOST_STARS:
        raise TooMany(f"You have {MOST_STARS} stars, which is the most; take some away first.")
    made = Star.objects.create(
        person=person, ref=thing.ref, title=thing.label[:200], url=address_of(thing)[:500], created_at=now
    )
    return Written(made, Outcome.CREATED)


def unstar(*, ref: str, actor: Actor) -> None:
    """Let it go, whether or not it is still there; twice is once. Raises NoReader."""
    Star.objects.filter(person=reader(actor), ref=ref.lower()).delete()


def remember_visit(*, person: Person, ref: str, url: str, now: datetime | None = None) -> None:
    """Keep that `person` looked at the thing (without `now`: just now); the newest `KEPT_VISITS` of each person stay.

    What is not there leaves nothing.
    """
    model = KINDS.get(ref.partition(":")[0].lower())
    if model is None:
        return
    label = LABEL_OF_PEOPLE if model is Person else LABEL
    given: dict[str, int | str | datetime | None] = {
        "person": person.pk, "ref": ref.lower(), "url": url[:500], "now": now, "others": KEPT_VISITS - 1,
    }  # fmt: skip
    with connection.cursor() as cursor:  # one statement, which is whole by itself
        cursor.execute(VISIT.format(label=label, table=model._meta.db_table), given)


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view as it is to be saved: the query as `catalog.filters.kept_query` reads it, the team to share it with."""

    name: str
    query: str
    team: str = ""
    page: str = "catalog"


@transaction.atomic
def save_view(*, spec: ViewSpec, actor: Actor, now: datetime) -> Written[SavedView]:
    """Save the list as it is filtered; a view of the same name becomes this. Raises NoReader, Invalid, TooMany."""
    person = reader(actor)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    query, team = spec.query, _checked(spec, actor)
    found = SavedView.objects.filter(person=person, page=spec.page, name=spec.name.strip()).first()
    if found is None and SavedView.objects.filter(person=person).count() >= MOST_VIEWS:
        raise TooMany(f"You saved {MOST_VIEWS} views, which is the most; delete some first.")
    before = (found.query, found.team) if found else ("", None)
    if found and before == (query, team):
        return Written(found, Outcome.UNCHANGED)
    view = found or SavedView(person=person, page=spec.page, name=spec.name.strip(), created_at=now)
    view.query, view.team = query, team
    view.save()
    diff: Diff = {"query": (before[0], query), "team": (before[1].ref if before[1] else "", team.ref if team else "")}
    _record(view, before[1] or team, "view.save", diff, actor=actor, now=now)
    return Written(view, Outcome.UPDATED if found else Outcome.CREATED, diff)


@transaction.atomic
def delete_view(*, view_id: int, actor: Actor, now: datetime) -> None:
    """Take a view away: who made it may, and platform admins. Raises NoReader, NoSuchView, SharedWithYou."""
    person = reader(actor)
    view = SavedView.objects.select_for_update(of=("self",)).select_related("team").filter(pk=view_id).first()
    mine = view is not None and view.person_id == person.pk
    seen = mine or (view is not None and (person.platform_admin or view.team_id in actor.team_ids()))
    if view is None or not seen:
        raise NoSuchView
    if not mine and not person.platform_admin:
        raise SharedWithYou
    _record(view, view.team, "view.delete", {"query": (view.query, "")}, actor=actor, now=now)
    view.delete()


def _record(view: SavedView, team: Team | None, action: str, diff: Diff, *, actor: Actor, now: datetime) -> None:
    if team:
        record_audit(actor=actor, action=action, object_ref=f"view:{view.page}/{view.name}", diff=diff, now=now)


def _checked(spec: ViewSpec, actor: Actor) -> Team | None:
    """The team to share with. Raises Invalid, NotYourTeam."""
    name = spec.name.strip()
    if not name or len(name) > 60 or "\x00" in name:
        raise _invalid("name", "Name the view in 1 to 60 characters.")
    if spec.page != "catalog":
        raise _invalid("page", "Views are kept of the list `catalog`.")
    if len(spec.query) > LONGEST_QUERY:
        raise _invalid("query", f"Use at most {LONGEST_QUERY} characters; choose fewer filters.")
    ref, faults = rules.reference("team", spec.team, kind="group", namespace="default")
    team = Team.objects.filter(ref=ref, retired_at=None).first() if ref and not faults and "\x00" not in ref else None
    if spec.team and team is None:
        raise _invalid("team", f"There is no {spec.team[:200]!r}.")
    if team and team.pk not in actor.team_ids():
        raise NotYourTeam("Share views with teams of your own.")
    return team


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", errors=(FieldError(field, "invalid", message),))
