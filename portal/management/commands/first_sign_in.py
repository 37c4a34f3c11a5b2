"""`portal first_sign_in`: somebody has to be let in before anybody can let others in."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from catalog.access import system
from catalog.operations import ensure_admin
from portal.lib.clock import db_now
from portal.run.folder import write_private


class Command(BaseCommand):
    """Where there is no account at all, make `admin` with a random password, a platform admin."""

    help = "Make the first account and keep its password in the data folder (see portal_admin for others)"

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Says nothing of the password: what it says is kept in a log."""
        if get_user_model()._default_manager.exists():
            return
        file = settings.PORTAL_DATA / "first-sign-in"
        admin = ensure_admin(name="admin", email="", password="", actor=system("first_sign_in"), now=db_now())
        write_private(file, f"admin {admin.password}\n")
        self.stdout.write(f"Made the account admin; its password is in {file}")
