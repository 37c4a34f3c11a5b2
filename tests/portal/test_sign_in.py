"""Signing in, and being held back."""

import threading
import time
from collections.abc import Iterator
from itertools import count
from statistics import median

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from portal.lib.rates import Tries
from portal.pages.held_back import COOKIE, TRIES, TRIES_OF_A_NAME, TRIES_OF_AN_ADDRESS
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


def from_everywhere(client: Client, name: str, times: int, password: str = "wrong") -> list[int]:
    return [sign_in(client, name, password, address=f"10.1.{i // 250}.{i % 250}") for i in range(times)]


def test_slow_guessing_from_many_addresses_is_let_through_one_by_one(client: Client) -> None:
    make.account("ada")
    assert set(from_everywhere(client, "ada", TRIES_OF_A_NAME)) == {200}
    assert from_everywhere(Client(), "ada", 5) == [200, 429, 429, 429, 429]


def test_a_browser_that_is_known_for_the_name_gets_in_however_many_guess(client: Client) -> None:
    make.account("ada")
    assert sign_in(client, "ada", make.PASSWORD) == 302
    client.post("/sign-out")
    from_everywhere(Client(), "ada", TRIES_OF_A_NAME + 3)
    assert sign_in(client, "ada", make.PASSWORD) == 302
    assert sign_in(Client(), "ada", make.PASSWORD, address="10.9.9.9") in {302, 429}


def test_a_made_up_cookie_makes_no_browser_known(client: Client) -> None:
    make.account("ada")
    from_everywhere(Client(), "ada", TRIES_OF_A_NAME)
    client.cookies[COOKIE] = "ada:1x:forged"
    assert from_everywhere(client, "ada", 3).count(429) == 2


def test_names_that_are_nobodys_are_told_alike() -> None:
    make.account("ada")
    told = [from_everywhere(Client(), name, TRIES_OF_A_NAME + 3) for name in ("ada", "nobody")]
    assert told[0] == told[1]
    here = [[sign_in(Client(), name, "wrong", "10.5.5.5") for _ in range(TRIES + 1)] for name in ("bob", "Bob ")]
    assert here == [[200] * TRIES + [429], [429] * (TRIES + 1)]


def test_one_address_that_tries_many_names_waits() -> None:
    codes = [sign_in(Client(), f"name-{i}", "wrong") for i in range(TRIES_OF_AN_ADDRESS + 1)]
    assert (set(codes[:-1]), codes[-1]) == ({200}, 429)


def test_what_a_client_says_of_its_address_counts_only_behind_a_proxy(settings: make.Settings) -> None:
    make.account("ada")

    def guess(forwarded: str) -> int:
        said = {"username": "ada", "password": "wrong"}
        return Client().post("/sign-in", said, REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=forwarded).status_code

    assert [guess(f"10.7.7.{i}") for i in range(TRIES + 1)][-1] == 429
    settings.PORTAL_BEHIND_PROXY = True
    assert [guess(f"6.6.6.{i}, 10.8.8.8") for i in range(TRIES + 1)] == [200] * TRIES + [429]
    assert guess("10.8.8.8, 10.8.8.9") == 200


def test_a_network_of_ipv6_is_one_address() -> None:
    make.account("ada")
    codes = [sign_in(Client(), "ada", "wrong", f"2001:db8::{i:x}") for i in range(TRIES + 1)]
    assert codes[-1] == 429
    assert sign_in(Client(), "ada", "wrong", "2001:db8:0:1::1") == 200


def test_nobody_and_somebody_take_as_long(settings: make.Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    make.account("ada")

    def seconds(name: str) -> float:
        began = time.perf_counter()
        sign_in(Client(), name, "wrong", f"10.3.3.{next(numbers)}")
        return time.perf_counter() - began

    numbers = count(1)
    somebody, nobody = (median(seconds(name) for _ in range(3)) for name in ("ada", "nobody"))
    assert 0.5 < somebody / nobody < 2  # a hash takes tens of times as long as the rest


@pytest.mark.django_db(transaction=True)
def test_failures_at_once_are_all_counted() -> None:
    def fail() -> None:
        Tries("races", 60).add()
        connection.close()

    threads = [threading.Thread(target=fail) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert Tries("races", 60).count() == 12
