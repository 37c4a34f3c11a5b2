"""Every change to incidents: one verb, one place, one transaction; each writes its timeline entry."""

from incidents.operations.alerts import Raised, clear_alert, raise_alert
from incidents.operations.response import (
    AlreadyResolved,
    NobodyNamed,
    acknowledge,
    acknowledge_incident,
    add_note,
    change_severity,
    declare,
    engage,
    escalate_now,
    resolve,
)

__all__ = [
    "AlreadyResolved",
    "NobodyNamed",
    "Raised",
    "acknowledge",
    "acknowledge_incident",
    "add_note",
    "change_severity",
    "clear_alert",
    "declare",
    "engage",
    "escalate_now",
    "raise_alert",
    "resolve",
]
