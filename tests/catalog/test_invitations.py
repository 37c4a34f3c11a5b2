"""Invitations: who may, what the link does, and that nobody becomes somebody else by one."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from catalog.access import Actor
from catalog.models import AuditEntry, Component, Domain, Invitation, Membership, Person, System, Team
from catalog.operations import accept_invitation, invite, renew_invitation, revoke_invitation
from catalog.operations.invitations import LASTS, Invited, NoSuchInvitation, NotYoursToInvite, TokensInviteNobody
from catalog.operations.joining import InvitationOver, Joined
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"


def asked(by: Person, email: str = "carol@example.org", team: Team | None = None, **more: Any) -> Invited:
    more = {"role": "member", "now": make.NOW, **more}
    return invite(email=email, team=team, actor=Actor(person=by), **more)


def come(secret: str, username: str = "carol", **more: Any) -> Joined:
    said = {"password": PASSWORD, "display_name": "Carol Fox", "now": make.NOW + timedelta(days=1), **more}
    return accept_invitation(secret=secret, username=username, **said)


def test_whoever_has_the_link_gets_an_account_a_person_and_a_team() -> None:
    lead = make.person("lead")
    team = make.team("build-ci", lead=lead)
    joined = come(asked(lead, team=team, role="lead").secret)
    assert joined.account.check_password(PASSWORD)
    person = Person.objects.get(ref="user:default/carol")
    assert (person.account, person.email, person.display_name) == (joined.account, "carol@example.org", "Carol Fox")
    assert Membership.objects.get(person=person).role == "lead"
    accepted = AuditEntry.objects.get(action="invitation.accept")
    assert (accepted.actor_ref, accepted.via, accepted.owner_ref) == ("user:default/carol", "link", team.ref)


def test_only_a_hash_of_the_link_is_kept() -> None:
    invited = asked(make.person(admin=True))
    kept = str(Invitation.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert invited.secret not in kept
    assert len(invited.secret) >= 43


def test_the_link_works_once_and_for_a_week() -> None:
    root = make.person(admin=True)
    secret = asked(root).secret
    come(secret)
    with pytest.raises(InvitationOver):
        come(secret, "another")
    late = asked(root, "late@example.org").secret
    with pytest.raises(InvitationOver):
        come(late, "late", now=make.NOW + LASTS)


def test_a_revoked_link_and_one_that_was_sent_anew_are_over() -> None:
    root = make.person(admin=True)
    first = asked(root)
    second = renew_invitation(invitation_id=first.row.pk, actor=Actor(person=root), now=make.NOW)
    with pytest.raises(InvitationOver):
        come(first.secret)
    revoke_invitation(invitation_id=first.row.pk, actor=Actor(person=root), now=make.NOW)
    with pytest.raises(InvitationOver):
        come(second.secret)
    with pytest.raises(NoSuchInvitation):
        renew_invitation(invitation_id=first.row.pk, actor=Actor(person=root), now=make.NOW)


def test_inviting_the_same_address_into_the_same_team_again_ends_the_earlier_link() -> None:
    root = make.person(admin=True)
    first, second = asked(root), asked(root, "Carol@Example.org")
    with pytest.raises(InvitationOver):
        come(first.secret)
    assert come(second.secret).person.ref == "user:default/carol"


def test_a_lead_invites_into_the_teams_they_lead_and_nowhere_else() -> None:
    lead, member = make.person("lead"), make.person("member")
    mine, other = make.team("build-ci", member, lead=lead), make.team("networking")
    asked(lead, team=mine)
    for by, team in ((lead, other), (lead, None), (member, mine), (make.person("outsider"), mine)):
        with pytest.raises(NotYoursToInvite):
            asked(by, team=team)
    token, _ = make.token("components:write")
    with pytest.raises(TokensInviteNobody):
        invite(email="a@example.org", team=mine, role="member", actor=Actor(token=token), now=make.NOW)


def test_somebody_known_without_an_account_is_joined() -> None:
    lead, carol = make.person("lead"), make.person("caroline", email="Carol@example.org")
    team = make.team("build-ci", carol, lead=lead)
    joined = come(asked(lead, team=team).secret, "cfox")
    assert (joined.person.pk, joined.account.get_username()) == (carol.pk, "cfox")
    assert Person.objects.filter(email__iexact="carol@example.org").count() == 1


def test_somebody_who_can_sign_in_is_never_taken_over() -> None:
    root, carol = make.person(admin=True), make.person("carol")
    waiting = asked(root)
    make.account_of(carol)
    with pytest.raises(InvitationOver):
        come(waiting.secret)
    with pytest.raises(Invalid, match="can sign in already"):
        asked(root)


@pytest.mark.parametrize("rights", ["admin", "member elsewhere"])
def test_a_lead_gets_nobodys_rights_by_inviting_them(rights: str) -> None:
    lead = make.person("lead")
    team = make.team("build-ci", lead=lead)
    carol = make.person("carol", admin=rights == "admin")
    if rights != "admin":
        make.team("networking", carol)
    with pytest.raises(NotYoursToInvite):
        asked(lead, team=team)
    assert asked(make.person("root", admin=True), team=team).row.person == carol


def test_a_link_ends_when_the_invited_or_the_inviter_have_other_rights_by_then() -> None:
    lead, carol = make.person("lead"), make.person("carol")
    team = make.team("build-ci", lead=lead)
    risen, fallen = asked(lead, team=team), asked(lead, "dan@example.org", team=team)
    make.team("networking", carol)
    with pytest.raises(InvitationOver):
        come(risen.secret)
    Membership.objects.filter(person=lead).update(role="member")
    with pytest.raises(InvitationOver):
        come(fallen.secret, "dan")


@pytest.mark.parametrize("name", ["ada", "ADA", "ghost", "-", "a b", ""])
def test_a_name_that_is_somebodys_or_that_a_team_waits_for_is_refused(name: str) -> None:
    root = make.person(admin=True)
    make.person("ada")
    team = make.team("build-ci")
    Membership.objects.create(team=team, team_ref=team.ref, person_ref="user:default/ghost", role="lead")
    secret = asked(root).secret
    with pytest.raises(Invalid) as refused:
        come(secret, name)
    assert {error.field for error in refused.value.errors} == {"username"}
    assert not get_user_model().objects.filter(username__iexact=name).exists()
    assert come(secret).person.name == "carol"


@pytest.mark.parametrize("build", [make.component, make.system, make.domain])
def test_a_name_that_owns_something_is_refused(build: Callable[[str], Component | System | Domain]) -> None:
    made = build("theirs")
    made.owner, made.owner_ref = None, "user:default/carol"
    made.save(update_fields=["owner", "owner_ref"])
    link = asked(make.person(admin=True))
    with pytest.raises(Invalid, match="is somebody's already"):
        come(link.secret, "Carol")


def test_an_account_of_that_name_is_left_alone() -> None:
    other = get_user_model().objects.create_user(username="carol", password="her own")
    with pytest.raises(Invalid) as refused:
        come(asked(make.person(admin=True)).secret)
    assert refused.value.errors[0].field == "username"
    other.refresh_from_db()
    assert other.check_password("her own")


def test_a_lead_stays_one_and_a_dissolved_team_stays_dissolved() -> None:
    root, carol = make.person(admin=True), make.person("carol")
    led, gone = make.team("led", lead=carol), make.team("gone")
    secret = asked(root, team=led).secret
    other = asked(root, "dan@example.org", team=gone).secret
    Team.objects.filter(pk=gone.pk).update(retired_at=make.NOW)
    come(secret)
    come(other, "dan")
    assert Membership.objects.get(team=led).role == "lead"
    gone.refresh_from_db()
    assert (gone.retired_at, gone.memberships.count()) == (make.NOW, 0)


@pytest.mark.parametrize(
    ("said", "field"), [({"email": "nobody"}, "email"), ({"email": ""}, "email"), ({"role": "boss"}, "role")]
)
def test_what_is_wrong_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked(make.person(admin=True), **said)
    assert [error.field for error in refused.value.errors] == [field]


def test_an_address_of_several_people_needs_the_person() -> None:
    root = make.person(admin=True)
    one, _ = make.person("one", email="x@example.org"), make.person("two", email="x@example.org")
    with pytest.raises(Invalid, match="Several people"):
        asked(root, "x@example.org")
    assert asked(root, "x@example.org", person=one).row.person == one


def test_others_neither_renew_nor_revoke(db: None) -> None:
    row = asked(make.person(admin=True)).row
    for operation in (renew_invitation, revoke_invitation):
        with pytest.raises(NoSuchInvitation):
            operation(invitation_id=row.pk, actor=Actor(person=make.person()), now=make.NOW)


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_make_one_account() -> None:
    secret = asked(make.person(admin=True)).secret
    said: list[str] = []

    def tap(name: str) -> None:
        try:
            said.append(come(secret, name).person.name)
        except InvitationOver:
            said.append("over")
        connection.close()

    threads = [threading.Thread(target=tap, args=(f"carol-{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said)[1:] == ["over"] * 5
    assert get_user_model().objects.count() == 1
