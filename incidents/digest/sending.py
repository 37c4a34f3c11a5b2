"""Sending the letters that are due: each is leased, composed and sent outside of any transaction, then marked."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from catalog.models import Person, Team
from catalog.queries import leads_platform
from incidents.channels.base import DUPLICATE_HEADER, ChannelError
from incidents.channels.email import PicturedMail, hand_over
from incidents.digest.facts import Facts, week_before
from incidents.digest.gathering import gather_all
from incidents.digest.letters import Letter, compose
from incidents.digest.links import off_link
from incidents.models import DigestLetter
from incidents.operations import digests
from portal.lib import conf
from portal.lib.zones import zone_of

log = structlog.get_logger(__name__)
MOST_TEAMS = 5
"""Whoever is in more teams reads the rest on its page."""

Key = tuple[int | None, date, str]


class Sender:
    """Composes and sends; what a week of a team was is asked once for all of its members."""

    def __init__(self) -> None:
        self._facts: dict[Key, Facts] = {}

    def send_due(self, *, now: Callable[[], datetime]) -> bool:
        """Send the letter that is due the longest; False when nothing is due."""
        row = digests.lease_letter(now=now())
        if row is None:
            return False
        try:
            letter = self._letter(row, now())
            if letter is None:
                digests.mark_dropped(row)
                return True
            receipt = post(row, letter)
        except ChannelError as error:
            digests.mark_failed(row, error=str(error), permanent=error.permanent, now=now())
        except Exception as error:  # one that can't be composed keeps nobody else from theirs
            log.exception("a digest was not sent", letter=row.pk)
            digests.mark_failed(row, error=f"{type(error).__name__}: {error}", permanent=False, now=now())
        else:
            digests.mark_sent(row, receipt=receipt, now=now())
        return True

    def _letter(self, row: DigestLetter, now: datetime) -> Letter | None:
        person = row.person
        teams = teams_of(person)
        wanted: list[Team | None] = [*teams[:MOST_TEAMS], *([None] if leads_platform(person) else [])]
        if not wanted or not digests.readers().filter(pk=person.pk).exists():
            return None
        zone = zone_of(digests.zone_of_person(person))
        found = self._of(wanted, row.week, zone, now)
        return compose(person, found, off=off_link(person), maybe_duplicate=row.maybe_duplicate)

    def _of(self, wanted: Sequence[Team | None], monday: date, zone: ZoneInfo, now: datetime) -> list[Facts]:
        keys = [(team.pk if team else None, monday, zone.key) for team in wanted]
        new = {key: team for key, team in zip(keys, wanted, strict=True) if key not in self._facts}
        if new:
            found = gather_all(list(new.values()), week_before(monday, zone), now=now)
            self._facts |= dict(zip(new, found, strict=True))
        return [self._facts[key] for key in keys]


def teams_of(person: Person) -> list[Team]:
    """The teams that a person is told about, by name."""
    return list(Team.objects.filter(memberships__person=person, retired_at=None).order_by("called", "pk").distinct())


def post(row: DigestLetter, letter: Letter) -> str:
    """Hand the letter to the mail server. The Message-ID is of the person and the week, so is that of a repetition.

    Raises ChannelError.
    """
    host = conf.base_url().rpartition("//")[2].partition("/")[0].partition(":")[0]
    message_id = f"<digest-{row.week:%Y%m%d}-{row.person_id}@{host}>"
    headers = {
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "List-ID": f"Weekly digest <digest.{host}>",
        "List-Unsubscribe": f"<{off_link(row.person)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if row.maybe_duplicate:
        headers[DUPLICATE_HEADER] = "1"
    mail = PicturedMail(letter.subject, letter.text, to=[row.person.email], headers=headers)
    mail.attach_alternative(letter.html, "text/html")
    mail.pictures = letter.pictures
    hand_over(mail)
    return message_id
