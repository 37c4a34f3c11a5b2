"""Claims what is due and acts: escalation steps and messages. Nothing else loops over due pages."""

from incidents.paging.advance import Swept, advance_due, check_again_due
from incidents.paging.courier import Delivered, deliver_due
from incidents.paging.stamps import stamp, stamped_at

__all__ = ["Delivered", "Swept", "advance_due", "check_again_due", "deliver_due", "stamp", "stamped_at"]
