"""Writing data sources, and what a first start needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.db import transaction

from catalog.access import Actor, require_admin, system
from catalog.operations import record_audit
from catalog.operations.locking import hold_refs
from portal.lib import durations
from portal.lib.conf import prometheus_url
from portal.lib.crypto import CannotUnseal, seal
from portal.lib.errors import FieldError, Invalid
from portal.lib.rates import pause
from slo.models import AlertPolicy, DataSource
from slo.prometheus import SourceHealth
from slo.sources import client, make_client, measure_lag, note_failure, note_success
from slo.windows import WORKBOOK, WORKBOOK_OUTAGE

POLICIES = {
    "workbook": ("Google SRE workbook", WORKBOOK),
    "workbook-outage": ("Google SRE workbook, and outages at once", WORKBOOK_OUTAGE),
}
"""Title and rules of the alert policies that come with the portal."""
BETWEEN_TRIES = 2
"""Seconds between two tries of one source."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A data source as somebody wrote it; None for `secret` and `headers` keeps what is stored."""

    name: str
    url: str
    kind: str = "prometheus"
    is_default: bool = False
    auth: str = "none"
    username: str = ""
    secret: str | None = None
    headers: Mapping[str, str] | None = None
    cert_file: str = ""
    key_file: str = ""
    ca_file: str = ""
    verify: bool = True
    timeout: str = "10s"
    delay: str = "30s"
    external_labels: tuple[str, ...] = ()
    description: str | None = None
    extra: Mapping[str, Any] | None = None
    """None for either keeps what is stored; `extra` is what a document said that nothing here means."""


class SourceInUse(Invalid):
    """Objectives are counted from it; point them elsewhere, or retire them, first."""


def draft_of(row: DataSource) -> SourceDraft:
    """The draft that would change nothing."""
    plain = (
        "name", "url", "kind", "is_default", "auth", "username", "cert_file", "key_file", "ca_file", "verify",
        "description",
    )  # fmt: skip
    return SourceDraft(
        **{name: getattr(row, name) for name in plain},
        timeout=durations.render(row.timeout),
        delay=durations.render(row.delay),
        external_labels=tuple(row.external_labels),
    )


def ask_source(*, draft: SourceDraft, actor: Actor) -> SourceHealth:
    """Ask a source whether it is there, as it would be saved; platform admins only. Nothing is written.

    What is stored and secret goes only where it went before. Raises Invalid, Forbidden, CannotUnseal.
    """
    require_admin(actor)
    _refuse(draft)
    row = DataSource.objects.filter(name=draft.name).first() or DataSource(name=draft.name)
    if row.pk and urlsplit(row.url)[:2] != urlsplit(draft.url)[:2]:
        kept = {"secret": draft.secret is None and row.secret, "headers": draft.headers is None and row.headers}
        words = "the address is another one; type it again, so that what is stored is sent nowhere else"
        errors = tuple(FieldError(name, "again", words) for name, stored in kept.items() if stored)
        if errors:
            raise Invalid(words, errors=errors)
    for name, value in {**_columns(draft), **_secrets(draft)}.items():
        setattr(row, name, value)
    asked = make_client(row)
    try:
        return asked.health()
    finally:
        asked.close()


def try_source(*, row: DataSource, actor: Actor) -> SourceHealth:
    """Ask a source as it is saved, at most once in two seconds; platform admins only. Nothing is written.

    Raises Forbidden, TooSoon. Secrets that can't be read any more are told as what is wrong with it.
    """
    require_admin(actor)
    pause(f"source:{row.pk}", seconds=BETWEEN_TRIES)
    try:
        return ask_source(draft=draft_of(row), actor=actor)
    except (CannotUnseal, Invalid) as error:
        return SourceHealth(reachable=False, version="", latency=0.0, error=str(error))


def _refuse(draft: SourceDraft) -> None:
    errors = tuple(_errors(draft))
    if errors:
        raise Invalid("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


@transaction.atomic
def save_source(*, draft: SourceDraft, actor: Actor, now: datetime) -> DataSource:
    """Create or change the data source `draft.name`; platform admins only. Raises Invalid, Forbidden."""
    require_admin(actor)
    _refuse(draft)
    hold_refs(written=[f"datasource:{draft.name}", *(["datasource"] if draft.is_default else [])])
    if draft.is_default:
        DataSource.objects.exclude(name=draft.name).filter(is_default=True).update(is_default=False, updated_at=now)
    before = DataSource.objects.select_for_update().filter(name=draft.name).first()
    row = before or DataSource(name=draft.name, created_at=now)
    columns = _columns(draft)
    diff: dict[str, tuple[object, object]] = {
        name: (str(getattr(row, name)) if before else None, str(value))
        for name, value in columns.items()
        if before is None or getattr(row, name) != value
    }
    if before and not diff and draft.secret is None and draft.headers is None:
        return row
    for name, value in {**columns, **_secrets(draft)}.items():
        setattr(row, name, value)
    row.updated_at, row.retired_at = now, None
    row.save()
    diff |= dict.fromkeys(_secrets(draft), ("…", "…"))
    record_audit(actor=actor, action="source.save", object_ref=f"source:{draft.name}", diff=diff, now=now)
    return row


def _errors(draft: SourceDraft) -> Iterator[FieldError]:
    parts = urlsplit(draft.url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        yield FieldError("url", "format", "write an address such as https://prometheus.example.org")
    if not draft.name or not draft.name.replace("-", "").replace("_", "").isalnum():
        yield FieldError("name", "format", "use letters, digits, '-' and '_'")
    if draft.kind not in DataSource.Kind.values:
        yield FieldError("kind", "choice", f"use one of {', '.join(DataSource.Kind.values)}")
    if draft.auth not in DataSource.Auth.values:
        yield FieldError("auth", "choice", f"use one of {', '.join(DataSource.Auth.values)}")
    for name, text in {"timeout": draft.timeout, "delay": draft.delay}.items():
        try:
            found = durations.parse(text)
        except durations.BadDuration as error:
            yield FieldError(name, "format", str(error))
        else:
            if name == "timeout" and not timedelta(seconds=1) <= found <= timedelta(seconds=60):
                yield FieldError(name, "range", "between 1s and 60s")


def _columns(draft: SourceDraft) -> dict[str, Any]:
    kept = ("url", "kind", "is_default", "auth", "username", "cert_file", "key_file", "ca_file", "verify")
    return {
        **{name: getattr(draft, name) for name in kept},
        "timeout": durations.parse(draft.timeout),
        "delay": durations.parse(draft.delay),
        "external_labels": list(draft.external_labels),
        **({} if draft.description is None else {"description": draft.description}),
        **({} if draft.extra is None else {"extra": dict(draft.extra)}),
    }


def _secrets(draft: SourceDraft) -> dict[str, str]:
    sealed: dict[str, str] = {}
    if draft.secret is not None:
        sealed["secret"] = seal(draft.secret) if draft.secret else ""
    if draft.headers is not None:
        sealed["headers"] = seal(orjson.dumps(dict(draft.headers)).decode()) if draft.headers else ""
    return sealed


def changes_source(draft: SourceDraft) -> bool:
    """Whether saving the draft would change anything but secrets, which none of its columns are."""
    row = DataSource.objects.filter(name=draft.name, retired_at=None).first()
    if row is None or any(_errors(draft)):
        return True
    return any(getattr(row, name) != value for name, value in _columns(draft).items())


@transaction.atomic
def retire_source(*, name: str, actor: Actor, now: datetime) -> None:
    """Ask it no more. Raises SourceInUse, Forbidden."""
    require_admin(actor)
    row = DataSource.objects.select_for_update().filter(name=name, retired_at=None).first()
    if row is None:
        return
    if row.definitions.filter(retired_at=None).exists():
        raise SourceInUse
    row.retired_at, row.updated_at, row.is_default = now, now, False
    row.save()
    diff: dict[str, tuple[object, object]] = {"retired_at": (None, str(now))}
    record_audit(actor=actor, action="source.retire", object_ref=f"source:{name}", diff=diff, now=now)


def ensure_defaults(*, now: datetime) -> None:
    """The alert policy `workbook`, and a default data source where PROMETHEUS_URL is set and none is there. Idempotent.

    The source made from PROMETHEUS_URL is named `prometheus` and follows that setting.
    """
    for name in POLICIES:
        default_policy(name, now=now)
    url = prometheus_url()
    found = DataSource.objects.filter(is_default=True).first()
    if url and (found is None or (found.name == "prometheus" and found.url != url)):
        delay = durations.render(found.delay) if found else "30s"
        draft = SourceDraft(name="prometheus", url=url, is_default=True, delay=delay)
        save_source(draft=draft, actor=system("settings"), now=now)


def default_policy(name: str = "workbook", *, now: datetime) -> AlertPolicy:
    """One of the policies that are always there, by its name in `POLICIES`; made when it isn't."""
    title, rules = POLICIES[name]
    made, _ = AlertPolicy.objects.get_or_create(
        name=name, defaults={"title": title, "rules": rules, "created_at": now, "updated_at": now}
    )
    return made


def check_sources(*, now: datetime) -> None:
    """Ask every data source whether it is there, and remember the answer."""
    for source in DataSource.objects.filter(retired_at=None):
        try:
            found = client(source).health()
        except CannotUnseal as error:
            note_failure(source, error=str(error), now=now)
            continue
        if found.reachable:
            note_success(source, now=now, latency=found.latency, version=found.version)
            measure_lag(source, now=now)
        else:
            note_failure(source, error=found.error, now=now)
