"""For machines that watch us: alive, ready, and in numbers."""

from collections.abc import Callable

from celery import current_app
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from portal import plugins
from portal.lib.clock import db_now
from portal.pages import watch


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers and the database does, with the age of each sweep and what is late, in seconds,
    and the names of plugins that failed; 503 while the database does not.

    Lateness does not make it fail: restarting the web server would mend no sweep. Alarm on `/metrics` or WATCHDOG_URL.
    """
    try:
        seen = watch.look(now=db_now())
    except (OperationalError, InterfaceError) as error:
        return JsonResponse({"status": "no database", "detail": str(error).strip()[:300]}, status=503)
    said = {name: round(age, 1) for name, age in seen.late.items()}
    ages = {name: round(age, 1) for name, age in sorted(seen.sweeps.items())}
    status = "late" if said else "ok"
    return JsonResponse({"status": status, "late": said, "sweeps": ages, "plugins_failed": sorted(plugins.failed())})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and broker are ready, else 503 with what is not."""
    checks = {"database": _database, "migrations": _migrations, "broker": _broker}
    found = {name: _said(check) for name, check in checks.items()}
    ready = all(said == "ok" for said in found.values())
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Our own figures for Prometheus."""
    watch.refresh(now=db_now())
    watch.cover(now=db_now())
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _said(check: Callable[[], str]) -> str:
    try:
        return check() or "ok"
    except Exception as error:  # whatever is wrong is the answer here
        return f"{type(error).__name__}: {error}".strip()[:300]


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} migrations are not applied" if missing else ""


def _broker() -> str:
    with current_app.connection_for_read(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return ""
