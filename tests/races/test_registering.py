"""Clients that register at the same time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from rest_framework.test import APIClient

from catalog.models import Component, Dependency, Ownership
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def together(calls: list[Callable[[], int]]) -> list[int]:
    """Answers of all calls, begun at one moment in threads of their own."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], int]) -> int:
        ready.wait(timeout=10)
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def put(text: str, name: str, body: dict[str, object]) -> Callable[[], int]:
    api = make.signed(APIClient(), text)
    return lambda: api.put(f"/api/v1/components/component/default/{name}", body).status_code


def test_of_many_who_register_the_same_component_one_creates_and_nobody_fails() -> None:
    text = make.token("components:write")[1]
    for n in range(5):
        answers = together([put(text, f"c{n}", {"owner": f"team-{i}", "tier": 1}) for i in range(6)])
        assert Counter(answers) == {201: 1, 200: 5}
    assert Component.objects.count() == 5
    assert Ownership.objects.filter(period__upper_inf=True).count() == 5


def test_components_that_name_each_other_while_both_are_new_end_up_joined() -> None:
    text = make.token("components:write")[1]
    for n in range(10):
        here, there = f"a{n}", f"b{n}"
        calls = [
            put(text, here, {"depends_on": [f"component:default/{there}"]}),
            put(text, there, {"depends_on": [f"component:default/{here}"]}),
        ]
        assert together(calls) == [201, 201]
    assert Dependency.objects.filter(target=None).count() == 0
