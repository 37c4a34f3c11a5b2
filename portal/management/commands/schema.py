"""`portal schema`: the migrations that this version brings, for whoever wants to know whether a database is newer."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader


class Command(BaseCommand):
    """Asks no database."""

    help = "List the migrations that this version and its plugins bring, one on a line, as app.name"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Those that a squashed one stands for are known, too."""
        migrations = MigrationLoader(None).disk_migrations
        replaced = {name for migration in migrations.values() for name in migration.replaces}
        for app, name in sorted({*migrations, *replaced}):
            self.stdout.write(f"{app}.{name}")
