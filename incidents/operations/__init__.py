"""Every change to incidents: one verb, one place, one transaction; each writes its timeline entry."""

from incidents.operations.action_items import (
    add_action_item,
    change_action_item,
    close_action_item,
    reopen_action_item,
)
from incidents.operations.alerts import Raised, clear_alert, raise_alert
from incidents.operations.changes import record_changes
from incidents.operations.following import follow, unfollow
from incidents.operations.handing import hand_over, snooze
from incidents.operations.notes import edit_note, pin
from incidents.operations.response import (
    AlreadyResolved,
    HasItAlready,
    MovedOn,
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
from incidents.operations.reviews import draft_review, publish_review, save_review, unpublish_review
from incidents.operations.working import add_link, add_task, assign_role, change_task, post_update, remove_link

__all__ = [
    "AlreadyResolved",
    "HasItAlready",
    "MovedOn",
    "NobodyNamed",
    "Raised",
    "acknowledge",
    "acknowledge_incident",
    "add_action_item",
    "add_link",
    "add_note",
    "add_task",
    "assign_role",
    "change_action_item",
    "change_severity",
    "change_task",
    "clear_alert",
    "close_action_item",
    "declare",
    "draft_review",
    "edit_note",
    "engage",
    "escalate_now",
    "follow",
    "hand_over",
    "pin",
    "post_update",
    "publish_review",
    "raise_alert",
    "record_changes",
    "remove_link",
    "reopen_action_item",
    "resolve",
    "save_review",
    "snooze",
    "unfollow",
    "unpublish_review",
]
