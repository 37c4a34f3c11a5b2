"""`portal demo seed`: fill the portal with the demo platform; safe at every start."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.demo.documents import PACES
from portal.demo.past import make_past
from portal.demo.seed import seed
from portal.lib.clock import db_now


class Command(BaseCommand):
    """Only there where PORTAL_DEMO is set."""

    help = "Fill the portal with the demo platform"
    requires_system_checks = ()
    """`portal prepare` ran just before and made them; they import every page."""

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and how fast the story goes."""
        parser.add_argument("action", choices=["seed"])
        parser.add_argument("--pace", choices=PACES, default=settings.PORTAL_DEMO_PACE)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Seed, and say whether anything had to be done."""
        now, began = db_now(), time.monotonic()
        done = seed(pace=options["pace"], prometheus_url=settings.PROMETHEUS_URL, now=now)
        if done:
            self._say("People, teams, components, schedules and objectives are there", began)
        lived = make_past(now=now)
        if lived:
            self._say("Sixty days of incidents and reviews are there", began)
        self._say("The demo platform is there" if done else "The demo platform was there already", began)

    def _say(self, words: str, began: float) -> None:
        self.stdout.write(f"{words} (after {time.monotonic() - began:.0f} s).")
