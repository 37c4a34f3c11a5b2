"""How often somebody did something lately.

Two counters, for two needs. `hit` is asked on every API request and so must cost next to nothing: shared by Redis
where there is one (0.2 ms), else counted by each process for itself, for one count in the database cache takes longer
than many of the requests it would count (three statements, 2 to 3 ms). `Tries` is asked when somebody signs in or
resets a password: exact and shared whatever the cache is.
"""

import hashlib
import threading
import time
from collections import Counter
from dataclasses import dataclass

import structlog
from django.core.cache import cache
from django.db import connection, transaction

from portal.lib import conf
from portal.lib.errors import Expected

log = structlog.get_logger(__name__)
MINUTE = 60
SPACE = 0x74726965  # keeps our advisory locks apart from other users of them

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_minute = 0


class TooSoon(Expected):
    """That was a moment ago; wait a little."""

    status = 429
    title = "Too many requests"


def pause(key: str, *, seconds: int) -> None:
    """For what costs somebody else something, such as a mail: once in so many seconds. Raises TooSoon."""
    if not cache.add(f"pause:{key}", 1, seconds):
        raise TooSoon(f"That was a moment ago; wait {seconds} second{'s' if seconds > 1 else ''} between two tries.")


def hit(key: str, *, per_minute: int) -> int:
    """Count one more of `key`; 0 while that is within `per_minute`, else the seconds to wait. No limit for 0."""
    if not per_minute:
        return 0
    minute, second = divmod(int(time.time()), MINUTE)
    count = _shared(key, minute) if conf.flag("PORTAL_SHARED_RATES") else _own(key, minute)
    return 0 if count <= per_minute else MINUTE - second


def _shared(key: str, minute: int) -> int:
    name = f"rate:{key}:{minute}"
    try:
        cache.add(name, 0, 2 * MINUTE)
        return int(cache.incr(name))
    except Exception as error:  # a cache that is away must not take the API with it
        log.warning("rates are counted in this process only", error=str(error))
        return _own(key, minute)


def _own(key: str, minute: int) -> int:
    global _minute  # the counts of one minute are dropped together
    with _lock:
        if minute != _minute:
            _counts.clear()
            _minute = minute
        _counts[key] += 1
        return _counts[key]


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures of `key` within `within` seconds of the first, counted over all processes."""

    key: str
    within: int

    @property
    def name(self) -> str:
        """What the cache calls it; names and addresses are not kept as such."""
        return "tries:" + hashlib.sha256(self.key.encode()).hexdigest()

    def count(self) -> int:
        """How many so far."""
        return int(cache.get(self.name, 0))

    def add(self) -> int:
        """One more; answers how many that makes. Two at once are two, also where the cache can't count by itself."""
        with transaction.atomic():
            self._hold()
            if cache.add(self.name, 1, self.within):
                return 1
            try:
                return int(cache.incr(self.name))
            except ValueError:  # it ended between the two
                cache.set(self.name, 1, self.within)
                return 1

    def forget(self) -> None:
        """Start anew."""
        cache.delete(self.name)

    def _hold(self) -> None:
        stripe = int.from_bytes(hashlib.blake2b(self.name.encode(), digest_size=4).digest(), signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SPACE, stripe])
