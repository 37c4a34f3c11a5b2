"""Every call of the API that the docs write out is one that is taken: sent here as it stands there."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from rest_framework.test import APIClient

from catalog.access import Actor
from incidents.models import ContactMethod
from portal.lib import doc_text
from portal.lib.clock import db_now
from slo.operations import BudgetPolicyDraft, save_budget_policy
from tests import make, make_slo
from tests.portal.test_docs import NAMES, text_of

pytestmark = pytest.mark.django_db
SEND = re.compile(r"^send (\S+) ", re.MULTILINE)
AT_ZERO = ({"remaining": 0, "action": "Hold", "holds": True},)
LEFT_OUT = {"/api/v1/alerts", "/api/v1/events", "/api/v1/heartbeats"}
"""What alerts come in by: those have keys of their own, and tests of their own in tests/incidents."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: where it is written, and what it sends."""

    page: str
    method: str
    path: str
    body: str | None

    def __str__(self) -> str:
        return f"{self.page}: {self.method} {self.path}"


def calls() -> Iterator[Call]:
    """All that send something as JSON; files and answers are another matter."""
    for page in NAMES:
        for block in doc_text.blocks(text_of(page)):
            if block.language in {"", "sh"}:
                # `send` is getting-started's own word for a PUT, explained there
                written = SEND.sub(r'curl -X PUT "$PORTICO/api/v1/\1" -d ', block.code)
                for command in re.findall(r"^curl (?:[^\n]*\\\n|'[^']*'|[^\n])*", written, re.MULTILINE):
                    yield from _read(page, command)


def _read(page: str, command: str) -> Iterator[Call]:
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    places = [urlsplit(one) for one in words if "/api/v1/" in one]
    body = words[words.index("-d") + 1] if "-d" in words else None
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    path = places[0].path.removeprefix("$PORTICO") if places else ""
    if method != "GET" and path and not path.startswith(tuple(LEFT_OUT)) and "--data-binary" not in words:
        yield Call(page, method, path, body)


CALLS = list(calls())


def test_there_are_some() -> None:
    assert len(CALLS) >= 8, [str(one) for one in CALLS]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_it_is_taken(call: Call) -> None:
    team = make.team("build-ci")
    make.team("checkout")
    for name in ("ada", "linh"):
        make.person(name)
    for name in ("ci-runners", "k8s-control-plane"):
        component = make.component(name, owner=team)
    objective = make_slo.objective("ci-build-success", component=component)
    counted_from = db_now().replace(second=0, microsecond=0) - timedelta(hours=2)
    make_slo.count_up(make_slo.open_ledger(objective, start=counted_from), [(9, 10)] * 110)
    root = make.person("root", admin=True)
    save_budget_policy(draft=BudgetPolicyDraft("hold-at-zero", AT_ZERO), actor=Actor(person=root), now=make.NOW)
    client = make.signed(APIClient(), make.token("components:write", "slos:write", "incidents:write", "oncall:write",
                                                 "alerts:send", by=root)[1])  # fmt: skip
    answer = client.generic(call.method, call.path, call.body or "", content_type="application/json")
    assert answer.status_code < 300, (call.body, answer.content.decode())
    assert ContactMethod.objects.count() == (call.path.endswith("/contact-methods"))
