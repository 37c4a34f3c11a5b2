"""What every test stands on: a real PostgreSQL, no Redis, an in-memory broker, and three people."""

import gc
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from rest_framework.test import APIClient

from portal.lib.env import mailer
from slo import charts
from tests import databases, make
from tests.effort import examples
from tests.fakes.smtp import MailSink

# Before anything reads them: unit tests need neither Redis nor a broker of files
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
settings.CELERY_BROKER_URL = "memory://"
settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}
settings.PORTAL_ALLOW_PRIVATE_ADDRESSES = ("127.0.0.1",)  # where our fakes listen
# A whole table of refusals within one minute is no attack
settings.PORTAL_API_READS_PER_MINUTE = settings.PORTAL_API_WRITES_PER_MINUTE = 0
settings.PORTAL_API_ANONYMOUS_PER_MINUTE = 0
settings.WHITENOISE_AUTOREFRESH = True  # else every test client walks through all static files before its first request
charts.checked = True
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# how long an example takes says nothing on a busy machine
hypothesis.settings.register_profile("untimed", deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Stop at once, in one sentence, where there is no database to test against."""
    if not os.environ.get("DATABASE_URL"):
        pytest.exit("Set DATABASE_URL to a PostgreSQL server where databases may be created, or run bin/test.", 4)
    __import__("portal.celery")
    DatabaseOperations.sql_flush = databases.only_what_is_there  # type: ignore[method-assign,assignment]


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: the garbage collector need not walk through them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The database of the tests is a copy, which is migrated already."""
    test: dict[str, object] = settings.DATABASES["default"]["TEST"]  # type: ignore[assignment]
    test["TEMPLATE"] = databases.template()


@pytest.fixture
def mailbox(settings: "make.Settings") -> Iterator[MailSink]:
    """A real SMTP server on loopback; Django's mail goes there while the test runs."""
    with MailSink.running() as sink:
        settings.MAILERS = {"default": mailer(urlsplit(sink.url))}
        yield sink


@pytest.fixture
def api() -> APIClient:
    """An API client that nobody knows; `make.signed(api, token)` gives it a token."""
    return APIClient()


@pytest.fixture
def browser_of_ada(db: None, client: Client) -> Client:
    """A test client signed in as Ada, a member of no team."""
    client.force_login(make.account_of(make.person("ada")))
    return client
