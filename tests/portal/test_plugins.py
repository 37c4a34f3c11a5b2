"""Plugins: the example is installed as packages are, beside others that fail in every way they can."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import plugins
from portal.plugins import Plugin
from tests.portal import wheels

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "example_plugin"
APP = """
from django.apps import AppConfig

class Config(AppConfig):
    name = __name__

    def ready(self):
        from catalog import registries
"""
MISHAPS = {
    "mishap_import": "import nothing_of_this_name",
    "mishap_exit": "import sys; sys.exit('no licence')",
    "mishap_no_app": "Config = 'a string'",
    "mishap_label": f"{APP}\nConfig.label = 'catalog'",
    "mishap_ready": f"""{APP}
        registries.navigation["half"] = registries.NavEntry("Half", "home", "box", 1)
        del registries.navigation["catalog"]
        raise RuntimeError("half\\nway")
    """,
    "mishap_models": APP,
    "mishap_pages": f"""{APP}
        registries.pages["lost"] = "mishap_pages.urls"
    """,
    "mishap_off": "raise RuntimeError('must not be imported')",
}
"""Modules, each a plugin of its name that goes wrong."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages, as `pip install --target` leaves it."""
    folder = tmp_path_factory.mktemp("installed")
    wheels.install(wheels.build(EXAMPLE, folder), folder)
    files = {f"{name}/__init__.py": text.encode() for name, text in MISHAPS.items()}
    files["mishap_models/models.py"] = b"from django.db import modles\n"
    points = {"portico.plugins": {name.removeprefix("mishap_"): f"{name}:Config" for name in MISHAPS}}
    about = "Name: portico-mishaps\nVersion: 0.1\nSummary: All that can go wrong\n"
    wheels.install(wheels.wheel(folder, files, metadata=about, points=points), folder)
    return folder


def look(installed: Path) -> dict[str, Any]:
    """What a portal that starts with these packages shows."""
    at = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    env = {
        **os.environ,
        "DATABASE_URL": urlunsplit(at._replace(path=f"/{name}")),
        "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)]),
        "PORTAL_PLUGINS_OFF": "off",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.portal.plugged_in"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    told["log"] = done.stderr
    return told


@pytest.fixture(scope="module")
def told(installed: Path, django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """Looked at once, for a portal takes seconds to start."""
    with django_db_blocker.unblock():
        return look(installed)


def test_its_panel_is_on_the_page_of_a_component_that_has_something_to_show(told: dict[str, Any]) -> None:
    assert '<div class="card-body mono">CC-0042</div>' in told["component"]
    assert "h-cost-centre" not in told["without"]


def test_its_check_is_in_the_scorecard_of_every_component(told: dict[str, Any]) -> None:
    (answer,) = [one for one in told["scorecard"]["checks"] if one["check"] == "acme-cost-centre"]
    assert (answer["title"], answer["outcome"], answer["reason"]) == ("Names its cost centre", "passed", "CC-0042")
    assert "Annotate it with acme.example/cost-centre." in told["without"]


def test_its_channel_is_offered_confirmed_and_delivers_a_page(told: dict[str, Any]) -> None:
    assert "Lamp on the table" in told["offered"]
    assert 'name="box"' in told["offered"]
    assert "Lamp on the table" in told["methods"]
    assert told["pages"] == [["acme-lamp", "sent", told["pages"][0][2]]]
    assert told["pages"][0][2].endswith("#B217")
    assert told["sent"] == 1
    code, page = told["lit"]
    assert code["room"] == page["room"] == "B217"
    assert "Runs don't start" in page["text"]


def test_its_source_of_slis_is_offered_counted_and_written_out(told: dict[str, Any]) -> None:
    assert told["refused"]["errors"][0]["field"] == "indicator.to"
    assert "write an hour from 0 to 24" in told["refused"]["errors"][0]["message"]
    assert told["again"] == 200
    assert "kind: acme-deployments" in told["yaml"]
    assert told["applied"][0] == 200, told["applied"]
    assert '"unchanged"' in json.dumps(told["applied"][1])
    assert "Deployed by day" in told["objective"]
    assert 'name="acme-deployments-from"' in told["edit"]
    assert 'value="18"' in told["edit"]
    assert '<option value="acme-deployments">Deployments in working hours</option>' in told["fleet"]


def test_its_way_in_takes_alarms_on_a_key_and_refuses_what_it_cannot_read(told: dict[str, Any]) -> None:
    assert "Machine hall" in told["ways"]
    assert '<div class="t-2 fs-12">Machine hall</div>' in told["integrations"], "and not the key of the kind"
    recipe, address = told["hall"]["recipes"]
    assert "press-4" in recipe["text"]
    assert address["text"].endswith(f"/api/v1/alerts/acme-hall/{told['hall']['key']}")
    assert told["alarms"][0] == [202, 202, 400, 404]
    assert {one["field"] for one in told["alarms"][1]["errors"]} == {"alarm"}
    assert told["alarms"][2] == [["press-4: overheated", True], ["press-5: stuck", False]]


def test_its_page_is_there_and_in_the_sidebar(told: dict[str, Any]) -> None:
    assert '<th scope="row" class="mono">CC-0042</th><td class="num">1</td>' in told["own page"]
    assert 'href="/x/acme/cost-centres"' in told["catalog"]


def test_what_each_added_is_told(told: dict[str, Any]) -> None:
    (acme,) = [one for one in told["plugins"] if one["name"] == "acme"]
    assert (acme["distribution"], acme["version"], acme["state"]) == ("portico-acme", "1.2.0", "loaded")
    assert {one["what"]: one["key"] for one in acme["added"]} == {
        "SLI source": "acme-deployments",
        "Way in": "acme-hall",
        "Component panel": "acme-cost-centre", "Scorecard check": "acme-cost-centre", "Channel": "acme-lamp",
        "Navigation entry": "acme-cost-centres", "Pages": "acme",
    }  # fmt: skip
    assert not any(one["replaces"] for one in acme["added"])
    assert "Lamp on the table" in told["settings"]
    assert told["outsider"] == 302


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("import", "it can't be imported: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("exit", "it can't be imported: SystemExit: no licence"),
        ("no_app", "mishap_no_app:Config is no subclass of django.apps.AppConfig"),
        ("label", "there is an app with the label 'catalog' already"),
        ("ready", "it could not be made ready: RuntimeError: half way"),
        ("models", "its models can't be imported: ImportError"),
        ("pages", "its addresses (mishap_pages.urls) can't be read: ModuleNotFoundError"),
    ],
)
def test_one_that_fails_is_named_everywhere_and_the_portal_runs_on(told: dict[str, Any], name: str, said: str) -> None:
    (failed,) = [one for one in told["plugins"] if one["name"] == name]
    assert failed["state"] == "failed"
    assert said in failed["error"]
    assert f"plugin={name}" in told["log"]
    assert name in told["healthz"]["plugins_failed"]
    assert "✗ plugins: " in told["log"]
    assert f"{name}: {failed['error']}" in told["log"]
    assert "plugins" in told["doctor"]


def test_what_one_registered_before_it_failed_is_taken_back(told: dict[str, Any]) -> None:
    assert ">Half<" not in told["catalog"]
    assert told["broken page"] == 404
    assert told["healthz"]["status"] in ("ok", "late")
    assert 'portico_plugins{state="failed"} 7.0' in told["metrics"]


def test_one_that_is_left_out_by_a_setting_is_not_imported(told: dict[str, Any]) -> None:
    (left,) = [one for one in told["plugins"] if one["name"] == "off"]
    assert (left["state"], left["error"], left["added"]) == ("off", "", [])
    assert "must not be imported" not in told["log"]


def test_its_list_is_as_long_as_what_is_installed_asks_nothing_of_the_database_and_so_has_no_pages(
    browser_of_ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            html = browser_of_ada.get("/settings/plugins").content.decode()
        return len(queries), html

    asked()
    few, _ = asked()
    found = {name: Plugin(name, f"{name}:Config", version="1.0") for name in (f"plugged-{n:02}" for n in range(60))}
    monkeypatch.setattr(plugins, "_found", found)
    many, html = asked()
    assert all(name in html for name in found)
    assert many == few
    assert len(browser_of_ada.get("/api/v1/plugins").json()["results"]) == len(found)


def test_without_plugins_the_page_says_how_to_get_one(browser_of_ada: Client) -> None:
    assert "No plugin is installed" in browser_of_ada.get("/settings/plugins").content.decode()
    assert browser_of_ada.get("/api/v1/plugins").json() == {"results": []}
    wrong = browser_of_ada.get("/api/v1/plugins?state=odd")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "state")
    assert Client().get("/api/v1/plugins").status_code == 401
