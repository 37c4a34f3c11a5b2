"""Everything at once: incidents open while workers and beats are killed, Redis forgets and is gone, PostgreSQL is
restarted, and the mail server refuses, hangs, and answers 4xx and 5xx. Then the sinks are counted.

`python -m tests.chaos.everything [--incidents N] [--seconds S]`: brings a PostgreSQL of its own, prints a table, and
ends with 1 where a page was lost, late, doubled without a mark, or a step skipped. `bin/bench chaos` is the same.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from portal.embedded import Server, temporary


def main() -> int:
    """Run it on a server that may be restarted."""
    parser = argparse.ArgumentParser(prog="bin/bench chaos", description=__doc__)
    parser.add_argument("--incidents", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=90.0, help="how long incidents open and things break")
    parser.add_argument("--apart", type=float, default=20.0, help="seconds from a step to the next")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with temporary(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = server.url()
        os.environ.setdefault("PORTAL_LOG_LEVEL", "ERROR")
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        return _run(server, Path(folder), asked)


def _run(server: Server, folder: Path, asked: argparse.Namespace) -> int:
    import django  # noqa: PLC0415  # the database has to be there first

    django.setup()
    from tests.chaos.ordeal import Ordeal  # noqa: PLC0415  # as above

    ordeal = Ordeal(server, folder, incidents=asked.incidents, seconds=asked.seconds, apart=asked.apart)
    return ordeal.run(as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
