"""Clients of data sources, and where else indicators can come from."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db.models import F

from portal.lib.crypto import CannotUnseal, unseal
from slo.counting import Replaced
from slo.models import DataSource, ReplicaChange
from slo.prometheus import Prometheus, PrometheusError

_clients = threading.local()


def client(source: DataSource) -> Prometheus:
    """A client for a source, kept by this thread until the source is changed. Raises CannotUnseal."""
    kept: dict[int, tuple[datetime, Prometheus]] = _clients.__dict__.setdefault("kept", {})
    changed, found = kept.get(source.pk, (None, None))
    if found is None or changed != source.updated_at:
        if found is not None:
            found.close()
        found = make_client(source)
        kept[source.pk] = (source.updated_at, found)
    return found


def make_client(source: DataSource, *, patience: timedelta | None = None) -> Prometheus:
    """A client of its own for a source as it stands, saved or not; it waits no longer than `patience`, where given."""
    secret = unseal(source.secret)
    mtls = source.auth == DataSource.Auth.MTLS
    return Prometheus(
        source.url,
        timeout=min(source.timeout, patience or source.timeout).total_seconds(),
        headers=orjson.loads(unseal(source.headers) or "{}"),
        auth=(source.username, secret) if source.auth == DataSource.Auth.BASIC else None,
        bearer=secret if source.auth == DataSource.Auth.BEARER else "",
        verify=(source.ca_file or True) if source.verify else False,
        cert=(source.cert_file, source.key_file) if mtls else None,
        kind=source.kind,
        external_labels=source.external_labels,
    )


def note_success(source: DataSource, *, now: datetime, latency: float | None = None, version: str = "") -> None:
    """Remember that a source answered; written at most once a minute unless it had been down."""
    fresh = source.ok_at is not None and (now - source.ok_at).total_seconds() < 60
    if source.reachable and fresh and latency is None:
        return
    source.reachable, source.checked_at, source.ok_at, source.down_since, source.error = True, now, now, None, ""
    if latency is not None:
        source.latency, source.version = latency, version or source.version
    _save(source)


def note_failure(source: DataSource, *, error: str, now: datetime) -> None:
    """Remember that a source can't be asked: one fact, wherever it is met first."""
    source.reachable, source.checked_at, source.error = False, now, error
    source.down_since = source.down_since or now
    _save(source)


def note_warning(source: DataSource, *, warning: str) -> None:
    """Remember what a source said beside its last answer."""
    if source.warning != warning:
        DataSource.objects.filter(pk=source.pk).update(warning=warning)


def note_replicas(source: DataSource, replaced: Mapping[Replaced, int], *, now: datetime) -> None:
    """Record from when another replica was counted; batches that see it of the same minute make one record."""
    for one, targets in sorted(replaced.items()):
        at = datetime.fromtimestamp(one.bucket, UTC)
        row, created = ReplicaChange.objects.get_or_create(
            source=source,
            at=at,
            before=one.before[:300],
            after=one.after[:300],
            defaults={"targets": targets, "created_at": now},
        )
        if not created:
            ReplicaChange.objects.filter(pk=row.pk).update(targets=F("targets") + targets)


LAG_EVERY = timedelta(hours=1)
_LOOKED = 600
_NEWEST = f"quantile(0.1, max_over_time(timestamp(up)[{_LOOKED}s:15s]) + {_LOOKED} / count_over_time(up[{_LOOKED}s]))"
"""When the next sample of a target is due, of which nine in ten have not passed where samples arrive at once."""


def measure_lag(source: DataSource, *, now: datetime) -> timedelta | None:
    """How late samples arrive: by how long most targets' next sample is overdue. Measured once an hour, and kept.

    None where it isn't known: the source can't be asked, or scrapes nothing itself.
    """
    if source.lag_at and now - source.lag_at < LAG_EVERY:
        return source.lag
    try:
        answer = client(source).instant(_NEWEST, at=now.timestamp()).series
    except (PrometheusError, CannotUnseal):
        return source.lag
    late = now.timestamp() - float(answer[0].samples[0][1]) if answer else None
    source.lag = None if late is None or late != late else timedelta(seconds=max(0, round(late)))
    source.lag_at = now
    DataSource.objects.filter(pk=source.pk).update(lag=source.lag, lag_at=now)
    return source.lag


def _save(source: DataSource) -> None:
    names = ["reachable", "checked_at", "ok_at", "down_since", "error", "latency", "version"]
    DataSource.objects.filter(pk=source.pk).update(**{name: getattr(source, name) for name in names})


type Verdicts = Callable[[Mapping[str, Any], int, datetime, datetime], dict[int, tuple[int, int]]]
"""An indicator type of another app: (indicator, component's primary key, since, until) → (good, total) by the end, in
seconds since the epoch, of every bucket in `(since, until]` that holds anything. The same whenever it is asked."""

registry: dict[str, Verdicts] = {}
"""Indicator types that other apps answer, by type; filled in their `AppConfig.ready()`."""
