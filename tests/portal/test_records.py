"""Many values in one parameter."""

import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st

from incidents.models import Delivery, Incident, Page
from portal.lib.records import insert, text_array
from tests.make import NOW

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
ODD = st.sampled_from(["", " ", "NULL", "{}", ",", '"', "\\", '\\"', "a,b", "'", "\n"])


@given(st.lists(TEXTS | ODD, max_size=8))
def test_texts_arrive_as_they_were(texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [text_array(texts)])
        assert cursor.fetchone() == (texts,)


@pytest.mark.parametrize("texts", [["\0"], ["a", "b\0c"]])
def test_nul_is_refused_rather_than_taken_for_two(texts: list[str]) -> None:
    with pytest.raises(DataError):
        text_array(texts)


def _rows() -> list[Delivery | Incident | Page]:
    """Of each model that is written so: `group` is a word of SQL, JSON and quotes are what values trip over."""
    delivery = Delivery(received_at=NOW, due_at=NOW, key="it's", body={"a": ['"', "\\", None]}, sender="%s")
    incident = Incident(title="100 %", severity=2, severity_reason="", source="api", opened_at=NOW, group="a; b")
    of = Incident.objects.create(title="x", severity=1, severity_reason="", source="api", opened_at=NOW)
    return [delivery, incident, Page(incident=of, opened_at=NOW, next_step_at=NOW, routing="it's")]


@pytest.mark.parametrize("place", range(3))
def test_a_row_written_out_is_the_row_that_save_writes(place: int) -> None:
    model = type(_rows()[place])
    insert(written := _rows()[place])
    (saved := _rows()[place]).save(force_insert=True)
    apart = {model._meta.pk.name, "incident_id"}
    found = [model._default_manager.filter(pk=one.pk).values().get() for one in (written, saved)]
    assert found[0].keys() == found[1].keys()
    assert [{k: v for k, v in row.items() if k not in apart} for row in found[:1]] == [
        {k: v for k, v in row.items() if k not in apart} for row in found[1:]
    ]
    written.refresh_from_db()
    written.save()  # it is known as a row that is there
    assert model._default_manager.filter(pk=written.pk).count() == 1
