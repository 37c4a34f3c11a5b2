"""`portal rules`: objectives as a Prometheus rule file; `promtool check rules` takes it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.refs import BadReference, parse
from portal.lib.errors import Expected
from portal.lib.output import write
from slo import queries
from slo.queries.rules import all_rules, rules_of


class Command(BaseCommand):
    """Writes recording and alerting rules of all objectives, of a team's, or of one, to standard output or a file."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and where to."""
        parser.add_argument("objective", nargs="?", default="", help="an objective's name; all where it is left out")
        parser.add_argument("--team", default="", help="only those of this team's components, such as build-ci")
        parser.add_argument("-o", "--output", default="-", help="a file, or - for standard output")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """The whole file is written beside and moved into place, so that none is half there."""
        try:
            team = str(parse(options["team"], kind="group")) if options["team"] else ""
            name = options["objective"]
            parts = rules_of(queries.by_name(name)) if name else all_rules(team=team)
        except (BadReference, Expected) as error:
            raise CommandError(str(error)) from error
        write(parts, options["output"])
