"""Who may not change something is told so before typing, and who can instead; rare fields are folded away."""

import pytest
from django.test import Client

from catalog.forms import ComponentForm, NewComponentForm
from catalog.models import Component, Person, Team
from tests import make

pytestmark = pytest.mark.django_db
EDIT = "/components/component/default/ci-runners/edit"


@pytest.fixture
def ada() -> Person:
    """The lead of Build & CI."""
    return make.person("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    """Build & CI, with a component and a system."""
    made: Team = make.team("build-ci", make.person("ben"), lead=ada)
    make.system("build", owner=made)
    make.component("ci-runners", owner=made)
    return made


def seen(client: Client, name: str, url: str) -> str:
    person = Person.objects.filter(name=name).first() or make.person(name)
    client.force_login(make.account_of(person))
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("url", [EDIT, "/systems/default/build/edit", "/teams/default/build-ci/edit"])
def test_an_outsider_reads_the_form_but_can_send_nothing_and_is_told_who_can(
    client: Client, team: Team, url: str
) -> None:
    page = seen(client, "eve", url)
    assert "you can view it but not edit it" in page
    assert f"Ask {Person.objects.get(name='ada').label}." in page
    assert f'href="{team.get_absolute_url()}"' in page
    assert '<fieldset class="form-all" disabled' in page
    assert ">Save<" not in page
    assert "Show YAML" not in page


@pytest.mark.parametrize("name", ["ada", "ben"])
def test_members_of_the_owner_team_get_the_form(client: Client, team: Team, name: str) -> None:
    page = seen(client, name, EDIT)
    assert "you can view it" not in page
    assert "disabled" not in page.partition('id="entity-form"')[2].partition("</form>")[0]
    assert "Save" in page


def test_platform_admins_get_every_form(client: Client, team: Team) -> None:
    client.force_login(make.account("root", admin=True))
    assert "you can view it" not in client.get(EDIT).content.decode()


def test_what_nobody_owns_may_be_claimed(client: Client, team: Team) -> None:
    Component.objects.update(owner=None, owner_ref="")
    assert "you can view it" not in seen(client, "eve", EDIT)


def test_a_person_is_edited_by_themselves_only(client: Client, ada: Person) -> None:
    assert f"{ada.label} and platform admins may change it." in seen(client, "eve", "/people/default/ada/edit")
    assert "you can view it" not in seen(client, "ada", "/people/default/ada/edit")


def test_rare_fields_are_folded_until_something_in_them_is_wrong(client: Client, team: Team) -> None:
    first, *folded = NewComponentForm(None, owners=[team]).parts()
    assert [field.name for field in first.fields] == [
        "title", "name", "description", "owner", "kind", "type", "tier", "lifecycle",
    ]  # fmt: skip
    assert not any(part.open for part in folded)
    assert {part.filled for part in folded} == {"nothing filled in yet"}
    page = seen(client, "ada", "/components/new")
    assert page.count('<details class="form-fold">') == len(folded)
    wrong = client.post("/components/new", {"name": "x", "kind": "component", "namespace": "default", "labels": "no"})
    assert [part.title for part in wrong.context["form"].parts() if part.open] == ["Where it belongs"]
    assert '<details class="form-fold" open>' in wrong.content.decode()


def test_a_fold_says_what_is_in_it(client: Client, team: Team) -> None:
    Component.objects.update(runbook="https://docs.example/runbook")
    page = seen(client, "ada", EDIT)
    assert '<span class="t-3 fs-12">Runbook</span>' in page


def test_every_field_of_a_form_is_in_one_of_its_parts() -> None:
    for form in (NewComponentForm(None, owners=[]), ComponentForm(None, owners=[])):
        shown = [field.name for part in form.parts() for field in part.fields]
        assert sorted(shown) == sorted(form.fields)
