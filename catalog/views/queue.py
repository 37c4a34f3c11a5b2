"""Needs care: what is unowned or rotten, the oldest first, with what puts it right beside it."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import queries
from catalog.access import Actor, actor_of
from catalog.filters import QUEUED_KINDS, queue_filter
from catalog.fixes import FIXES, Fix, Wish
from catalog.models import Person, Team
from catalog.queries import TROUBLES, Case, QueueFilter
from catalog.views.components import owners_for
from portal.lib import words
from portal.lib.clock import db_now
from portal.lib.errors import Expected, FieldError, Invalid
from portal.lib.reading import readable

SIZE = 50
MANY_TEAMS = 200
QUIET = {"unconfirmed", "orphaned", "no-lead", "no-contact"}
"""Troubles that hurt nobody yet."""
REGISTERED_BY_FORM = {"component", "resource", "api"}


@dataclass(frozen=True, slots=True)
class Row:
    """A case, the fixes its reader may press, what was probably meant, and where more can be done about it.

    `register` is the form for what is missing, `edit` that of the team in trouble.
    """

    case: Case
    buttons: tuple[tuple[str, Fix], ...]
    meant: str
    register: str
    edit: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: the teams they may name as owners, all they may write, and the keys of the teams they are in."""

    actor: Actor | None
    owners: tuple[Team, ...]
    member_of: frozenset[int] = frozenset()

    @property
    def owner_refs(self) -> frozenset[str]:
        """What they may point an owner at."""
        return frozenset(team.ref for team in self.owners)

    def may(self, case: Case, fix: str, meant: str) -> bool:
        """Whether pressing the button could work; the operation decides."""
        if self.actor is None:
            return False
        if fix == "lead":
            return self.actor.person is not None and case.entity.pk in self.member_of
        if self.actor.everywhere:
            return True
        if case.named.startswith("user:") and case.field == "owner":
            return self.actor.person is not None and self.actor.person.ref == case.named and bool(self.owners)
        if case.field == "owner":
            return bool(self.owners) and (fix != "meant" or meant in self.owner_refs)
        if case.field == "memberOf":
            return self.actor.person == case.entity
        return case.owner in self.owners


@readable
def show(request: HttpRequest) -> HttpResponse:
    """The queue; every filter is in the address."""
    return _page(request, request.GET)


@login_required
@require_POST
def fix(request: HttpRequest) -> HttpResponse:
    """Do one fix: that of the pressed row (`one`), or `fix` for all that are checked. What works is kept."""
    actor, now = actor_of(request), db_now()
    back = QueryDict(request.POST.get("back", ""))
    try:
        name, keys, value = _asked(request.POST)
        wishes = [Wish(case, actor, now, value) for case in queries.cases(keys, now=now)]
        _all_done(request, name, wishes)
    except Invalid as error:  # what was chosen stays chosen
        messages.error(request, str(error))
        return _page(request, back, chosen=request.POST.getlist("case"), status=400)
    return redirect(reverse("catalog:queue") + (f"?{back.urlencode()}" if back else ""))


def _all_done(request: HttpRequest, name: str, wishes: list[Wish]) -> None:
    failed = [(wish, error) for wish in wishes if (error := _tried(name, wish)) is not None]
    done = len(wishes) - len(failed)
    if failed and not done:
        raise failed[0][1]
    for wish, error in failed[:5]:
        messages.error(request, f"{wish.case.ref}: {error}")
    if done:
        messages.success(request, f"{words.plural(done, 'entry', 'entries')} {FIXES[name].done}.")
    else:
        messages.info(request, "Somebody was faster: that is put right already.")


def _page(request: HttpRequest, query: QueryDict, *, chosen: Collection[str] = (), status: int = 200) -> HttpResponse:
    now, wanted = db_now(), queue_filter(query)
    try:
        page = queries.queue(wanted, now=now, cursor=query.get("cursor", ""), size=SIZE)
    except queries.BadCursor:
        page = queries.queue(wanted, now=now, size=SIZE)
    reader = _reader(request)
    counts = queries.trouble_counts(wanted, now=now)
    rows = _rows(page.cases, reader)
    offered = {key for row in rows for key, _ in row.buttons}
    context = {
        "now": now,
        "quiet": QUIET,
        "wanted": wanted,
        "rows": rows,
        "chosen": chosen,
        "bulk": [(key, fix) for key, fix in FIXES.items() if key in offered and fix.bulk],
        "matching": sum(n for key, n in counts.items() if not wanted.trouble or key in wanted.trouble),
        "troubles": [(one, counts[one.key], one.key in wanted.trouble) for one in TROUBLES.values()],
        "kinds": [(kind, label, kind in wanted.kind) for kind, label in QUEUED_KINDS.items()],
        "filters": len(wanted.trouble) + len(wanted.kind) + bool(wanted.team),
        "tabs": _tabs(reader, wanted, sum(counts.values())),
        "owners": reader.owners[:MANY_TEAMS],
        "many_owners": len(reader.owners) > MANY_TEAMS,
        "assigns": "assign" in offered,
        "query": query.urlencode(),
        "next": _address(query, page.next),
        "previous": _address(query, page.previous),
    }
    return render(request, "catalog/queue.html", context, status=status)


def _asked(form: QueryDict) -> tuple[str, list[str], str]:
    """Which fix, of which cases, with what: `one` is `meant target:12 group:default/build-ci`."""
    one = form.get("one", "").split(" ", 2)
    name, keys = (one[0], one[1:2]) if len(one) > 1 else (form.get("fix", ""), form.getlist("case"))
    value = one[2] if len(one) > 2 else form.get("team", "").strip()
    if name not in FIXES:
        raise _bad("fix", f"Use one of {', '.join(FIXES)}.")
    if not keys:
        raise _bad("case", "Choose at least one line first.")
    return name, keys[:SIZE], value


def _tried(name: str, wish: Wish) -> Expected | None:
    if name not in wish.case.trouble.fixes:
        return _bad("fix", f"{FIXES[name].action} does not help here.")
    try:
        FIXES[name].do(wish)
    except Expected as error:
        return error
    return None


def _bad(field: str, message: str) -> Invalid:
    return Invalid(message, errors=(FieldError(field, "invalid", message),))


def _reader(request: HttpRequest) -> Reader:
    person: Person | None = getattr(request.user, "person", None)
    if person is None:
        return Reader(None, ())
    actor = Actor(person=person)
    return Reader(actor, tuple(owners_for(actor)), frozenset(actor.team_ids()))


def _rows(cases: tuple[Case, ...], reader: Reader) -> list[Row]:
    found = queries.meant({case.named for case in cases if "meant" in case.trouble.fixes and case.named})
    return [_row(case, reader, found.get(case.named, "")) for case in cases]


def _row(case: Case, reader: Reader, meant: str) -> Row:
    buttons = tuple(
        (key, fix)
        for key, fix in FIXES.items()
        if key in case.trouble.fixes and (key != "meant" or (meant and case.field != "memberOf"))
        and reader.may(case, key, meant)
    )  # fmt: skip
    fixes = case.trouble.fixes
    register = _register(case) if "register" in fixes and reader.actor else ""
    edit = f"{case.entity.get_absolute_url()}/edit" if "edit" in fixes and reader.may(case, "edit", "") else ""
    return Row(case, buttons, meant, register, edit)


def _register(case: Case) -> str:
    """The form for what is not there, filled in as far as the reference goes; empty where no form makes it."""
    kind, _, rest = case.named.partition(":")
    namespace, _, name = rest.partition("/")
    said = {"namespace": namespace, "name": name}
    if kind in REGISTERED_BY_FORM:
        return f"{reverse('catalog:new-component')}?{urlencode({'kind': kind, **said})}"
    return f"{reverse('catalog:new-team')}?{urlencode(said)}" if kind == "group" else ""


def _tabs(reader: Reader, wanted: QueueFilter, total: int) -> list[dict[str, object]]:
    here = reverse("catalog:queue")
    mine = [] if reader.actor is None else sorted(
        queries.teams_of(reader.actor.person).values_list("ref", flat=True) if reader.actor.person else ()
    )  # fmt: skip
    tabs: list[dict[str, object]] = [
        {"title": "Everything", "url": here, "count": total if wanted.empty else None, "active": wanted.empty}
    ]
    if mine:
        url = f"{here}?{urlencode([('team', ref) for ref in mine])}"
        tabs.append({"title": "My teams", "url": url, "count": None, "active": sorted(wanted.team) == mine})
    nobody = [("trouble", key) for key in TROUBLES if key.startswith(("no-owner", "owner-"))]
    active = set(wanted.trouble) == {key for _, key in nobody}
    return [*tabs, {"title": "Nobody’s", "url": f"{here}?{urlencode(nobody)}", "count": None, "active": active}]


def _query(query: QueryDict) -> QueryDict:
    view = query.copy()
    view.pop("cursor", None)
    return view


def _address(query: QueryDict, cursor: str) -> str:
    if not cursor:
        return ""
    view = _query(query)
    view["cursor"] = cursor
    return f"{reverse('catalog:queue')}?{view.urlencode()}"
