"""The portal as code over HTTP and on the command line: bulk, apply, export, and the kinds that group others."""

import io
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command
from django.http import StreamingHttpResponse
from rest_framework.test import APIClient

from catalog import manifest
from catalog.models import AuditEntry, Component, Dependency, Ownership, System, Team
from tests import make, make_slo
from tests.catalog.manifest_text import text

pytestmark = pytest.mark.django_db
BULK, APPLY, EXPORT = "/api/v1/components/bulk", "/api/v1/apply", "/api/v1/catalog-info.yaml"


@pytest.fixture
def ci(api: APIClient) -> APIClient:
    """A CI job that no team limits."""
    return make.signed(api, make.token("components:write")[1])


def apply(api: APIClient, body: str, query: str = "") -> Any:
    return api.generic("POST", APPLY + query, body, content_type="application/yaml")


def exported(api: APIClient, query: str = "") -> str:
    answer = api.get(EXPORT + query)
    assert answer.status_code == 200
    return b"".join(cast(StreamingHttpResponse, answer).streaming_content).decode()  # type: ignore[arg-type]


def test_a_thousand_components_in_one_request_and_again_changes_nothing(ci: APIClient) -> None:
    items = [
        {"name": f"c{n}", "owner": "build-ci", "depends_on": [f"component:c{n + 1}"], "tier": 1 + n % 4}
        for n in range(1000)
    ]
    said = ci.post(BULK, {"items": items})
    assert (said.status_code, said.json()["created"], said.json()["failed"]) == (200, 1000, 0)
    assert said.json()["results"][7] == {
        "ref": "component:default/c7", "status": 201, "changed": True, "version": 1, "detail": "", "errors": [],
    }  # fmt: skip
    assert Dependency.objects.filter(target__isnull=False).count() == 999
    assert Ownership.objects.count() == AuditEntry.objects.count() == 1000
    again = ci.post(BULK, {"items": items}).json()
    assert (again["unchanged"], AuditEntry.objects.count()) == (1000, 1000)


def test_each_item_is_taken_or_refused_by_itself(ci: APIClient) -> None:
    make.component("there", title="Old")
    said = ci.post(
        BULK,
        {
            "items": [
                {"name": "good"},
                {"name": "no good"},
                {"name": "odd", "tiers": 1},
                {"name": "good"},
                {"name": "there", "title": "New"},
                "nonsense",
                {"name": "link", "links": [{"title": "no address"}]},
            ]
        },
    )
    body = said.json()
    assert (said.status_code, body["created"], body["updated"], body["failed"]) == (207, 1, 1, 5)
    assert [one["status"] for one in body["results"]] == [201, 400, 400, 400, 200, 400, 400]
    faults = [[error["field"] for error in one["errors"]] for one in body["results"]]
    assert faults == [[], ["name"], ["tiers"], ["name"], [], [""], ["links[0].url"]]
    assert "did you mean 'tier'" in body["results"][2]["detail"]


def test_all_or_nothing_writes_nothing_when_one_is_refused(ci: APIClient) -> None:
    for bad in ({"name": "no good"}, {"name": "odd", "tiers": 1}):
        answer = ci.post(BULK, {"items": [{"name": "good"}, bad], "all_or_nothing": True})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"].startswith("items[1].")
    assert not Component.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "items"), ({}, "items"), ({"items": []}, "items"), ({"items": {}}, "items"),
        ({"items": [{}] * 1001}, "items"), ({"items": [{}], "all": True}, "all"),
        ({"items": [{}], "all_or_nothing": "yes"}, "all_or_nothing"),
    ],
)  # fmt: skip
def test_an_envelope_that_makes_no_sense_is_named(ci: APIClient, body: object, field: str) -> None:
    answer = ci.post(BULK, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_rights_in_bulk_are_those_of_each_item(api: APIClient) -> None:
    mine, other = make.team("mine"), make.team("other")
    make.component("theirs", owner=other)
    ci = make.signed(api, make.token("components:write", teams=[mine])[1])
    items = [
        {"name": "a", "owner": "mine"},
        {"name": "b", "owner": "other"},
        {"name": "theirs", "owner": "mine"},
        {"name": "c"},
    ]
    assert [one["status"] for one in ci.post(BULK, {"items": items}).json()["results"]] == [201, 403, 403, 403]
    assert make.signed(APIClient(), make.token("read")[1]).post(BULK, {"items": items}).status_code == 403


def test_apply_answers_for_each_document(ci: APIClient) -> None:
    said = apply(ci, f"{text()}---\n{text('System', name='no-')}")
    body = said.json()
    assert (said.status_code, body["created"], body["failed"], body["dry_run"]) == (207, 1, 1, False)
    assert body["documents"][1]["problems"][0] | {"message": ""} == {
        "line": 13, "column": 9, "field": "metadata.name", "code": "invalid_name", "message": "", "suggestion": "",
    }  # fmt: skip
    assert apply(ci, text()).json()["unchanged"] == 1


def test_a_dry_run_over_http_writes_nothing(ci: APIClient) -> None:
    body = apply(ci, text(), "?dry_run=true").json()
    assert (body["dry_run"], body["created"], body["documents"][0]["diff"]["owner"]) == (
        True,
        1,
        ["", "group:default/delivery"],
    )
    assert not Component.objects.exists()


def test_a_source_prunes_what_it_no_longer_names(ci: APIClient) -> None:
    apply(ci, f"{text()}---\n{text(name='old')}", "?source=shop")
    body = apply(ci, text(), "?source=shop&prune=true").json()
    assert (body["retired"], body["orphaned"]) == (["component:default/old"], [])


@pytest.mark.parametrize(
    ("query", "field"),
    [("?dry_run=maybe", "dry_run"), ("?prune=true", "source"), ("?source=location:default/x", "source")],
)
def test_a_question_that_makes_no_sense_is_named(ci: APIClient, query: str, field: str) -> None:
    answer = apply(ci, text(), query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("body", ["", "   \n"])
def test_an_empty_body_is_told_how(ci: APIClient, body: str) -> None:
    answer = apply(ci, body)
    assert (answer.status_code, "--data-binary" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("media", ["application/yaml", "text/yaml", "text/plain", "application/x-www-form-urlencoded"])
def test_whatever_a_client_calls_the_body_it_is_yaml(ci: APIClient, media: str) -> None:
    assert ci.generic("POST", APPLY, text(), content_type=media).json()["created"] == 1


def test_nobody_applies_without_a_token_or_with_the_wrong_scope(api: APIClient) -> None:
    assert apply(api, text()).status_code == 401
    body = apply(make.signed(api, make.token("slos:write")[1]), text()).json()
    assert (body["failed"], "scope" in body["documents"][0]["problems"][0]["message"]) == (1, True)


def test_a_backstage_reads_us_and_filters_leave_components(ci: APIClient) -> None:
    apply(ci, (Path(__file__).parent / "manifests" / "examples.yaml").read_text())
    every = manifest.parse(exported(ci))
    assert (every.errors, len(every.entities)) == ((), 12)
    websites = manifest.parse(exported(ci, "?type=website"))
    assert [str(entity.ref) for entity in websites.entities] == ["component:default/artist-web"]
    kinds = manifest.parse(exported(ci, "?kind=system&kind=api"))
    assert {entity.kind for entity in kinds.entities} == {"System", "API"}
    assert ci.get(f"{EXPORT}?kind=nonsense").status_code == 400


def test_reading_can_be_opened_to_everybody_for_a_backstage_that_sends_no_token(
    api: APIClient, settings: make.Settings
) -> None:
    assert api.get(EXPORT).status_code == 401
    make.component("runners", owner=make.team("ci", make.person("ada", email="ada@example.org")))
    settings.PORTAL_ANONYMOUS_READ = True
    said = exported(api)
    assert "name: runners" in said
    assert "example.org" not in said
    assert exported(api, "?kind=user") == ""
    assert api.get("/api/v1/components").status_code == 200
    assert apply(api, text()).status_code == 401


@pytest.mark.parametrize("kind", ["systems", "domains"])
def test_what_groups_components_is_registered_patched_and_retired_the_same_way(ci: APIClient, kind: str) -> None:
    here = f"/api/v1/{kind}/default/build"
    make.team("build-ci")
    made = ci.put(here, {"title": "Build", "owner": "build-ci", "labels": {"a": "b"}})
    assert (made.status_code, made.json()["owner"], made["ETag"]) == (201, "group:default/build-ci", '"1"')
    assert ci.put(here, {"title": "Build", "owner": "build-ci", "labels": {"a": "b"}}).json()["changed"] is False
    assert ci.patch(here, {"labels": {"c": "d"}}).json()["labels"] == {"a": "b", "c": "d"}
    assert ci.put(here, {}, headers={"If-Match": '"1"'}).status_code == 412
    assert [one["ref"] for one in ci.get(f"/api/v1/{kind}?q=bui").json()["results"]] == [made.json()["ref"]]
    assert ci.delete(here).json()["retired_at"]
    assert ci.get(f"/api/v1/{kind}").json()["results"] == []
    assert ci.get(f"/api/v1/{kind}/default/none").status_code == 404


def test_a_system_named_before_it_was_there_gets_its_components(ci: APIClient) -> None:
    ci.put("/api/v1/components/component/default/web", {"system": "shop"})
    ci.put("/api/v1/systems/default/shop", {"domain": "selling"})
    ci.put("/api/v1/domains/default/selling", {})
    system = System.objects.select_related("domain").get()
    assert Component.objects.get().system == system
    assert system.domain
    assert system.domain.ref == "domain:default/selling"


def test_only_platform_admins_delete_for_good(ci: APIClient) -> None:
    owner = make.team("build-ci")
    web = make.component("web", owner=owner)
    make.dependency(make.component("other"), web)
    here = "/api/v1/components/component/default/web?hard=true"
    assert ci.delete(here).status_code == 403
    root = APIClient()
    root.force_login(make.account("root", admin=True))
    assert root.delete(here).status_code == 204
    assert not Component.objects.filter(name="web").exists()
    left = Dependency.objects.get()
    assert (left.target, left.target_ref) == (None, "component:default/web")
    assert AuditEntry.objects.get(action="component.delete").object_ref == "component:default/web"
    assert root.delete("/api/v1/teams/default/build-ci?hard=true").status_code == 204
    assert not Team.objects.exists()


def test_what_other_apps_keep_of_a_component_is_not_deleted_with_it() -> None:
    root = APIClient()
    root.force_login(make.account("root", admin=True))
    make_slo.objective(component=make.component("web"))
    answer = root.delete("/api/v1/components/component/default/web?hard=true")
    assert (answer.status_code, "retire it instead" in answer.json()["detail"]) == (409, True)
    assert Component.objects.filter(name="web").exists()


def run(*arguments: str, stdin: bytes = b"", monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    out, err = io.StringIO(), io.StringIO()
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


def test_the_command_applies_files_directories_and_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yaml").write_text(text(name="a"))
    (tmp_path / "b.yml").write_text(text(name="b"))
    (tmp_path / "notes.txt").write_text("nothing")
    assert "+ component:default/a" in (said := run("apply", "-f", str(tmp_path), "--dry-run"))
    assert "dry run" in said
    assert not Component.objects.exists()
    run("apply", "-f", str(tmp_path))
    assert set(Component.objects.values_list("name", flat=True)) == {"a", "b"}
    changed = run("apply", "-f", "-", stdin=text(name="a", spec="  system: shop\n").encode(), monkeypatch=monkeypatch)
    assert "system: '' → 'system:default/shop'" in changed
    assert AuditEntry.objects.first().actor_ref == "system:cli"  # type: ignore[union-attr]


def test_the_command_says_file_line_and_column_and_ends_with_an_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(text(name="no-"))
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 of 1 documents were refused"):
        call_command("apply", "-f", str(tmp_path / "a.yaml"), stdout=io.StringIO(), stderr=err)
    assert f"{tmp_path / 'a.yaml'}:4:9: metadata.name:" in err.getvalue()
    for wrong in (
        ["-f", str(tmp_path / "none.yaml")],
        ["-f", str(tmp_path), "--prune"],
        ["-f", "-", "--source", "a:b"],
    ):
        with pytest.raises(CommandError):
            call_command("apply", *wrong, stdout=io.StringIO())


def test_what_the_command_exports_it_applies_without_a_change(tmp_path: Path) -> None:
    call_command("apply", "-f", str(Path(__file__).parent / "manifests" / "examples.yaml"), stdout=io.StringIO())
    target = tmp_path / "all.yaml"
    call_command("export", "-o", str(target))
    said = run("apply", "-f", str(target))
    assert "0 created, 0 updated, 12 unchanged, 0 failed" in said
    assert [one.name for one in tmp_path.iterdir()] == ["all.yaml"]
