"""Who leads the platform: platform admins, and the leads of a team that other teams are part of.

Nothing may be done by it that others may not: it says whose home shows the platform, and whose digest tells of it.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Membership, Person, Team


def platform_leads() -> QuerySet[Person]:
    """Everybody who leads the platform and is still here."""
    parts = Team.objects.filter(parent=OuterRef("team"), retired_at=None)
    leading = Membership.objects.filter(
        Exists(parts), person=OuterRef("pk"), role=Membership.Role.LEAD, team__retired_at=None
    )
    return Person.objects.filter(Q(platform_admin=True) | Exists(leading), retired_at=None)


def leads_platform(person: Person | None) -> bool:
    """Whether the platform is theirs to lead; asks nothing for who is nobody or a platform admin."""
    return person is not None and (person.platform_admin or platform_leads().filter(pk=person.pk).exists())
