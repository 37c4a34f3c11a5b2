"""PURE: what the platform's tools count, how much of it a minute, and how it ends on an ordinary day."""

from portal.demo.exporters import Pair, Stream, Switch, Timed, series

_SYNCS = {"Succeeded": 1.0, "Error": 0.0007, "Failed": 0.0028}
_API = {"group": "", "version": "v1", "scope": "namespace", "component": "apiserver"}
REQUESTS = "http_server_requests_seconds_count"


def _service(name: str, per_minute: float, failing: float) -> Stream:
    """A service from the golden path, as Micrometer counts its requests."""
    labels = {"application": name, "uri": "/**", "method": "GET"}
    outcomes = {"SUCCESS": 1.0, "SERVER_ERROR": failing}
    return Stream("shop", REQUESTS, labels, "outcome", outcomes, per_minute, fails_as=name)


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
    Stream(
        "ingress",
        "nginx_ingress_controller_requests",
        {"namespace": "shop", "ingress": "storefront", "method": "GET"},
        "status",
        {"200": 1.0, "404": 0.02, "502": 0.0001},
        per_minute=5200,
    ),
    Stream(
        "keycloak",
        REQUESTS,
        {"uri": "/realms/{realm}/protocol/{protocol}/token", "method": "POST"},
        "outcome",
        {"SUCCESS": 1.0, "SERVER_ERROR": 0.0001},
        per_minute=140,
        fails_as="sso",
    ),
    Stream(
        "loki",
        "loki_request_duration_seconds_count",
        {"method": "POST", "route": "loki_api_v1_push"},
        "status_code",
        {"204": 1.0, "500": 0.0004},
        per_minute=620,
    ),
    Stream(
        "backstage",
        "scaffolder_task_count_total",
        {"template": "template:default/golden-path-java"},
        "result",
        {"ok": 1.0, "failed": 0.04},
        per_minute=0.012,  # a few services a day: most of the time there is nothing to count
    ),
    Stream(
        "carriers",
        REQUESTS,
        {"application": "carrier-gateway", "uri": "/labels", "method": "POST"},
        "outcome",
        {"SUCCESS": 1.0, "SERVER_ERROR": 0.002},
        per_minute=18,
        fails_as="carrier-gateway",
    ),
    _service("checkout-api", 260, 0.0002),
    _service("payments-api", 180, 0.0001),
    _service("search-api", 900, 0.0011),
    _service("orders-api", 95, 0.00081),
)

_REPO = {"base_repo": "acme/infrastructure"}
PAIRS = (
    Pair(
        "atlantis",
        "atlantis_project_plan_execution_success",
        "atlantis_project_plan_execution_error",
        _REPO,
        failing=0.0095,
        per_minute=2.2,
    ),
    Pair(
        "atlantis",
        "atlantis_project_apply_execution_success",
        "atlantis_project_apply_execution_error",
        _REPO,
        failing=0.021,
        per_minute=0.7,
    ),
    Pair(
        "jenkins",
        "default_jenkins_builds_success_build_count_total",
        "default_jenkins_builds_failed_build_count_total",
        {"jenkins_job": "release"},
        failing=0.0405,
        per_minute=1.4,
    ),
)

TIMED = (
    Timed(
        "apiserver",
        "apiserver_request_duration_seconds",
        {**_API, "verb": "GET", "resource": "pods"},
        limit=1,
        slow=0.0035,
        per_minute=1900,
    ),
)

SWITCHES = (
    Switch("vault", "vault_core_unsealed", {"cluster": "vault-prod"}),
    Switch("etcd", "etcd_server_has_leader", {"pod": "etcd-0"}),
    Switch("etcd", "etcd_server_has_leader", {"pod": "etcd-1"}),
    Switch("jenkins", "default_jenkins_up", {}),
    Switch("certmanager", "certmanager_certificate_ready_status", {"name": "shop-wildcard", "condition": "True"}),
)
VAULT_UNSEALED = series(SWITCHES[0].metric, SWITCHES[0].labels)
