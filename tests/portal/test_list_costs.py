"""What every page without a parameter in its address asks the database: no more for six of everything than for two."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver
from structlog.testing import capture_logs

from catalog.access import Actor
from catalog.models import Person
from catalog.operations import star
from catalog.operations.campaigns import CampaignSpec, begin_campaign
from catalog.operations.invitations import invite
from catalog.operations.reading import ViewSpec, save_view
from catalog.operations.scores import begin_scores, score_due
from catalog.operations.tokens import create_token
from catalog.operations.windows import WindowSpec, declare_window
from incidents.operations import absences, action_items, drills, feeds, reviews, telling
from incidents.operations.drill_plans import Rhythm, put_plan
from portal import urls
from portal.lib.clock import db_now
from slo.operations.exclusions import ExclusionSpec, declare_exclusion
from tests import make, make_incidents, make_slo

pytestmark = pytest.mark.django_db
ANY = 30
FEW = ("one", "two")
LEFT_OUT = ("/api/", "/admin/", "/metrics", "/healthz", "/readyz", "/sign-out")
KNOWN = 40
"""Pages that are found at least; fewer means that the search for them is broken."""


def addresses(patterns: Sequence[URLPattern | URLResolver] = urls.urlpatterns, before: str = "/") -> Iterator[str]:
    """Every address that holds no parameter."""
    for one in patterns:
        here = before + str(one.pattern).lstrip("^")
        if "<" in here or "(" in here or here.startswith(LEFT_OUT):
            continue
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, here)
        else:
            yield here


def cost(client: Client, address: str) -> int | None:
    """Questions of one visit with nothing kept from before, savepoints of the test left out; None where no page is."""
    cache.clear()
    with CaptureQueriesContext(connection) as asked, capture_logs() as logged:
        answer = client.get(address)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return None
    assert logged == [], address
    return sum("SAVEPOINT" not in query["sql"] for query in asked.captured_queries)


def one_more_of_everything(root: Person, name: str) -> None:
    """A team with its component, what it promised, and all that people and alerts do with it."""
    now = db_now()
    by = Actor(person=root)
    somebody = make_incidents.reachable(f"{name}-person")
    team = make.team(name, somebody, *([root] if name in FEW else []))
    rota = make_incidents.schedule(somebody, root, team=team)
    make_incidents.paged(team, make_incidents.step(rota))
    domain = make.domain(f"{name}-domain", owner=team)
    system = make.system(f"{name}-system", owner=team, domain=domain)
    held = make.component(name, owner=team, tier=1, system=system, system_ref=system.ref)
    make.dependency(held, f"component:default/{name}-nowhere")
    make.component(f"{name}-nobody-has")
    promise = make_slo.objective(component=held)
    star(ref=held.ref, actor=by, now=now)
    save_view(spec=ViewSpec(name=name, query="tier=1"), actor=by, now=now)
    create_token(name=name, scopes=["read"], teams=[team], expires_at=None, actor=by, now=now)
    invite(email=f"{name}@example.org", team=team, role="member", actor=by, now=now)
    make.location(name, team=team)
    begin_campaign(spec=CampaignSpec(name=name, level="gold", due_on=now.date()), actor=by, now=now)
    soon, later = now + timedelta(hours=1), now + timedelta(hours=2)
    declare_window(spec=WindowSpec(title=name, starts_at=soon, ends_at=later), target=held, actor=by, now=now)
    declare_exclusion(
        spec=ExclusionSpec(title=name, starts_at=now - timedelta(hours=2), ends_at=now),
        target=promise,
        actor=by,
        now=now,
    )
    drills.begin_drill(component=held, by=by, now=now)
    put_plan(of=held, rhythm=Rhythm("week", 1, now.time(), "UTC"), by=by, now=now)
    feeds.make_feed(person=root, schedule=rota, now=now)
    absences.enter_absence(person=somebody, starts_at=soon, ends_at=later, by=by, now=now)
    telling.tell(person=root, subject=name, text=name, key=name, now=now)
    make_incidents.integration(team=team, name=name)
    make_incidents.incident(held, now=now)
    over = make_incidents.incident(held, now=now - timedelta(days=1), summary="It is over")
    over.state, over.resolved_at, over.severity = "resolved", now, 1
    over.save(update_fields=["state", "resolved_at", "severity"])
    review = reviews.draft_review(incident=over, now=now, by=by)
    item = action_items.ItemSpec(title=name, owner=somebody, due_on=now.date(), component=held)
    action_items.add_action_item(review=review, spec=item, by=by, now=now)


def test_no_page_asks_more_when_its_lists_grow_or_more_than_thirty_at_all(client: Client) -> None:
    root = make_incidents.reachable("root", admin=True)
    client.force_login(make.account_of(root))
    client.get("/docs")
    found: list[dict[str, int | None]] = []
    for names in (FEW, ("three", "four", "five", "six")):
        for name in names:
            one_more_of_everything(root, name)
        begin_scores()
        score_due(now=db_now())
        found.append({address: cost(client, address) for address in addresses()})
    few, many = ({address: asked for address, asked in each.items() if asked is not None} for each in found)
    assert len(many) >= KNOWN, sorted(many)
    grown = [f"{address}: {few.get(address)}, then {asked}" for address, asked in many.items() if asked > few[address]]
    assert not grown, "\n".join(grown)
    assert not {address: asked for address, asked in many.items() if asked > ANY}
