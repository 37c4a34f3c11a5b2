"""Integrations: made with a key that is shown once; keys rotated without loss; changed, retired.

Who may: members of the integration's team; platform admins (and tokens without limit) those of no team.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from catalog.access import Actor, require_owned
from catalog.authentication import digest
from catalog.models import ApiToken, Team
from catalog.operations.audit import Diff, record_audit
from incidents.intake import config as configs
from incidents.intake import ways
from incidents.intake.keys import new_key
from incidents.models import Alert, Heartbeat, Integration, IntegrationKey
from incidents.operations.alerts import clear_alert
from incidents.operations.locking import lock_alerts
from portal.lib.errors import Expected, FieldError, Invalid, Missing

SCOPE = ApiToken.Scope.INCIDENTS
PREFIX = 6
GOOD_KEYS = 10


class NoSuchIntegration(Missing):
    """There is no such integration."""


class NoSuchKey(Missing):
    """The integration has no such key."""


class Retired(Expected):
    """This integration is retired; make a new one."""


class TooManyKeys(Expected):
    """Ten keys are good already; revoke one that nobody uses."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new key of an integration; `key` is what the sender sends and is kept nowhere."""

    integration: Integration
    row: IntegrationKey
    key: str


@transaction.atomic
def create_integration(
    *, name: str, kind: str, team: Team | None, settings: Mapping[str, object], by: Actor, now: datetime
) -> Made:
    """Make one with its first key. Raises Invalid, WrongScope, NotYourTeam."""
    require_owned(by, [team], scope=SCOPE)
    if kind not in ways.kinds():
        message = f"Use one of: {', '.join(ways.kinds())}."
        raise Invalid(f"kind: {message}", errors=(FieldError("kind", "invalid", message),))
    config = configs.read(settings, kind=kind)
    row = Integration.objects.create(
        name=_name(name),
        kind=kind,
        team=team,
        settings=configs.as_json(config, kind=kind),
        created_by=by.person,
        created_at=now,
    )
    if kind == Integration.Kind.HEARTBEAT:
        Heartbeat.objects.create(integration=row, **_times(config))
    _audit(
        "integration.create", row, by=by, now=now, diff={"name": ("", row.name), "kind": ("", str(ways.kinds()[kind]))}
    )
    return _add_key(row, by=by, now=now)


@transaction.atomic
def change_integration(
    *, integration: Integration, by: Actor, now: datetime, name: str | None = None, settings: object = None
) -> Integration:
    """Another name, or other settings: these as a whole. Raises Invalid, Retired, WrongScope, NotYourTeam."""
    row = _held(integration, by)
    diff: dict[str, tuple[object, object]] = {}
    if name is not None and _name(name) != row.name:
        diff["name"] = (row.name, _name(name))
        row.name = _name(name)
    if settings is not None:
        config = configs.read(settings, kind=row.kind)
        after = configs.as_json(config, kind=row.kind)
        diff |= {key: (row.settings.get(key), value) for key, value in after.items() if row.settings.get(key) != value}
        row.settings = after
        if row.kind == Integration.Kind.HEARTBEAT:
            _agree(row, config)
    if diff:
        row.save(update_fields=["name", "settings"])
        _audit("integration.update", row, by=by, now=now, diff=diff)
    return row


@transaction.atomic
def rotate_key(*, integration: Integration, by: Actor, now: datetime, old_until: datetime | None = None) -> Made:
    """A further key. Those before it go on working until `old_until`, or without it until each is revoked.

    Raises Invalid for a moment that is past, TooManyKeys, Retired, WrongScope, NotYourTeam.
    """
    row = _held(integration, by)
    if old_until is not None and old_until <= now:
        message = "Choose a moment to come, so that senders have the time to change over."
        raise Invalid(f"old_until: {message}", errors=(FieldError("old_until", "past", message),))
    good = good_keys(row, now=now)
    if len(good) >= GOOD_KEYS:
        raise TooManyKeys
    for key in good:
        if old_until is not None and (key.expires_at is None or key.expires_at > old_until):
            key.expires_at = old_until
            key.save(update_fields=["expires_at"])
    told = old_until.isoformat() if old_until else "revoked"
    _audit("integration.rotate", row, by=by, now=now, diff={"older keys work until": ("", told if good else "")})
    return _add_key(row, by=by, now=now)


@transaction.atomic
def revoke_key(*, integration: Integration, key_id: int, by: Actor, now: datetime) -> IntegrationKey:
    """End a key at once. Raises NoSuchKey, Retired, WrongScope, NotYourTeam; idempotent."""
    row = _held(integration, by)
    key = row.keys.select_for_update(no_key=True).filter(pk=key_id).first()
    if key is None:
        raise NoSuchKey
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        _audit("integration.revoke", row, by=by, now=now, diff={"key": (f"{key.prefix}…", "revoked")})
    return key


@transaction.atomic
def retire_integration(*, integration: Integration, by: Actor, now: datetime) -> Integration:
    """Its keys end at once, and what it still has open is cleared, for nothing else could clear it. Idempotent."""
    row = _held(integration, by, even_retired=True)
    if row.retired_at is not None:
        return row
    words = f"Its integration {row.name} was retired by {by.name}"
    still_open = Alert.objects.filter(key__startswith=f"integration-{row.pk}:", cleared_at=None)
    for key in still_open.order_by("pk").values_list("key", flat=True):
        clear_alert(key=key, now=now, words=words)
    row.retired_at = now
    row.save(update_fields=["retired_at"])
    row.keys.filter(revoked_at=None).update(revoked_at=now)
    _audit("integration.retire", row, by=by, now=now, diff={"retired": (False, True)})
    return row


def good_keys(integration: Integration, *, now: datetime) -> list[IntegrationKey]:
    """Keys that work at `now`, newest first."""
    rows = integration.keys.filter(revoked_at=None)
    return [key for key in rows if key.expires_at is None or key.expires_at > now]


def _add_key(row: Integration, *, by: Actor, now: datetime) -> Made:
    text = new_key()
    key = IntegrationKey.objects.create(
        integration=row, prefix=text[:PREFIX], digest=digest(text), created_by=by.person, created_at=now
    )
    return Made(row, key, text)


def _held(integration: Integration, by: Actor, *, even_retired: bool = False) -> Integration:
    if even_retired:  # retiring clears alerts, and these come first
        lock_alerts()
    row = (
        Integration.objects.select_for_update(no_key=True, of=("self",))
        .select_related("team")
        .filter(pk=integration.pk)
        .first()
    )
    if row is None:
        raise NoSuchIntegration
    require_owned(by, [row.team], scope=SCOPE)
    if row.retired_at is not None and not even_retired:
        raise Retired
    return row


def _agree(row: Integration, config: configs.Config) -> None:
    """The next beat is due by what is agreed now."""
    beat = Heartbeat.objects.select_for_update(no_key=True).get(integration=row)
    for name, value in _times(config).items():
        setattr(beat, name, value)
    if beat.last_beat_at is not None:
        beat.due_at = beat.last_beat_at + timedelta(seconds=beat.every_seconds + beat.grace_seconds)
    beat.save(update_fields=["every_seconds", "grace_seconds", "due_at"])


def _times(config: configs.Config) -> dict[str, int]:
    return {
        "every_seconds": int(config.every.total_seconds()),
        "grace_seconds": int(config.grace.total_seconds()),
    }


def _name(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= 200 or "\x00" in text:
        message = "Say in 1 to 200 characters where the alerts come from."
        raise Invalid(f"name: {message}", errors=(FieldError("name", "required", message),))
    return text


def _audit(action: str, row: Integration, *, by: Actor, now: datetime, diff: Diff) -> None:
    owner = row.team.ref if row.team else ""
    record_audit(actor=by, action=action, object_ref=row.ref, diff=diff, now=now, owner_ref=owner)
