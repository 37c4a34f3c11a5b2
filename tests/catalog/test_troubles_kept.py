"""Questions that are put into SQL once say the same whenever they are asked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from catalog.queries.troubles import SOURCES, QueueFilter, Source

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_only_what_ages_depends_on_the_time_it_is_asked_at(source: Source) -> None:
    """One that does and does not say so would be answered as of the end of time, for as long as the process lives."""
    then, later = (
        str(source.rows(QueueFilter(), now).values(named=F("pk")).query) for now in (NOW, NOW + timedelta(days=400))
    )
    assert (then != later) is source.ages
