"""All that the page of a component tells of it from tables beside its own, in one question."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import JSONField
from django.db.models.expressions import RawSQL

from catalog.models import Component, ComponentHealth, Person, Score, Team
from catalog.queries.entities import NoSuchComponent
from catalog.queries.relations import Named
from catalog.refs import no_such

NAMES = ("namespace", "name", "title", "retired_at")
# By hand, for building four queries anew from models for every page would cost more than the answers
TOLD = """
jsonb_build_object(
    'health', array(
        SELECT to_jsonb(h) FROM catalog_componenthealth h WHERE h.component_id = catalog_component.id
         ORDER BY h.state DESC, h.source),
    'leads', array(
        SELECT jsonb_build_object('namespace', p.namespace, 'name', p.name, 'title', p.title,
                                  'display_name', p.display_name, 'retired_at', p.retired_at)
          FROM catalog_membership m JOIN catalog_person p ON p.id = m.person_id
         WHERE m.team_id = catalog_component.owner_id AND m.role = 'lead' ORDER BY m.id),
    'owned', array(
        SELECT jsonb_build_object('team_ref', o.team_ref, 'since', lower(o.period), 'until', upper(o.period),
                                  'namespace', t.namespace, 'name', t.name, 'title', t.title,
                                  'retired_at', t.retired_at)
          FROM catalog_ownership o LEFT JOIN catalog_team t ON t.id = o.team_id
         WHERE o.component_id = catalog_component.id ORDER BY o.period DESC LIMIT 8),
    'responders', array(
        SELECT jsonb_build_object('team_ref', r.team_ref, 'namespace', t.namespace, 'name', t.name, 'title', t.title,
                                  'retired_at', t.retired_at)
          FROM catalog_responder r LEFT JOIN catalog_team t ON t.id = r.team_id
         WHERE r.component_id = catalog_component.id ORDER BY r.id)
)
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of its health."""

    source: str
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
    rows = Component.objects.select_related("owner", "system__domain", "score").filter(ref=ref.lower()).order_by()
    found = next(iter(rows.annotate(told=RawSQL(TOLD, [], JSONField()))), None)  # noqa: S611  # the text is ours
    if found is None:
        raise NoSuchComponent(no_such(ref))
    told: dict[str, list[dict[str, Any]]] = vars(found).pop("told")
    return Whole(
        component=found,
        said=tuple(
            Said(one["source"], ComponentHealth.State(one["state"]), one["summary"], _moment(one["since"]))
            for one in told["health"]
        ),
        leads=tuple(_named(Person, one) for one in told["leads"]),
        owned=tuple(
            Owned(one["team_ref"], _team(one), _moment(one["since"]), _moment(one["until"])) for one in told["owned"]
        ),
        responders=tuple(Engaged(one["team_ref"], _team(one)) for one in told["responders"]),
        score=getattr(found, "score", None),
    )


def _team(told: Mapping[str, Any]) -> Named | None:
    return _named(Team, told) if told["name"] is not None else None


def _named(kind: type[Team | Person], told: Mapping[str, Any]) -> Named:
    one = kind(**{key: told[key] for key in (*NAMES, "display_name") if key in told})
    return Named(one.label, one.get_absolute_url(), bool(one.retired_at))


def _moment(text: str | None) -> Any:  # noqa: ANN401  # as optional as the text
    return datetime.fromisoformat(text) if text else None
