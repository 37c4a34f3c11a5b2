"""The incidents app's tables."""

from incidents.models.alert import Alert, SeverityRule
from incidents.models.away import Absence, HandoffNote, ToldProblem
from incidents.models.calendar import CalendarFeed
from incidents.models.change import Change
from incidents.models.contact import ConfirmationCode, WorkingHours
from incidents.models.digest import DigestChoice, DigestLetter
from incidents.models.drill import Drill, DrillPlan
from incidents.models.inbox import InboxMessage
from incidents.models.incident import Incident, Page, PageStep, Severity, TimelineEntry, Urgency
from incidents.models.intake import Delivery, HandledTransition, Heartbeat, Integration, IntegrationKey
from incidents.models.notification import ContactMethod, ContactRule, Notification, NotificationAttempt
from incidents.models.oncall import LayerVersion, Override, Schedule
from incidents.models.pause import PagingPause
from incidents.models.policy import CatchAll, EscalationPolicy, PolicyVersion, TeamPaging
from incidents.models.review import SECTIONS, ActionItem, ActionReminder, Review, ReviewVersion
from incidents.models.swap import Swap
from incidents.models.sweep import SweepStamp
from incidents.models.work import Follower, IncidentLink, IncidentRole, StatusUpdate, Task

__all__ = [
    "SECTIONS",
    "Absence",
    "ActionItem",
    "ActionReminder",
    "Alert",
    "CalendarFeed",
    "CatchAll",
    "Change",
    "ConfirmationCode",
    "ContactMethod",
    "ContactRule",
    "Delivery",
    "DigestChoice",
    "DigestLetter",
    "Drill",
    "DrillPlan",
    "EscalationPolicy",
    "Follower",
    "HandledTransition",
    "HandoffNote",
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
    "Review",
    "ReviewVersion",
    "Schedule",
    "Severity",
    "SeverityRule",
    "StatusUpdate",
    "Swap",
    "SweepStamp",
    "Task",
    "TeamPaging",
    "TimelineEntry",
    "ToldProblem",
    "Urgency",
    "WorkingHours",
]
