"""Data sources by form and over the API: who may, what stays secret, what a test says."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from portal.lib.crypto import seal, unseal
from slo.models import DataSource
from slo.sources import note_failure
from tests import make, make_slo
from tests.fakes.prometheus import needs_prometheus
from tests.slo.past import Past
from tests.slo.test_pages import text

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "eu", "url": "http://127.0.0.1:9", "kind": "thanos", "auth": "basic", "username": "portal",
    "secret": "s3cret", "headers": "X-Scope-OrgID: platform\n", "timeout": "5s", "delay": "45s", "verify": "on",
    "external_labels": "replica, prometheus_replica", "description": "Of Europe",
}  # fmt: skip


@pytest.fixture
def admin(client: Client) -> Client:
    """Katrin, who may."""
    client.force_login(make.account_of(make.person("katrin", admin=True)))
    return client


def form_of(client: Client, name: str, **changes: str) -> dict[str, Any]:
    """What a browser would send back, with changes."""
    form = client.get(f"/settings/sources/{name}/edit").context["form"]
    given = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    return {**given, **changes}


def test_a_source_is_added_and_its_secrets_are_never_shown(admin: Client) -> None:
    assert admin.post("/settings/sources/new", TYPED)["Location"] == "/settings/sources"
    made = DataSource.objects.get()
    assert (made.kind, made.username, made.description) == ("thanos", "portal", "Of Europe")
    assert (made.timeout.total_seconds(), made.delay.total_seconds(), made.verify) == (5, 45, True)
    assert made.external_labels == ["replica", "prometheus_replica"]
    assert unseal(made.secret) == "s3cret"
    assert unseal(made.headers) == '{"X-Scope-OrgID":"platform"}'
    for path in ("/settings/sources", "/settings/sources/eu/edit"):
        page = admin.get(path).content.decode()
        assert "s3cret" not in page
        assert "platform" not in text(page.encode()).replace("platform admins", "")
    assert "Stored, and not shown again. Empty keeps it." in text(admin.get("/settings/sources/eu/edit").content)


def test_what_is_left_empty_stays_and_can_be_forgotten(admin: Client) -> None:
    admin.post("/settings/sources/new", TYPED)
    page = admin.post("/settings/sources/eu/edit", form_of(admin, "eu", delay="60s"))
    assert page.status_code == 302
    made = DataSource.objects.get()
    assert (unseal(made.secret), made.delay.total_seconds(), made.external_labels[0]) == ("s3cret", 60, "replica")
    admin.post("/settings/sources/eu/edit", form_of(admin, "eu", forget_secret="on", forget_headers="on"))
    made = DataSource.objects.get()
    assert (made.secret, made.headers) == ("", "")
    assert "Stored" not in text(admin.get("/settings/sources/eu/edit").content)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "prometheus"}, "url"),
        ({"timeout": "2h"}, "timeout"),
        ({"delay": "soon"}, "delay"),
        ({"headers": "nonsense"}, "headers"),
        ({"name": "a b"}, "name"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(admin: Client, changes: dict[str, str], field: str) -> None:
    page = admin.post("/settings/sources/new", TYPED | changes)
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert "s3cret" not in page.content.decode()
    assert not DataSource.objects.exists()


def test_a_name_that_is_taken_overwrites_nothing(admin: Client) -> None:
    make_slo.source(name="eu")
    assert "choose another one" in text(admin.post("/settings/sources/new", TYPED).content)
    assert DataSource.objects.get().kind == "prometheus"


def test_a_test_says_what_the_source_says_and_saves_nothing(admin: Client) -> None:
    said = text(admin.post("/settings/sources/new", TYPED | {"test": "1"}).content)
    assert "It does not answer. 127.0.0.1:9 can't be reached" in said
    assert not DataSource.objects.exists()


def test_a_stored_secret_goes_nowhere_else(admin: Client) -> None:
    make_slo.source(name="eu", url="http://127.0.0.1:9", secret=seal("s3cret"))
    page = admin.post("/settings/sources/eu/edit", form_of(admin, "eu", url="http://127.0.0.1:10", test="1"))
    assert "sent nowhere else" in page.context["form"].errors["secret"][0]
    again = form_of(admin, "eu", url="http://127.0.0.1:10", secret="x", test="1")
    assert "can't be reached" in text(admin.post("/settings/sources/eu/edit", again).content)


@pytest.mark.live
@needs_prometheus
def test_a_source_that_answers_says_its_version(admin: Client, past: Past) -> None:
    said = text(admin.post("/settings/sources/new", TYPED | {"url": past.url, "test": "1"}).content)
    assert "It answers in" in said
    assert "version" in said


def test_a_source_in_use_is_not_retired(admin: Client) -> None:
    source = make_slo.source(name="eu")
    made = make_slo.objective("jobs", source=source)
    page = admin.post("/settings/sources/eu/retire", follow=True)
    assert "Objectives are counted from it" in text(page.content)
    type(made.definition).objects.update(source=None)
    admin.post("/settings/sources/eu/retire")
    assert DataSource.objects.get().retired_at
    assert admin.get("/settings/sources/eu/edit").status_code == 404


def test_one_source_down_is_said_once_above_the_fleet(admin: Client) -> None:
    source = make_slo.source(name="eu")
    for n in range(5):
        make_slo.objective(f"jobs-{n}", source=source)
    note_failure(source, error="eu.example can't be reached", now=make.NOW)
    said = text(admin.get("/slos").content)
    assert said.count("can't be reached") == 1
    assert "The data source eu does not answer since" in said


def test_others_look_and_change_nothing(client: Client) -> None:
    make_slo.source(name="eu")
    client.force_login(make.account_of(make.person("linh")))
    assert "New data source" not in text(client.get("/settings/sources").content)
    for path in ("new", "eu/edit", "eu/retire"):
        assert client.post(f"/settings/sources/{path}", TYPED).status_code == 403
    assert DataSource.objects.get().retired_at is None


def test_the_api_reads_changes_and_retires(api: APIClient) -> None:
    api.force_login(make.account_of(make.person("katrin", admin=True)))
    signed = api
    body = {"url": "http://127.0.0.1:9", "kind": "mimir", "secret": "s3cret", "ca_file": "/etc/ca.pem"}
    assert signed.put("/api/v1/sources/eu", body, format="json").status_code == 200
    assert signed.patch("/api/v1/sources/eu", {"delay": "60s"}, format="json").status_code == 200
    made = DataSource.objects.get()
    assert (made.kind, unseal(made.secret), made.ca_file, made.delay.total_seconds()) == (
        "mimir", "s3cret", "/etc/ca.pem", 60,
    )  # fmt: skip
    assert "s3cret" not in str(signed.get("/api/v1/sources/eu").json())
    assert signed.delete("/api/v1/sources/eu").status_code == 204
    assert signed.get("/api/v1/sources/eu").status_code == 404
    assert signed.patch("/api/v1/sources/eu", {}, format="json").status_code == 404
