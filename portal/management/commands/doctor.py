"""`portal doctor`: what is well, what is not, and what to do about it, in words."""

import os
import smtplib
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from incidents.queries import policies
from portal import plugins
from portal.lib.clock import db_now
from portal.lib.durations import words
from portal.lib.http import session
from portal.pages import watch

OLDEST_POSTGRES = 15


class Problem(Exception):
    """Something is not well; the message says what, and what to do."""


class Command(BaseCommand):
    """Asks everything that Portico depends on; ends with exit code 1 if anything is not well."""

    help = "Check Python, database, migrations, broker, Prometheus, mail, and that nothing is late"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """One line for each check; raises CommandError when any failed."""
        failed = [name for name, check in CHECKS.items() if not self._well(name, check)]
        if failed:
            raise CommandError(f"not well: {', '.join(failed)}")
        self.stdout.write("All is well.")

    def _well(self, name: str, check: Callable[[], str]) -> bool:
        try:
            said = check()
        except Exception as error:  # whatever is wrong is the answer here
            self.stdout.write(self.style.ERROR(f"✗ {name}: {_in_words(error)}"))
            return False
        self.stdout.write(f"✓ {name}: {said}")
        return True


def python() -> str:
    """The version, which the start would have refused if it were too old."""
    return f"{sys.version.split()[0]} at {sys.executable}"


def database() -> str:
    """Reachable, and young enough."""
    if not os.environ.get("DATABASE_URL"):
        raise Problem("DATABASE_URL is not set, and no bin/up runs from this data folder")
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = str(cursor.fetchone()[0])
    if int(version.split(".")[0]) < OLDEST_POSTGRES:
        raise Problem(f"PostgreSQL {version} is too old; use {OLDEST_POSTGRES} or later")
    return f"PostgreSQL {version}"


def migrations() -> str:
    """All applied."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Problem(f"{len(missing)} are not applied; run portal migrate")
    return "all applied"


def broker() -> str:
    """Takes connections. Without it nothing is lost, but everything waits for `portal tick`."""
    with current_app.connection_for_read(connect_timeout=2) as link:
        link.ensure_connection(max_retries=1, timeout=2)
        return str(link.as_uri())


def prometheus() -> str:
    """Answers, and says that it is ready."""
    if not settings.PROMETHEUS_URL:
        return "none given (PROMETHEUS_URL), so only objectives with a source of their own are evaluated"
    said = session(timeout=5).get(f"{settings.PROMETHEUS_URL.rstrip('/')}/api/v1/query", params={"query": "vector(1)"})
    if said.status_code != 200:
        raise Problem(f"{settings.PROMETHEUS_URL} answered {said.status_code}; is that the address of its API?")
    return f"{settings.PROMETHEUS_URL} answers queries"


def mailer() -> str:
    """The mail server greets us; nothing is sent."""
    backend = mail.mailers["default"]
    opened = backend.open()
    backend.close()
    return "the server greets us" if opened else f"mail goes to {type(backend).__module__.rsplit('.', 1)[-1]}"


def lateness() -> str:
    """Nothing that is due waits for longer than a minute: workers and beat, or `portal tick`, come by."""
    late = watch.refresh(now=db_now())
    if late:
        said = ", ".join(f"{what} since {words(timedelta(seconds=age))}" for what, age in late.items())
        raise Problem(f"{said}; do workers and beat (or portal tick) run?")
    return "nothing that is due waits"


def catch_all() -> str:
    """Somebody is behind what has no owner, and behind those who don't answer."""
    policy = policies.catch_all()
    if policy is None:
        return "none is set yet, so what has no owner pages nobody; a platform admin chooses a policy at /catch-all"
    return f"{policy.name} catches the rest"


def plugged_in() -> str:
    """All that is installed was loaded. What fails is left out, and the portal runs without it."""
    import_module(settings.ROOT_URLCONF)  # the addresses of plugins are read with all others
    failed = plugins.failed()
    if failed:
        raise Problem("; ".join(f"{name}: {error}" for name, error in failed.items()))
    return ", ".join(f"{one.name} {one.version} ({one.state})" for one in plugins.installed()) or "none is installed"


CHECKS: dict[str, Callable[[], str]] = {
    "Python": python,
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "Prometheus": prometheus,
    "mail": mailer,
    "sweeps": lateness,
    "catch-all": catch_all,
    "plugins": plugged_in,
}


def _in_words(error: Exception) -> str:
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, smtplib.SMTPException | ConnectionError | TimeoutError):
        return f"no connection ({error}); is the address right and the server up?"
    return f"{type(error).__name__}: {error}".strip().split("\n")[0]
