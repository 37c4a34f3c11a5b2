"""The incidents app's tables."""

from incidents.models.alert import Alert, SeverityRule
from incidents.models.calendar import CalendarFeed
from incidents.models.change import Change
from incidents.models.contact import ConfirmationCode, WorkingHours
from incidents.models.drill import Drill, DrillPlan
from incidents.models.inbox import InboxMessage
from incidents.models.incident import Incident, Page, PageStep, Severity, TimelineEntry, Urgency
from incidents.models.intake import Delivery, HandledTransition, Heartbeat, Integration, IntegrationKey
from incidents.models.notification import ContactMethod, ContactRule, Notification, NotificationAttempt
from incidents.models.oncall import LayerVersion, Override, Schedule
from incidents.models.pause import PagingPause
from incidents.models.policy import CatchAll, EscalationPolicy, PolicyVersion, TeamPaging
from incidents.models.swap import Swap
from incidents.models.sweep import SweepStamp
from incidents.models.work import Follower, IncidentLink, IncidentRole, StatusUpdate, Task

__all__ = [
    "Alert",
    "CalendarFeed",
    "CatchAll",
    "Change",
    "ConfirmationCode",
    "ContactMethod",
    "ContactRule",
    "Delivery",
    "Drill",
    "DrillPlan",
    "EscalationPolicy",
    "Follower",
    "HandledTransition",
    "Heartbeat",
    "InboxMessage",
    "Incident",
    "IncidentLink",
    "IncidentRole",
    "Integration",
    "IntegrationKey",
    "LayerVersion",
    "Notification",
    "NotificationAttempt",
    "Override",
    "Page",
    "PageStep",
    "PagingPause",
    "PolicyVersion",
    "Schedule",
    "Severity",
    "SeverityRule",
    "StatusUpdate",
    "Swap",
    "SweepStamp",
    "Task",
    "TeamPaging",
    "TimelineEntry",
    "Urgency",
    "WorkingHours",
]
