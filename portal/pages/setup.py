"""From empty to the first page that reached somebody, in a few steps that tick themselves off."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.access import reader_teams
from catalog.models import Component, Person, Team
from incidents.models import CatchAll, ContactMethod, Drill, Schedule, TeamPaging
from portal.lib.clock import db_now
from slo.models import DataSource, Objective
from slo.views.sources import is_admin


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already, so that the next form begins with it; empty where there is none.

    `admin` says whether the reader may write what only platform admins may.
    """

    team: Team | None = None
    component: Component | None = None
    source: str = ""
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to do once: `of` are the rows of which one is enough, `docs` the page that tells how.

    `otherwise` is another way to do it: what its button says, and the name of its page.
    """

    key: str
    title: str
    text: str
    action: str
    docs: str
    of: Callable[[], QuerySet]  # type: ignore[type-arg]  # of any model
    url: Callable[[Known], str]
    otherwise: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Step:
    """A part, whether it is done, and where it is done; `component` where the act is a drill of that one."""

    key: str
    title: str
    text: str
    action: str
    docs: str
    url: str
    done: bool
    component: str = ""
    other_action: str = ""
    other_url: str = ""


def _living(model: type[Team | Component | Objective | Schedule]) -> Callable[[], QuerySet]:  # type: ignore[type-arg]
    return lambda: model._default_manager.filter(retired_at=None)


def _at(name: str) -> Callable[[Known], str]:
    return lambda _: reverse(name)


def _of_team(name: str) -> Callable[[Known], str]:
    return lambda known: reverse(name) + (f"?{urlencode({'team': known.team.pk})}" if known.team else "")


def _of_component(name: str) -> Callable[[Known], str]:
    return lambda known: (
        reverse(name) + (f"?{urlencode({'component': known.component.ref})}" if known.component else "")
    )


def _source(known: Known) -> str:
    if not known.admin:
        return reverse("slo:sources")
    return reverse("slo:edit-source", args=[known.source]) if known.source else reverse("slo:new-source")


DRILL = "drill"
PARTS = (
    Part(
        "team", "A team", "Who answers for something. You lead what you make; members can come later.",
        "New team", "getting-started#a-team", _living(Team), _at("catalog:new-team"),
    ),
    Part(
        "component", "A component", "What your platform runs and whose it is: by form, or as catalog-info.yaml.",
        "New component", "getting-started#a-component", _living(Component), _at("catalog:new-component"),
        ("Paste YAML", "catalog:import"),
    ),
    Part(
        "source", "A data source", "A Prometheus that Portico may read, and that answers.",
        "Test it", "getting-started#a-data-source",
        lambda: DataSource.objects.filter(retired_at=None, reachable=True), _source,
    ),
    Part(
        "objective", "An objective", "What is promised. A preset knows how it is counted.",
        "Choose a preset", "getting-started#an-objective", _living(Objective), _of_component("slo:new"),
    ),
    Part(
        "contact", "A way to reach you", "E-mail, chat or telephone, confirmed by a code.",
        "Add one", "getting-started#a-way-to-reach-you",
        lambda: ContactMethod.objects.filter(removed_at=None, confirmed_at__isnull=False), _at("incidents:contacts"),
    ),
    Part(
        "schedule", "A schedule", "Who is on call, and when.",
        "New schedule", "getting-started#a-schedule", _living(Schedule), _of_team("incidents:new-schedule"),
    ),
    Part(
        "policy", "An escalation policy", "Whom the team’s pages call, and whom next when nobody answers.",
        "New policy", "getting-started#a-policy",
        lambda: TeamPaging.objects.filter(policy__isnull=False), _of_team("incidents:new-policy"),
    ),
    Part(
        "catch-all", "A catch-all", "The policy for what has no owner, and for what nobody has taken.",
        "Choose one", "getting-started#a-catch-all", lambda: CatchAll.objects.all(), _at("incidents:catch-all"),
    ),
    Part(
        DRILL, "A fire drill", "A test page for whoever is on call; answered, all of it works.",
        "Send a test page", "getting-started#a-fire-drill",
        lambda: Drill.objects.filter(outcome=Drill.Outcome.ANSWERED), _of_component("incidents:drills"),
    ),
)  # fmt: skip


def steps(there_is: Known | None = None) -> list[Step]:
    """In the order in which they make sense; one question to the database for all."""
    there_is = there_is or Known()
    first, *others = (part.of().order_by().values_list(Value(part.key))[:1] for part in PARTS)
    there = {key for (key,) in first.union(*others, all=True).order_by()}
    component = there_is.component.ref if there_is.component else ""
    return [
        Step(
            part.key, part.title, part.text, part.action, part.docs, part.url(there_is), part.key in there,
            component if part.key == DRILL else "", part.otherwise[0],
            reverse(part.otherwise[1]) if part.otherwise[1] else "",
        )
        for part in PARTS
    ]  # fmt: skip


def shown(found: Sequence[Step], person: Person | None) -> bool:
    """To everybody while the portal is empty, then to platform admins until all is done."""
    return _empty(found) or (bool(person and person.platform_admin) and not all(step.done for step in found))


def told(found: Sequence[Step]) -> dict[str, object]:
    """How far it is, for the pages: `left` is what is still to do, `next` the first of it."""
    left = [step for step in found if not step.done]
    return {
        "steps": found,
        "done": len(found) - len(left),
        "left": left,
        "next": left[0] if left else None,
        "empty": _empty(found),
    }


@login_required
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The checklist; each step leads to its form, filled in with what the earlier ones made."""
    mine = [team.pk for team in reader_teams(request) if not team.retired]
    found = steps(known(mine, admin=is_admin(request)))
    return render(request, "portal/setup.html", {"now": db_now(), **told(found)})


def known(mine: Collection[int] = (), *, admin: bool) -> Known:
    """What the next forms may begin with: one of the teams `mine` before others, what it owns before the rest."""
    teams = Team.objects.filter(retired_at=None).order_by("pk")
    team = teams.filter(pk__in=mine).first() or teams.first()
    components = Component.objects.filter(retired_at=None).order_by("pk")
    component = (components.filter(owner=team).first() if team else None) or components.first()
    sources = DataSource.objects.filter(retired_at=None).order_by("-is_default", "pk")
    return Known(team, component, sources.values_list("name", flat=True).first() or "", admin)


def _empty(found: Sequence[Step]) -> bool:
    """Whether nobody has done anything yet; a data source comes with the portal where PROMETHEUS_URL is set."""
    return not any(step.done for step in found if step.key != "source")
