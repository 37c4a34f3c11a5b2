"""The watchdog: it looks whether the others come by, and tells an outside system that it did."""

from collections.abc import Mapping
from datetime import datetime

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
    for what, seconds in _late(now).items():
        log.error("late", what=what, seconds=round(seconds))
    paging.stamp("watchdog", now=now)
    if conf.watchdog_url():
        _call(conf.watchdog_url())


def _late(now: datetime) -> Mapping[str, float]:
    """What is late; after we were away ourselves no sweep is called so before its next pass, which is a moment off."""
    seen_at, late = paging.stamped_at("watchdog"), watch.refresh(now=now)
    away = (now - seen_at).total_seconds() if seen_at else 0.0
    if away <= watch.TOO_LATE:
        return late
    log.info("back", away=round(away))
    return {what: seconds for what, seconds in late.items() if not what.startswith(watch.SWEEP)}


def _call(url: str) -> None:
    try:
        with http.session(timeout=TIMEOUT) as session:
            session.get(url).raise_for_status()
    except http.RequestException as error:  # the outside system notices by itself that nobody called
        log.warning("watchdog could not reach the outside", error=str(error))
