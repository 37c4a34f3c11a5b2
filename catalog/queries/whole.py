"""All that the page of a component tells of it from tables beside its own, in one question."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject, Lower, Upper

from catalog.models import Component, ComponentHealth, Membership, Ownership, Person, Responder, Score, Team
from catalog.queries.entities import NoSuchComponent
from catalog.queries.relations import Named

SHOWN_OWNERS = 8
NAMES = ("namespace", "name", "title", "retired_at")


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of its health."""

    state: ComponentHealth.State
    summary: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Owned:
    """A time of ownership, `[since, until)`; `team` is None where it is gone."""

    team_ref: str
    team: Named | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Engaged:
    """A further team that a P1 pages; `team` is None while it is not there."""

    team_ref: str
    team: Named | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A component with owner, system and domain, and what else its page tells: health loudest first, owners newest."""

    component: Component
    said: tuple[Said, ...]
    leads: tuple[Named, ...]
    owned: tuple[Owned, ...]
    responders: tuple[Engaged, ...]
    score: Score | None


def whole_component(ref: str) -> Whole:
    """The component named `kind:namespace/name` in any case, retired or not. Raises NoSuchComponent."""
    rows = Component.objects.select_related("owner", "system__domain", "score")
    found = rows.annotate(**_beside()).filter(ref=ref.lower()).first()
    if found is None:
        raise NoSuchComponent(f"There is no {ref.lower()}.")
    told: dict[str, list[dict[str, Any]]] = {name: vars(found).pop(name) for name in _beside()}
    return Whole(
        component=found,
        said=tuple(
            Said(ComponentHealth.State(one["state"]), one["summary"], _moment(one["since"]))
            for one in told["told_health"]
        ),
        leads=tuple(_named(Person, one) for one in told["told_leads"]),
        owned=tuple(
            Owned(one["team_ref"], _team(one), _moment(one["since"]), _moment(one["until"]))
            for one in told["told_owned"]
        ),
        responders=tuple(Engaged(one["team_ref"], _team(one)) for one in told["told_responders"]),
        score=getattr(found, "score", None),
    )


def _beside() -> dict[str, ArraySubquery]:
    mine = {"component": OuterRef("pk")}
    health = ComponentHealth.objects.filter(**mine).order_by("-state", "source")
    leads = Membership.objects.filter(team=OuterRef("owner"), role=Membership.Role.LEAD, person__isnull=False)
    owned = Ownership.objects.filter(**mine).order_by("-period")[:SHOWN_OWNERS]
    responders = Responder.objects.filter(**mine)
    person = {**_names("person"), "display_name": "person__display_name"}
    since = {"since": Lower("period"), "until": Upper("period")}
    return {
        "told_health": _told(health, state="state", summary="summary", since="since"),
        "told_leads": _told(leads.order_by("pk"), **person),
        "told_owned": _told(owned, team_ref="team_ref", **_names("team"), **since),
        "told_responders": _told(responders.order_by("pk"), team_ref="team_ref", **_names("team")),
    }


def _told(rows: Any, **columns: Any) -> ArraySubquery:  # noqa: ANN401  # rows of any table
    return ArraySubquery(rows.values_list(JSONObject(**columns), flat=True))


def _names(of: str) -> dict[str, str]:
    return {name: f"{of}__{name}" for name in NAMES}


def _team(told: Mapping[str, Any]) -> Named | None:
    return _named(Team, told) if told["name"] is not None else None


def _named(kind: type[Team | Person], told: Mapping[str, Any]) -> Named:
    one = kind(**{key: told[key] for key in (*NAMES, "display_name") if key in told})
    return Named(one.label, one.get_absolute_url(), bool(one.retired_at))


def _moment(text: str | None) -> Any:  # noqa: ANN401  # as optional as the text
    return datetime.fromisoformat(text) if text else None
