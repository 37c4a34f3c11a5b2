"""API tokens: shown once, stored hashed, limited, revoked."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from catalog.access import Actor, NotYourTeam
from catalog.models import ApiToken, AuditEntry
from catalog.operations import create_token, revoke_token
from catalog.operations.tokens import NoSuchToken, TokensMakeNoTokens
from portal.lib.clock import db_now
from portal.lib.errors import Invalid
from tests import make

pytestmark = pytest.mark.django_db


def test_the_token_works_and_only_its_hash_is_kept() -> None:
    ada = make.person("ada")
    team = make.team("build-ci", ada)
    minted = create_token(
        name="ci", scopes=["components:write"], teams=[team], expires_at=None, actor=Actor(person=ada), now=make.NOW
    )
    assert minted.text.startswith("portico_")
    assert len(minted.text) >= 8 + 43
    stored = ApiToken.objects.values().get()
    assert minted.text not in str(stored)
    assert minted.text not in str(list(AuditEntry.objects.values()))
    answer = make.signed(APIClient(), minted.text).get("/api/v1/me")
    assert (answer.status_code, answer.json()["teams"]) == (200, ["group:default/build-ci"])
    assert ApiToken.objects.get().last_used_at is not None


def test_revoked_and_expired_tokens_are_401_and_say_so() -> None:
    row, text = make.token("read", by=make.person("ada"))
    api = make.signed(APIClient(), text)
    assert api.get("/api/v1/me").status_code == 200
    revoke_token(token_id=row.pk, actor=Actor(person=row.created_by), now=make.NOW)
    assert api.get("/api/v1/me").status_code == 401
    _, late = make.token("read", expires_at=db_now() - timedelta(seconds=1))
    answer = make.signed(APIClient(), late).get("/api/v1/me")
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (401, True)


def test_only_platform_admins_make_tokens_for_all_teams_or_for_those_of_others() -> None:
    ada, root = make.person("ada"), make.person("root", admin=True)
    others = make.team("networking")

    def make_one(by: Actor, *teams: object) -> None:
        create_token(name="x", scopes=["read"], teams=teams, expires_at=None, actor=by, now=make.NOW)  # type: ignore[arg-type]

    for teams in ((), (others,)):
        with pytest.raises(NotYourTeam):
            make_one(Actor(person=ada), *teams)
        make_one(Actor(person=root), *teams)
    with pytest.raises(TokensMakeNoTokens):
        make_one(Actor(token=make.token("components:write")[0]))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes"),
        ({"expires_at": make.NOW}, "expires_at"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, object], field: str) -> None:
    said = {"name": "ci", "scopes": ["read"], "teams": [], "expires_at": None, **fields}
    with pytest.raises(Invalid) as refused:
        create_token(actor=Actor(person=make.person(admin=True)), now=make.NOW, **said)  # type: ignore[arg-type]
    assert [error.field for error in refused.value.errors] == [field]


def test_a_token_is_revoked_by_its_maker_or_an_admin_and_by_nobody_else() -> None:
    ada, mallory, root = make.person("ada"), make.person("mallory"), make.person("root", admin=True)
    row, _ = make.token("read", by=ada)
    with pytest.raises(NoSuchToken):
        revoke_token(token_id=row.pk, actor=Actor(person=mallory), now=make.NOW)
    revoke_token(token_id=row.pk, actor=Actor(person=root), now=make.NOW)
    revoke_token(token_id=row.pk, actor=Actor(person=ada), now=make.NOW + timedelta(days=1))
    row.refresh_from_db()
    assert row.revoked_at == make.NOW


def test_a_token_whose_teams_are_all_gone_may_write_for_nobody(db: None) -> None:
    team = make.team("ci")
    row, _ = make.token("components:write", teams=[team])
    team.delete()
    actor = Actor(token=row)
    assert not actor.everywhere
    assert actor.team_ids() == frozenset()
