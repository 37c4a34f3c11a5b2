"""The watchdog: it looks whether the others come by, and tells an outside system that it did."""

import structlog
from celery import shared_task

from incidents import paging
from portal.lib import conf, http
from portal.lib.clock import db_now
from portal.pages import watch

log = structlog.get_logger(__name__)

TIMEOUT = 5.0


@shared_task(name="portal.watchdog", ignore_result=True, soft_time_limit=50, time_limit=75)
def watchdog() -> None:
    """Look how late we are, say so in the log, stamp the pass, and call `WATCHDOG_URL` where one is set."""
    now = db_now()
    for what, seconds in watch.refresh(now=now).items():
        log.error("late", what=what, seconds=round(seconds))
    paging.stamp("watchdog", now=now)
    if conf.watchdog_url():
        _call(conf.watchdog_url())


def _call(url: str) -> None:
    try:
        with http.session(timeout=TIMEOUT) as session:
            session.get(url).raise_for_status()
    except http.RequestException as error:  # the outside system notices by itself that nobody called
        log.warning("watchdog could not reach the outside", error=str(error))
