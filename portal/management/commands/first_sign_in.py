"""`portal first_sign_in`: somebody has to be let in before anybody can let others in."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from catalog.models import Person
from portal.lib.clock import db_now
from portal.run.folder import write_private


class Command(BaseCommand):
    """Where there is no account at all, make `admin` with a random password, a platform admin."""

    help = "Make the first account and keep its password in the data folder"

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Says nothing of the password: what it says is kept in a log."""
        file = settings.PORTAL_DATA / "first-sign-in"
        password = secrets.token_urlsafe(12)
        if _made(password):
            write_private(file, f"admin {password}\n")
            self.stdout.write(f"Made the account admin; its password is in {file}")


@transaction.atomic
def _made(password: str) -> bool:
    accounts = get_user_model()._default_manager
    if accounts.exists():
        return False
    account = accounts.create_superuser(username="admin", email="", password=password)
    now = db_now()
    person, _ = Person.objects.get_or_create(
        ref="user:default/admin",
        defaults={"name": "admin", "display_name": "Admin", "created_at": now, "updated_at": now},
    )
    person.account, person.platform_admin, person.updated_at = account, True, now
    person.save(update_fields=["account", "platform_admin", "updated_at"])
    return True
