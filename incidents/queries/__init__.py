"""Every question about incidents that a page, the API or another app asks."""

from incidents.queries.incidents import (
    NextMove,
    NoSuchIncident,
    Pulse,
    alerts_of,
    incident_by_number,
    incidents,
    incidents_beside,
    next_moves,
    next_moves_of,
    open_counts,
    open_incidents_of,
    pages_of,
    pulse,
    sources_seen,
    timeline_of,
    untaken_pages_for,
)
from incidents.queries.watch import Lateness, lateness

__all__ = [
    "Lateness",
    "NextMove",
    "NoSuchIncident",
    "Pulse",
    "alerts_of",
    "incident_by_number",
    "incidents",
    "incidents_beside",
    "lateness",
    "next_moves",
    "next_moves_of",
    "open_counts",
    "open_incidents_of",
    "pages_of",
    "pulse",
    "sources_seen",
    "timeline_of",
    "untaken_pages_for",
]
