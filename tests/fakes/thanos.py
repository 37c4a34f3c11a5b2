"""A proxy on loopback that remembers as Thanos does: what is older than `raw_since` is there only downsampled.

It heeds `max_source_resolution` as a store gateway does: with `0s` it takes raw blocks alone, with more whatever
there is up to that. Downsampled data has a sample every five minutes.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.upstream import asked, standing

EVERY = 300


@dataclass
class Thanos:
    """Hands requests on to `upstream`; `raw_since` in seconds since the epoch. `coarse`: queries for coarse data."""

    upstream: str
    raw_since: float
    url: str = ""
    coarse: list[str] = field(default_factory=list)

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of what a querier would say."""
        status, found = asked(self.upstream, path, body)
        form = parse_qs((body or b"").decode())
        if "query" not in form or status != 200:
            return status, found
        raw = form.get("max_source_resolution", ["0s"])[0] in ("0s", "0")
        if not raw:
            self.coarse += form["query"]
        return status, self._kept(found, raw=raw)

    def _kept(self, found: bytes, *, raw: bool) -> bytes:
        document: dict[str, Any] = json.loads(found)
        data = document["data"]
        if isinstance(data, dict) and data["resultType"] in ("matrix", "vector"):
            data["result"] = [one for one in data["result"] if self._thin(one, raw=raw)]
        return json.dumps(document).encode()

    def _thin(self, one: dict[str, Any], *, raw: bool) -> bool:
        """Keep of a series what there is of it; whether that is anything."""
        if "value" in one:
            return not raw or one["value"][0] > self.raw_since
        old = [] if raw else [at for at in one["values"] if at[0] <= self.raw_since and at[0] % EVERY < 15]
        one["values"] = [*old, *(at for at in one["values"] if at[0] > self.raw_since)]
        return bool(one["values"])


def thanos(upstream: str, *, raw_since: float) -> AbstractContextManager[Thanos]:
    """A querier that is there while the block runs."""
    return standing(Thanos(upstream, raw_since))
