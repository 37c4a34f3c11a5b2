"""Names that people gave, however long: no word of one pushes a page sideways."""

import pytest
from django.template import engines
from django.test import Client

from catalog.models import Person
from portal.lib.names import LONG, called
from tests import make

LONGEST = "x" * 80


@pytest.mark.parametrize("name", ["", "Build & CI", "Ada Okafor-Lindqvist", "y" * LONG])
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    assert called(name) == name.replace("&", "&amp;")


def test_a_name_with_a_very_long_word_may_be_broken_and_is_escaped() -> None:
    assert called(f"of {LONGEST}") == f'<span class="long-name">of {LONGEST}</span>'
    assert called(f"<b>{LONGEST}") == f'<span class="long-name">&lt;b&gt;{LONGEST}</span>'


@pytest.mark.django_db
def test_people_teams_and_components_are_called_so(browser_of_ada: Client) -> None:
    ada = Person.objects.get(ref="user:default/ada")
    team = make.team("ci", ada, title=LONGEST)
    make.component("runners", owner=team, title=LONGEST)
    said = f'<span class="long-name">{LONGEST}</span>'
    page = browser_of_ada.get("/").content.decode()
    assert page.count(said) >= 3
    shown = engines["django"].from_string("{% load portal %}{% thing team %}{% who person %}")
    ada.display_name = LONGEST
    assert shown.render({"team": team, "person": ada}).count(said) == 2
