"""Signing in, and being held back."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from portal.pages.accounts import TRIES
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Counts of other tests don't hold back this one."""
    cache.clear()
    yield
    cache.clear()


def sign_in(client: Client, name: str, password: str, address: str = "10.0.0.1") -> int:
    return client.post("/sign-in", {"username": name, "password": password}, REMOTE_ADDR=address).status_code


def test_the_right_password_leads_on_and_out_again(client: Client) -> None:
    make.account("ada")
    assert sign_in(client, "ada", make.PASSWORD) == 302
    assert client.get("/catalog").status_code == 200
    client.post("/sign-out")
    assert client.get("/catalog").status_code == 302


def test_somebody_who_guesses_is_held_back_even_with_the_right_password(client: Client) -> None:
    make.account("ada")
    assert {sign_in(client, "ada", "wrong") for _ in range(TRIES)} == {200}
    answer = client.post("/sign-in", {"username": "ada", "password": make.PASSWORD}, REMOTE_ADDR="10.0.0.1")
    assert (answer.status_code, answer["Retry-After"], "Too many tries" in answer.content.decode()) == (
        429,
        "900",
        True,
    )


def test_the_one_who_is_guessed_at_still_gets_in_from_elsewhere(client: Client) -> None:
    make.account("ada")
    for _ in range(TRIES):
        sign_in(client, "ada", "wrong")
    assert sign_in(client, "ada", make.PASSWORD, address="10.0.0.2") == 302


def test_getting_in_starts_the_count_anew(client: Client) -> None:
    make.account("ada")
    for _ in range(TRIES - 1):
        sign_in(client, "ada", "wrong")
    assert sign_in(client, "ada", make.PASSWORD) == 302
    client.post("/sign-out")
    assert sign_in(client, "ada", "wrong") == 200
    assert sign_in(client, "ada", make.PASSWORD) == 302


def test_where_to_go_afterwards_is_never_another_site(client: Client) -> None:
    make.account("ada")
    answer = client.post("/sign-in", {"username": "ada", "password": make.PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"
