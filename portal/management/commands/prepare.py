"""`portal prepare`: everything between an empty database and a portal that can serve."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from portal.lib.clock import db_now
from slo.operations import ensure_defaults


class Command(BaseCommand):
    """Migrations, the cache table, the first data source, static files; what is done already is not done again."""

    help = "Apply migrations, create the cache table and collect static files"

    def add_arguments(self, parser: CommandParser) -> None:
        """Nothing to choose but how to collect."""
        parser.add_argument("--force-static", action="store_true", help="collect static files even if none changed")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Do what is missing."""
        call_command("migrate", interactive=False, verbosity=1)
        call_command("createcachetable", verbosity=0)
        ensure_defaults(now=db_now())  # so that the data source of PROMETHEUS_URL is there for who signs in first
        self._collect(force=options["force_static"])

    def _collect(self, *, force: bool) -> None:
        root = Path(settings.STATIC_ROOT)
        stamp, now = root / ".collected", _fingerprint()
        if force or not stamp.exists() or stamp.read_text() != now:
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(now)
            self.stdout.write("Static files collected.")


def _fingerprint() -> str:
    """Changes when any static file was added, removed or written; collecting takes seconds, this takes none."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            seen = Path(storage.path(name)).stat()
            digest.update(f"{name} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()
