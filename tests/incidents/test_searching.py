"""Incidents, their reviews and action items as one search finds them."""

from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.test import APIClient

from catalog import queries
from incidents.models import ActionItem, Incident, Review
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


def test_a_slip_in_a_component_finds_it_before_what_is_open_about_it() -> None:
    runners = make.component("ci-runners", title="CI runners")
    make_incidents.incident(runners, summary="CI runners: “Build queue stays short” is not kept")
    hits = queries.search("ci-runers", limit=20, now=make.NOW)
    assert [hit.kind for hit in hits[:2]] == ["component", "incident"]


def reviewed(title: str, *items: str) -> Review:
    row = make_incidents.incident(summary=title)
    Incident.objects.filter(pk=row.pk).update(state="resolved", resolved_at=make.NOW)
    review = Review.objects.create(incident=row, generation=0, drafted_at=make.NOW, saved_at=make.NOW)
    who = make.person()
    for item in items:
        day = make.NOW.date() + timedelta(days=3)
        ActionItem.objects.create(
            review=review, title=item, owner=who, owner_ref=who.ref, due_on=day, created_at=make.NOW
        )
    return review


def refs(text: str, *kinds: str) -> list[str]:
    return [hit.ref for hit in queries.search(text, limit=20, now=make.NOW, only=kinds)]


def test_a_review_is_found_by_its_incident_and_an_item_by_its_title() -> None:
    review = reviewed("etcd has lost its quorum", "Alert on the disks of etcd", "Practise the restore")
    other = reviewed("Vault is sealed")
    alert, practise = ActionItem.objects.order_by("pk")
    assert refs(f"review {review.pk}", "review") == [f"review:{review.pk}"]
    assert refs(f"INC-{other.pk}")[:2] == [f"incident:{other.pk}", f"review:{other.pk}"]
    assert refs("review vault", "review") == [f"review:{other.pk}"]
    assert refs("quorum", "review", "action-item") == [f"review:{review.pk}"]
    assert set(refs("etcd", "review", "action-item")) == {f"review:{review.pk}", f"action-item:{alert.pk}"}
    assert refs("practice restore", "action-item") == [f"action-item:{practise.pk}"]
    assert refs("reviews", "review") == []
    assert refs("review 99999999", "review") == []


def test_what_is_done_comes_after_what_is_to_be_done() -> None:
    reviewed("Vault is sealed", "Unseal by machine", "Unseal by machine too")
    first, second = ActionItem.objects.order_by("pk")
    ActionItem.objects.filter(pk=first.pk).update(state="done", done_at=make.NOW, closed_at=make.NOW)
    assert refs("unseal", "action-item") == [f"action-item:{second.pk}", f"action-item:{first.pk}"]
    hits = queries.search("unseal machine", limit=5, now=make.NOW, only=["action-item"])
    assert [hit.detail.partition(" · ")[2] for hit in hits] == ["due Wed 25 Nov", "done"]


def test_whoever_is_not_signed_in_finds_no_reviews(client: Client) -> None:
    assert "review" not in queries.kinds(known=False)
    review = reviewed("Vault is sealed")
    reader = APIClient()
    reader.force_login(make.account_of(make.person("elena")))
    found = reader.get("/api/v1/search?q=vault&kind=review").json()["results"]
    assert [(one["kind"], one["url"]) for one in found] == [("review", review.get_absolute_url())]
    client.force_login(make.account_of(make.person("ada")))
    assert "Review of INC-" in client.get("/search?q=vault&kind=review").content.decode().replace("<mark>", "")
