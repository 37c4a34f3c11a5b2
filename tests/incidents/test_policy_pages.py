"""The pages of escalation policies, used by a member of the team, a platform admin, and somebody from elsewhere."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import AuditEntry, Person, Team
from incidents.models import EscalationPolicy, PolicyVersion, TeamPaging
from incidents.policies import policy_of
from portal.lib.clock import db_now
from tests import make, make_incidents

pytestmark = pytest.mark.django_db
LIST = "/escalation-policies"


@pytest.fixture
def ada() -> Person:
    return make_incidents.reachable("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return make.team("ci", ada)


@pytest.fixture
def policy(team: Team, ada: Person) -> EscalationPolicy:
    """Ada, who can be reached, then Bo, who can't."""
    make.person("bo")
    make_incidents.paged(team, make_incidents.step(ada), make_incidents.step(Person.objects.get(name="bo")))
    return EscalationPolicy.objects.get()


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(make.account_of(person))
    return client


@pytest.fixture
def member(ada: Person) -> Client:
    return signed_in(ada)


@pytest.fixture
def outsider() -> Client:
    return signed_in(make.person("olga"))


def body(team: Team | None, **changes: object) -> dict[str, object]:
    return {
        "name": "Build & CI",
        "team": team.pk if team else "",
        "repeat": "1",
        "steps-0-targets_0": "Ada (user:default/ada)",
        "steps-0-how": "all",
        "steps-0-wait": "5m",
        "steps-0-repeat": "0",
        **changes,
    }


def test_a_policy_is_shown_as_a_ladder_with_who_would_be_reached_now(member: Client, policy: EscalationPolicy) -> None:
    page = member.get(policy.get_absolute_url()).content.decode()
    for part in (
        "at once",
        "+5 min",
        "Ada",
        "Bo",
        "no confirmed way to reach them",
        "the catch-all is paged",
        "Every page to",
    ):
        assert part in page


def test_that_a_policy_starts_over_is_said(member: Client, policy: EscalationPolicy) -> None:
    assert "it starts over with step 1" not in member.get(policy.get_absolute_url()).content.decode()
    policy.versions.update(repeat=2)
    page = member.get(policy.get_absolute_url()).content.decode()
    assert "it starts over with step 1</span>, 2 more times." in page
    assert "Still nobody: the catch-all is paged." in page


def test_the_list_tells_what_each_does_first_and_who_uses_it(member: Client, policy: EscalationPolicy) -> None:
    page = member.get(LIST).content.decode()
    assert policy.name in page
    assert "No catch-all is set." in page
    steps = policy.versions.get().steps
    assert f'{len(steps)}<span class="d-lg-none t-2"> step' in page, "a card of a phone has no heads"
    assert '<span class="d-lg-none t-2">used ' in page
    assert "Nothing matches" in member.get(f"{LIST}?q=zzz").content.decode()
    assert "No policy was retired." in member.get(f"{LIST}?view=retired").content.decode()


def test_thirty_policies_cost_as_many_questions_as_three(
    member: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        person = make_incidents.reachable()
        make_incidents.paged(make.team(), make_incidents.step(make_incidents.schedule(person), person), repeat=number)
    with django_assert_max_num_queries(30):
        assert member.get(LIST).status_code == 200
    with django_assert_max_num_queries(30):
        assert member.get(EscalationPolicy.objects.all()[0].get_absolute_url()).status_code == 200


def test_a_policy_is_previewed_in_words_before_it_is_saved(member: Client, team: Team) -> None:
    page = member.post(f"{LIST}/new", body(team)).content.decode()
    assert "Step 1, at once: Ada" in page
    assert page.index('form="policy" name="save"') < page.index('id="policy"'), "it is saved where it was read"
    assert not EscalationPolicy.objects.exists()
    saved = member.post(f"{LIST}/new", body(team, save="1"))
    made = EscalationPolicy.objects.get()
    assert (saved.status_code, saved["Location"]) == (302, made.get_absolute_url())
    assert TeamPaging.objects.get(team=team).policy == made


def test_a_step_that_reaches_nobody_now_is_told_in_the_preview(member: Client, team: Team) -> None:
    make.person("bo")
    page = member.post(f"{LIST}/new", body(team, **{"steps-1-targets_0": "user:default/bo", "steps-1-wait": "5m"}))
    assert "Step 2 would reach nobody now" in page.content.decode()


def test_a_step_that_calls_nobody_else_is_told_in_the_preview(member: Client, team: Team, ada: Person) -> None:
    schedule = make_incidents.schedule(ada, team=team)
    second = {"steps-1-targets_0": f"schedule:{schedule.slug}", "steps-1-wait": "10 minutes"}
    said = f"Step 2 would call nobody else now: {ada.label}, called in step 1 already"
    page = member.post(f"{LIST}/new", body(team, **second)).content.decode()
    assert said in page
    bo = make_incidents.reachable("bo")
    page = member.post(f"{LIST}/new", body(team, **second | {"steps-1-targets_1": bo.ref})).content.decode()
    assert "nobody else" not in page


def test_waits_are_taken_as_people_write_them(member: Client, team: Team) -> None:
    member.post(f"{LIST}/new", body(team, save="1", **{"steps-0-wait": "10 minutes", "ack_timeout": "1 hour"}))
    version = PolicyVersion.objects.get()
    assert (version.steps[0]["delay"], version.ack_timeout) == ("10m", timedelta(hours=1))
    refused = member.post(f"{LIST}/new", body(team, save="1", **{"steps-0-wait": "a while"}))
    assert "10 minutes or 1h30m" in refused.content.decode()


def test_an_edit_is_a_new_version_and_shows_what_changed(
    member: Client, policy: EscalationPolicy, team: Team, ada: Person
) -> None:
    schedule = make_incidents.schedule(ada, team=team)
    url = f"{policy.get_absolute_url()}/edit"
    changed = body(
        team, **{"steps-1-targets_0": f"schedule:{schedule.slug}", "steps-1-wait": "10m", "steps-1-how": "all"}
    )
    preview = member.post(url, changed).content.decode()
    assert f'<ins class="text-decoration-none">+ Step 2, after 5 min: whoever is on call in {schedule.name}' in preview
    assert member.post(url, changed | {"save": "1"}).status_code == 302
    assert [one.number for one in PolicyVersion.objects.order_by("number")] == [1, 2]
    page = member.get(policy.get_absolute_url()).content.decode()
    assert "Version 2" in page
    assert AuditEntry.objects.filter(action="policy.edit", object_ref=f"policy:{policy.slug}").count() == 1


def test_conditions_turns_and_steps_for_low_urgency_are_filled_in(member: Client, team: Team) -> None:
    make_incidents.reachable("bo")
    filled = body(
        team,
        **{
            "save": "1", "own_low": "on", "ack_timeout": "30m", "answer_within": "15m",
            "steps-0-targets_1": "user:default/bo", "steps-0-how": "turn",
            "steps_low-0-targets_0": "Ci (group:default/ci)", "steps_low-0-wait": "1h",
            "steps_low-0-zone": "Europe/Berlin", "steps_low-0-days": ["0", "1"],
            "steps_low-0-start": "09:00", "steps_low-0-end": "17:00",
        },
    )  # fmt: skip
    assert member.post(f"{LIST}/new", filled).status_code == 302
    version = PolicyVersion.objects.get()
    high, low = policy_of(version), policy_of(version, "low")
    assert (high.steps[0].round_robin, high.ack_timeout) == (True, timedelta(minutes=30))
    assert low.steps[0].condition is not None
    assert (low.steps[0].condition.zone, low.steps[0].condition.days) == ("Europe/Berlin", frozenset({0, 1}))
    page = member.get(version.policy.get_absolute_url()).content.decode()
    for part in (
        "P1 to P3",
        "P4 and P5",
        ": one of these, by turns</span>",
        "Mon, Tue 09:00–17:00 Europe/Berlin",
        "30 min",
    ):
        assert part in page
    edit = member.get(f"{version.policy.get_absolute_url()}/edit").content.decode()
    assert "Ci (group:default/ci)" in edit


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps-0-targets_0": ""}, "Name at least one step"),
        ({"steps-0-targets_0": "Nobody Known"}, "Nobody is known as"),
        ({"steps-0-targets_0": "schedule:nope"}, "There is no schedule nope."),
        ({"steps-0-targets_0": "group:default/nope"}, "There is no team called “nope” (group:default/nope)."),
        ({"steps-0-wait": "soon"}, "Write for example 30s"),
        ({"steps-0-wait": "1s"}, "Wait 10s to 1d"),
        ({"steps-0-zone": "Mars/Olympus"}, "There is no time zone Mars/Olympus"),
        ({"steps-0-how": "turn"}, "Taking turns needs at least two targets"),
        ({"name": ""}, "Write a name, such as the team"),
        ({"name": "", "steps-0-targets_0": ""}, "Name at least one step"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    member: Client, team: Team, changes: dict[str, object], said: str
) -> None:
    answer = member.post(f"{LIST}/new", body(team, **changes, save="1"))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not EscalationPolicy.objects.exists()


def test_a_policy_in_use_is_not_retired_and_says_where(member: Client, policy: EscalationPolicy) -> None:
    page = member.post(f"{policy.get_absolute_url()}/retire", follow=True).content.decode()
    assert "is still used: for every page to Ci." in page
    TeamPaging.objects.update(policy=None)
    assert member.post(f"{policy.get_absolute_url()}/retire")["Location"] == LIST
    policy.refresh_from_db()
    assert policy.retired_at is not None
    assert "Use it again" in member.get(policy.get_absolute_url()).content.decode()


def test_an_outsider_reads_and_changes_nothing(outsider: Client, policy: EscalationPolicy, team: Team) -> None:
    page = outsider.get(policy.get_absolute_url()).content.decode()
    assert "/edit" not in page
    assert outsider.get(f"{policy.get_absolute_url()}/edit").status_code == 403
    assert outsider.post(f"{policy.get_absolute_url()}/retire").status_code == 403
    assert outsider.post(f"{LIST}/new", body(team, save="1")).status_code == 400  # no team of theirs
    nobodys = outsider.post(f"{LIST}/new", body(None, save="1"))
    assert nobodys.status_code == 403
    assert "Name a team of your own" in nobodys.content.decode()
    assert 'value="Build &amp; CI"' in nobodys.content.decode(), "what was written stays"
    assert PolicyVersion.objects.count() == 1


def test_a_running_page_is_offered_the_new_version(member: Client, policy: EscalationPolicy, team: Team) -> None:
    incident = make_incidents.incident(make.component(owner=team), now=db_now())
    page = make_incidents.page_of(incident)
    assert "has changed" not in member.get(incident.get_absolute_url()).content.decode()
    member.post(f"{policy.get_absolute_url()}/edit", body(team, save="1"))
    shown = member.get(incident.get_absolute_url()).content.decode()
    assert "Apply version 2" in shown
    assert "is still called by version 1, as it began." in shown
    assert member.post(f"/incidents/{incident.pk}/pages/{page.pk}/apply-policy").status_code == 302
    page.refresh_from_db()
    assert page.policy_version is not None
    assert (page.policy_version.number, page.generation) == (2, 1)
