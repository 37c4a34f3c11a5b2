"""The sweeps' pulse: one row each, stamped on every pass."""

import os
import socket
from datetime import datetime

from incidents.models import SweepStamp


def stamp(name: str, *, now: datetime, taken: int = 0, failed: int = 0) -> None:
    """Say that the sweep `name` came by at `now`."""
    row = SweepStamp(name=name, at=now, taken=taken, failed=failed, by=f"{socket.gethostname()}:{os.getpid()}")
    SweepStamp.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["at", "taken", "failed", "by"]
    )


def stamped_at(name: str) -> datetime | None:
    """When the sweep `name` came by last; None where it never did."""
    return SweepStamp.objects.filter(name=name).values_list("at", flat=True).first()
