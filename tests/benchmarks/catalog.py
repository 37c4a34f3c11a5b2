"""A catalog of 100,000 components: what lists, filters, counts, search, pages, blast radius and registration cost.

`bin/bench catalog [--json] [--components N] [--rounds N] [--bulk N]`. The database named by DATABASE_URL is filled;
use a fresh one. Every figure is taken at the server, in this process, warm: requests go through all middleware to the
view and to the bytes of the answer, without a socket. Beside a bar stands, for reference, what a Backstage backend gave
on a machine of the same kind with 10,000 components.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from urllib.parse import unquote, urlencode

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.pagination import Cursor
from rest_framework.test import APIClient

from catalog.authentication import digest
from catalog.graph import blast_radius
from catalog.models import ApiToken, Component, Dependency, Person
from catalog.queries import SORTS
from catalog.queries.counting import forget_counts
from catalog.queries.keyset import cursor_after
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from tests.benchmarks.catalog_filled import fill
from tests.benchmarks.table import Row, show

LIST_BAR, PAGE_BAR, RADIUS_BAR, QUERIES_BAR, RATE_BAR = 50.0, 100.0, 100.0, 20, 2_000.0
DEEP = 5_000
CLIENTS = 2
BULK = "/api/v1/components/bulk"
TYPES = ("runner", "pipeline", "cluster", "service", "database", "gateway", "secrets", "queue")
WORDS = ("checkout", "gateway", "billing", "scheduler", "kubernetes", "tracing-api", "loyalty", "postgres")
SLIPS = ("chekout", "gatewya", "biling", "schedulr", "metrcis", "traicng-api", "loyaltyy", "validatr")


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is measured: its name, a request for each round, its bar and what Backstage gave."""

    name: str
    ask: Callable[[int], None]
    bar: float = LIST_BAR
    beside: str = ""


def main() -> None:
    """Fill, measure, register, show."""
    asked = _arguments()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    _say(f"filling {asked.components:,} components")
    fill(components=asked.components, teams=max(50, asked.components // 50))
    api, web = _clients()
    rows = [row for one in _reads(api, web) for row in _measured(one, asked.rounds)]
    rows += [*_page_rows(web, asked.rounds), *_radius_rows(asked.rounds), *_bulk_rows("bench", asked.bulk)]
    show("catalog", rows, as_json=asked.json)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench catalog")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--components", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--bulk", type=int, default=20, help="requests of 1,000 components each")
    return parser.parse_args()


def _clients() -> tuple[APIClient, Client]:
    """A machine with a token that may write everywhere, and a person in three teams, signed in."""
    now = db_now()
    ApiToken.objects.create(
        name="bench", prefix="bench", digest=digest("bench"), scopes=["components:write"], created_at=now
    )
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION="Bearer bench")
    person = Person.objects.get(name="person-1")
    person.account = get_user_model().objects.create_user(username="bench")
    person.save(update_fields=["account"])
    web = Client()
    web.force_login(person.account)
    return api, web


def _reads(api: APIClient, web: Client) -> list[Asked]:
    def get(url: str, **query: object) -> None:
        _ok(api.get(f"/api/v1/{url}?{urlencode(query)}"))

    def cold(round_: int) -> None:
        forget_counts()
        get("components/facets", **({"type": TYPES[round_ % 8]} if round_ % 4 else {}))

    sorts, deep_api, deep_page = list(SORTS), _api_cursor(), {sort: _page_cursor(sort) for sort in SORTS}
    return [
        Asked("API list, 50 components", lambda n: get("components", limit=50), beside="166 ms, sorted"),
        Asked("API list, page 5,000", lambda n: get("components", limit=50, cursor=deep_api), beside="291 ms at 90 %"),
        Asked("API list, one filter", lambda n: get("components", type=TYPES[n % 8])),
        Asked("API list, two filters", lambda n: get("components", type=TYPES[n % 8], tier=n % 4 + 1), beside="79 ms"),
        Asked("API list, a tag", lambda n: get("components", tag=("java", "cloud-native", "gpu", "eu")[n % 4])),
        Asked("API list, one word", lambda n: get("components", q=WORDS[n % 8]), beside="51 ms"),
        Asked("API list, a slip", lambda n: get("components", q=SLIPS[n % 8])),
        Asked("facets, counted anew", cold, beside="324 ms, four"),
        Asked("facets, as served", lambda n: get("components/facets", type=TYPES[n % 8]), beside="324 ms, four"),
        Asked("search, one word", lambda n: get("search", q=WORDS[n % 8]), beside="51 ms"),
        Asked("search, a slip", lambda n: get("search", q=SLIPS[n % 8])),
        Asked("catalog page, each order", lambda n: _ok(web.get(f"/catalog?sort={sorts[n % 5]}")), PAGE_BAR),
        Asked(
            "catalog page, page 5,000, each order",
            lambda n: _ok(web.get(f"/catalog?sort={sorts[n % 5]}&cursor={deep_page[sorts[n % 5]]}")),
            PAGE_BAR,
        ),
    ]


def _ok(answer: object) -> None:
    status = getattr(answer, "status_code", 0)
    if status != 200:
        raise SystemExit(f"answered {status}: {getattr(answer, 'content', b'')[:300]!r}")


def _deep() -> int:
    """Where page 5,000 of 50 begins, or the end of a smaller catalog."""
    return min(DEEP * 50, Component.objects.count()) * 9 // 10


def _api_cursor() -> str:
    """As `next` of the page before would say it."""
    ref = Component.objects.order_by("ref").values_list("ref", flat=True)[_deep()]
    pages = KeysetPagination()
    pages.base_url = "/"
    link = pages.encode_cursor(Cursor(offset=0, reverse=False, position=ref))  # type: ignore[arg-type]  # any text is one
    return unquote(link.partition("cursor=")[2])


def _page_cursor(sort: str) -> str:
    return cursor_after(Component.objects.order_by(*SORTS[sort])[_deep()], SORTS[sort])


def _measured(asked: Asked, rounds: int) -> list[Row]:
    _say(asked.name)
    p50, p95 = _times(asked.ask, rounds)
    bar = f"p95 < {asked.bar:.0f} ms" + (f" (Backstage {asked.beside})" if asked.beside else "")
    return [Row(f"{asked.name}: p50", p50, "ms"), Row(f"{asked.name}: p95", p95, "ms", bar, p95 < asked.bar)]


def _times(ask: Callable[[int], None], rounds: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds, after a round of warming up."""
    for n in range(8):
        ask(n)
    taken = []
    for n in range(rounds):
        began = time.perf_counter()
        ask(n)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def _page_rows(web: Client, rounds: int) -> list[Row]:
    """The pages of components as they are: with an owner, up to four dependencies, some dependents."""
    some = Component.objects.filter(owner__isnull=False).order_by("-pk")[: 8 * 997 : 997]
    urls = [one.get_absolute_url() for one in some]
    rows = _measured(Asked("component page", lambda n: _ok(web.get(urls[n % len(urls)])), PAGE_BAR), rounds)
    with CaptureQueriesContext(connection) as asked:
        _ok(web.get(urls[0]))
    queries = len(asked.captured_queries)
    return [*rows, Row("component page: queries", queries, "queries", f"at most {QUERIES_BAR}", queries <= QUERIES_BAR)]


def _radius_rows(rounds: int) -> list[Row]:
    """Of the component on which all others of its neighbourhood depend, most of them by several ways."""
    first = Component.objects.order_by("pk")[0]
    hurt = len(blast_radius(first.pk).components)
    said = f"blast radius, {hurt:,} dependents, {Dependency.objects.count():,} edges"
    return _measured(Asked(said, lambda n: _drop(blast_radius(first.pk)), RADIUS_BAR), max(10, rounds // 3))


def _drop(_: object) -> None:
    return None


def _bulk_rows(token: str, requests: int) -> list[Row]:
    """1,000 a request, each with its own name, owner, system, tags, labels and three dependencies; from two clients."""
    owners = list(Component.objects.exclude(owner_ref="").values_list("owner_ref", flat=True)[:1000])
    targets = list(Component.objects.values_list("ref", flat=True)[:1000])
    connection.close()
    share = requests // CLIENTS
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as pool:
        list(pool.map(_registered, *zip(*[(token, -1 - n, 1, owners, targets) for n in range(CLIENTS)], strict=True)))
        began = time.perf_counter()
        jobs = [(token, n * share, share, owners, targets) for n in range(CLIENTS)]
        made = sum(pool.map(_registered, *zip(*jobs, strict=True)))
        rate = made / (time.perf_counter() - began)
    kept = Component.objects.filter(namespace="bulk").count() - 1000 * CLIENTS
    name = f"bulk registration, {CLIENTS} clients"
    return [
        Row(name, rate, "1/s", f"at least {RATE_BAR:,.0f}/s (Backstage 35/s)", rate >= RATE_BAR),
        Row("bulk registration: lost", made - kept, "components", "none", made == kept),
    ]


def _registered(token: str, first: int, requests: int, owners: Sequence[str], targets: Sequence[str]) -> int:
    """In a process of its own, as web processes are: how many were registered."""
    api, made = APIClient(), 0
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    for request in range(first, first + requests):
        items = [_item(request * 1000 + n, owners, targets) for n in range(1000)]
        answer = api.post(BULK, {"items": items})
        if answer.status_code != 200:
            raise SystemExit(f"bulk answered {answer.status_code}: {answer.content[:500]!r}")
        made += answer.json()["created"]
    return made


def _item(n: int, owners: Sequence[str], targets: Sequence[str]) -> dict[str, object]:
    return {
        "kind": "component",
        "namespace": "bulk",
        "name": f"job-{n}",
        "title": f"Job {n}",
        "description": "Registered by a pipeline after it deployed, as it is every time",
        "type": "service",
        "lifecycle": "production",
        "tier": n % 4 + 1,
        "owner": owners[n % len(owners)],
        "system": "checkout-1",
        "tags": ["java", "internal", "eu"],
        "labels": {"region": f"r{n % 7}"},
        "annotations": {"github.com/project-slug": f"example/job-{n}"},
        "depends_on": [targets[(n * 3 + k) % len(targets)] for k in range(3)],
    }


if __name__ == "__main__":
    main()
