"""`manage.py portal_admin`: the first platform admin, or one who lost their password."""

import os
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from catalog.access import system
from catalog.operations import ensure_admin
from portal.lib.clock import db_now
from portal.lib.errors import Expected


class Command(BaseCommand):
    """Makes sure that NAME is a platform admin with an account; prints the password where one was made."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name, e-mail; the password comes from the environment, for arguments are seen by all on the machine."""
        parser.add_argument("name", nargs="?", default="admin")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password", default="", help="Better: the variable PORTAL_ADMIN_PASSWORD. Without either, one is made."
        )

    def handle(self, *args: object, **options: str) -> None:
        """Prints `name<TAB>password`; the password is empty where an account was there and keeps its own."""
        password = options["password"] or os.environ.get("PORTAL_ADMIN_PASSWORD", "")
        try:
            admin = ensure_admin(
                name=options["name"],
                email=options["email"],
                password=password,
                actor=system("portal_admin"),
                now=db_now(),
            )
        except Expected as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{admin.person.name}\t{admin.password}")
