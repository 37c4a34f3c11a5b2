"""What a message says: the facts of an incident, put into the templates of `templates/incidents/messages/`.

Times are told by the clock of whoever it is sent to, with the zone's name. What is said of a fire drill begins with
TEST: here, once for all templates and channels.

Templates escape for HTML; subjects are one line, whatever a title holds.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone

from catalog.models import Person
from incidents import links
from incidents.channels import Message
from incidents.models import Alert, Incident, Notification, TimelineEntry
from incidents.states import State
from portal.lib import conf, durations
from portal.lib.crypto import unseal
from portal.lib.zones import zone_of

SUBJECT_LENGTH = 150
ONLY_A_DRILL = "TEST: this is a fire drill. Nothing is broken. Please answer as if it were."
WAS_A_DRILL = "TEST: this was a fire drill. Nothing was broken."
DONE = Q(kind=TimelineEntry.Kind.NOTE) | Q(
    Q(page=None) | Q(page__state=State.ACKNOWLEDGED), kind=TimelineEntry.Kind.ACKNOWLEDGED
)
"""Entries that say what is being done about it; that somebody has taken it only while they have it."""
HOLDS = Q(incident__reopened_at=None) | Q(at__gte=F("incident__reopened_at"))
"""What belongs to an earlier opening says nothing of this one."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Burn rate and budget as the alert told them; None is not known."""

    burn: float | None
    budget_left: float | None

    @property
    def budget_percent(self) -> float | None:
        """The share of the error budget that is left, in per cent; negative when overspent."""
        return None if self.budget_left is None else self.budget_left * 100


SHOWN = 5
"""Alerts that a message tells of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """By incident what fires in it, at most `SHOWN`, and what was last said or done about it."""

    firing: Mapping[int, Sequence[Alert]] = field(default_factory=dict)
    done: Mapping[int, TimelineEntry] = field(default_factory=dict)


def facts_of(incidents: Iterable[int | None]) -> Facts:
    """What messages about these incidents tell beside the incidents themselves, in two questions."""
    numbers = {number for number in incidents if number is not None}
    if not numbers:
        return Facts()
    firing: defaultdict[int, list[Alert]] = defaultdict(list)
    fires = Alert.objects.filter(incident__in=numbers, cleared_at=None).select_related("component")
    for alert in fires.order_by("-opened_at", "-pk"):
        its = firing[alert.incident_id or 0]
        if len(its) < SHOWN:
            its.append(alert)
    said = TimelineEntry.objects.filter(DONE, HOLDS, incident__in=numbers)
    last = said.order_by("incident_id", "-at", "-pk").distinct("incident_id")
    return Facts(firing, {entry.incident_id: entry for entry in last})


def render_bundle(rows: Sequence[Notification], facts: Facts) -> Message:
    """Several pages to one person in one message, the worst first; each with its own acknowledge link. Or several
    incidents that are over.
    """
    told = sorted(rows, key=lambda row: (row.incident.severity if row.incident else 9, row.pk))
    over = told[0].is_over
    context = {
        "row": told[0],
        "person": told[0].person,
        "ended" if over else "pages": [_context(row, facts) for row in told],
        "ack_all_url": "" if over else _ack_all(told),
        "base": conf.base_url(),
    }
    subject, text, html = _rendered(Notification.OVER if over else "bundle", context)
    return _bundled(told, subject, text, html=html)


def render(row: Notification, facts: Facts | None = None) -> Message:
    """The message of an outbox row, in text, HTML and data."""
    context = _context(row, facts_of([row.incident_id]) if facts is None else facts)
    if row.is_over:
        context |= {"ended": [context]}
    subject, text, html = _rendered(Notification.OVER if row.is_over else row.kind, context)
    brief = [str(context.get("brief") or subject), str(context.get("ack_url") or context.get("incident_url") or "")]
    return _message(row, subject, text, html=html, brief="\n".join(brief).strip())


def bare(rows: Sequence[Notification]) -> Message:
    """The least a message must say, for when its template can't be rendered."""
    said = [
        (
            row.incident.marked(row.incident.title) if row.incident else "A message from Portico",
            conf.base_url() + (f"/incidents/{row.incident_id}" if row.incident_id else ""),
        )
        for row in rows
    ]
    text = "\n".join(f"{what}\n{where}" for what, where in said) + "\n"
    subject = _one_line(said[0][0])
    return _message(rows[0], subject, text) if len(rows) == 1 else _bundled(rows, subject, text)


def _rendered(kind: str, context: Mapping[str, object]) -> tuple[str, str, str]:
    """Subject, text and HTML, by the clock of whoever reads it."""
    name, reader = f"incidents/messages/{kind}", context["person"]
    with timezone.override(zone_of(reader.time_zone if isinstance(reader, Person) else "")):
        said = render_to_string(f"{name}_subject.txt", dict(context))
        text = render_to_string(f"{name}.txt", dict(context)).strip() + "\n"
        incident = context.get("incident")
        drill = isinstance(incident, Incident) and incident.is_drill
        subject = _one_line(incident.marked(said) if isinstance(incident, Incident) else said)
        text = f"{WAS_A_DRILL if kind == Notification.OVER else ONLY_A_DRILL}\n\n{text}" if drill else text
        return subject, text, render_to_string(f"{name}.html", {**context, "subject": subject})


def _one_line(words: str) -> str:
    """Without line ends of any kind, which would end a header, and cut to what a list of mails shows."""
    return " ".join(words.split())[:SUBJECT_LENGTH]


def _ack_all(rows: Sequence[Notification]) -> str:
    return links.make_all([row.page for row in rows if row.page is not None], rows[0].person)


def _bundled(rows: Sequence[Notification], subject: str, text: str, *, html: str = "") -> Message:
    """Its key is made of the keys of what is in it, so that the same bundle sent again is the same message."""
    keys = sorted(row.idempotency_key for row in rows)
    each = [{"key": row.idempotency_key, **_data(row)} for row in rows]
    first = rows[0]
    link = "" if first.is_over else _ack_all(rows)
    about = {"over": each} if first.is_over else {"pages": each, "links": {"acknowledge_all": link}}
    return Message(
        key=f"bundle-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:40]}",
        subject=subject,
        text=text,
        html=html,
        data={"kind": first.kind if first.is_over else "bundle", "person": first.person.ref, **about},
        maybe_duplicate=any(row.maybe_duplicate for row in rows),
        secret=unseal(first.method.secret) if first.method else "",
        brief=f"{subject}\n{link}".strip(),
    )


def _message(row: Notification, subject: str, text: str, *, html: str = "", brief: str = "") -> Message:
    return Message(
        key=row.idempotency_key,
        subject=subject,
        text=text,
        html=html,
        data=_data(row),
        maybe_duplicate=row.maybe_duplicate,
        secret=unseal(row.method.secret) if row.method else "",
        brief=brief or subject,
    )


def _context(row: Notification, facts: Facts) -> dict[str, object]:
    incident = row.incident
    context: dict[str, object] = {"row": row, "person": row.person, "words": row.words, "base": conf.base_url()}
    if row.kind == Notification.Kind.CODE:
        code = unseal(row.words["sealed_code"])
        context |= {"code": code, "brief": f"{code} is your Portico confirmation code."}
    if incident is not None:
        alerts = facts.firing.get(incident.pk, ())
        context |= {
            "incident": incident,
            "alerts": worth_telling(incident, alerts),
            "figures": _figures(alerts),
            "done": facts.done.get(incident.pk),
            "incident_url": conf.base_url() + incident.get_absolute_url(),
        }
        if row.is_over and incident.resolved_at is not None:
            context["lasted"] = durations.words(incident.resolved_at - incident.opened_at)
    if row.page is not None:
        context |= {"page": row.page, "ack_url": links.make(row.page, row.person)}
    return context


def worth_telling(incident: Incident, alerts: Sequence[Alert]) -> Sequence[Alert]:
    """Beside the title: without a single alert that only says what that says."""
    return () if len(alerts) == 1 and alerts[0].summary.startswith(incident.title) else alerts


def _figures(alerts: Sequence[Alert]) -> Figures:
    for alert in alerts:
        if "burn" in alert.details:
            return Figures(alert.details.get("burn"), alert.details.get("budget_remaining"))
    return Figures(None, None)


def _data(row: Notification) -> dict[str, object]:
    data: dict[str, object] = {
        "kind": row.kind,
        "person": row.person.ref,
        "sent_again": row.maybe_duplicate,
        **_of_incident(row.incident),
    }
    if row.page is not None:
        data["page"] = row.page.pk
        data["links"] = {
            "acknowledge": links.make(row.page, row.person),
            "incident": f"{conf.base_url()}/incidents/{row.incident_id}",
        }
    if row.kind == Notification.Kind.CODE:
        data["code"] = unseal(row.words["sealed_code"])
    return data


def _of_incident(incident: Incident | None) -> Mapping[str, object]:
    if incident is None:
        return {}
    return {
        "incident": {
            "number": incident.number,
            "title": incident.marked(incident.title),
            "drill": incident.is_drill,
            "severity": incident.get_severity_display(),
            "severity_reason": incident.severity_reason,
            "component": incident.component_ref or None,
            "owner": incident.owner.ref if incident.owner else None,
            "opened_at": incident.opened_at.isoformat(),
            "reopened_at": incident.reopened_at.isoformat() if incident.reopened_at else None,
            "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
            "teams_blocked": incident.teams_blocked,
        }
    }
