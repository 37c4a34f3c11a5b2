"""How each state is shown, wherever it is shown: an icon, a tone and a word."""

from enum import IntEnum
from typing import NamedTuple


class Look(NamedTuple):
    """How a state is shown: an icon, a tone (colour class) and a word. Never colour alone."""

    icon: str
    tone: str
    word: str


UNKNOWN = Look("circle-dashed", "none", "Unknown")
LOOKS: dict[str, Look] = {
    # promises
    "burning": Look("flame", "bad", "Burning"),
    "exhausted": Look("circle-x", "bad", "Exhausted"),
    "at-risk": Look("alert-triangle", "warn", "At risk"),
    "healthy": Look("circle-check", "good", "Healthy"),
    "ok": Look("circle-check", "good", "Healthy"),
    "no-data": Look("eye-off", "none", "No data"),
    "blind": Look("eye-off", "none", "No data"),
    "no-traffic": Look("circle-minus", "none", "No traffic"),
    "no-slo": Look("circle-dashed", "none", "No SLO"),
    "good": Look("circle-check", "good", "Healthy"),
    "bad": Look("circle-x", "bad", "Broken or burning"),
    "unknown": Look("eye-off", "none", "No data"),
    "new": Look("hourglass", "none", "Not evaluated yet"),
    "building": Look("hourglass", "accent", "Reading history"),
    "reading-history": Look("hourglass", "accent", "Reading history"),
    "backfilling": Look("hourglass", "accent", "Reading history"),
    "paused": Look("player-pause", "none", "Paused"),
    # alert rules
    "firing": Look("flame", "bad", "Firing"),
    "inactive": Look("circle-check", "good", "Quiet"),
    "seeing": Look("eye", "good", "Seeing"),
    "cleared": Look("circle-check", "good", "Cleared"),
    # incidents and pages
    "open": Look("bell-ringing", "bad", "Open"),
    "reopened": Look("bell-ringing", "bad", "Open again"),
    "triggered": Look("bell-ringing", "bad", "Paging"),
    "paging": Look("bell-ringing", "bad", "Paging"),
    "unanswered": Look("bell-ringing", "bad", "No answer"),
    "acknowledged": Look("user-check", "accent", "Taken"),
    "taken": Look("user-check", "accent", "Taken"),
    "has-it": Look("circle-check", "good", "Has it"),
    "waiting": Look("clock-pause", "none", "Waits"),
    "snoozed": Look("zzz", "none", "Snoozed"),
    "resolved": Look("circle-check", "good", "Resolved"),
    "suppressed": Look("tool", "none", "Held by maintenance"),
    "nobody": Look("user-question", "none", "nobody yet"),
    "gap": Look("calendar-x", "bad", "Nobody on call"),
    "covered": Look("circle-check", "good", "Covered"),
    # the catalog
    "unconfirmed": Look("checks", "warn", "Not confirmed"),
    # reviews and what is to be done
    "draft": Look("pencil", "none", "Draft"),
    "published": Look("circle-check", "good", "Published"),
    "to-do": Look("circle-dot", "none", "Open"),
    "due-soon": Look("clock", "warn", "Due soon"),
    "overdue": Look("clock-exclamation", "bad", "Overdue"),
    "finished": Look("circle-check", "good", "Done"),
    "dropped": Look("circle-minus", "none", "Dropped"),
    # delivery
    "pending": Look("hourglass", "none", "Waiting"),
    "stored": Look("hourglass", "none", "Waiting"),
    "done": Look("circle-check", "good", "Taken"),
    "rejected": Look("circle-x", "bad", "Rejected"),
    "leased": Look("send", "accent", "Being sent"),
    "cancelled": Look("circle-minus", "none", "No longer needed"),
    "queued": Look("hourglass", "none", "Queued"),
    "sending": Look("send", "accent", "Sending"),
    "sent": Look("circle-check", "good", "Sent"),
    "delivered": Look("checks", "good", "Delivered"),
    "failed": Look("circle-x", "bad", "Failed"),
    "failed-for-now": Look("clock-exclamation", "warn", "Failed, tried again"),
    "cut-off": Look("alert-triangle", "warn", "Cut off, may have arrived"),
    "dead": Look("circle-x", "bad", "Gave up"),
    # outside systems
    "works": Look("circle-check", "good", "Works"),
    "degraded": Look("alert-triangle", "warn", "Degraded"),
    "down": Look("alert-octagon", "bad", "Down"),
    "unread": Look("hourglass", "none", "Not read yet"),
    "retired": Look("circle-minus", "none", "Retired"),
    "unreachable": Look("plug-connected-x", "bad", "Unreachable"),
}
COMPONENT_ICONS = {
    "runner": "player-play", "pipeline": "git-merge", "cluster": "topology-star-3", "control-plane": "steering-wheel",
    "registry": "package", "iac-module": "stack-2", "secrets": "key", "dns": "world", "gateway": "arrows-split-2",
    "observability": "chart-dots", "golden-path": "road", "service": "box", "website": "app-window", "library": "book",
    "database": "database", "cache": "database", "queue": "transfer", "api": "api",
}  # fmt: skip


def look_of(key: object) -> Look:
    """The look of a state by its key or enum (`at_risk` is `at-risk`); a key nobody drew is said in words."""
    said = key.name if isinstance(key, IntEnum) else getattr(key, "value", key)
    text = str(said).strip().lower().replace("_", "-").replace(" ", "-")
    return LOOKS.get(text) or UNKNOWN._replace(word=text.replace("-", " ").capitalize() or UNKNOWN.word)


SOURCES = {
    "alertmanager": "Alertmanager",
    "api": "API",
    "heartbeat": "Heartbeat",
    "manual": "Declared by hand",
    "pagerduty": "PagerDuty events",
    "portico": "Portico itself",
    "slo": "Objective",
}
"""Where alerts come from, for people; others are called as they call themselves."""
