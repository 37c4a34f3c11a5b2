"""A proxy on loopback that leaves out some series and says so, as Thanos and Mimir do when a store is away."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.fakes.upstream import asked, standing


@dataclass
class PartialProxy:
    """Hands requests on to `upstream`. While `without` is a label's value, such series are missing, with a warning."""

    upstream: str
    url: str = ""
    without: str = ""
    asked: int = 0

    def answer(self, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Status and body of what upstream says, less what is missing."""
        self.asked += 1
        status, found = asked(self.upstream, path, body)
        return status, self._less(found) if self.without else found

    def _less(self, found: bytes) -> bytes:
        document: dict[str, Any] = json.loads(found)
        data = document.get("data")
        if isinstance(data, dict) and "result" in data:
            data["result"] = [one for one in data["result"] if self.without not in one.get("metric", {}).values()]
            document["warnings"] = ["store east can't be reached"]
        return json.dumps(document).encode()


def partial_proxy(upstream: str) -> AbstractContextManager[PartialProxy]:
    """A proxy that is there while the block runs."""
    return standing(PartialProxy(upstream))
