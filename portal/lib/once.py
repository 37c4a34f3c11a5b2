"""What is shown once: kept sealed in the reader's session, from the answer to a form to the page that shows it.

So a new key has a page with an address of its own, and to load it again neither shows the key nor makes another one.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import HttpRequest

from portal.lib.crypto import CannotUnseal, seal, unseal

KEPT = "shown-once"
LONGEST = timedelta(minutes=10)
"""Nobody waits for it longer: the redirect never arrived, and the session is no place for secrets."""


def keep(request: HttpRequest, name: str, said: Mapping[str, str], *, now: datetime) -> None:
    """Have `take` answer `said` for this name, to this reader; it takes the place of whatever waited before."""
    request.session[KEPT] = {"name": name, "sealed": seal(json.dumps(dict(said))), "at": now.isoformat()}


def take(request: HttpRequest, name: str, *, now: datetime) -> dict[str, str]:
    """What was kept under this name, for the first who asks; empty afterwards. Only a GET shows anything to anybody."""
    kept = request.session.get(KEPT)
    if request.method != "GET" or not kept or kept["name"] != name:
        return {}
    del request.session[KEPT]
    if now - datetime.fromisoformat(kept["at"]) > LONGEST:
        return {}
    try:
        said: dict[str, str] = json.loads(unseal(kept["sealed"]))
    except CannotUnseal:  # the portal's key was changed meanwhile
        return {}
    return said
