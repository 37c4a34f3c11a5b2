"""Who is signed in, in one question: the account, its person, the teams they are in, and the database's clock."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db.models import DateTimeField, JSONField
from django.db.models.expressions import RawSQL

from catalog.access import TOLD_TEAMS


class AccountBackend(ModelBackend):
    """Django's own, but every page's first questions are asked at once. A host's other backends serve pages as well."""

    def get_user(self, user_id: int) -> Any:  # noqa: ANN401  # a host's own user model
        """The account with `person`, `told_teams` and `loaded_at`; None where it may not sign in any more."""
        teams = RawSQL(f"({TOLD_TEAMS} WHERE m.person_id = catalog_person.id)", [], JSONField())  # noqa: S611
        clock = RawSQL("clock_timestamp()", [], DateTimeField())
        accounts = get_user_model()._default_manager.select_related("person").filter(pk=user_id).order_by()
        found = next(iter(accounts.annotate(told_teams=teams, loaded_at=clock)), None)
        return found if found is not None and self.user_can_authenticate(found) else None
