"""What is shown once: a new key on a page with an address of its own."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from portal.lib import once
from portal.lib.clock import db_now
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    asked = rf.get("/")
    asked.session = SessionStore()
    return asked


def test_it_is_there_for_the_first_who_asks_and_lies_sealed_until_then(request_: HttpRequest) -> None:
    now = db_now()
    once.keep(request_, "key:7", {"key": "very secret"}, now=now)
    assert "very secret" not in str(dict(request_.session.items()))
    assert once.take(request_, "key:8", now=now) == {}
    assert once.take(request_, "key:7", now=now) == {"key": "very secret"}
    assert once.take(request_, "key:7", now=now) == {}
    assert not request_.session.keys()


def test_what_looks_without_showing_leaves_it(request_: HttpRequest) -> None:
    now = db_now()
    once.keep(request_, "key:7", {"key": "very secret"}, now=now)
    request_.method = "HEAD"
    assert once.take(request_, "key:7", now=now) == {}
    request_.method = "GET"
    assert once.take(request_, "key:7", now=now) == {"key": "very secret"}


def test_it_does_not_wait_for_long(request_: HttpRequest) -> None:
    now = db_now()
    once.keep(request_, "key:7", {"key": "very secret"}, now=now)
    assert once.take(request_, "key:7", now=now + timedelta(minutes=11)) == {}
    assert once.take(request_, "key:7", now=now) == {}


def test_with_another_key_of_the_portal_it_is_gone(request_: HttpRequest, settings: make.Settings) -> None:
    now = db_now()
    once.keep(request_, "key:7", {"key": "very secret"}, now=now)
    settings.SECRET_KEY = "another"
    settings.SECRET_KEY_FALLBACKS = []
    assert once.take(request_, "key:7", now=now) == {}
