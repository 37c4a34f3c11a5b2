"""A portal with nothing in it: every list says what it is for and what to do next, and leads to its explanation."""

import re

import pytest
from django.test import Client

from tests import make
from tests.portal.test_docs import leads_nowhere

pytestmark = pytest.mark.django_db
LISTS = (
    "/catalog", "/teams", "/systems", "/domains", "/imports", "/maintenance", "/scorecards", "/scorecards/components",
    "/scorecards/campaigns", "/changes", "/settings/tokens", "/invitations", "/slos", "/alert-policies",
    "/budget-policies", "/slos/exclusions", "/settings/sources", "/integrations", "/deliveries", "/deployments",
    "/drills", "/reviews", "/on-call", "/on-call/fairness", "/escalation-policies", "/inbox", "/me/messages",
    "/me/calendars", "/me/absences", "/me/paging", "/status", "/search?q=zwiebelkuchen",
)  # fmt: skip
GOOD_NEWS = (
    "/catalog/queue", "/incidents", "/coverage", "/on-call/problems", "/reviews/actions", "/analytics",
    "/analytics/teams", "/analytics/people", "/analytics/noise", "/analytics/action-items",
)  # fmt: skip
"""Where nothing is as it should be, so there need not be anything to do."""


def empties(page: str) -> list[str]:
    """The empty states of a page, each with what stands below it."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return re.findall(r'<div class="empty[ "].*?(?=<div class="empty[ "]|</section>|$)', main, flags=re.S)


@pytest.fixture
def of_root(client: Client) -> Client:
    """The first platform admin, who is all there is."""
    client.force_login(make.account_of(make.person("root", admin=True)))
    return client


@pytest.mark.parametrize("path", [*LISTS, *GOOD_NEWS])
def test_an_empty_list_says_what_it_is_for_and_what_to_do(of_root: Client, path: str) -> None:
    page = of_root.get(path, follow=True).content.decode()
    found = empties(page)
    assert found, "no empty state"
    said = "".join(found)
    assert re.search(r'<p class="empty-title">[^<]{5,}', said)
    links = re.findall(r'href="(/docs/[^"]+)"', said)
    assert links
    assert [link for link in links if leads_nowhere(link, "")] == []
    if path in LISTS:
        main = page.partition("<main")[2]
        assert re.search(r'<p class="empty-text">[^<]{20,}', said)
        assert 'class="btn' in main
