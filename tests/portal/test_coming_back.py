"""Signing out everywhere, and somebody who left and is back."""

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from catalog.access import system
from catalog.models import AuditEntry, Person
from catalog.operations import put_person, retire_person
from catalog.specs import PersonSpec
from portal.pages import letters
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/people/default/ada"


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def ada() -> Person:
    """Ada, with an account."""
    person = make.person("ada")
    make.account_of(person)
    return person


@pytest.fixture
def back(ada: Person) -> Person:
    """Ada, who left, and whom a manifest registers again."""
    retire_person(ref=ada.ref, actor=system("import"), now=make.NOW)
    spec = PersonSpec(namespace="default", name="ada", display_name="Ada", email=ada.email)
    put_person(spec=spec, actor=system("import"), now=make.NOW)
    return Person.objects.get(pk=ada.pk)


def test_signing_out_everywhere_ends_the_other_sessions_and_keeps_this_one(ada: Person) -> None:
    here, there = signed_in(ada), signed_in(ada)
    here.post("/sign-out/everywhere", {"password": make.PASSWORD})
    assert here.get("/password").status_code == 200
    assert there.get("/password").status_code == 302
    assert Client().login(username="ada", password=make.PASSWORD)


def test_whoever_does_not_know_the_password_ends_nothing(ada: Person) -> None:
    here, there = signed_in(ada), signed_in(ada)
    said = here.post("/sign-out/everywhere", {"password": "guess"}, follow=True).content.decode()
    assert "not your password" in said
    assert there.get("/password").status_code == 200


def test_a_manifest_brings_back_the_person_and_not_their_way_in(back: Person) -> None:
    assert back.retired_at is None
    assert not Client().login(username="ada", password=make.PASSWORD)
    said = signed_in(make.person("root", admin=True)).get(PAGE).content.decode()
    assert "closed" in said
    assert f"{PAGE}/reopen" in said
    assert f"{PAGE}/reopen" not in signed_in(make.person("ben")).get(PAGE).content.decode()


def test_an_admin_opens_the_account_and_a_letter_brings_a_new_password(
    back: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "send_aside", letters._send_all)
    old = Client()
    get_user_model().objects.filter(person=back).update(is_active=True)
    old.force_login(make.account_of(back))  # a session from before
    get_user_model().objects.filter(person=back).update(is_active=False)
    admin = signed_in(make.person("root", admin=True))
    assert admin.post(f"{PAGE}/reopen").status_code == 302
    assert old.get("/password").status_code == 302
    assert not Client().login(username="ada", password=make.PASSWORD)
    (letter,) = mail.outbox
    link = next(word for word in letter.body.split() if "/password/new/" in word)
    assert Client().get("/password/new/" + link.partition("/password/new/")[2], follow=True).status_code == 200
    assert AuditEntry.objects.filter(action="person.reopen", object_ref=back.ref).count() == 1
    admin.post(f"{PAGE}/reopen")
    assert AuditEntry.objects.filter(action="person.reopen").count() == 1


@pytest.mark.parametrize("who", ["ben", "ada"])
def test_nobody_else_opens_it(back: Person, who: str) -> None:
    client = signed_in(make.person(who)) if who != "ada" else Client()
    client.post(f"{PAGE}/reopen")
    assert not get_user_model().objects.get(person=back).is_active
