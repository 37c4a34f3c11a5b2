"""A line for each address of the API that writes; see test_every_write."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.incidents.outsiders_world import World

INCIDENTS, ONCALL, ALERTS = "incidents:write", "oncall:write", "alerts:send"
type Body = Mapping[str, Any]


@dataclass(frozen=True)
class Write:
    """How an address is asked: with what, by which methods and tokens of which scope; `by` is who may.

    `but` are those whom it lets in after all, and `why`. `{w.…}` in the path is of the world; `also` has the bodies of
    methods that want another one.
    """

    path: str
    body: Body | Callable[[World], Body] = field(default_factory=dict)
    methods: tuple[str, ...] = ("post",)
    scope: str = ONCALL
    by: str = "ada"
    but: frozenset[str] = frozenset()
    why: str = ""
    also: Mapping[str, Body] = field(default_factory=dict)
    only: frozenset[int] = frozenset()

    def at(self, world: World) -> str:
        """The address in this world."""
        return self.path.format(w=world)

    def said(self, world: World, method: str = "post") -> Body:
        """The body in this world."""
        if method in self.also:
            return self.also[method]
        return self.body(world) if callable(self.body) else self.body


MEMBER, SCOPED = frozenset({"other member"}), frozenset({"other member", "other team"})
NOTHING_NEW, IDLES = frozenset({409}), frozenset({302})
IDLE = "it writes nothing"
READERS = frozenset({"wrong scope", "other team", "other member"})
OWN = "it is one's own, whoever is signed in"
SAYS = "everybody signed in may say something on an incident; a token where it may change it"
INC, PAGE = "/api/v1/incidents/{w.incident.pk}", "/api/v1/incidents/{w.incident.pk}/pages/{w.page.pk}"
TAKEN = "/api/v1/incidents/{w.taken.incident_id}/pages/{w.taken.pk}"
SCHEDULE, ADA = "/api/v1/schedules/{w.schedule.slug}", "/api/v1/people/default/ada"
A_ROTATION = {"people": ["user:default/ada"]}
A_STEP = {"targets": ["user:default/ada"]}
A_POLICY = {"name": "Mine", "team": "group:default/build-ci", "steps": [A_STEP]}
I_N, I_P = "api/v1/incidents/<int:number>", "api/v1/incidents/<int:number>/pages/<int:page>"
S, P = "api/v1/schedules/<slug:slug>", "api/v1/people/<str:namespace>/<str:name>"


def hand(path: str, body: Body | Callable[[World], Body] = {}, *methods: str) -> Write:  # noqa: B006
    """What those do who were called."""
    return Write(path, body, methods or ("post",), scope=INCIDENTS)


def period(first: int, last: int, **more: object) -> Callable[[World], Body]:
    """From so many days ahead to so many."""
    return lambda world: {"starts_at": world.at(first), "ends_at": world.at(last), **more}


API: dict[str, Write] = {
    "api/v1/me/digest": Write("/api/v1/me/digest", {"wanted": False}, ("put",), but=MEMBER, why=OWN),
    "api/v1/alerts": Write(
        "/api/v1/alerts", {"key": "k", "summary": "Down", "component": "ci-runners"}, scope=ALERTS, by="sender"
    ),
    "api/v1/incidents": Write(
        "/api/v1/incidents",
        {"title": "Down", "component": "component:default/ci-runners"},
        scope=INCIDENTS,
        but=MEMBER,
        why="everybody signed in may declare an incident of anything",
    ),
    "api/v1/incidents/simulate": Write(
        "/api/v1/incidents/simulate",
        {"component": "component:default/ci-runners"},
        scope=INCIDENTS,
        but=SCOPED,
        why=IDLE,
    ),
    "api/v1/paging/pause": Write(
        "/api/v1/paging/pause",
        lambda w: {"until": (w.soon), "reason": "x"},
        ("put", "delete"),
        by="root",
    ),
    f"{I_N}/acknowledge": hand(f"{INC}/acknowledge"),
    f"{I_N}/resolve": hand(f"{INC}/resolve"),
    f"{I_N}/notes": Write(f"{INC}/notes", {"text": "Mine"}, scope=INCIDENTS, but=MEMBER, why=SAYS),
    f"{I_N}/followers": Write(
        f"{INC}/followers",
        {"person": "user:default/mallory"},
        ("post", "delete"),
        scope=INCIDENTS,
        by="mallory",
        but=MEMBER,
        why="everybody signed in may follow; a token makes the person follow whom it names where it may change it",
    ),
    f"{I_N}/updates": hand(f"{INC}/updates", {"state": "investigating", "text": "Mine"}),
    f"{I_N}/roles": hand(f"{INC}/roles", {"role": "commander", "person": "user:default/ada"}),
    f"{I_N}/tasks": hand(f"{INC}/tasks", {"text": "Mine"}),
    f"{I_N}/tasks/<int:pk>": hand(INC + "/tasks/{w.task.pk}", {"done": True}, "patch"),
    f"{I_N}/links": hand(f"{INC}/links", {"url": "https://evil.example.org/"}),
    f"{I_N}/links/<int:pk>": hand(INC + "/links/{w.link.pk}", {}, "delete"),
    f"{I_N}/timeline/<int:pk>": hand(INC + "/timeline/{w.entry.pk}", {"text": "Mine"}, "patch"),
    f"{I_N}/engage": hand(f"{INC}/engage", {"team": "group:default/networking"}),
    f"{I_N}/severity": hand(f"{INC}/severity", {"severity": "P4", "reason": "x"}),
    f"{I_P}/escalate": hand(f"{PAGE}/escalate"),
    f"{I_P}/snooze": hand(f"{PAGE}/snooze", lambda w: {"until": w.soon}),
    f"{I_P}/hand-over": hand(f"{TAKEN}/hand-over", {"person": "user:default/ben"}),
    f"{I_P}/apply-policy": replace(hand(f"{PAGE}/apply-policy"), only=NOTHING_NEW),
    "api/v1/deployments": Write("/api/v1/deployments", {"component": "ci-runners", "title": "Mine"}, scope=ALERTS),
    "api/v1/schedules": Write(
        "/api/v1/schedules", {"name": "Mine", "team": "group:default/build-ci", "rotation": A_ROTATION}
    ),
    S: Write(
        SCHEDULE,
        {"name": "Mine", "team": "group:default/build-ci", "rotation": A_ROTATION},
        ("put", "patch"),
        also={"patch": {"tells_handoffs": False}},
    ),
    f"{S}/overrides": Write(f"{SCHEDULE}/overrides", period(2, 3, person="user:default/ben")),
    f"{S}/overrides/<int:pk>": Write(SCHEDULE + "/overrides/{w.override.pk}", {}, ("delete",)),
    f"{S}/take-over": Write(f"{SCHEDULE}/take-over", {"person": "user:default/ben"}),
    "api/v1/me/calendars": Write("/api/v1/me/calendars", but=MEMBER, why=OWN),
    "api/v1/me/calendars/<int:pk>": Write("/api/v1/me/calendars/{w.feed.pk}", {}, ("delete",)),
    f"{S}/layers": Write(f"{SCHEDULE}/layers", {"name": "Mine", **A_ROTATION}),
    f"{S}/layers/order": Write(f"{SCHEDULE}/layers/order", {"positions": [1, 0]}, ("put",)),
    f"{S}/layers/<int:position>": Write(f"{SCHEDULE}/layers/1", A_ROTATION, ("put", "delete")),
    f"{S}/replacements": Write(
        f"{SCHEDULE}/replacements", period(1, 15, out="user:default/ada", person="user:default/ben")
    ),
    f"{S}/swaps": Write(f"{SCHEDULE}/swaps", period(1, 15, asker="user:default/ada", asked="user:default/ben")),
    f"{S}/swaps/<int:pk>/accept": Write(SCHEDULE + "/swaps/{w.swap.pk}/accept", by="ben"),
    f"{S}/swaps/<int:pk>/decline": Write(SCHEDULE + "/swaps/{w.swap.pk}/decline", by="ben"),
    f"{S}/swaps/<int:pk>/withdraw": Write(SCHEDULE + "/swaps/{w.swap.pk}/withdraw"),
    f"{P}/absences": Write(f"{ADA}/absences", period(2, 3)),
    f"{P}/absences/<int:pk>": Write(ADA + "/absences/{w.absence.pk}", {}, ("delete",)),
    f"{S}/handoff-notes": Write(f"{SCHEDULE}/handoff-notes", {"text": "Mine"}),
    f"{S}/handoff-notes/<int:pk>": Write(SCHEDULE + "/handoff-notes/{w.note.pk}", {}, ("delete",)),
    "api/v1/escalation-policies": Write("/api/v1/escalation-policies", A_POLICY),
    "api/v1/escalation-policies/preview": Write("/api/v1/escalation-policies/preview", A_POLICY, but=SCOPED, why=IDLE),
    "api/v1/escalation-policies/<slug:slug>": Write(
        "/api/v1/escalation-policies/{w.spare.slug}", A_POLICY, ("put", "delete")
    ),
    "api/v1/teams/<str:namespace>/<str:name>/paging": Write(
        "/api/v1/teams/default/build-ci/paging", lambda w: {"policy": w.spare.slug, "schedule": None}, ("put",)
    ),
    "api/v1/catch-all": Write("/api/v1/catch-all", lambda w: {"policy": w.spare.slug}, ("put",), by="root"),
    "api/v1/severity-rules": Write("/api/v1/severity-rules", {"rules": [{"severity": "P5"}]}, ("put",), by="root"),
    "api/v1/severity-rules/try": Write(
        "/api/v1/severity-rules/try",
        {"kind": "own", "sample": {"key": "jobs"}},
        but=READERS,
        why=f"{IDLE}; whoever reads may ask",
    ),
    "api/v1/severity-rules/what-if": Write(
        "/api/v1/severity-rules/what-if", {}, but=READERS, why=f"{IDLE}; whoever reads may ask"
    ),
    "api/v1/integrations": Write(
        "/api/v1/integrations", {"name": "Mine", "kind": "own", "team": "group:default/build-ci"}, scope=INCIDENTS
    ),
    "api/v1/integrations/preview": Write(
        "/api/v1/integrations/preview",
        {"kind": "own", "sample": {"key": "k", "summary": "s"}},
        but=READERS,
        why=f"{IDLE}; whoever reads may ask",
    ),
    "api/v1/integrations/<int:pk>": Write(
        "/api/v1/integrations/{w.integration.pk}", {"name": "Mine"}, ("patch", "delete"), scope=INCIDENTS
    ),
    "api/v1/integrations/<int:pk>/keys": Write("/api/v1/integrations/{w.integration.pk}/keys", scope=INCIDENTS),
    "api/v1/integrations/<int:pk>/keys/<int:key>": Write(
        "/api/v1/integrations/{w.integration.pk}/keys/{w.kept.pk}", {}, ("delete",), scope=INCIDENTS
    ),
    "api/v1/deliveries/<int:pk>/replay": Write("/api/v1/deliveries/{w.delivery.pk}/replay", scope=INCIDENTS),
    f"{P}/contact-methods": Write(
        f"{ADA}/contact-methods", {"channel": "email", "fields": {"address": "evil@example.org"}}
    ),
    f"{P}/contact-methods/<int:pk>": Write(
        ADA + "/contact-methods/{w.method.pk}", {"label": "Mine"}, ("patch", "delete")
    ),
    f"{P}/contact-methods/<int:pk>/code": Write(ADA + "/contact-methods/{w.fresh.pk}/code"),
    f"{P}/contact-methods/<int:pk>/confirm": Write(
        ADA + "/contact-methods/{w.fresh.pk}/confirm", {"code": "123456"}, only=NOTHING_NEW
    ),
    f"{P}/contact-methods/<int:pk>/test": Write(ADA + "/contact-methods/{w.method.pk}/test"),
    f"{P}/contact-rules/<str:urgency>": Write(
        f"{ADA}/contact-rules/high", lambda w: {"rules": [{"method": w.method.pk}]}, ("put",)
    ),
    f"{P}/working-hours": Write(
        f"{ADA}/working-hours",
        {"time_zone": "UTC", "days": ["monday"], "start": "09:00", "end": "17:00"},
        ("put", "delete"),
    ),
    f"{P}/hand-on": Write(f"{ADA}/hand-on"),
    "api/v1/me/inbox/read": Write("/api/v1/me/inbox/read", but=MEMBER, why=OWN),
    "api/v1/me/inbox/<int:pk>/read": Write("/api/v1/me/inbox/{w.message.pk}/read"),
    "api/v1/action-items": hand(
        "/api/v1/action-items",
        lambda w: {"review": w.review.pk, "title": "Mine", "owner": "user:default/ada", "due_on": w.at(9)[:10]},
    ),
    "api/v1/action-items/<int:pk>": hand("/api/v1/action-items/{w.item.pk}", {"title": "Mine"}, "patch"),
    "api/v1/reviews": hand("/api/v1/reviews", lambda w: {"incident": w.unreviewed.pk}),
    "api/v1/reviews/<int:number>": hand(
        "/api/v1/reviews/{w.review.pk}", lambda w: {"version": w.review.version, "summary": "Mine"}, "patch"
    ),
    "api/v1/reviews/<int:number>/publish": hand("/api/v1/reviews/{w.review.pk}/publish"),
    "api/v1/reviews/<int:number>/unpublish": hand("/api/v1/reviews/{w.told.pk}/unpublish", {"reason": "x"}),
    "api/v1/drills": hand("/api/v1/drills", {"component": "ci-runners"}),
    "api/v1/drills/<int:pk>/stop": hand("/api/v1/drills/{w.drill.pk}/stop"),
    "api/v1/drill-plans": hand(
        "/api/v1/drill-plans",
        {"component": "ci-runners", "every": "month", "weekday": 2, "at": "11:00", "time_zone": "UTC"},
        "put",
    ),
    "api/v1/drill-plans/<int:pk>": hand("/api/v1/drill-plans/{w.plan.pk}", {}, "delete"),
}

EVENT = {
    "event_action": "trigger",
    "routing_key": "guessed",
    "payload": {"summary": "x", "source": "y", "severity": "info"},
}
BY_KEY: dict[str, Write] = {
    "api/v1/alerts/alertmanager": Write("/api/v1/alerts/alertmanager", {"alerts": []}),
    "api/v1/alerts/alertmanager/<str:key>": Write("/api/v1/alerts/alertmanager/guessed", {"alerts": []}),
    "api/v1/alerts/generic": Write("/api/v1/alerts/generic", {"key": "x"}),
    "api/v1/alerts/generic/<str:key>": Write("/api/v1/alerts/generic/guessed", {"key": "x"}),
    "api/v1/alerts/own": Write("/api/v1/alerts/own", {"key": "x", "summary": "Down"}),
    "api/v1/alerts/own/<str:key>": Write("/api/v1/alerts/own/guessed", {"key": "x", "summary": "Down"}),
    "api/v1/events/pagerduty/v2/enqueue": Write("/api/v1/events/pagerduty/v2/enqueue", EVENT),
    "api/v1/heartbeats": Write("/api/v1/heartbeats"),
    "api/v1/heartbeats/<str:key>": Write("/api/v1/heartbeats/guessed"),
}
"""Addresses by an integration's key; tests/incidents/test_integrations.py is about the right ones."""
