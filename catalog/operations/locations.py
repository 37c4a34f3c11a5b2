"""Locations: made, changed, retired, asked to be read, and their webhooks.

Who may: platform admins and tokens that no team limits, any; members, and tokens limited to teams, those limited to a
team of theirs, whose manifests then write only what is that team's. Directories of this machine are for the first only.
"""

import secrets
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from catalog.access import Actor, NotYourTeam, require, require_scope
from catalog.models import ApiToken, Claim, Location, Team
from catalog.models.entity import Origin
from catalog.operations.audit import record_audit
from catalog.operations.locking import hold_refs
from catalog.operations.written import ABSENT, Outcome, Written, expect_version
from catalog.refs import no_such
from catalog.specs_location import EVERY, LocationSpec, checked_location, new_hosts
from portal.lib import durations
from portal.lib.crypto import seal
from portal.lib.errors import FieldError, Forbidden, Invalid, Missing
from portal.lib.hints import nudge

SCOPE = ApiToken.Scope.COMPONENTS
TASK = "catalog.refresh_locations"
COLUMNS = ("title", "description", "labels", "annotations", "type", "prunes", "auth_header")
MERGED = ("labels", "annotations")
HIDDEN = ("…", "…")
PAUSE = timedelta(seconds=5)
"""Between two readings that were asked for: a webhook that is repeated all day costs no more."""
type Diff = dict[str, tuple[object, object]]


class LocationGone(Missing):
    """There is no location of that name."""


class DirectoriesAreForAdmins(Forbidden):
    """Directories of this machine are read only for those whom no team limits."""


class Retired(Invalid):
    """The location is retired; save it again to bring it back."""


@transaction.atomic
def put_location(
    *,
    spec: LocationSpec,
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    source: str = "",
    expected_version: int | None = None,
) -> Written[Location]:
    """Make the location what `spec` says, creating or reviving it, and read it at once where that changes anything.

    Raises Invalid, WrongScope, NotYourTeam, DirectoriesAreForAdmins, and VersionMismatch.
    """
    require_scope(actor, SCOPE)
    spec = checked_location(spec)
    hold_refs(written=[spec.ref], named=[spec.team] if spec.team else [])
    return _write(spec, actor=actor, now=now, origin=origin, source=source, expected=expected_version)


@transaction.atomic
def patch_location(
    *,
    ref: str,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    origin: Origin = Origin.API,
    expected_version: int | None = None,
) -> Written[Location]:
    """Change only the named fields; in labels and annotations only the named keys, of which None goes.

    Raises LocationGone, and all that `put_location` raises.
    """
    require_scope(actor, SCOPE)
    namespace, _, name = ref.partition(":")[2].partition("/")
    hold_refs(written=[f"location:{namespace}/{name}".lower()])
    found = _locked(ref)
    merged = {
        name: {key: v for key, v in {**getattr(found, name), **changes[name]}.items() if v is not None}
        for name in MERGED
        if name in changes
    }
    spec = checked_location(replace(location_spec(found), **{**changes, **merged}))
    return _write(spec, actor=actor, now=now, origin=origin, source="", expected=expected_version)


@transaction.atomic
def retire_location(*, ref: str, actor: Actor, now: datetime, expected_version: int | None = None) -> Written[Location]:
    """Read it no more. What it named stays in the catalog, and is listed with it as no longer named.

    Raises LocationGone, WrongScope, NotYourTeam, VersionMismatch. Retiring twice changes nothing.
    """
    require_scope(actor, SCOPE)
    hold_refs(written=[ref.lower()])
    row = _locked(ref)
    require_location(actor, row)
    expect_version(row.version, expected=expected_version)
    if row.retired_at:
        return Written(row, Outcome.UNCHANGED)
    row.retired_at, row.due_at, row.leased_until = now, None, None
    _save(row, now=now)
    Claim.objects.filter(source=row.ref, orphaned_at=None).update(orphaned_at=now)
    diff: Diff = {"retired": (False, True)}
    record_audit(actor=actor, action="location.retire", object_ref=row.ref, diff=diff, now=now)
    return Written(row, Outcome.UPDATED, diff)


@transaction.atomic
def ask_refresh(*, ref: str, actor: Actor, now: datetime) -> Location:
    """Read it as soon as a worker comes by; whoever is reading it now reads it once more afterwards.

    Raises LocationGone, WrongScope, NotYourTeam, Retired.
    """
    require_scope(actor, SCOPE)
    row = _locked(ref)
    require_location(actor, row)
    if row.retired_at:
        raise Retired
    _due(row, now)
    record_audit(actor=actor, action="location.refresh", object_ref=row.ref, diff={}, now=now)
    return row


@transaction.atomic
def hook_called(*, ref: str, now: datetime) -> None:
    """A signed webhook came in: read the location soon. One that was retired meanwhile is left alone."""
    row = Location.objects.select_for_update(no_key=True).filter(ref=ref.lower(), retired_at=None).first()
    if row is not None:
        _due(row, now)


@transaction.atomic
def rotate_hook(*, ref: str, actor: Actor, now: datetime) -> str:
    """A new secret for the location's webhook, shown once; the one before ends at once. Raises as `ask_refresh`."""
    require_scope(actor, SCOPE)
    row = _locked(ref)
    require_location(actor, row)
    if row.retired_at:
        raise Retired
    secret = secrets.token_urlsafe(32)
    row.hook_sealed = seal(secret)
    _save(row, now=now)
    diff: Diff = {"webhook secret": HIDDEN}
    record_audit(actor=actor, action="location.update", object_ref=row.ref, diff=diff, now=now)
    return secret


@transaction.atomic
def remove_hook(*, ref: str, actor: Actor, now: datetime) -> None:
    """Take no more webhooks for the location; idempotent. Raises LocationGone, WrongScope, NotYourTeam."""
    require_scope(actor, SCOPE)
    row = _locked(ref)
    require_location(actor, row)
    if not row.hook_sealed:
        return
    row.hook_sealed = ""
    _save(row, now=now)
    diff: Diff = {"webhook secret": ("…", "")}
    record_audit(actor=actor, action="location.update", object_ref=row.ref, diff=diff, now=now)


def may_write_location(actor: Actor, row: Location) -> bool:
    """Whether `actor` may change the location, for pages."""
    try:
        require_scope(actor, SCOPE)
        require_location(actor, row)
    except Forbidden:
        return False
    return True


def require_location(actor: Actor, row: Location) -> None:
    """Raise NotYourTeam unless `actor` may change what the location is."""
    if not actor.everywhere and (not row.limited or row.team_id is None):
        raise NotYourTeam("No team limits this location, so only platform admins may change it.")
    require(actor, [row.team_id], scope=SCOPE)


def require_spec(actor: Actor, spec: LocationSpec) -> Team | None:
    """The team that `spec` is limited to. Raises Invalid, NotYourTeam, DirectoriesAreForAdmins."""
    team = Team.objects.filter(ref=spec.team, retired_at=None).first() if spec.team else None
    if spec.team and team is None:
        message = f"{no_such(spec.team)} Name a team that is there."
        raise Invalid(f"team: {message}", errors=(FieldError("team", "unknown_team", message),))
    if actor.everywhere:
        return team
    if spec.type == Location.Type.DIRECTORY:
        raise DirectoriesAreForAdmins
    if team is None:
        raise NotYourTeam("Limit the location to a team of your own; only platform admins make those for all teams.")
    require(actor, [team], scope=SCOPE)
    return team


def location_spec(row: Location) -> LocationSpec:
    """The location in whole, without its secret; `team` is None where the team it is limited to was deleted."""
    return LocationSpec(
        namespace=row.namespace,
        name=row.name,
        title=row.title,
        description=row.description,
        tags=tuple(row.tags),
        labels=row.labels,
        annotations=row.annotations,
        type=row.type,
        targets=tuple(row.targets),
        team=row.team.ref if row.team else None if row.limited else "",
        every=durations.render(timedelta(seconds=row.every_seconds)),
        prunes=row.prunes,
        auth_header=row.auth_header,
    )


def _write(
    spec: LocationSpec, *, actor: Actor, now: datetime, origin: Origin, source: str, expected: int | None
) -> Written[Location]:
    row = (
        Location.objects.select_for_update(no_key=True, of=("self",))
        .select_related("team")
        .filter(ref=spec.ref)
        .first()
    )
    if row:
        require_location(actor, row)
    before = location_spec(row) if row else _blank(spec)
    spec = _whole(spec, before)
    team = require_spec(actor, spec)
    expect_version(row.version if row else ABSENT, expected=expected)
    diff = _difference(before, spec)
    if spec.auth is not None:
        diff["auth"] = HIDDEN
    elif row and row.auth_sealed and spec.auth_header and new_hosts(before.targets, spec.targets):
        message = "The targets lead to another server than before; enter what signs in again, or empty the header."
        raise Invalid(f"auth: {message}", errors=(FieldError("auth", "required", message),))
    if row and row.retired_at:
        diff["retired"] = (True, False)
    if row and not diff:
        return Written(row, Outcome.UNCHANGED)
    outcome = Outcome.UPDATED if row else Outcome.CREATED
    row = row or Location(ref=spec.ref, namespace=spec.namespace, name=spec.name, version=ABSENT, created_at=now)
    _fill(row, spec, team)
    row.origin, row.source, row.retired_at = origin, source or actor.ref, None
    row.due_at, row.failures = now, 0
    _save(row, now=now)
    nudge(TASK)
    action = "location.create" if outcome is Outcome.CREATED else "location.update"
    record_audit(actor=actor, action=action, object_ref=row.ref, diff=diff, now=now)
    return Written(row, outcome, diff)


def _locked(ref: str) -> Location:
    rows = Location.objects.select_for_update(no_key=True, of=("self",)).select_related("team")
    found = rows.filter(ref=ref.lower()).first()
    if found is None:
        raise LocationGone(no_such(ref))
    return found


def _whole(spec: LocationSpec, before: LocationSpec) -> LocationSpec:
    """`spec` where None is what it was before, or the default."""
    kept = {f.name: getattr(before, f.name) for f in fields(spec) if getattr(spec, f.name) is None and f.name != "auth"}
    return replace(spec, **kept)


def _blank(spec: LocationSpec) -> LocationSpec:
    return LocationSpec(
        namespace=spec.namespace, name=spec.name, team="", every=EVERY, prunes=False, auth_header="", type=spec.type
    )


def _fill(row: Location, spec: LocationSpec, team: Team | None) -> None:
    for name in COLUMNS:
        setattr(row, name, getattr(spec, name))
    row.tags, row.targets = list(spec.tags), list(spec.targets)
    row.team, row.limited = team, team is not None or spec.team is None  # None: its team was deleted; it stays held
    row.every_seconds = int(durations.parse(spec.every or EVERY).total_seconds())
    if spec.auth is not None:
        row.auth_sealed = seal(spec.auth)
    if not spec.auth_header:
        row.auth_sealed = ""


def _difference(before: LocationSpec, after: LocationSpec) -> Diff:
    named = {"namespace", "name", "auth"}
    pairs = {f.name: (getattr(before, f.name), getattr(after, f.name)) for f in fields(before) if f.name not in named}
    return {name: (_plain(old), _plain(new)) for name, (old, new) in pairs.items() if old != new}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _due(row: Location, now: datetime) -> None:
    soonest = row.tried_at + PAUSE if row.tried_at else now
    wanted = max(now, soonest)
    row.due_at = wanted if row.due_at is None or row.due_at > wanted or row.leased_until else row.due_at
    row.save(update_fields=["due_at"])
    nudge(TASK)


def _save(row: Location, *, now: datetime) -> None:
    row.version += 1
    row.updated_at = now
    row.save()
