"""Objectives in the formats of others: over the API, from the command line, on their page."""

import io
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from catalog import manifest
from catalog.access import system
from catalog.operations.applying import SourceFile, apply_files
from slo import openslo
from slo.models import Objective
from slo.openslo import Faults
from tests import make, make_slo
from tests.slo.test_openslo import EXAMPLES

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(api: APIClient) -> APIClient:
    """Somebody's read token, and all examples."""
    make.component("web", owner=make.team("shop"), runbook="https://runbooks.example.org/web")
    make_slo.source(name="prometheus", is_default=True)
    make_slo.policy()
    apply_files(files=[SourceFile(address="a", text=EXAMPLES.read_text())], actor=system("cli"), now=make.NOW)
    response = make_slo.objective("acks", type="response", indicator={"moment": "acknowledged", "within": "5m"})
    assert response.definition.source is None
    return make.signed(api, make.token("read")[1])


def body(response: Any) -> str:
    assert response.status_code == 200, response.content
    assert response["Content-Type"].startswith("application/yaml")
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode())


def groups(text: str) -> list[dict[str, Any]]:
    (document,) = manifest.read(text).documents
    value = document.value()
    assert isinstance(value, dict)
    return list(value["groups"])


def test_an_objective_is_its_slo_as_openslo(client: APIClient) -> None:
    text = body(client.get("/api/v1/slos/search-slo-good-experience/openslo"))
    (document,) = manifest.read(text).documents
    faults = Faults()
    slo = openslo.read_slo(document.value(), faults)
    assert not faults.errors
    assert slo is not None
    assert [one.name for one in slo.promises] == ["search-slo-good-experience", "search-slo-99.9"]
    assert client.get("/api/v1/slos/none/openslo").status_code == 404


def test_everything_is_in_the_export_of_all(client: APIClient) -> None:
    text = body(client.get("/api/v1/catalog-info.yaml"))
    for kind in ("DataSource", "AlertCondition", "AlertPolicy", "SLI", "SLO"):
        assert f"\nkind: {kind}\n" in text
    assert text.index("kind: DataSource") < text.index("kind: AlertCondition") < text.index("kind: SLI\n")
    out = io.StringIO()
    call_command("export", stdout=out)


def test_an_objective_is_a_file_of_prometheus_rules(client: APIClient) -> None:
    (group,) = groups(body(client.get("/api/v1/slos/search-slo-good-experience/rules")))
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    assert [alert["labels"]["rule"] for alert in alerts] == ["cpu-usage-breach", "memory-usage-breach"]
    assert alerts[0]["labels"]["team"] == "group:default/shop"
    page = Objective.objects.get(name="search-slo-good-experience").get_absolute_url()
    assert alerts[0]["annotations"]["objective_url"].endswith(page)
    assert alerts[0]["annotations"]["runbook_url"] == "https://runbooks.example.org/web"
    refused = client.get("/api/v1/slos/acks/rules")
    assert refused.status_code == 409
    assert "counted by the portal itself" in refused.json()["detail"]


def test_all_rules_and_those_of_a_team(client: APIClient) -> None:
    text = body(client.get("/api/v1/rules"))
    assert len(groups(text)) == 7
    assert "# acks: " in text
    assert len(groups(body(client.get("/api/v1/rules?team=shop")))) == 7
    assert groups(body(client.get("/api/v1/rules?team=others"))) == []
    assert client.get("/api/v1/rules?team=:").status_code == 400


def test_the_rules_of_many_cost_no_more_questions(client: APIClient) -> None:
    with CaptureQueriesContext(connection) as few:
        body(client.get("/api/v1/rules"))
    for number in range(20):
        make_slo.objective(f"more-{number}")
    with CaptureQueriesContext(connection) as many:
        body(client.get("/api/v1/rules"))
    assert len(many) <= len(few)


def test_the_command_writes_the_same(client: APIClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rules")
    assert capsys.readouterr().out == body(client.get("/api/v1/rules"))
    call_command("rules", "wifi", output=str(tmp_path / "wifi.yaml"))
    assert (tmp_path / "wifi.yaml").read_text() == body(client.get("/api/v1/slos/wifi/rules"))
    for wrong in (["none"], ["acks"], ["--team", ":"], ["-o", str(tmp_path / "no" / "file")]):
        with pytest.raises(CommandError):
            call_command("rules", *wrong)


@pytest.mark.live
@pytest.mark.skipif(which("promtool") is None, reason="promtool comes with Prometheus")
def test_promtool_takes_the_examples(client: APIClient, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(body(client.get("/api/v1/rules")))
    done = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / "rules.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "rules found" in done.stdout


def test_the_page_shows_the_definition_and_offers_it(client: APIClient) -> None:
    browser = Client()
    browser.force_login(make.account("ada"))
    wifi = Objective.objects.get(name="wifi")
    page = browser.get(wifi.get_absolute_url()).content.decode()
    assert "kind: SLO" in page
    assert "/api/v1/slos/wifi/openslo" in page
    assert "/api/v1/slos/wifi/rules" in page
    acks = browser.get(Objective.objects.get(name="acks").get_absolute_url()).content.decode()
    assert "/api/v1/slos/acks/rules" not in acks
