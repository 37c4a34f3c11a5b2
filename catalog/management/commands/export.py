"""`portal export`: the catalog as YAML documents; applied again they change nothing."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import exporting


class Command(BaseCommand):
    """Writes everything that is there and not retired, to standard output or into a file."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and what."""
        parser.add_argument("-o", "--output", default="-", help="a file, or - for standard output")
        parser.add_argument("--kind", action="append", default=[], choices=exporting.KINDS, help="only these (several)")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401  # Django's own signature
        """The whole file is written beside and moved into place, so that none is half there."""
        parts = exporting.stream(kinds=options["kind"])
        if options["output"] == "-":
            for part in parts:
                sys.stdout.write(part)
            return
        target = Path(options["output"])
        beside = target.with_name(f".{target.name}.part")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.writelines(parts)
            beside.replace(target)
        except OSError as error:
            raise CommandError(f"{target} can't be written: {error.strerror}.") from error
