"""What people fill in, one file each; all of apprise's services end in its own arguments, which are kept sealed."""

from incidents.channels.services.email import EMAIL
from incidents.channels.services.mattermost import MATTERMOST
from incidents.channels.services.ntfy import NTFY
from incidents.channels.services.slack import SLACK
from incidents.channels.services.sms import SMS
from incidents.channels.services.teams import TEAMS
from incidents.channels.services.telegram import TELEGRAM
from incidents.channels.services.webhook import WEBHOOK

ALL = (EMAIL, NTFY, SMS, SLACK, MATTERMOST, TEAMS, TELEGRAM, WEBHOOK)
"""In the order in which they are offered."""
