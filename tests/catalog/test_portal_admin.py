"""The first platform admin."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from catalog.models import AuditEntry, Person
from tests import make

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    """Name and password as printed."""
    out = StringIO()
    call_command("portal_admin", *words, stdout=out)
    name, _, password = out.getvalue().rstrip("\n").partition("\t")
    return name, password


def test_a_password_is_made_printed_and_works() -> None:
    name, password = run("root")
    assert len(password) >= 16
    account = authenticate(username=name, password=password)
    assert account is not None
    assert Person.objects.get(account=account).platform_admin


def test_running_it_again_changes_neither_password_nor_anything_else() -> None:
    _, password = run("root")
    written = AuditEntry.objects.count()
    assert run("root") == ("root", "")
    assert authenticate(username="root", password=password) is not None
    assert AuditEntry.objects.count() == written


def test_a_given_password_replaces_the_one_that_was_lost() -> None:
    run("root")
    run("root", "--password", "a new and long one")
    assert authenticate(username="root", password="a new and long one") is not None


def test_somebody_known_from_a_manifest_gets_an_account_and_keeps_their_name() -> None:
    make.person("ada", display_name="Ada Okafor")
    run("ada")
    ada = Person.objects.get(ref="user:default/ada")
    assert (ada.display_name, ada.platform_admin, ada.account is None) == ("Ada Okafor", True, False)


def test_a_name_that_can_be_no_reference_is_refused() -> None:
    with pytest.raises(CommandError, match="name"):
        run("not a name")
