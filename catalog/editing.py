"""Who may change what the catalog says of something, and who else to ask: for pages, before anything is typed."""

from dataclasses import dataclass

from django.http import HttpRequest

from catalog import queries
from catalog.access import Owner, reader_may_write
from catalog.models import Component, Domain, Membership, Person, System, Team

Owned = Component | System | Domain


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the reader may only look, who may change it, and whose page leads to them (`url` empty: nobody's)."""

    reason: str
    ask: str
    url: str = ""
    name: str = ""


def may_edit(request: HttpRequest, entity: Owned | Team) -> bool:
    """Whether the reader may write it; what nobody owns may be claimed by everybody with a team, and shows the way."""
    person: Person | None = getattr(request.user, "person", None)
    if person is None:
        return False
    owner = Owner("", entity.pk) if isinstance(entity, Team) else Owner(entity.owner_ref, entity.owner_id)
    if not owner.known or owner.is_person(person.ref):
        return True
    team = entity if isinstance(entity, Team) else queries.owner_of(entity)
    return (team is not None or person.platform_admin) and reader_may_write(request, [team])


def refusal(request: HttpRequest, entity: Owned | Team) -> Refusal | None:
    """What to say to a reader who may not change it; None for those who may."""
    if may_edit(request, entity):
        return None
    team = entity if isinstance(entity, Team) else queries.owner_of(entity)
    if team is None:
        ref = "" if isinstance(entity, Team) else entity.owner_ref
        owner = Person.objects.filter(ref=ref, retired_at=None).first()
        return (
            _of_person(owner)
            if owner
            else Refusal("You can view it but not edit it.", "Platform admins may change it.")
        )
    leads = Membership.objects.filter(team=team, role=Membership.Role.LEAD, person__retired_at=None)
    named = [row.person.label for row in leads.select_related("person").order_by("person__called") if row.person]
    ask = f" Ask {_either(named)}." if named else ""
    whose = "This is not a team of yours" if isinstance(entity, Team) else f"This is owned by {team.label}"
    reason = f"{whose}: you can view it but not edit it."
    return Refusal(reason, f"Its members and platform admins may change it.{ask}", team.get_absolute_url(), team.label)


def person_refusal(request: HttpRequest, whom: Person) -> Refusal | None:
    """The same for what a person says of themselves."""
    reader: Person | None = getattr(request.user, "person", None)
    if reader is not None and (reader.platform_admin or reader.pk == whom.pk):
        return None
    return _of_person(whom)


def _of_person(whom: Person) -> Refusal:
    return Refusal(
        f"This is about {whom.label}: you can view it but not edit it.",
        f"{whom.label} and platform admins may change it.",
        whom.get_absolute_url(),
        whom.label,
    )


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
