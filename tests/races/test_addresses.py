"""Addresses that several ask for at once."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from catalog.access import Actor, system
from catalog.models import Invitation, Person
from catalog.operations import invite, patch_person
from portal.lib.errors import Invalid
from tests import make
from tests.races.together import Crew

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(4) as four:
        yield four


def test_of_those_who_ask_for_one_address_at_once_one_has_it(crew: Crew) -> None:
    people = [make.person(f"p{place}") for place in range(4)]
    for turn in range(5):
        said: dict[str, Any] = {
            "changes": {"email": f"new{turn}@example.org"},
            "actor": system("test"),
            "now": make.NOW,
        }
        answers = crew.together(*(partial(patch_person, ref=one.ref, **said) for one in people))
        assert Counter(isinstance(one, Invalid) for one in answers) == {True: 3, False: 1}
        assert Person.objects.filter(email=f"new{turn}@example.org").count() == 1


def test_of_invitations_of_one_address_at_once_one_link_lives(crew: Crew) -> None:
    by = Actor(person=make.person("root", admin=True))
    for turn in range(5):
        said: dict[str, Any] = {
            "email": f"new{turn}@example.org",
            "team": None,
            "role": "member",
            "actor": by,
            "now": make.NOW,
        }
        answers = crew.together(*[partial(invite, **said)] * 4)
        assert not [one for one in answers if isinstance(one, Exception)]
        assert Invitation.objects.filter(email=said["email"], revoked_at=None).count() == 1
