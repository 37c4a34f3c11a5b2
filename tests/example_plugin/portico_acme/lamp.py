"""The lamp on a team's table: it turns red with a page, by an HTTP request to the box that switches it."""

from collections.abc import Mapping

from incidents.channels import ChannelError, Message
from incidents.channels.ways import Field, Filled, Way, matched, web_address
from portal.lib import http

TIMEOUT = 5.0


class Lamp:
    """Turns the lamp red; the guarded session refuses addresses that may not be reached, and ends in time."""

    def send(self, message: Message, address: str) -> str:
        """The receipt is the box's status. Raises ChannelError; permanent where another try is of no use."""
        box, _, room = address.rpartition("#")
        said = {"colour": "red", "room": room, "text": message.brief or message.subject, "key": message.key}
        session = http.guarded_session(timeout=TIMEOUT)
        try:
            answer = session.post(box, json=said, allow_redirects=False)
        except http.RequestException as error:
            raise ChannelError(f"{type(error).__name__}: {error}"[:300], permanent=http.refused(error)) from error
        finally:
            session.close()
        if not answer.ok:
            raise ChannelError(f"{answer.status_code} {answer.reason}", permanent=answer.status_code < 500)
        return f"{answer.status_code} {answer.reason}"


def fill(given: Mapping[str, str]) -> Filled:
    """What somebody filled in, as it is kept. Raises Invalid, which names the field."""
    box = web_address(given["box"], "box").geturl()
    room = matched(r"[A-Z]\d{3}", given["room"].upper(), "room", "Rooms are a letter and three digits, such as B217.")[
        0
    ]
    return Filled(f"{box}#{room}")


LAMP = Way(
    channel="acme-lamp",
    title="Lamp on the table",
    icon="bell",
    about="Turns red when you are paged.",
    fields=(
        Field("box", "Switch box", "The address on its label.", "http://lamps.acme.example/switch", kind="url"),
        Field("room", "Room", example="B217"),
    ),
    fill=fill,
    by_code="The box shows a code.",
)
