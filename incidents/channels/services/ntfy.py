"""ntfy: push to a telephone by the app of that name, through ntfy.sh or a server of one's own."""

from collections.abc import Mapping

from incidents.channels.services.kept import kept
from incidents.channels.ways import Field, Filled, Way, matched, web_address, wrong


def fill(given: Mapping[str, str]) -> Filled:
    """A server, a topic, and for protected topics a token. Raises Invalid."""
    server = web_address(given["server"], "server")
    if server.path.strip("/") or server.query:
        raise wrong("server", "Only the server, such as https://ntfy.sh; the topic has a field of its own.")
    matched(r"[A-Za-z0-9_-]{1,64}", given["topic"], "topic", "Letters, digits, - and _, at most 64.")
    secure = server.scheme == "https"
    access = {"auth": "token", "token": given["token"]} if given["token"] else {}
    sealed = kept(
        "ntfys" if secure else "ntfy",
        secure=secure, host=server.hostname, port=server.port, mode="private", targets=[given["topic"]],
        priority="max", include_image=False, **access,
    )  # fmt: skip
    return Filled(f"{server.netloc}/{given['topic']}", sealed)


NTFY = Way(
    channel="ntfy",
    title="ntfy",
    icon="bell",
    about="Push to your telephone, loud even when it is silent.",
    fields=(
        Field("server", "Server", initial="https://ntfy.sh", kind="url"),
        Field("topic", "Topic", "Whoever knows it can read along: choose one that can't be guessed.", "ada-7f3k9q"),
        Field("token", "Access token", "For topics that are protected.", secret=True, required=False),
    ),
    fill=fill,
)
