"""The pages of imports: what they show, what they refuse."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Claim, Component, Location, LocationFile, Team
from catalog.operations.refreshing import refresh_due
from tests import make
from tests.catalog.manifest_files import component, location, stream
from tests.fakes.repository import Repository

pytestmark = pytest.mark.django_db
HERE = "/imports/default/platform"
TARGET = "https://github.com/acme/platform/blob/main/catalog-info.yaml"


@pytest.fixture
def ada(client: Client) -> Client:
    """Ada, of Build & CI, signed in."""
    person = make.person("ada")
    make.team("build-ci", person)
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A server of files."""
    with Repository.running() as made:
        yield made


def text(page: bytes) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def team() -> Team:
    return Team.objects.get(name="build-ci")


@pytest.mark.parametrize("path", ["/imports", "/imports/new", HERE, f"{HERE}/edit"])
def test_a_stranger_is_sent_to_sign_in(client: Client, path: str) -> None:
    make.location("platform")
    assert client.get(path)["Location"] == f"/sign-in?next={path}"


def test_an_empty_list_says_what_to_do_and_the_sidebar_leads_there(ada: Client) -> None:
    page = ada.get("/imports").content
    assert "No location yet" in text(page)
    assert b'href="/imports"' in ada.get("/catalog").content


def test_an_import_tells_each_problem_with_its_place_and_leads_to_the_line(ada: Client) -> None:
    row = make.location("platform", TARGET, team=team(), tried_at=make.NOW, read_at=make.NOW)
    problem = {"document": 2, "line": 12, "column": 9, "field": "metadata.name", "code": "x", "message": "Use letters.",
               "level": "error"}  # fmt: skip
    LocationFile.objects.create(
        location=row, address=TARGET, read_at=make.NOW, created=3, updated=1, unchanged=8, failed=1, problems=[problem]
    )
    LocationFile.objects.create(location=row, address="https://x.org/b.yaml", read_at=make.NOW, error="It is gone.")
    page = ada.get(HERE).content
    said = text(page)
    assert "3 created, 1 updated, 8 unchanged, 1 failed" in said
    assert "Line 12, column 9 metadata.name : Use letters." in said
    assert f'href="{TARGET}#L12"'.encode() in page
    assert "Not read: It is gone." in said
    assert "never read" in said
    assert "0 created" not in said.partition("b.yaml")[2], "nothing is counted of what was never read"
    assert "Degraded" in said
    assert "2" in text(ada.get("/imports").content)


def test_a_script_in_an_address_or_a_message_never_runs(ada: Client) -> None:
    row = make.location("platform", "javascript:alert(1)", title="<script>alert(1)</script>", team=team())
    LocationFile.objects.create(
        location=row, address="javascript:alert(1)", read_at=make.NOW, error="<img src=x onerror=1>"
    )
    page = ada.get(HERE).content.decode()
    assert 'href="javascript' not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_preview_shows_what_would_come_and_keeps_the_form(ada: Client, repository: Repository) -> None:
    top = repository.put("/a.yaml", stream(component("a"), component("b"), component("-x")))
    form = {"name": "new", "namespace": "default", "type": "url", "targets": top, "team": team().ref, "every": "1h"}
    said = ada.post("/imports/new", {**form, "preview": "1"})
    assert "2 entities would come in, 1 problem" in text(said.content)
    assert top in said.content.decode()
    assert not Location.objects.exists()
    made = ada.post("/imports/new", form)
    assert (made.status_code, made["Location"]) == (302, "/imports/default/new")
    row = Location.objects.get()
    now = row.due_at
    assert now
    refresh_due(now=now, clock=lambda: now)
    assert "2 created" in text(ada.get(made["Location"]).content)


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong_where(ada: Client) -> None:
    form = {"name": "-x", "namespace": "default", "type": "url", "targets": "nonsense", "team": "", "every": "1h"}
    assert set(ada.post("/imports/new", form).context["form"].errors) == {"team"}
    said = ada.post("/imports/new", {**form, "team": team().ref})
    assert (said.status_code, set(said.context["form"].errors)) == (400, {"name", "targets"})
    assert "nonsense" in said.content.decode()


def test_a_member_can_not_choose_every_team_and_an_admin_can(ada: Client, client: Client) -> None:
    form = {"name": "x", "namespace": "default", "type": "url", "targets": TARGET, "team": "*", "every": "1h"}
    assert set(ada.post("/imports/new", form).context["form"].errors) == {"team"}
    client.force_login(make.account("root", admin=True))
    assert client.post("/imports/new", form).status_code == 302
    assert Location.objects.get().limited is False


def test_editing_keeps_what_the_form_does_not_show_and_of_two_editors_the_second_is_told(ada: Client) -> None:
    row = make.location("platform", TARGET, team=team(), labels={"a": "b"}, every_seconds=420)
    form = ada.get(f"{HERE}/edit").context["form"]
    sent = {**form.initial, "title": "New", "version": "1"}
    sent.pop("prunes")
    assert ada.post(f"{HERE}/edit", sent).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.labels, row.every_seconds, row.version) == ("New", {"a": "b"}, 420, 2)
    second = ada.post(f"{HERE}/edit", {**sent, "title": "Second"})
    assert (second.status_code, "expected version 1" in text(second.content)) == (400, True)


def test_the_buttons_work_and_are_not_for_outsiders(ada: Client) -> None:
    row = make.location("platform", TARGET, team=team(), due_at=make.NOW + timedelta(days=3650))
    assert ada.post(f"{HERE}/refresh").status_code == 302
    row.refresh_from_db()
    assert row.due_at
    assert row.due_at < make.NOW + timedelta(days=3000)
    shown = ada.post(f"{HERE}/webhook", follow=True)
    secret = shown.context["secret"]
    assert secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert secret not in ada.get(HERE).content.decode()
    assert ada.post(f"{HERE}/webhook", {"remove": "1"}).status_code == 302
    assert ada.post(f"{HERE}/retire").status_code == 302
    assert "Retired" in text(ada.get(HERE).content)
    mallory = Client()
    mallory.force_login(make.account("mallory"))
    Location.objects.update(retired_at=None)
    page = mallory.get(HERE).content.decode()
    assert "/refresh" not in page
    assert "/edit" not in page
    version = Location.objects.get().version
    for path in ("refresh", "retire", "webhook"):
        assert mallory.post(f"{HERE}/{path}").status_code == 403
    assert (
        mallory.post(f"{HERE}/edit", {"type": "url", "targets": TARGET, "team": team().ref, "every": "1h"}).status_code
        == 400
    )
    assert Location.objects.get().version == version


def test_what_is_no_longer_named_is_listed_and_retired_by_whoever_owns_it(ada: Client) -> None:
    row = make.location("platform", TARGET, team=team())
    mine, theirs = make.component("mine", owner=team()), make.component("theirs", owner=make.team("networking"))
    for one in (mine, theirs):
        Claim.objects.create(source=row.ref, ref=one.ref, file=TARGET, since=make.NOW, orphaned_at=make.NOW)
    Claim.objects.create(source=row.ref, ref="component:default/never", since=make.NOW, orphaned_at=make.NOW)
    said = text(ada.get(HERE).content)
    assert "No longer named" in said
    assert "there no more" in said
    assert ada.post(f"{HERE}/orphans", {"ref": mine.ref}).status_code == 302
    assert ada.post(f"{HERE}/orphans", {"ref": theirs.ref}).status_code == 403
    make.component("other", owner=team())
    assert ada.post(f"{HERE}/orphans", {"ref": "component:default/other"}).status_code == 302
    assert set(Component.objects.exclude(retired_at=None).values_list("name", flat=True)) == {"mine"}


def test_the_pages_ask_few_questions_however_much_there_is(
    ada: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(60):
        row = make.location(f"l{n:02}", TARGET, team=team())
    for n in range(60):
        LocationFile.objects.create(location=row, address=f"https://x.org/{n:02}", read_at=make.NOW)
        Claim.objects.create(source=row.ref, ref=f"component:default/c{n:02}", since=make.NOW, orphaned_at=make.NOW)
    for path in ("/imports", row.get_absolute_url()):
        with django_assert_max_num_queries(30):
            assert ada.get(path).status_code == 200
    first = ada.get(row.get_absolute_url()).context
    assert (len(first["files"]), len(first["orphans"])) == (50, 50)
    assert len(ada.get(first["next"]).context["files"]) == 10
    assert len(ada.get(first["more_orphans"]).context["orphans"]) == 10
    assert len(ada.get(ada.get("/imports").context["next"]).context["lines"]) == 10


def test_a_location_of_locations_shows_every_file(ada: Client, repository: Repository) -> None:
    top = repository.put("/all.yaml", location("all", "./a.yaml"))
    repository.put("/a.yaml", component("a"))
    row = make.location("platform", top, team=team())
    refresh_due(now=make.NOW, clock=lambda: make.NOW)
    said = text(ada.get(row.get_absolute_url()).content)
    assert "/all.yaml" in said
    assert "/a.yaml" in said
    assert "Works" in said
