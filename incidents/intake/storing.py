"""The one insert behind every 2xx."""

from incidents.models import Delivery
from portal.lib import records
from portal.lib.hints import nudge


def store(row: Delivery) -> Delivery:
    """Keep a request that is to be taken, and wake who takes it once this is committed. `row` gets its key."""
    records.insert(row)
    nudge("incidents.process_deliveries")
    return row
