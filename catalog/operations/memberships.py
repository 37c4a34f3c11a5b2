"""Who is in which team: one row for each, however many sides say it; it goes when neither does any more."""

from catalog.models import Membership, Person, Team
from catalog.operations.references import people_ids, team_ids
from catalog.specs import MemberSpec


def enrol(team: Team, members: tuple[MemberSpec, ...]) -> None:
    """Make what the team says of its members `members`."""
    wanted = {member.person: member.role for member in members}
    had = {row.person_ref: row for row in Membership.objects.filter(team_ref=team.ref)}
    for ref, row in had.items():
        if row.by_team and ref not in wanted:
            _unsay(row, by_team=False)
        elif ref in wanted and (row.role, row.by_team) != (wanted[ref], True):
            Membership.objects.filter(pk=row.pk).update(role=wanted[ref], by_team=True)
    missing = [ref for ref in wanted if ref not in had]
    ids = people_ids(missing) if missing else {}
    Membership.objects.bulk_create(
        Membership(team=team, team_ref=team.ref, person_ref=ref, person_id=ids.get(ref), role=wanted[ref])
        for ref in missing
    )


def join_teams(person: Person, teams: tuple[str, ...]) -> None:
    """Make what the person says of their teams `teams`."""
    had = {row.team_ref: row for row in Membership.objects.filter(person_ref=person.ref)}
    for ref, row in had.items():
        if row.by_person and ref not in teams:
            _unsay(row, by_person=False)
        elif ref in teams and not row.by_person:
            Membership.objects.filter(pk=row.pk).update(by_person=True)
    missing = [ref for ref in teams if ref not in had]
    ids = team_ids(missing) if missing else {}
    Membership.objects.bulk_create(
        Membership(
            team_id=ids.get(ref), team_ref=ref, person=person, person_ref=person.ref, by_team=False, by_person=True
        )
        for ref in missing
    )


def withdraw(*, team_ref: str, person_ref: str) -> None:
    """The person no longer says that they are in the team."""
    for row in Membership.objects.filter(team_ref=team_ref, person_ref=person_ref, by_person=True):
        _unsay(row, by_person=False)


def _unsay(row: Membership, **side: bool) -> None:
    (said_by_other,) = (row.by_person,) if "by_team" in side else (row.by_team,)
    if said_by_other:
        Membership.objects.filter(pk=row.pk).update(**side)
    else:
        row.delete()
