"""The incidents app's tables."""

from incidents.models.alert import Alert, SeverityRule
from incidents.models.incident import Incident, Page, PageStep, TimelineEntry
from incidents.models.intake import Delivery, Integration
from incidents.models.notification import ContactMethod, ContactRule, Notification, NotificationAttempt
from incidents.models.oncall import LayerVersion, Override, Schedule
from incidents.models.policy import CatchAll, EscalationPolicy, PolicyVersion, TeamPaging
from incidents.models.sweep import SweepStamp

__all__ = [
    "Alert",
    "CatchAll",
    "ContactMethod",
    "ContactRule",
    "Delivery",
    "EscalationPolicy",
    "Incident",
    "Integration",
    "LayerVersion",
    "Notification",
    "NotificationAttempt",
    "Override",
    "Page",
    "PageStep",
    "PolicyVersion",
    "Schedule",
    "SeverityRule",
    "SweepStamp",
    "TeamPaging",
    "TimelineEntry",
]
