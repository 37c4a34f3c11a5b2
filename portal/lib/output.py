"""What commands write: to standard output, or into a file that is there whole or not at all."""

import sys
from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import CommandError


def write(parts: Iterable[str], to: str) -> None:
    """Write `parts` to the file `to`, beside it first and then moved into its place; `-` is standard output.

    Raises CommandError where the file can't be written.
    """
    if to == "-":
        for part in parts:
            sys.stdout.write(part)
        return
    target = Path(to)
    beside = target.with_name(f".{target.name}.part")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(parts)
        beside.replace(target)
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}.") from error
