"""The one door to apprise, which knows a hundred chat and telephone services.

It makes its own requests, by `requests` in the module of each service. There a door of ours stands in for that library:
every request goes through the guarded session (private addresses are refused when the connection is made, whatever a
name resolves to), follows no redirect, ends in time, and reads a little of the answer only. What the service answered
last tells a failure for good from a passing one, for apprise itself says only yes or no.

Apprise is loaded with the first message: half a second and 40 MB that a web process need not spend, and of its plugins
only the ones in use, for all of them take seconds.
"""

import logging
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import orjson

from incidents.channels.base import TIMEOUT, ChannelError, Message
from portal.lib import http

if TYPE_CHECKING:
    from apprise import NotifyBase

PLUGINS = {
    "ntfy": ("ntfy", "NotifyNtfy"),
    "ntfys": ("ntfy", "NotifyNtfy"),
    "mmost": ("mattermost", "NotifyMattermost"),
    "mmosts": ("mattermost", "NotifyMattermost"),
    "slack": ("slack", "NotifySlack"),
    "tgram": ("telegram", "NotifyTelegram"),
    "twilio": ("twilio", "NotifyTwilio"),
    "workflows": ("workflows", "NotifyWorkflows"),
}
"""Apprise's schema to the module and the class that speak it; no other is ever loaded."""
WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429})
ANSWER_READ = 64 * 1024


class Service:
    """A channel whose method keeps apprise's own arguments, sealed; `brief`: only a few words fit."""

    def __init__(self, *, brief: bool = False) -> None:
        self.brief = brief

    def send(self, message: Message, address: str) -> str:
        """The receipt is the service's status. Raises ChannelError: permanent for 4xx answers and refused addresses."""
        given = arguments(message.secret)
        plugin, said = instance(given), _loaded(given["schema"])[1].asked
        said.clear()
        title, body = ("", message.brief or message.subject) if self.brief else (message.subject, _text(message))
        try:
            done = plugin.notify(body=body, title=title, notify_type="warning", body_format="text")
        except (http.RequestException, http.TransportError, OSError, ValueError) as error:
            raise _failure(error) from error
        if said.error is not None:
            raise _failure(said.error) from said.error
        if done:
            return f"{said.status} {said.reason}".strip() if said.status else "handed over"
        if said.status:
            raise ChannelError(f"{said.status} {said.reason}"[:300], permanent=_for_good(said.status))
        raise ChannelError("The service was not asked: what was filled in is not usable", permanent=True)


def arguments(secret: str) -> dict[str, Any]:
    """What is kept of a method. Raises ChannelError where it can't be read."""
    try:
        found = orjson.loads(secret)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or found.get("schema") not in PLUGINS:
        raise ChannelError("What was filled in for this method can't be read; add it anew", permanent=True)
    return found


def instance(given: Mapping[str, Any]) -> "NotifyBase":
    """Apprise's own object. Raises ChannelError for arguments it refuses."""
    plugin, _ = _loaded(given["schema"])
    try:
        return plugin(**given, asset=_asset(), rto=TIMEOUT, cto=TIMEOUT)
    except (TypeError, ValueError) as error:  # how apprise says that something is not usable
        raise ChannelError("The service refuses what was filled in; add it anew", permanent=True) from error


class Asked(threading.local):
    """What the last request of this thread came to."""

    status: int = 0
    reason: str = ""
    error: Exception | None = None

    def clear(self) -> None:
        """Before the next message."""
        self.status, self.reason, self.error = 0, "", None


class Door:
    """Stands where a service's module has `requests`; everything but the requests themselves is the library's."""

    def __init__(self, library: ModuleType) -> None:
        self.library = library
        self.asked = Asked()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the library has
        return getattr(self.library, name)

    def get(self, url: str, **more: Any) -> http.Response:  # noqa: ANN401
        """As the library's."""
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> http.Response:  # noqa: ANN401
        """As the library's."""
        return self.request("POST", url, **more)

    def put(self, url: str, **more: Any) -> http.Response:  # noqa: ANN401
        """As the library's."""
        return self.request("PUT", url, **more)

    def request(self, method: str, url: str, **more: Any) -> http.Response:  # noqa: ANN401
        """As the library's, guarded, in time, and with the first part of the answer only."""
        more |= {"allow_redirects": False, "stream": True, "timeout": None, "verify": None}
        session = http.guarded_session(timeout=TIMEOUT, connections=1)
        try:
            with session.guard.within(TIMEOUT):
                answer = session.request(method, url, **more)
                answer._content = answer.raw.read(ANSWER_READ, decode_content=True)
                answer._content_consumed = True  # type: ignore[attr-defined]  # so that nobody reads on
        except (http.RequestException, http.TransportError) as error:
            self.asked.error = error
            raise
        finally:
            session.close()
        self.asked.status, self.asked.reason, self.asked.error = answer.status_code, str(answer.reason or ""), None
        return answer


@lru_cache
def _loaded(schema: str) -> tuple["type[NotifyBase]", Door]:
    """The plugin of a schema, and the door that its module goes through from now on."""
    module_name, class_name = PLUGINS[schema]
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # what it says, with addresses, we say ourselves
    module: Any = import_module(f"apprise.plugins.{module_name}")
    if not isinstance(module.requests, Door):
        module.requests = Door(module.requests)
    return getattr(module, class_name), cast("Door", module.requests)


@lru_cache
def _asset() -> object:
    made: object = import_module("apprise").AppriseAsset(
        app_id="Portico", app_desc="Portico", app_url="", http_redirects=False, async_mode=False
    )
    return made


def _text(message: Message) -> str:
    again = "This message may have reached you before.\n\n"
    return again + message.text if message.maybe_duplicate else message.text


def _failure(error: Exception) -> ChannelError:
    refusal = http.refusal_in(error)
    return ChannelError(str(refusal or f"{type(error).__name__}: {error}")[:300], permanent=refusal is not None)


def _for_good(status: int) -> bool:
    return status < 500 and status not in WORTH_ANOTHER_TRY
