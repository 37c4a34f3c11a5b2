"""Incidents as one search finds them."""

import pytest

from catalog import queries
from incidents.models import Incident
from tests import make, make_incidents

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    """Titles of the incidents a search finds, best first."""
    hits = queries.search(text, limit=20, now=make.NOW, only=["incident"])
    return [hit.title for hit in hits]


def test_an_incident_is_found_by_what_people_call_it_and_by_words() -> None:
    one = make_incidents.incident(summary="Jobs wait for runners")
    make_incidents.incident(summary="Vault is sealed")
    for text in (f"INC-{one.number}", f"inc {one.number}", f"incident {one.number}", f"#{one.number}"):
        assert found(text)[:1] == [f"INC-{one.number} Jobs wait for runners"]
    assert found("jobs runners") == [f"INC-{one.number} Jobs wait for runners"]
    assert found("runnres") == [f"INC-{one.number} Jobs wait for runners"]
    assert found("INC-99999999") == []
    assert found("INC-" + "9" * 40) == []


def test_what_is_open_comes_before_what_is_long_resolved() -> None:
    old = make_incidents.incident(summary="Vault is sealed")
    Incident.objects.filter(pk=old.pk).update(state="resolved", resolved_at=make.NOW)
    new = make_incidents.incident(summary="Vault is sealed")
    assert found("vault") == [f"INC-{new.number} Vault is sealed", f"INC-{old.number} Vault is sealed"]
