"""Who is signed in: asked for at once with person, teams and clock, and just as well from a host's own backend."""

import pytest
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.access import reader_may_write, reader_teams
from catalog.accounts import AccountBackend
from catalog.models import Person
from portal.lib.clock import db_now
from tests import make

pytestmark = pytest.mark.django_db
PLAIN = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def ada() -> Person:
    """Ada leads Build & CI and is in a team that was dissolved."""
    ada = make.person("ada")
    make.team("build-ci", lead=ada, title="Build & CI")
    make.team("attic", ada, title="", retired_at=make.NOW)
    make.account_of(ada)
    return ada


def asked_by(user: object) -> HttpRequest:
    """A request of theirs."""
    request = HttpRequest()
    request.user = user  # type: ignore[assignment]  # any account
    return request


@pytest.mark.parametrize(("ours", "queries"), [(True, 1), (False, 3)])
def test_the_readers_teams_are_the_same_from_every_backend(
    ada: Person, ours: bool, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = make.account_of(ada)
    with django_assert_num_queries(queries):
        user = AccountBackend().get_user(account.pk) if ours else type(account).objects.get(pk=account.pk)
        teams = reader_teams(asked_by(user))
    assert [(team.label, team.leads, team.retired) for team in teams] == [
        ("attic", False, True),
        ("Build & CI", True, False),
    ]


def test_an_account_of_nobody_has_no_teams_and_may_write_nothing() -> None:
    account = make.account("ada")
    Person.objects.update(account=None)
    request = asked_by(AccountBackend().get_user(account.pk))
    assert reader_teams(request) == ()
    assert not reader_may_write(request, [make.team("build-ci")])


def test_an_account_that_was_switched_off_or_is_gone_is_nobody(ada: Person) -> None:
    account = make.account_of(ada)
    account.is_active = False
    account.save()
    assert AccountBackend().get_user(account.pk) is None
    assert AccountBackend().get_user(account.pk + 1) is None


def test_the_clock_that_comes_with_the_account_is_the_databases(ada: Person) -> None:
    before = db_now()
    assert before <= AccountBackend().get_user(make.account_of(ada).pk).loaded_at <= db_now()


def test_a_host_with_django_s_own_backend_serves_the_same_page(
    client: Client, ada: Person, settings: make.Settings
) -> None:
    url = make.component("ci", owner=ada.teams.get(name="build-ci")).get_absolute_url()
    may: list[object] = []
    for backend in (PLAIN, "catalog.accounts.AccountBackend"):
        settings.AUTHENTICATION_BACKENDS = [backend]
        client.force_login(make.account_of(ada), backend=backend)
        may.append(client.get(url).context["may_write"])
    assert may == [True, True]
