"""The status page: what is broken, ninety days of each capability, what strangers see, how many questions it asks."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.access import Actor
from catalog.models import Component, MaintenanceWindow, Person
from incidents import operations, status
from incidents.models import Incident
from incidents.paging import check_again_due
from portal.lib.clock import db_now
from slo.models import Standing
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def runners(ada: Person) -> Component:
    ci = make_incidents.paged(make.team("ci", ada), make_incidents.step(ada))
    build = make.system("build")
    return make.component("ci-runners", owner=ci, tier=1, system=build)


def ended(component: Component, severity: int, *, days_ago: int, lasted: timedelta = timedelta(hours=1)) -> Incident:
    """An incident that was over by then."""
    at = db_now() - days_ago * DAY
    return Incident.objects.create(
        title="Past", component=component, component_ref=component.ref, severity=severity, severity_reason="",
        source="api", opened_at=at, state="resolved", resolved_at=at + lasted,
    )  # fmt: skip


def day_of(line: status.Line, day: date) -> str:
    return next(one.state for one in line.days if one.day == day)


def test_a_day_is_as_bad_as_its_worst_incident(runners: Component) -> None:
    for severity, days_ago in ((3, 5), (1, 5), (2, 9), (4, 12)):
        ended(runners, severity, days_ago=days_ago)
    ended(runners, 2, days_ago=30, lasted=2 * DAY)
    runners.system.created_at = db_now() - 60 * DAY  # type: ignore[union-attr]
    runners.system.save()  # type: ignore[union-attr]
    now = db_now()
    (line,) = status.status(now=now).lines
    today = timezone.localtime(now).date()
    states = {n: day_of(line, today - n * DAY) for n in (0, 5, 9, 12, 28, 29, 30, 70)}
    assert states == {
        0: "works", 5: "down", 9: "degraded", 12: "works", 28: "degraded", 29: "degraded", 30: "degraded",
        70: "unknown",
    }  # fmt: skip
    assert len(line.days) == 90
    assert line.thing == runners.system
    assert line.touched[0].incidents == 2


def test_capabilities_are_systems_with_something_vital_and_vital_things_alone(runners: Component) -> None:
    make.component("helper", tier=3, system=runners.system)
    make.component("dns", tier=1)
    make.component("toy", tier=4)
    make.component("gone", tier=1, retired_at=make.NOW)
    assert [line.thing.name for line in status.status(now=db_now()).lines] == ["build", "dns"]


def test_it_says_what_is_broken_since_when_and_who_has_it(runners: Component, ada: Person, client: Client) -> None:
    incident = make_incidents.incident(runners, now=db_now(), summary="Jobs wait")
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=db_now())
    operations.post_update(
        incident=incident, state="identified", text="Rolling back", by=Actor(person=ada), now=db_now()
    )
    operations.post_update(
        incident=incident, state="identified", text="Only for you", by=Actor(person=ada), now=db_now(), public=False
    )
    client.force_login(make.account("bob"))
    text = client.get(reverse("incidents:status")).content.decode()
    for said in (
        "Jobs wait",
        "Ada",
        "Rolling back",
        "Cause found",
        "Not as promised: ci-runners.",
        "Tell me when it works",
    ):
        assert said in text
    assert "Only for you" not in text
    client.post(reverse("incidents:follow", args=[incident.number]), {"back": "status"})
    assert "Don’t tell me" in client.get(reverse("incidents:status")).content.decode()


def test_strangers_see_how_it_is_and_no_people(
    runners: Component, ada: Person, client: Client, api: APIClient, settings: make.Settings
) -> None:
    incident = make_incidents.incident(runners, now=db_now(), summary="Jobs wait")
    operations.acknowledge(page=make_incidents.page_of(incident), by=ada, via="web", now=db_now())
    operations.add_note(incident=incident, by=Actor(person=ada), text="Secret thoughts", now=db_now())
    operations.post_update(incident=incident, state="investigating", text="Looking", by=Actor(person=ada), now=db_now())
    pages = [reverse(f"incidents:{name}") for name in ("status", "status-live", "status-feed", "list", "changes")]
    assert {client.get(url).status_code for url in pages} == {302}
    assert api.get("/api/v1/status").status_code == 401
    settings.PORTAL_ANONYMOUS_READ = True
    for url in [*pages[:3], "/api/v1/status"]:
        text = client.get(url).content.decode()
        assert "Jobs wait" in text
        assert "Looking" in text
        assert "Ada" not in text
        assert "user:default" not in text
        assert "Secret thoughts" not in text
    assert "Ada" not in client.get(pages[3]).content.decode()
    assert client.get(incident.get_absolute_url()).status_code == 302
    answer = api.get("/api/v1/status").json()
    assert answer["state"] in {"down", "degraded"}
    assert answer["incidents"][0]["taken"] is True
    assert answer["incidents"][0]["taken_by"] is None
    assert answer["incidents"][0]["updates"][0]["by"] is None


def test_what_burns_is_the_first_promise_of_its_line(runners: Component) -> None:
    for name, left, firing in (("spent", -0.4, ""), ("worse", -4.0, ""), ("burning", 0.7, "page")):
        one = make_incidents.objective(runners, name)
        Standing.objects.update_or_create(objective=one, defaults={"remaining": left, "firing": firing})
    line = next(one for one in status.status(now=db_now()).lines if one.promises)
    assert [one.name for one in line.shown][:1] == ["burning"]
    assert [one.name for one in line.promises] == ["burning", "worse", "spent"]


def test_planned_work_and_quiet_days(runners: Component, client: Client, api: APIClient) -> None:
    now = db_now()
    for title, away in (("Upgrade", DAY), ("Far off", 40 * DAY), ("Over", -2 * DAY)):
        MaintenanceWindow.objects.create(
            component=runners, title=title, starts_at=now + away, ends_at=now + away + DAY, created_at=now
        )
    client.force_login(make.account("bob"))
    text = client.get(reverse("incidents:status")).content.decode()
    assert "Everything works." in text
    assert "Upgrade" in text
    assert "Far off" not in text
    assert "Over</" not in text
    api.force_login(make.account("carol"))
    answer = api.get("/api/v1/status").json()
    assert [one["title"] for one in answer["planned"]] == ["Upgrade"]
    assert answer["capabilities"][0]["ref"] == "system:default/build"
    assert answer["state"] == "works"


def test_ten_thousand_incidents_are_as_few_questions_as_one(
    runners: Component, client: Client, django_assert_max_num_queries: object
) -> None:
    now = db_now()
    Incident.objects.bulk_create(
        Incident(
            title=f"Past {n}", component=runners, component_ref=runners.ref, severity=n % 5 + 1, severity_reason="",
            source="api", opened_at=now - timedelta(hours=n % 2000), state="resolved", resolved_at=now,
        )
        for n in range(10_000)
    )  # fmt: skip
    client.force_login(make.account("bob"))
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert client.get(reverse("incidents:status")).status_code == 200


def test_the_feed_is_atom_and_tells_what_was_said(runners: Component, ada: Person, client: Client) -> None:
    incident = make_incidents.incident(runners, now=db_now(), summary="Jobs <wait>")
    operations.post_update(incident=incident, state="monitoring", text="Mended", by=Actor(person=ada), now=db_now())
    operations.resolve(incident=incident, by=Actor(person=ada), now=db_now())
    client.force_login(make.account("bob"))
    answer = client.get(reverse("incidents:status-feed"))
    assert answer["Content-Type"].startswith("application/atom+xml")
    text = answer.content.decode()
    for said in ("Mended", "not confirmed yet", "Jobs &lt;wait&gt;"):
        assert said in text


def test_what_was_resolved_while_an_alert_fires_is_not_said_to_work(
    runners: Component, ada: Person, client: Client, api: APIClient, settings: make.Settings
) -> None:
    incident = make_incidents.incident(runners, key="k", now=db_now(), summary="Jobs wait")
    operations.resolve(incident=incident, by=Actor(person=ada), now=db_now())
    told = status.status(now=db_now())
    assert (told.state, told.headline) == ("degraded", "Resolved, not confirmed yet: ci-runners.")
    assert [line.state for line in told.lines] == ["degraded"]
    assert told.broken == []
    client.force_login(make.account("bob"))
    text = client.get(reverse("incidents:status")).content.decode()
    assert "not confirmed yet: an alert still fires" in text
    assert "Everything works" not in text
    settings.PORTAL_ANONYMOUS_READ = True
    (answered,) = api.get("/api/v1/status").json()["unconfirmed"]
    incident.refresh_from_db()
    assert (answered["number"], answered["severity"]) == (incident.number, "P1")
    assert datetime.fromisoformat(answered["check_again_at"]) == incident.check_again_at
    feed = client.get(reverse("incidents:status-feed")).content.decode()
    assert "Resolved, not confirmed yet: an alert still fires." in feed
    assert "It is over." not in feed
    operations.clear_alert(key="k", now=db_now())
    assert api.get("/api/v1/status").json()["unconfirmed"] == []
    assert "It is over." in client.get(reverse("incidents:status-feed")).content.decode()
    told = status.status(now=db_now())
    assert (told.state, told.headline) == ("works", "Everything works.")


def test_what_pages_again_is_broken_and_no_longer_unconfirmed(runners: Component, ada: Person) -> None:
    incident = make_incidents.incident(runners, key="k", now=db_now(), summary="Jobs wait")
    operations.resolve(incident=incident, by=Actor(person=ada), now=db_now() - DAY)
    check_again_due(now=db_now())
    told = status.status(now=db_now())
    assert (len(told.broken), told.unconfirmed, told.headline) == (1, [], "Not as promised: ci-runners.")


def test_whoever_has_something_that_relies_on_it_reads_so_and_nobody_else_does(
    client: Client, runners: Component
) -> None:
    chloe, elena = make.person("chloe"), make.person("elena")
    shop = make.team("shop", chloe)
    make.team("far", elena)
    for name in ("cart", "checkout", "pricing", "search"):
        make.dependency(make.component(name, owner=shop), runners)
    make_incidents.incident(runners, now=db_now(), severity=1)
    for person, waits in ((chloe, True), (elena, False)):
        client.force_login(make.account_of(person))
        for url in (reverse("incidents:status"), reverse("incidents:status-live")):
            html = client.get(url).content.decode()
            assert ("you wait for it" in html) is waits, person.name
            assert ("4 components of yours rely on it:" in html) is waits
            assert ("and 1 more" in html) is waits
