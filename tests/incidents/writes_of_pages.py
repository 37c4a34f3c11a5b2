"""A line for each page that writes; see test_every_write."""

from collections.abc import Callable
from datetime import timedelta

from incidents import rota_changes
from incidents.queries.oncall import schedule_by_slug
from tests.incidents.outsiders_world import World
from tests.incidents.writes_of_api import IDLE, IDLES, MEMBER, NOTHING_NEW, OWN, SAYS, TAKEN, Body, Write

HERE, IP = "/incidents/{w.incident.pk}", "/incidents/{w.incident.pk}/pages/{w.page.pk}"
ONE, CALL = "incidents/<int:number>", "incidents/<int:number>/pages/<int:page>"
R, OC = "/on-call/{w.schedule.slug}", "on-call/<slug:slug>"
SAVE = {"save": "1"}


def local(world: World, days: int) -> str:
    """As a form's date and time are sent, in UTC."""
    return (world.now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def form_period(first: int, last: int, **more: object) -> Callable[[World], Body]:
    """From so many days ahead to so many, as a form has it."""
    return lambda world: {"starts_at": local(world, first), "ends_at": local(world, last), **more}


def turns(**more: object) -> Callable[[World], Body]:
    """A form of a rotation."""
    return lambda world: {
        "people_0": "user:default/ada", "length": "1", "unit": "week", "handoff": "09:00", "weekday": "0",
        "starts_at": local(world, 1), **more, **SAVE,
    }  # fmt: skip


def policy_form(world: World) -> Body:
    """A policy of one step."""
    return {
        "name": "Mine", "team": world.build.pk, "repeat": "0", "steps-0-targets_0": "user:default/ada",
        "steps-0-how": "all", "steps-0-wait": "5m", "steps-0-repeat": "0", **SAVE,
    }  # fmt: skip


def swap_form(world: World) -> Body:
    """Ada's first shift to come, for Ben."""
    schedule = schedule_by_slug(world.schedule.slug, since=world.now)
    mine = rota_changes.shifts_of(schedule, world.ada, now=world.now)
    return {"gives": mine[-1].value, "takes": "user:default/ben", **SAVE}


INTEGRATION_FORM = {
    "name": "Mine", "team": "group:default/build-ci", "grouping": "component", "default_rule": "page", **SAVE,
}  # fmt: skip
RHYTHM = {"every": "month", "weekday": "2", "at": "11:00", "time_zone": "UTC"}
SAMPLE = {"kind": "own", "sample": '{"key": "jobs"}'}
PAGES: dict[str, Write] = {
    "incidents/declare": Write(
        "/incidents/declare",
        {"title": "Down", "component": "ci-runners"},
        but=MEMBER,
        why="everybody signed in may declare an incident of anything",
    ),
    f"{ONE}/resolve": Write(f"{HERE}/resolve", {"cause": "Mine"}),
    f"{ONE}/note": Write(f"{HERE}/note", {"text": "Mine"}, but=MEMBER, why=SAYS),
    f"{ONE}/severity": Write(f"{HERE}/severity", {"severity": "4", "reason": "x"}),
    f"{ONE}/engage": Write(f"{HERE}/engage", {"team": "group:default/networking"}),
    f"{CALL}/acknowledge": Write(f"{IP}/acknowledge"),
    f"{CALL}/escalate": Write(f"{IP}/escalate"),
    f"{CALL}/snooze": Write(f"{IP}/snooze", {"minutes": "30"}),
    f"{CALL}/hand-over": Write(f"/{TAKEN[8:]}/hand-over", {"person": "user:default/ben"}),
    f"{CALL}/apply-policy": Write(f"{IP}/apply-policy", only=NOTHING_NEW),
    f"{ONE}/follow": Write(f"{HERE}/follow", but=MEMBER, why="it touches their own list only"),
    f"{ONE}/unfollow": Write(f"{HERE}/unfollow", only=IDLES, but=MEMBER, why="it touches their own list only"),
    f"{ONE}/updates": Write(f"{HERE}/updates", {"state": "investigating", "text": "Mine"}),
    f"{ONE}/roles": Write(f"{HERE}/roles", {"role": "commander", "mine": "1"}),
    f"{ONE}/tasks": Write(f"{HERE}/tasks", {"text": "Mine"}),
    f"{ONE}/tasks/<int:pk>": Write(HERE + "/tasks/{w.task.pk}", {"done": "yes"}),
    f"{ONE}/links": Write(f"{HERE}/links", {"url": "https://evil.example.org/"}),
    f"{ONE}/links/<int:pk>/remove": Write(HERE + "/links/{w.link.pk}/remove"),
    f"{ONE}/entries/<int:pk>": Write(HERE + "/entries/{w.entry.pk}", {"text": "Mine"}),
    f"{ONE}/entries/<int:pk>/pin": Write(HERE + "/entries/{w.entry.pk}/pin", {"pinned": "yes"}),
    f"{ONE}/engage-person": Write(f"{HERE}/engage-person", {"person": "user:default/ben"}),
    f"{ONE}/review": Write("/incidents/{w.unreviewed.pk}/review"),
    "digest/choose": Write("/digest/choose", {"wanted": "0"}, but=MEMBER, why=OWN),
    "people/<str:namespace>/<str:name>/absences": Write("/people/default/ada/absences", form_period(2, 3)),
    "people/<str:namespace>/<str:name>/absences/<int:pk>/remove": Write(
        "/people/default/ada/absences/{w.absence.pk}/remove"
    ),
    f"{OC}/notes/add": Write(f"{R}/notes/add", {"text": "Mine"}),
    f"{OC}/notes/<int:pk>/remove": Write(R + "/notes/{w.note.pk}/remove"),
    f"{OC}/handoffs": Write(f"{R}/handoffs", {"tells": "no"}),
    f"{OC}/swaps/new": Write(f"{R}/swaps/new", swap_form),
    f"{OC}/swaps/<int:pk>/<slug:verb>": Write(R + "/swaps/{w.swap.pk}/accept", by="ben"),
    f"{OC}/replace": Write(
        f"{R}/replace", form_period(1, 15, out="user:default/ada", person="user:default/ben", **SAVE)
    ),
    f"{OC}/layers/order": Write(
        f"{R}/layers/order", lambda w: {"place-0": "1", "place-1": "2", "starts_at": local(w, 1), **SAVE}
    ),
    "on-call/new": Write(
        "/on-call/new", lambda w: {**turns()(w), "name": "Mine", "team": str(w.build.pk), "time_zone": "UTC"}
    ),
    f"{OC}/layers/new": Write(f"{R}/layers/new", turns(layer_name="Mine")),
    f"{OC}/layers/<int:position>": Write(f"{R}/layers/1", turns(layer_name="Mine")),
    f"{OC}/layers/<int:position>/end": Write(f"{R}/layers/1/end"),
    f"{OC}/rotation": Write(f"{R}/rotation", turns()),
    f"{OC}/overrides": Write(f"{R}/overrides", form_period(2, 3, person="user:default/ben", **SAVE)),
    f"{OC}/overrides/<int:pk>/withdraw": Write(R + "/overrides/{w.override.pk}/withdraw"),
    f"{OC}/take-over": Write(f"{R}/take-over", by="ben"),
    "me/calendars": Write("/me/calendars", but=MEMBER, why=OWN),
    "me/calendars/<int:pk>/remove": Write("/me/calendars/{w.feed.pk}/remove"),
    "incidents/pause": Write("/incidents/pause", {"hours": "1", "reason": "x"}, by="root"),
    "incidents/pause/end": Write("/incidents/pause/end", only=IDLES, by="root"),
    "escalation-policies/new": Write("/escalation-policies/new", policy_form),
    "escalation-policies/<slug:slug>/edit": Write("/escalation-policies/{w.spare.slug}/edit", policy_form),
    "escalation-policies/<slug:slug>/retire": Write("/escalation-policies/{w.spare.slug}/retire"),
    "teams/<str:namespace>/<str:name>/paging": Write(
        "/teams/default/build-ci/paging", lambda w: {"policy": w.spare.pk}
    ),
    "catch-all": Write("/catch-all", lambda w: {"policy": w.spare.pk}, by="root"),
    "severity-rules/try": Write("/severity-rules/try", SAMPLE, only=frozenset({200}), but=MEMBER, why=IDLE),
    "severity-rules/add": Write("/severity-rules/add", {"severity": "5"}, by="root"),
    "severity-rules/restore": Write("/severity-rules/restore", only=IDLES, by="root"),
    "severity-rules/<int:place>": Write("/severity-rules/1", {"severity": "5"}, by="root"),
    "severity-rules/<int:place>/move": Write("/severity-rules/1/move", by="root"),
    "severity-rules/<int:place>/delete": Write("/severity-rules/1/delete", by="root"),
    "integrations/new": Write("/integrations/new?kind=own", INTEGRATION_FORM),
    "integrations/<int:pk>/edit": Write("/integrations/{w.integration.pk}/edit", INTEGRATION_FORM),
    "integrations/<int:pk>/rotate": Write("/integrations/{w.integration.pk}/rotate"),
    "integrations/<int:pk>/retire": Write("/integrations/{w.integration.pk}/retire"),
    "integrations/<int:pk>/keys/<int:key>/revoke": Write("/integrations/{w.integration.pk}/keys/{w.kept.pk}/revoke"),
    "deliveries/<int:pk>/replay": Write("/deliveries/{w.delivery.pk}/replay"),
    "me/paging": Write("/me/paging?add=email", {"address": "fourth@example.org"}, but=MEMBER, why=OWN),
    "me/paging/methods/<int:pk>/confirm": Write(
        "/me/paging/methods/{w.fresh.pk}/confirm", {"code": "123456"}, only=IDLES
    ),
    "me/paging/methods/<int:pk>/code": Write("/me/paging/methods/{w.fresh.pk}/code"),
    "me/paging/methods/<int:pk>/test": Write("/me/paging/methods/{w.method.pk}/test"),
    "me/paging/methods/<int:pk>/move": Write("/me/paging/methods/{w.method.pk}/move", {"to": "0"}),
    "me/paging/methods/<int:pk>/label": Write("/me/paging/methods/{w.method.pk}/label", {"label": "Mine"}),
    "me/paging/methods/<int:pk>/remove": Write("/me/paging/methods/{w.method.pk}/remove"),
    "me/paging/rules/<str:urgency>": Write("/me/paging/rules/high", only=IDLES, but=MEMBER, why=OWN),
    "me/paging/hours": Write("/me/paging/hours", only=IDLES, but=MEMBER, why=OWN),
    "me/paging/hand-on": Write("/me/paging/hand-on", only=IDLES, but=MEMBER, why=OWN),
    "inbox/read": Write("/inbox/read", but=MEMBER, why=OWN),
    "inbox/<int:pk>/read": Write("/inbox/{w.message.pk}/read"),
    "reviews/<int:number>/actions/new": Write(
        "/reviews/{w.review.pk}/actions/new",
        lambda w: {"title": "Mine", "owner": "user:default/ada", "due_on": local(w, 9)[:10]},
    ),
    "reviews/actions/<int:pk>/edit": Write(
        "/reviews/actions/{w.item.pk}/edit",
        lambda w: {"title": "Mine", "owner": "user:default/ada", "due_on": local(w, 9)[:10]},
    ),
    "reviews/actions/<int:pk>/close": Write("/reviews/actions/{w.item.pk}/close", {"state": "done"}),
    "reviews/actions/<int:pk>/reopen": Write("/reviews/actions/{w.closed.pk}/reopen"),
    "reviews/<int:number>/edit": Write(
        "/reviews/{w.review.pk}/edit", lambda w: {"version": w.review.version, "summary": "Mine"}
    ),
    "reviews/<int:number>/publish": Write("/reviews/{w.review.pk}/publish", lambda w: {"version": w.review.version}),
    "reviews/<int:number>/unpublish": Write("/reviews/{w.told.pk}/unpublish", {"reason": "x"}),
    "drills/begin": Write("/drills/begin", {"component": "ci-runners"}),
    "drills/plans/new": Write("/drills/plans/new", {"component": "ci-runners", **RHYTHM}),
    "drills/plans/<int:pk>": Write("/drills/plans/{w.plan.pk}", {"component": "docs", **RHYTHM}),
    "drills/plans/<int:pk>/remove": Write("/drills/plans/{w.plan.pk}/remove"),
    "drills/<int:pk>/stop": Write("/drills/{w.drill.pk}/stop"),
}
LINKS = {
    "a/<str:token>": "/a/guessed",
    "a/all/<str:token>": "/a/all/guessed",
    "digest/off/<str:token>": "/digest/off/guessed",
    "calendars/<str:secret>.ics": "/calendars/guessed.ics",
}
"""Addresses whose signature or secret is the key, for people who are not signed in."""

READING = {
    "drills", "drills/of", "drills/<int:pk>", "drills/<int:pk>/live", "coverage", "coverage.csv",
    "incidents", "incidents.csv", ONE, f"{ONE}/live", f"{ONE}/entries", f"{ONE}/work", f"{ONE}/attempts",
    f"{ONE}/measured", "incidents/declare/already",
    "incidents/suggest/<str:what>", "incidents/simulate", "digest", "deployments", "status", "status/live",
    "status/feed", "on-call/problems", "on-call/fairness", "on-call/fairness.csv", "me/absences", f"{OC}/notes",
    f"{OC}/swaps", f"{OC}/swaps/<int:pk>", "on-call", OC, "escalation-policies", "escalation-policies/<slug:slug>",
    "severity-rules", "integrations", "integrations/<int:pk>", "integrations/<int:pk>/live", "deliveries",
    "deliveries/<int:pk>",
    "me/paging/methods", "paging/unreachable", "inbox", "me/messages", "analytics", "analytics/teams",
    "analytics/components", "analytics/people", "analytics/noise", "analytics/action-items",
    "analytics/action-items.csv", "analytics.csv", "analytics/escalations.csv", "analytics/people.csv",
    "reviews/actions", "reviews/actions/<int:pk>", "reviews", "reviews/<int:number>", "reviews/<int:number>.md",
    "reviews/<int:number>/history",
}  # fmt: skip
"""Pages that only read, which nobody can tell of a plain function; a POST there changes nothing."""
