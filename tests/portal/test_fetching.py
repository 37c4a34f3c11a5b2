"""Fetching from addresses that people typed, against a server that misbehaves."""

import socket
import time
from collections.abc import Iterator, Sequence

import pytest

from portal.lib import fetching, http
from portal.lib.addresses import Allowed, allowed
from portal.lib.fetching import CannotFetch, Credentials, Fetcher, fetch, origin
from tests import make
from tests.fakes.repository import Repository, etag

LOOPBACK = allowed(["127.0.0.1"])


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A server of files."""
    with Repository.running() as made:
        yield made


def fetcher(
    *,
    limit: int = 1_000_000,
    timeout: float = 5,
    may: Allowed = LOOPBACK,
    resolve: http.Resolver = http.resolved,
    credentials: Credentials | None = None,
) -> Fetcher:
    return Fetcher(limit_bytes=limit, timeout=timeout, allowed=may, resolve=resolve, credentials=credentials)


def refused(url: str, **how: object) -> str:
    """Why `url` gives nothing."""
    with fetcher(**how) as door, pytest.raises(CannotFetch) as refusal:  # type: ignore[arg-type]
        door.fetch(url)
    return str(refusal.value)


def to(*found: str) -> http.Resolver:
    return lambda host, port: found


def test_a_file_comes_with_its_etag_and_an_unchanged_one_costs_a_304(repository: Repository) -> None:
    url = repository.put("/a.yaml", "kind: Component")
    with fetcher() as door:
        first = door.fetch(url)
        again = door.fetch(url, etag=first.etag)
    assert (first.content, first.etag) == (b"kind: Component", etag(b"kind: Component"))
    assert (again.unchanged, again.content) == (True, b"")
    assert repository.statuses("/a.yaml") == [200, 304]


def test_this_machine_is_refused_before_a_connection_is_made(repository: Repository) -> None:
    said = refused(repository.put("/a", "x"), may=Allowed())
    way_out = "a platform admin can allow it by PORTAL_ALLOW_PRIVATE_ADDRESSES"
    assert said == f"127.0.0.1 is an address of this very machine; {way_out}."
    assert repository.asked == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]"])
def test_other_ways_to_write_this_machine_lead_to_the_same_refusal(repository: Repository, host: str) -> None:
    repository.put("/a", "x")
    said = refused(f"http://{host}:{repository.port}/a", may=Allowed())
    assert "PORTAL_ALLOW_PRIVATE_ADDRESSES" in said or "has no address" in said
    assert repository.asked == []


def test_a_name_with_one_public_and_one_private_address_is_refused_as_a_whole(repository: Repository) -> None:
    said = refused("http://git.example.org/a", resolve=to("93.184.216.34", "10.0.0.5"))
    assert "git.example.org leads to 10.0.0.5, which is a private address" in said


def test_the_address_that_was_looked_at_is_the_one_connected_to(repository: Repository) -> None:
    answers: list[Sequence[str]] = [["127.0.0.1"], ["169.254.169.254"]]
    repository.put("/a", "x")

    def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    with fetcher(resolve=rebinding) as door:
        assert door.fetch(f"http://git.example.org:{repository.port}/a").content == b"x"
    assert answers == [["169.254.169.254"]]
    assert repository.asked[0].headers["Host"] == f"git.example.org:{repository.port}"


def test_the_second_address_is_tried_when_the_first_does_not_answer(repository: Repository) -> None:
    repository.put("/a", "x")
    with socket.create_server(("127.0.0.2", 0)) as closed:
        closed.close()
        may = allowed(["127.0.0.0/8"])
        with fetcher(may=may, resolve=to("127.0.0.2", "127.0.0.1")) as door:
            assert door.fetch(f"http://git.example.org:{repository.port}/a").content == b"x"


@pytest.mark.parametrize("there", ["http://10.0.0.5/x", "http://169.254.169.254/latest/meta-data/", "http://[::1]/x"])
def test_a_redirect_into_the_inside_is_looked_at_like_the_first_address(repository: Repository, there: str) -> None:
    said = refused(repository.status("/go", 302, location=there))
    assert "PORTAL_ALLOW_PRIVATE_ADDRESSES" in said


def test_a_redirect_to_this_machine_is_refused_although_the_first_host_is_allowed_by_name(
    repository: Repository,
) -> None:
    repository.put("/secret", "x")
    repository.status("/go", 302, location=f"http://127.0.0.1:{repository.port}/secret")
    said = refused(
        f"http://git.corp:{repository.port}/go", may=allowed(["git.corp"]), resolve=lambda h, p: ["127.0.0.1"]
    )
    assert "127.0.0.1 is an address of this very machine" in said
    assert repository.statuses("/secret") == []


def test_five_redirects_are_followed_and_no_sixth(repository: Repository) -> None:
    for number in range(6):
        repository.status(f"/{number}", 302, location=f"/{number + 1}")
    repository.put("/6", "x")
    with fetcher() as door:
        assert door.fetch(f"{repository.url}/1").content == b"x"
    assert "More than 5 redirects" in refused(f"{repository.url}/0")


@pytest.mark.parametrize("there", ["file:///etc/passwd", "gopher://x/", "ftp://x/a", "javascript:alert(1)"])
def test_a_redirect_leads_to_http_only(repository: Repository, there: str) -> None:
    assert "only addresses that begin with" in refused(repository.status("/go", 302, location=there))


def test_a_redirect_from_https_to_http_is_refused() -> None:
    with pytest.raises(CannotFetch, match="from https to http"):
        fetching._next("https://git.example.org/a", "http://git.example.org/a")


def test_what_signs_in_is_sent_to_its_own_servers_and_not_after_a_redirect(repository: Repository) -> None:
    with Repository.running() as other:
        other.put("/b", "x")
        repository.put("/a", "x")
        repository.status("/go", 302, location=f"{other.url}/b")
        signs_in = Credentials("Authorization", "Bearer s3cret", frozenset({origin(repository.url)}))
        with fetcher(credentials=signs_in) as door:
            door.fetch(f"{repository.url}/a")
            door.fetch(f"{repository.url}/go")
        assert [one.headers.get("Authorization") for one in repository.asked] == ["Bearer s3cret"] * 2
        assert "Authorization" not in other.asked[0].headers


def test_headers_of_one_fetch_stay_with_the_first_server(repository: Repository, settings: make.Settings) -> None:
    with Repository.running() as other:
        other.put("/b", "x")
        repository.status("/go", 302, location=f"{other.url}/b")
        fetch(f"{repository.url}/go", limit_bytes=100, timeout=5, headers={"X-Key": "1"})
        assert repository.asked[0].headers["X-Key"] == "1"
        assert "X-Key" not in other.asked[0].headers


@pytest.mark.parametrize("head", [False, True])
def test_a_server_that_drips_is_cut_off_in_time(repository: Repository, head: bool) -> None:
    began = time.monotonic()
    assert refused(repository.drip("/drip", head=head), timeout=0.7) == "It took longer than 0.7 s."
    assert time.monotonic() - began < 3


def test_a_connection_is_used_again_and_nothing_stays_open(repository: Repository) -> None:
    url = repository.put("/a", "x")
    with fetcher() as door:
        for _ in range(5):
            door.fetch(url)
        assert len(door.session.guard.watched) == 1
    assert door.session.guard.watched == []


@pytest.mark.parametrize("told", [True, False])
def test_a_hundred_megabytes_are_refused_without_reading_them(repository: Repository, told: bool) -> None:
    said = refused(repository.endless("/big", size=100_000_000, told=told), limit=100_000)
    assert said == "It is larger than 100,000 bytes, the most that is read of one file."


def test_a_gzip_bomb_is_seen_before_it_goes_off(repository: Repository) -> None:
    assert "larger than 100,000" in refused(repository.bomb("/bomb", size=50_000_000), limit=100_000)


def test_gzip_that_is_honest_is_unpacked(repository: Repository) -> None:
    url = repository.bomb("/ok", size=50_000)
    with fetcher(limit=50_000) as door:
        assert len(door.fetch(url).content) == 50_000


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"\x89PNG\x00\x00", {}, "no text"),
        (b"<!DOCTYPE html><html>", {}, "web page"),
        (b"\n <html><body>Sign in", {}, "web page"),
        (b"broken", {"Content-Encoding": "gzip"}, "could not be read"),
        (b"x", {"Content-Encoding": "br"}, "packs it as br"),
    ],
)
def test_what_is_no_text_is_refused_in_words(
    repository: Repository, body: bytes, headers: dict[str, str], said: str
) -> None:
    assert said in refused(repository.status("/x", 200, body=body, **headers))


@pytest.mark.parametrize(
    ("code", "said", "gone"),
    [(404, "there is nothing", True), (410, "there is nothing", True), (401, "signs in", False),
     (403, "signs in", False), (500, "tried again later", False), (429, "tried again later", False),
     (418, "418", False), (304, "304", False), (206, "206", False)],
)  # fmt: skip
def test_a_status_that_is_no_file_is_told_in_words(repository: Repository, code: int, said: str, gone: bool) -> None:
    with fetcher() as door, pytest.raises(CannotFetch, match=said) as refusal:
        door.fetch(repository.status("/x", code))
    assert refusal.value.gone is gone


@pytest.mark.parametrize(
    "url",
    ["ftp://x/a", "file:///etc/passwd", "https://", "https:///a", "http://user:pw@x.org/a", "http://x.org:0/a",
     "http://x.org:99999/a", "http://x.org/a b", "http://x.org/a\r\nX: 1", "//x.org", "", "http://[::1/a"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    assert refused(url)


@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 300 + ".org", "..", "xn--.org"])
def test_a_name_that_is_not_there_is_told(name: str) -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert refused(f"http://{name}/a", resolve=unknown)


def test_a_closed_port_is_told(repository: Repository) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/a") == "127.0.0.1 refuses the connection."


def test_a_proxy_of_the_environment_is_used_only_where_everything_is_allowed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.put("/a", "direct")
    with Repository.running() as proxy:
        proxy.status("http://127.0.0.1", 200)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        with fetcher() as door:
            assert door.fetch(f"{repository.url}/a").content == b"direct"
        assert proxy.asked == []
        with fetcher(may=allowed(["1"])) as door, pytest.raises(CannotFetch, match="404"):
            door.fetch("http://git.example.org/a")
        assert [one.path for one in proxy.asked] == ["http://git.example.org/a"]
