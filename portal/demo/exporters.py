"""PURE: what the platform's tools export. Names and labels of metrics are those of the real exporters.

Sources: GitHub's docs on Actions Runner Controller ("Available metrics for ARC"), Argo CD's operator manual
("Metrics"), Kubernetes' instrumentation of the API server, the Distribution registry, Atlantis' stats,
Vault's telemetry, CoreDNS.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exporter:
    """One scraped target. `job` and `instance` are the labels Prometheus gives to everything from it."""

    name: str
    job: str
    instance: str


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

    def series(self, value: str) -> str:
        """The series of one way to end, such as `argocd_app_sync_total{name="cart-api",phase="Failed"}`."""
        return series(self.metric, {**self.labels, self.outcome: value})


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
    )
}

SCALE_SET = {"name": "build-large", "namespace": "arc-runners", "organization": "acme"}

_SYNCS = {"Succeeded": 1.0, "Error": 0.0007, "Failed": 0.0028}
_API = {"group": "", "version": "v1", "scope": "namespace", "component": "apiserver"}

STREAMS = (
    *(
        Stream(
            "argocd",
            "argocd_app_sync_total",
            {"dest_server": "https://k8s-prod-eu:6443", "name": app, "namespace": "argocd", "project": project},
            "phase",
            _SYNCS,
            per_minute=1.6,
        )
        for app, project in (("checkout-api", "checkout"), ("payments-api", "payments"), ("search-api", "search"))
    ),
    Stream(
        "apiserver",
        "apiserver_request_total",
        {**_API, "verb": "GET", "resource": "pods"},
        "code",
        {"200": 1.0, "404": 0.004, "500": 0.00006, "503": 0.00004},
        per_minute=1900,
    ),
    Stream(
        "apiserver",
        "apiserver_request_total",
        {**_API, "verb": "PATCH", "resource": "deployments"},
        "code",
        {"200": 1.0, "409": 0.01, "500": 0.0001},
        per_minute=240,
    ),
    Stream(
        "registry",
        "registry_http_requests_total",
        {"handler": "manifest", "method": "get"},
        "code",
        {"200": 1.0, "404": 0.01, "500": 0.0002},
        per_minute=320,
    ),
    Stream(
        "registry",
        "registry_http_requests_total",
        {"handler": "blob", "method": "get"},
        "code",
        {"200": 1.0, "500": 0.0003},
        per_minute=410,
    ),
    Stream(
        "coredns",
        "coredns_dns_responses_total",
        {"server": "dns://:53", "zone": ".", "plugin": "forward"},
        "rcode",
        {"NOERROR": 1.0, "NXDOMAIN": 0.11, "SERVFAIL": 0.00003},
        per_minute=9000,
    ),
)

# Atlantis counts success and failure in metrics of their own rather than by a label
PLAN_ERROR = "atlantis_project_plan_execution_error"
PLANS = {"atlantis_project_plan_execution_success": 1.0, PLAN_ERROR: 0.0095}
PLAN_LABELS = {"base_repo": "acme/infrastructure"}
PLANS_PER_MINUTE = 2.2

VAULT_UNSEALED = series("vault_core_unsealed", {"cluster": "vault-prod"})

STARTUP = "gha_job_startup_duration_seconds"
STARTUP_BUCKETS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
