"""Taking a request in on an integration's key: checked, kept in one insert, and only then answered."""

import json
import secrets
from datetime import datetime
from functools import lru_cache

from incidents.intake import bodies
from incidents.intake.config import Config, read
from incidents.intake.signals import kept_text
from incidents.intake.storing import store
from incidents.intake.ways import WAYS
from incidents.models import Delivery, Integration
from portal.lib.errors import Expected, Invalid

KEPT_REJECTED = 100_000
"""Characters kept of a request that was refused."""

HIDDEN = "…"
OUTCOME = 300


def config_of(integration: Integration) -> Config:
    """Its settings, read; asked often, and read anew only where they differ."""
    return _config(integration.kind, json.dumps(integration.settings, sort_keys=True))


@lru_cache(maxsize=500)
def _config(kind: str, settings: str) -> Config:
    return read(json.loads(settings), kind=kind)


def sender_key(integration_id: int | None) -> str:
    """What the keys of all of an integration's alerts begin with; by itself, the key of requests with many alerts."""
    return f"integration-{integration_id}"


def alert_key(integration_id: int | None, key: str) -> str:
    """The key of an alert's row: two integrations can't clear each other's alerts."""
    return f"{sender_key(integration_id)}:{key}"[:300]


def accept_by_key(*, integration: Integration, raw: bytes, now: datetime) -> Delivery:
    """Keep one request; it may be answered with 2xx once this returns.

    A malformed one is kept too, as rejected, and raises Invalid after that.
    """
    row = _blank(integration, now)
    try:
        body = bodies.parsed(raw)
    except Invalid as error:
        _reject(row, bodies.text_of(raw), error)
        raise
    return _keep(row, body)


def keep_refused(integration: Integration, raw: bytes, error: Expected, *, now: datetime) -> None:
    """Keep a request of which not even the bytes make sense."""
    _reject(_blank(integration, now), bodies.text_of(raw), error)


def accept_event(*, integration: Integration, event: dict[str, object], now: datetime) -> tuple[Delivery, str]:
    """Keep one event of PagerDuty's and answer its `dedup_key`, made up where a trigger has none.

    What is kept does not hold the key that it was sent with. Raises Invalid, as `accept_by_key`.
    """
    told = {**event, "routing_key": HIDDEN}
    if event.get("event_action") == "trigger" and event.get("dedup_key") in (None, ""):
        told["dedup_key"] = secrets.token_hex(16)
    row = _keep(_blank(integration, now), bodies.Body(json.dumps(told), told))
    return row, kept_text(told["dedup_key"])


def keep_again(*, of: Delivery, integration: Integration, now: datetime) -> Delivery:
    """The same request once more, read by the settings as they are now. Raises Invalid, keeping it as rejected."""
    row = _blank(integration, now)
    row.replay_of, row.sender = of, of.sender
    if of.part_of_id is not None or (of.replay_of_id is not None and of.key != sender_key(integration.pk) and of.key):
        row.key, row.raw, row.body = of.key, of.raw, of.body
        return store(row)
    return _keep(row, bodies.parsed(of.raw.encode()))


def _blank(integration: Integration, now: datetime) -> Delivery:
    return Delivery(
        kind=integration.kind,
        integration=integration,
        sender=integration.name[:200],
        received_at=now,
        due_at=now,
    )


def _keep(row: Delivery, body: bodies.Body) -> Delivery:
    assert row.integration is not None  # noqa: S101  # tells mypy
    way, config = WAYS[row.kind], config_of(row.integration)
    try:
        if way.splits(config):
            way.check(body.value, config)
            row.key = sender_key(row.integration.pk)
        else:
            row.key = alert_key(row.integration.pk, way.read(body.value, config).key)
    except Invalid as error:
        _reject(row, body.text, error)
        raise
    row.raw = body.text
    return store(row)


def _reject(row: Delivery, text: str, error: Expected) -> None:
    said = "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in error.errors) or str(error)
    row.state, row.raw = Delivery.State.REJECTED, text[:KEPT_REJECTED]
    row.outcome = said.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")[:OUTCOME]
    row.taken_at = row.received_at
    row.save(force_insert=True)
