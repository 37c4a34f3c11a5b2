"""Which addresses a request that somebody asked for may reach."""

from ipaddress import ip_address

import pytest

from portal.lib.addresses import Allowed, allowed, kind_of, read
from portal.lib.env import BadEnvironment


@pytest.mark.parametrize("address", ["8.8.8.8", "140.82.112.3", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_public_addresses_pass(address: str) -> None:
    assert kind_of(ip_address(address)) == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "this very machine"),
        ("127.255.255.254", "this very machine"),
        ("0.0.0.0", "this very machine"),
        ("::1", "this very machine"),
        ("::", "this very machine"),
        ("10.0.0.5", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fec0::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("100.64.0.1", "reserved"),
        ("100.100.100.200", "reserved"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("192.0.0.192", "private"),
        ("198.18.0.1", "private"),
        ("2001:db8::1", "private"),
        ("168.63.129.16", "cloud"),
        ("::ffff:127.0.0.1", "IPv4 address in IPv6 dress"),
        ("::ffff:8.8.8.8", "IPv4 address in IPv6 dress"),
        ("::127.0.0.1", "IPv4 address in IPv6 dress"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::7f00:1", "NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2001:0:7f00:1::", "Teredo"),
    ],
)
def test_every_other_kind_is_refused_by_its_name(address: str, kind: str) -> None:
    assert kind in kind_of(ip_address(address))
    assert kind in Allowed().refusal(ip_address(address), host="git.example.org")


def test_a_refusal_says_the_address_why_and_who_can_allow_it() -> None:
    said = Allowed().refusal(ip_address("10.0.0.5"), host="10.0.0.5")
    assert said == "10.0.0.5 is a private address; a platform admin can allow it by PORTAL_ALLOW_PRIVATE_ADDRESSES"
    named = Allowed().refusal(ip_address("10.0.0.5"), host="git.example.org")
    assert named.startswith("git.example.org leads to 10.0.0.5, which is a private address;")


@pytest.mark.parametrize("words", [["10.0.0.0/8"], ["git.corp"], ["GIT.corp"], ["1"], ["192.168.0.1", "10.0.0.5"]])
def test_a_network_a_host_or_everything_can_be_allowed(words: list[str]) -> None:
    assert allowed(words).refusal(ip_address("10.0.0.5"), host="git.corp.") == ""


@pytest.mark.parametrize("words", [[], ["0"], ["10.1.0.0/16"], ["corp"], ["fd00::/8"]])
def test_what_is_not_allowed_stays_refused(words: list[str]) -> None:
    assert "private" in allowed(words).refusal(ip_address("10.0.0.5"), host="git.corp")


@pytest.mark.parametrize("word", ["10.0.0.0/99", "https://git.corp", "a b", "2", "*", "10.0.0.0/8/8"])
def test_a_word_that_makes_no_sense_stops_the_start_and_says_which(word: str) -> None:
    with pytest.raises(BadEnvironment, match="PORTAL_ALLOW_PRIVATE_ADDRESSES"):
        allowed([word])


def test_a_zone_in_an_address_does_not_hide_what_it_is() -> None:
    assert "link-local" in kind_of(read("fe80::1%eth0"))
