"""`portal export`: the catalog as YAML documents; applied again they change nothing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog import exporting
from portal.lib.output import write


class Command(BaseCommand):
    """Writes everything that is there and not retired, to standard output or into a file."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and what."""
        parser.add_argument("-o", "--output", default="-", help="a file, or - for standard output")
        parser.add_argument("--kind", action="append", default=[], choices=exporting.KINDS, help="only these (several)")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """The whole file is written beside and moved into place, so that none is half there."""
        write(exporting.stream(kinds=options["kind"]), options["output"])
