"""PURE: what can go wrong with the platform: the buttons of the demo, and what went wrong in its past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the platform's tools are doing at a moment. The default is: well."""

    runners: float = 1.0  # share of the CI runners that take jobs
    failing: Mapping[str, float] = field(default_factory=dict)  # by metric: share of work that ends badly, or late
    down: frozenset[str] = frozenset()  # metrics of what is down, which else say 1
    silent: frozenset[str] = frozenset()  # exporters that answer no scrape


@dataclass(frozen=True, slots=True)
class Scenario:
    """A button. `component` is whose objectives suffer, `about` what people call it, `story` what will be seen."""

    name: str
    title: str
    component: str
    about: str
    story: tuple[str, ...]
    conditions: Conditions


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "ci-runners-stall",
            "CI runners stall",
            "ci-runners",
            "CI runners",
            (
                "Jobs keep coming and none is started, as when the listener has lost its session.",
                "In one to three minutes the queue objective burns and an incident opens, P1: many teams wait for CI.",
                "Whoever is on call for Build & CI is paged by e-mail; unanswered for 30 s, Ada is, then the team.",
                "Kubernetes is paged at once too, as a responder; its answer is its own and stops no other.",
                "Press “Repair everything”, which then stands above: it clears by itself in two to five minutes.",
            ),
            Conditions(runners=0.0),
        ),
        Scenario(
            "argo-sync-fail",
            "Argo CD syncs fail",
            "argo-cd",
            "Argo CD",
            (
                "Nine of ten syncs fail, as when the repository server has run out of memory.",
                "The sync objective burns; the incident goes to Delivery.",
            ),
            Conditions(failing={"argocd_app_sync_total": 0.9}),
        ),
        Scenario(
            "control-plane-slow",
            "Control plane slows",
            "k8s-control-plane",
            "the Kubernetes control plane",
            (
                "Eight of ten requests to the API server take longer than a second, as when etcd's disk is busy.",
                "The objective of its speed burns; whoever deploys waits, so it is a P1, and Kubernetes is paged.",
            ),
            Conditions(failing={"apiserver_request_duration_seconds": 0.8}),
        ),
        Scenario(
            "registry-down",
            "Registry down",
            "container-registry",
            "the container registry",
            (
                "Nineteen of twenty requests for images are answered with 500, as when its storage refuses the key.",
                "Pulls burn their budget within minutes; the incident goes to Delivery, and CI runners are told.",
            ),
            Conditions(failing={"registry_http_requests_total": 0.95}),
        ),
        Scenario(
            "metrics-vanish",
            "Registry metrics vanish",
            "container-registry",
            "the container registry",
            (
                "The registry works, but its metrics can't be scraped any more.",
                "No false breach and no silent green: after ten minutes it is blind and its owner is told once.",
            ),
            Conditions(silent=frozenset({"registry"})),
        ),
    )
}


def together(conditions: Iterable[Conditions]) -> Conditions:
    """Several things wrong at once: of each the worst."""
    wrong = list(conditions)
    failing: dict[str, float] = {}
    for one in wrong:
        for metric, share in one.failing.items():
            failing[metric] = max(share, failing.get(metric, 0.0))
    return Conditions(
        runners=min((one.runners for one in wrong), default=1.0),
        failing=failing,
        down=frozenset().union(*(one.down for one in wrong)),
        silent=frozenset().union(*(one.silent for one in wrong)),
    )


@dataclass(frozen=True, slots=True)
class Dip:
    """Something that went wrong before the demo began: `minutes` long, from `days` before its start."""

    days: float
    minutes: int
    conditions: Conditions


PAST = (
    Dip(25.3, 49, Conditions(runners=0.0)),
    Dip(21.1, 12, Conditions(failing={"apiserver_request_total": 0.22})),
    Dip(19.4, 35, Conditions(failing={"registry_http_requests_total": 0.04})),
    Dip(16.2, 50, Conditions(failing={"argocd_app_sync_total": 0.35})),
    Dip(12.4, 55, Conditions(runners=0.02)),
    Dip(22.7, 64, Conditions(down=frozenset({"default_jenkins_up"}))),
    Dip(17.6, 11, Conditions(down=frozenset({"etcd_server_has_leader"}))),
    Dip(13.3, 38, Conditions(failing={"loki_request_duration_seconds_count": 0.3})),
    Dip(9.6, 9, Conditions(down=frozenset({"vault_core_unsealed"}))),
    Dip(8.4, 70, Conditions(failing={"nginx_ingress_controller_requests": 0.6})),
    Dip(7.2, 45, Conditions(failing={"apiserver_request_duration_seconds": 0.4})),
    Dip(5.8, 18, Conditions(failing={"checkout-api": 0.35})),
    Dip(3.1, 25, Conditions(failing={"sso": 0.12})),
    Dip(6.3, 75, Conditions(failing={"atlantis_project_plan_execution_error": 0.3})),
    Dip(4.2, 40, Conditions(failing={"argocd_app_sync_total": 0.5})),
    Dip(1.7, 6, Conditions(failing={"coredns_dns_responses_total": 0.02, "registry_http_requests_total": 0.06})),
)


def in_the_past(at: float, *, start: float) -> Conditions:
    """How the platform did at `at`, before `start` (both seconds since the epoch)."""
    return together(dip.conditions for dip in PAST if 0 <= at - (start - dip.days * 86400) < dip.minutes * 60)
