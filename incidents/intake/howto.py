"""How to point a tool at an integration: configuration that is ready to be copied, with the key where it is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.intake.ways import WAYS
from incidents.models import Integration

PLACEHOLDER = "YOUR-KEY"
TRY = "Try it"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One piece of configuration, and where it goes."""

    title: str
    text: str
    note: str = ""


def recipes(kind: str, *, base: str, key: str = "", trying: str = "") -> list[Recipe]:
    """For an integration of `kind` at the portal's address `base`; without `key` a placeholder stands in its place.

    `trying` says what the alert to try it with leads to.
    """
    url, key = f"{base}/api/v1", key or PLACEHOLDER
    return [
        Recipe(title, text.format(url=url, key=key, base=base), trying if title == TRY else "")
        for title, text in _texts(kind)
    ]


def _texts(kind: str) -> Sequence[tuple[str, str]]:
    if kind in Integration.Kind.values:
        return RECIPES[Integration.Kind(kind)]
    way = WAYS.get(kind)  # of a plugin, which may have been taken out since
    address = ("Where a tool takes nothing but an address", f"{{url}}/alerts/{kind}/{{key}}")
    return (*way.recipes, address) if way else ()


RECIPES: dict[Integration.Kind, list[tuple[str, str]]] = {
    Integration.Kind.ALERTMANAGER: [
        (
            "alertmanager.yml",
            """\
receivers:
  - name: portico
    webhook_configs:
      - url: {url}/alerts/alertmanager
        send_resolved: true
        http_config:
          authorization:
            credentials: {key}
route:
  receiver: portico""",
        ),
        ("Where a tool takes nothing but an address", "{url}/alerts/alertmanager/{key}"),
        (
            TRY,
            """\
curl -X POST {url}/alerts/alertmanager \\
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
  -d '{{"version": "4", "alerts": [{{"status": "firing", "labels": {{"alertname": "Try", "severity": "info"}},
       "annotations": {{"summary": "Trying Portico"}}}}]}}'""",
        ),
    ],
    Integration.Kind.PAGERDUTY: [
        ("Address of the Events API v2, for whatever pages PagerDuty", "{url}/events/pagerduty/v2/enqueue"),
        ("Routing key (also called integration key)", "{key}"),
        (
            TRY,
            """\
curl -X POST {url}/events/pagerduty/v2/enqueue \\
  -H 'Content-Type: application/json' \\
  -d '{{"routing_key": "{key}", "event_action": "trigger", "dedup_key": "try",
       "payload": {{"summary": "Trying Portico", "source": "me", "severity": "info"}}}}'""",
        ),
        (
            "Alertmanager's pagerduty_configs",
            """\
receivers:
  - name: portico
    pagerduty_configs:
      - routing_key: {key}
        url: {url}/events/pagerduty/v2/enqueue""",
        ),
    ],
    Integration.Kind.GENERIC: [
        ("Address, to be sent to with POST", "{url}/alerts/generic/{key}"),
        (
            TRY,
            """\
curl -X POST {url}/alerts/generic \\
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
  --data-binary @sample.json""",
        ),
    ],
    Integration.Kind.HEARTBEAT: [
        ("Address, to be fetched or sent to", "{url}/heartbeats/{key}"),
        (
            "At the end of a cron job",
            "0 3 * * * backup && curl -fsS -m 10 --retry 5 {url}/heartbeats/{key}",
        ),
        (
            "Dead man's switch: Prometheus' Watchdog alert, by Alertmanager",
            """\
route:
  routes:
    - matchers: [alertname="Watchdog"]
      receiver: heartbeat
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
receivers:
  - name: heartbeat
    webhook_configs:
      - url: {url}/heartbeats/{key}
        send_resolved: false""",
        ),
    ],
    Integration.Kind.OWN: [
        (
            "By a script",
            """\
curl -X POST {url}/alerts/own \\
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
  -d '{{"key": "disk/db-1", "summary": "Disk full on db-1", "component": "ci-runners", "severity": "page",
       "status": "firing"}}'""",
        ),
        ("Where a tool takes nothing but an address", "{url}/alerts/own/{key}"),
    ],
}
