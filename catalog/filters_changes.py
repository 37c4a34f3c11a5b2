"""The query string of the change log, the same for page, export and API."""

import re
from datetime import datetime

from django.http import QueryDict

from catalog.queries.changes import VIAS, ChangeFilter
from portal.lib.errors import FieldError, Invalid
from portal.lib.moments import moment_or_day_in

FIELDS = ("q", "actor", "kind", "object", "team", "action", "via", "since", "until")
KIND = re.compile(r"[a-z][a-z0-9-]*")
LONGEST = 300
MOMENT_HELP = "use a date such as 2026-11-22, or a moment such as 2026-11-22T14:00+01:00"


def change_filter(query: QueryDict) -> ChangeFilter:
    """What `?actor=user:default/ada&kind=component&since=2026-11-01` asks for. Raises Invalid naming the parameter.

    Moments without an offset are in the reader's zone. Short names are understood for actor (user) and team (group).
    """
    given = {name: query.get(name, "").replace("\x00", " ").strip() for name in FIELDS}
    for name, text in given.items():
        if len(text) > LONGEST:
            raise _bad(name, f"use at most {LONGEST} characters")
    if given["via"] and given["via"] not in VIAS:
        raise _bad("via", f"use one of {', '.join(VIAS)}")
    if given["kind"] and not KIND.fullmatch(given["kind"].lower()):
        raise _bad("kind", "use a kind such as component, group, user or token")
    return ChangeFilter(
        actor=_whole(given["actor"], "user"),
        kind=given["kind"].lower(),
        object=given["object"],
        words=given["q"],
        team=_whole(given["team"], "group").lower(),
        action=given["action"].lower(),
        via=given["via"],
        since=_moment("since", given["since"]),
        until=_moment("until", given["until"]),
    )


def _whole(text: str, kind: str) -> str:
    return text if ":" in text or not text else f"{kind}:{text if '/' in text else f'default/{text}'}"


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    moment = moment_or_day_in(text)
    if moment is None:
        raise _bad(name, MOMENT_HELP)
    return moment


def _bad(field: str, message: str) -> Invalid:
    return Invalid(
        f"{field}: {message}.", errors=(FieldError(field, "invalid", f"{message[0].upper()}{message[1:]}."),)
    )
