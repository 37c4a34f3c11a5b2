"""PURE: what is scraped of the platform's tools, and in which forms they count; what each counts is in `streams`.

Names and labels of metrics are those of the real exporters. Sources: GitHub's docs on Actions Runner Controller
("Available metrics for ARC"), Argo CD's operator manual ("Metrics"), Kubernetes' instrumentation of the API server and
etcd's, the Distribution registry, Atlantis' stats, Vault's telemetry, CoreDNS, the Prometheus plugin of Jenkins,
ingress-nginx, cert-manager, Loki, and Micrometer for services written in Java.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exporter:
    """One scraped target. `job` and `instance` are the labels Prometheus gives to everything from it.

    `gone`: so many days before the demo began it was scraped for the last time.
    """

    name: str
    job: str
    instance: str
    gone: float = 0.0


@dataclass(frozen=True, slots=True)
class Stream:
    """Work that ends in one of several ways: one counter, with a label that says which.

    `outcomes` maps the label's value to its share of the work; the first is good and takes what the others leave.
    """

    exporter: str
    metric: str
    labels: Mapping[str, str]
    outcome: str
    outcomes: Mapping[str, float]
    per_minute: float
    fails_as: str = ""
    """The name by which `Conditions.failing` knows it; empty: its metric."""

    def series(self, value: str) -> str:
        """The series of one way to end, such as `argocd_app_sync_total{name="cart-api",phase="Failed"}`."""
        return series(self.metric, {**self.labels, self.outcome: value})


@dataclass(frozen=True, slots=True)
class Pair:
    """Work that ends well or badly, each counted by a metric of its own rather than by a label."""

    exporter: str
    good: str
    bad: str
    labels: Mapping[str, str]
    failing: float
    per_minute: float


@dataclass(frozen=True, slots=True)
class Timed:
    """Work that is done within `limit` seconds or, by the share `slow`, later: a histogram of one bound."""

    exporter: str
    metric: str
    labels: Mapping[str, str]
    limit: float
    slow: float
    per_minute: float

    def part(self, name: str, le: str = "") -> str:
        """A series of it: `bucket`, `sum` or `count`."""
        return series(f"{self.metric}_{name}", {**self.labels, **({"le": le} if le else {})})


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is so (1), or while `Conditions.down` names the metric is not (0)."""

    exporter: str
    metric: str
    labels: Mapping[str, str]


def series(metric: str, labels: Mapping[str, str]) -> str:
    """A series as the exposition format writes it, without `job` and `instance`."""
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{inner}}}" if inner else metric


EXPORTERS = {
    exporter.name: exporter
    for exporter in (
        Exporter("runners", "arc-listener", "build-large.arc-systems:8080"),
        Exporter("argocd", "argocd-metrics", "argocd-metrics.argocd:8082"),
        Exporter("apiserver", "apiserver", "k8s-control-plane:6443"),
        Exporter("registry", "registry", "container-registry.delivery:5001"),
        Exporter("atlantis", "atlantis", "atlantis.iac:4141"),
        Exporter("vault", "vault", "vault.security:8200"),
        Exporter("coredns", "kube-dns", "kube-dns.kube-system:9153"),
        Exporter("etcd", "etcd", "etcd.kube-system:2381"),
        Exporter("jenkins", "jenkins", "jenkins.build-ci:8080"),
        Exporter("ingress", "ingress-nginx", "api-gateway.ingress:10254"),
        Exporter("certmanager", "cert-manager", "cert-manager.networking:9402"),
        Exporter("keycloak", "keycloak", "sso.security:9000"),
        Exporter("loki", "loki", "loki.observability:3100"),
        Exporter("backstage", "backstage", "scaffolder.devex:7007"),
        Exporter("shop", "shop", "shop-services.shop:8080"),
        Exporter("carriers", "carrier-gateway", "carrier-gateway.logistics:8080", gone=1.1),
    )
}

SCALE_SET = {"name": "build-large", "namespace": "arc-runners", "organization": "acme"}

STARTUP = "gha_job_startup_duration_seconds"
STARTUP_BUCKETS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
