"""Moments within stored texts, told by the clock of whoever reads them."""

import re
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from portal.lib import words

MOMENT = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d\d [A-Z][a-z]{2} \d\d:\d\d) UTC\b")
HALF_A_YEAR = timedelta(days=183)


def own_clock(text: str, written: datetime) -> str:
    """`until Mon 23 Nov 20:05 UTC` as `until Mon 23 Nov 21:05 CET` in the reader's zone.

    Such a text leaves the year out: it is the one that lies nearest to when it was `written`.
    """
    if " UTC" not in text:
        return text
    return MOMENT.sub(lambda found: _told(found, written), text)


def _told(found: re.Match[str], written: datetime) -> str:
    for year in (written.year, written.year + 1, written.year - 1):
        try:
            at = datetime.strptime(f"{year} {found[1]}", "%Y %d %b %H:%M").replace(tzinfo=UTC)
        except ValueError:  # no such day in that year, or none at all
            continue
        if abs(at - written) <= HALF_A_YEAR:
            return words.day_and_hour(timezone.localtime(at))
    return found[0]
