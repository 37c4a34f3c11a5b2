"""What an integration would read from a sample, before anything is sent. Nothing is stored, nobody is paged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from incidents.form_fields import meant
from incidents.intake import bodies
from incidents.intake.config import Config, read
from incidents.intake.finding import Components, candidates, find, group_of
from incidents.intake.signals import FIRING, Signal
from incidents.intake.ways import WAYS
from incidents.models import Integration
from portal.lib.errors import FieldError, Invalid

SHOWN = 20
HINTED = 5
"""So many names that the catalog does not know are looked for in it."""
EXAMPLES: Mapping[str, str] = {
    Integration.Kind.GENERIC: """\
{"id": "4711", "title": "Queue is growing", "service": "ci-runners", "level": "critical", "state": "open"}
""",
    Integration.Kind.ALERTMANAGER: """\
{
  "version": "4",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "QueueGrows", "component": "ci-runners", "severity": "critical"},
      "annotations": {"summary": "Queue is growing"},
      "startsAt": "2026-01-12T09:00:00Z"
    }
  ]
}
""",
    Integration.Kind.PAGERDUTY: """\
{
  "event_action": "trigger",
  "dedup_key": "queue",
  "payload": {"summary": "Queue is growing", "source": "db-1", "severity": "critical", "component": "ci-runners"}
}
""",
    Integration.Kind.OWN: """\
{
  "key": "queue",
  "summary": "Queue is growing",
  "component": "ci-runners",
  "severity": "page",
  "status": "firing"
}
""",
}
"""What a tool of each kind sends, to begin with."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One alert as it would be taken. `name` is what people call the component that `component` refers to; `hint` says
    what may be meant where the catalog does not know it.
    """

    key: str
    status: str
    summary: str
    rule: str
    level: str
    component: str
    name: str
    known: bool
    found_by: str
    owner: str
    group: str
    links: Sequence[Mapping[str, str]]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be read; with `errors`, nothing would be taken and the sender would get a 400 that names them."""

    alerts: Sequence[Seen] = ()
    count: int = 0
    note: str = ""
    errors: Sequence[FieldError] = field(default_factory=tuple)


def preview(*, kind: str, settings: object, sample: str | object, integration: Integration | None = None) -> Preview:
    """Read `sample` (a text, or its value) by `settings`. Raises Invalid for settings that are none."""
    config = read(settings, kind=kind)
    if kind not in WAYS:
        message = "A heartbeat is only heard; what it says is not read."
        raise Invalid(message, errors=(FieldError("kind", "invalid", message),))
    if isinstance(sample, str) and not sample.strip():
        return Preview(errors=(FieldError("", "empty", "Paste a sample first: one request as your tool sends it."),))
    try:
        value = bodies.parsed(sample.encode("utf-8", "replace")).value if isinstance(sample, str) else sample
        return _read(kind, config, value, integration or Integration(kind=kind))
    except Invalid as error:
        return Preview(errors=error.errors or (FieldError("", "invalid", str(error)),))


def _read(kind: str, config: Config, value: object, integration: Integration) -> Preview:
    way = WAYS[kind]
    if not way.splits(config):
        parts, inner = [value], config
    else:
        way.check(value, config)
        assert way.parts is not None  # noqa: S101  # only such are split
        parts, inner = way.parts(value, config), way.of_part(config)
    signals = [way.read(part, inner) for part in parts[:SHOWN]]
    components = Components()
    components.load(ref for signal in signals for ref, _ in candidates(signal, config))
    seen = [_seen(signal, config, components, integration) for signal in signals]
    strange = list(dict.fromkeys(one.name for one in seen if one.name and not one.known))[:HINTED]
    hints = {name: meant("components", name) for name in strange}
    told = [replace(one, hint=hints.get(one.name, "")) for one in seen]
    return Preview(told, len(parts), way.note(value) if way.note else "")


def _seen(signal: Signal, config: Config, components: Components, integration: Integration) -> Seen:
    found = find(signal, config, components)
    owner = found.component.owner if found.component else None
    return Seen(
        key=signal.key,
        status=signal.status,
        summary=signal.summary or signal.key,
        rule=config.rule(signal.level) if signal.status == FIRING else "",
        level=signal.level,
        component=found.component.ref if found.component else found.ref,
        name=found.component.label if found.component else found.ref.rpartition("/")[2],
        known=found.component is not None,
        found_by=found.words,
        owner=owner.label if owner else "",
        group=group_of(signal, integration=integration, config=config, key=signal.key).partition(":")[2]
        if config.grouping not in ("component", "none")
        else str(config.grouping),
        links=signal.links,
    )
