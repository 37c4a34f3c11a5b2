"""The acknowledge link: personal, signed, expiring."""

from datetime import timedelta

import pytest

from incidents import links
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


def token() -> str:
    page = make_incidents.incident().pages.get()
    return links.make(page, make.person("ada")).rsplit("/", 1)[1]


def test_a_link_reads_back_who_it_was_sent_to_and_about_what() -> None:
    page, ada = make_incidents.incident().pages.get(), make.person("ada")
    claim = links.read(links.make(page, ada).rsplit("/", 1)[1])
    assert claim == links.AckClaim(page.pk, ada.pk, page.generation)


def test_an_old_link_has_expired() -> None:
    with pytest.raises(links.Expired):
        links.read(token(), lasts=timedelta(seconds=-1))


@pytest.mark.parametrize("bent", ["", "x", "a:b:c"])
def test_what_is_not_our_link_is_refused(bent: str) -> None:
    with pytest.raises(links.Tampered):
        links.read(bent)


def test_a_link_with_one_character_changed_is_refused() -> None:
    sound = token()
    with pytest.raises(links.Tampered):
        links.read(("A" if sound[0] != "A" else "B") + sound[1:])
