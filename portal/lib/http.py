"""The one door for outbound HTTP: every request has a timeout, a size limit and our name."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

RequestException = requests.RequestException
Response = requests.Response
Timeout = requests.Timeout
DEFAULT_TIMEOUT = 10.0


class OutboundSession(requests.Session):
    """A requests session whose every request has a timeout (seconds)."""

    def __init__(self, timeout: float = DEFAULT_TIMEOUT) -> None:
        super().__init__()
        self.timeout = timeout
        self.trust_env = True
        self.headers["User-Agent"] = "portico"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """As requests does, with our timeout where the caller (or a library) gave none."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (min(self.timeout, 5.0), self.timeout)
        return super().request(method, url, *args, **kwargs)


def session(*, timeout: float = DEFAULT_TIMEOUT, connections: int = 10) -> OutboundSession:
    """A session to keep and use again; `timeout` in seconds, `connections` kept open per host; it never retries."""
    made = OutboundSession(timeout)
    adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made
