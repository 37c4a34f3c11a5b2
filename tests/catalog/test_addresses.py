"""E-mail addresses of people: each is one person's, however it is said."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog.access import Actor, system
from catalog.models import Person
from catalog.operations import accept_invitation, invite, patch_person, retire_person
from catalog.operations.applying import SourceFile, apply_files
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db
BY = system("test")


@pytest.fixture
def ada() -> Person:
    return make.person("ada", email="ada@example.org")


@pytest.fixture
def mallory() -> Person:
    return make.person("mallory")


def test_nobody_takes_a_colleagues_address_on_the_form(ada: Person, mallory: Person) -> None:
    browser = Client()
    browser.force_login(make.account_of(mallory))
    form = {"display_name": "M", "email": "ADA@example.org", "time_zone": "UTC", "clock_24h": "on", "version": "1"}
    answer = browser.post(f"{mallory.get_absolute_url()}/edit", form)
    assert answer.status_code == 400
    (said,) = answer.context["form"].errors["email"]
    assert "ADA@example.org is the address of Ada (user:default/ada) already; use another one" in said
    mallory.refresh_from_db()
    assert mallory.email == "mallory@example.org"


@pytest.mark.parametrize("email", ["ada@example.org", "Ada@Example.Org"])
def test_nor_by_the_api(api: APIClient, ada: Person, mallory: Person, email: str) -> None:
    api.force_login(make.account_of(mallory))
    answer = api.patch("/api/v1/people/default/mallory", {"email": email}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "email")
    whole = {"display_name": "Mallory", "email": email}
    assert api.put("/api/v1/people/default/mallory", whole, format="json").status_code == 400


def test_a_file_that_gives_two_people_one_address_is_told_where(ada: Person) -> None:
    head = "apiVersion: backstage.io/v1alpha1\nkind: User\n"
    user = f"{head}metadata: {{name: %s}}\nspec: {{memberOf: [], profile: {{email: %s}}}}\n"
    text = "---\n".join(user % each for each in [("ben", "b@example.org"), ("eve", "B@example.org"), ("x", ada.email)])
    files = [SourceFile(address="people.yaml", text=text)]
    found = apply_files(files=files, actor=BY, now=make.NOW)
    assert [one.outcome for one in found.documents] == ["created", "created", "created"], "as Backstage takes them"
    told = [[(fault.field, fault.line, fault.code) for fault in one.warnings] for one in found.documents]
    assert told == [[("spec.profile.email", line, "address_taken")] for line in (4, 9, 14)]


def test_who_shares_an_address_already_keeps_it_until_they_change_it(ada: Person) -> None:
    twin = make.person("twin", email="Ada@example.org")
    for changes in ({"display_name": "Twin"}, {"email": "ADA@example.org"}, {"email": ""}):
        patch_person(ref=twin.ref, changes=changes, actor=BY, now=make.NOW)
    with pytest.raises(Invalid, match="is the address of Ada"):
        patch_person(ref=twin.ref, changes={"email": "ada@example.org"}, actor=BY, now=make.NOW)


def test_the_address_of_somebody_who_left_is_free_until_they_are_back(ada: Person, mallory: Person) -> None:
    retire_person(ref=ada.ref, actor=BY, now=make.NOW)
    patch_person(ref=mallory.ref, changes={"email": ada.email}, actor=BY, now=make.NOW)
    with pytest.raises(Invalid, match="is the address of Mallory"):
        patch_person(ref=ada.ref, changes={}, actor=BY, now=make.NOW)
    patch_person(ref=ada.ref, changes={"email": "ada@example.com"}, actor=BY, now=make.NOW)


def test_one_reader_of_an_address_does_not_become_two_people_by_two_invitations() -> None:
    root = Actor(person=make.person("root", admin=True))
    teams = make.team("build"), make.team("shop")
    email, role = "carol@example.org", "member"
    secrets = [invite(email=email, team=team, role=role, actor=root, now=make.NOW).secret for team in teams]
    said: dict[str, Any] = {
        "password": "a long enough one",
        "display_name": "Carol",
        "now": make.NOW + timedelta(days=1),
    }
    accept_invitation(secret=secrets[0], username="carol", **said)
    with pytest.raises(Invalid, match="is the address of Carol"):
        accept_invitation(secret=secrets[1], username="carol2", **said)
