"""Many values in one parameter."""

import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.records import text_array

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
