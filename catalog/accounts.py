"""Who is signed in, in one question: the account, its person, the teams they are in, and the database's clock."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, Func, OuterRef

from catalog.access import told_teams
from catalog.models import Membership


class ClockTimestamp(Func):
    """The database's wall clock."""

    function = "clock_timestamp"
    output_field = DateTimeField()


class AccountBackend(ModelBackend):
    """Django's own, but every page's first questions are asked at once. A host's other backends serve pages as well."""

    def get_user(self, user_id: int) -> Any:  # noqa: ANN401  # a host's own user model
        """The account with `person`, `told_teams` and `loaded_at`; None where it may not sign in any more."""
        accounts = get_user_model()._default_manager.select_related("person")
        mine = told_teams(Membership.objects.filter(person__account=OuterRef("pk")))
        found = accounts.annotate(told_teams=ArraySubquery(mine), loaded_at=ClockTimestamp()).filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
