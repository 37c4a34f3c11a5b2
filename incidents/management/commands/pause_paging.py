"""`portal pause_paging REASON`: from a script, or before a copy of a portal is started."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog.access import system
from incidents.operations.pausing import LONGEST, pause
from portal.lib.clock import db_now


class Command(BaseCommand):
    """As long as a pause may be; it is ended earlier under Incidents → Pause paging."""

    help = "Page nobody for 24 hours, or until somebody resumes; what comes due meanwhile goes out then"

    def add_arguments(self, parser: CommandParser) -> None:
        """Everybody reads the reason on every page."""
        parser.add_argument("reason", help="why")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """One pause, begun now."""
        now = db_now()
        made = pause(until=now + LONGEST, reason=options["reason"], by=system("pause_paging"), now=now)
        self.stdout.write(f"Paging is paused until {made.ends_at:%Y-%m-%d %H:%M} UTC.")
