"""What a message says: the facts of an incident, put into the templates of `templates/incidents/messages/`."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string

from incidents import links
from incidents.channels import Message
from incidents.models import Alert, Incident, Notification
from portal.lib import conf
from portal.lib.crypto import unseal

SUBJECT_LENGTH = 150


@dataclass(frozen=True, slots=True)
class Figures:
    """Burn rate and budget as the alert told them; None is not known."""

    burn: float | None
    budget_left: float | None

    @property
    def budget_percent(self) -> float | None:
        """The share of the error budget that is left, in per cent; negative when overspent."""
        return None if self.budget_left is None else self.budget_left * 100


def render(row: Notification) -> Message:
    """The message of an outbox row, in text, HTML and data."""
    context = _context(row)
    name = f"incidents/messages/{row.kind}"
    subject = " ".join(render_to_string(f"{name}_subject.txt", context).split())[:SUBJECT_LENGTH]
    text = render_to_string(f"{name}.txt", context).strip() + "\n"
    return _message(row, subject, text, html=render_to_string(f"{name}.html", context))


def bare(row: Notification) -> Message:
    """The least a page must say, for when its template can't be rendered."""
    what = row.incident.title if row.incident else "A message from Portico"
    where = conf.base_url() + (f"/incidents/{row.incident_id}" if row.incident_id else "")
    return _message(row, what[:SUBJECT_LENGTH], f"{what}\n{where}\n")


def _message(row: Notification, subject: str, text: str, *, html: str = "") -> Message:
    return Message(
        key=row.idempotency_key,
        subject=subject,
        text=text,
        html=html,
        data=_data(row),
        maybe_duplicate=row.maybe_duplicate,
        secret=unseal(row.method.secret) if row.method else "",
    )


def _context(row: Notification) -> dict[str, object]:
    incident = row.incident
    context: dict[str, object] = {"row": row, "person": row.person, "words": row.words, "base": conf.base_url()}
    if incident is not None:
        alerts = list(incident.alerts.filter(cleared_at=None).select_related("component")[:5])
        context |= {
            "incident": incident,
            "alerts": alerts,
            "figures": _figures(alerts),
            "incident_url": conf.base_url() + incident.get_absolute_url(),
        }
    if row.page is not None:
        context |= {"page": row.page, "ack_url": links.make(row.page, row.person)}
    return context


def _figures(alerts: list[Alert]) -> Figures:
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
    return data


def _of_incident(incident: Incident | None) -> Mapping[str, object]:
    if incident is None:
        return {}
    return {
        "incident": {
            "number": incident.number,
            "title": incident.title,
            "severity": incident.get_severity_display(),
            "severity_reason": incident.severity_reason,
            "component": incident.component_ref or None,
            "owner": incident.owner.ref if incident.owner else None,
            "opened_at": incident.opened_at.isoformat(),
            "teams_blocked": incident.teams_blocked,
        }
    }
