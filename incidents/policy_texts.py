"""Targets, days and durations of a policy as people write them in files and over the API, and back."""

from datetime import time, timedelta

from incidents.escalation import Condition, Target, TargetKind
from portal.lib import durations

KINDS = {"schedule": TargetKind.SCHEDULE, "user": TargetKind.PERSON, "group": TargetKind.TEAM}
PREFIX = {kind: prefix for prefix, kind in KINDS.items()}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class BadTarget(ValueError):
    """The text is no target such as `schedule:build-ci`, `user:ada` or `group:default/networking`."""


def target_of(text: str) -> Target:
    """`schedule:build-ci`, `user:ada`, `user:default/ada`, `group:networking`. Raises BadTarget."""
    prefix, _, name = text.strip().lower().partition(":")
    kind = KINDS.get(prefix)
    if kind is None or not name.strip("/ "):
        raise BadTarget(f"{text[:100]!r}: write schedule:build-ci, user:ada or group:networking")
    if kind is TargetKind.SCHEDULE:
        return Target(kind, name.strip())
    return Target(kind, f"{prefix}:{name.strip() if '/' in name else f'default/{name.strip()}'}")


def target_text(target: Target) -> str:
    """As `target_of` reads it."""
    return f"schedule:{target.ref}" if target.kind is TargetKind.SCHEDULE else target.ref


def day_of(text: str) -> int | None:
    """`monday`, `Mon`, `mo` as 0; None for what is no day."""
    wanted = text.strip().lower()
    found = [place for place, day in enumerate(DAYS) if len(wanted) >= 2 and day.startswith(wanted)]
    return found[0] if len(found) == 1 else None


def clock_of(text: str) -> time | None:
    """`09:00` as a time, `24:00` as midnight; None for what is none."""
    try:
        found = time.fromisoformat("00:00" if text.strip() == "24:00" else text.strip())
    except ValueError:
        return None
    return found if found.tzinfo is None else None


def duration_text(value: timedelta | None) -> str | None:
    """`5m`; None for none."""
    return None if value is None else durations.render(value)


def hours(condition: Condition) -> tuple[str, str]:
    """From and until, `("09:00", "17:00")`."""
    return condition.start.isoformat("minutes"), condition.end.isoformat("minutes")
