"""How I am paged: my contact methods, my rules, my hours; and who can't be paged at all."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import queries as catalog_queries
from catalog.access import Actor, actor_of, person_of, require_admin
from incidents.channels.ways import ways
from incidents.forms_contacts import HoursForm, RulesForm, WayForm
from incidents.models import ContactMethod, Urgency
from incidents.operations import contacts as operations
from incidents.operations import handing_on, wishes
from incidents.queries import contacts as queries
from portal.lib import once
from portal.lib.clock import db_now
from portal.lib.errors import Expected, Missing
from portal.lib.posted import posted

Act = Callable[[ContactMethod, Actor, datetime], object]

PAGE = "incidents/contacts/mine.html"
AMONG = {"on-call": "Named in a schedule", "members": "Members of teams", "all": "Everybody"}


@login_required
@require_http_methods(["GET", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """All of it on one page; POST adds a method of the kind `?add=`."""
    way = ways.get(request.GET.get("add", ""))
    me, now = person_of(request), db_now()
    form = WayForm(request.POST or None, way=way, address=me.email) if way else None
    if form is not None and request.method == "POST" and form.is_valid() and way is not None:
        try:
            added = operations.add_method(
                person=me, channel=way.channel, given=form.given(), label=form.cleaned_data["label"],
                by=actor_of(request), now=now,
            )  # fmt: skip
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, f"{way.title} is added. {way.by_code} Enter it, and it counts.")
            if added.secret:
                once.keep(request, "contact", {"secret": added.secret}, now=now)
            return redirect("incidents:contacts")
    return _page(request, form=form, add=way)


@login_required
@require_GET
def methods(request: HttpRequest) -> HttpResponse:
    """The part of the page that refreshes while a code or a test is on its way."""
    now = db_now()
    context = {"told": queries.told(person_of(request), now=now), "now": now}
    return render(request, "incidents/contacts/methods.html", context)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The code has arrived."""
    code, done = posted(request, "code"), "Confirmed: pages can reach you this way."
    return _acted(request, pk, lambda one, by, now: operations.confirm(method=one, code=code, by=by, now=now), done)


@login_required
@require_POST
def ask_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Another code."""
    done = "A new code is on its way."
    return _acted(request, pk, lambda one, by, now: operations.ask_code(method=one, by=by, now=now), done)


@login_required
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Page me now."""
    done = "A test is on its way; what becomes of it is shown beside the method."
    return _acted(request, pk, lambda one, by, now: operations.send_test(method=one, by=by, now=now), done)


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Up or down."""
    to = request.POST.get("to", "")
    place = int(to) if to.isdecimal() and len(to) < 4 else 0
    return _acted(request, pk, lambda one, by, now: operations.move_method(method=one, to=place, by=by, now=now))


@login_required
@require_POST
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name."""
    words = posted(request, "label")
    return _acted(request, pk, lambda one, by, now: operations.label_method(method=one, label=words, by=by, now=now))


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing goes there any more; the last confirmed one only with `sure`."""
    sure = request.POST.get("sure") == "yes"

    def act(one: ContactMethod, by: Actor, now: datetime) -> None:
        operations.remove_method(method=one, sure=sure, by=by, now=now)

    return _acted(request, pk, act, "Removed; nothing is sent there any more.")


@login_required
@require_POST
def rules(request: HttpRequest, urgency: str) -> HttpResponse:
    """My rules for pages of this urgency."""
    if urgency not in Urgency.values:
        raise Missing("There is no such urgency; there are high and low.")
    me, now = person_of(request), db_now()
    told = queries.told(me, now=now)
    chosen = [one.row for one in told.confirmed]
    form = RulesForm(request.POST, urgency=urgency, methods=chosen, rules=list(told.rules.get(urgency, ())))
    if form.is_valid():
        try:
            wishes.set_rules(person=me, urgency=urgency, wishes=form.wishes(), by=actor_of(request), now=now)
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, queries.told(me, now=now).words[urgency])
            return redirect("incidents:contacts")
    return _page(request, rules_form=form)


@login_required
@require_POST
def hours(request: HttpRequest) -> HttpResponse:
    """My working hours."""
    me, now = person_of(request), db_now()
    form = HoursForm(request.POST, hours=None, zone=me.time_zone)
    if form.is_valid():
        try:
            kept = wishes.set_hours(person=me, hours=form.hours(), by=actor_of(request), now=now)
        except Expected as error:
            form.explain(error)
        else:
            messages.success(request, "What is not urgent waits for them." if kept else "It comes at any time.")
            return redirect("incidents:contacts")
    return _page(request, hours_form=form)


@login_required
@require_POST
def overwhelmed(request: HttpRequest) -> HttpResponse:
    """My open pages go to the next step now."""
    done = handing_on.hand_on(person=person_of(request), via="web", now=db_now())
    if done:
        words = "1 page goes" if done.pages == 1 else f"{done.pages} pages go"
        messages.success(request, f"Handed on: {words} to the next step now.")
    else:
        messages.info(request, "There was nothing to hand on: no open page waits for you.")
    back = request.POST.get("next", "")
    return redirect(back if back.startswith("/incidents/") else "incidents:contacts")


@login_required
@require_GET
def unreachable(request: HttpRequest) -> HttpResponse:
    """For platform admins: whom no page can reach."""
    require_admin(actor_of(request))
    chosen = request.GET.get("among", "on-call")
    chosen = chosen if chosen in AMONG else "on-call"
    page = catalog_queries.page(queries.unreachable(among=chosen), ("name", "pk"), cursor=request.GET.get("cursor", ""))
    here = f"{reverse('incidents:unreachable')}?among={chosen}"
    tabs = [
        {"title": title, "url": f"{reverse('incidents:unreachable')}?among={key}", "active": key == chosen,
         "count": queries.unreachable(among=key).count()}
        for key, title in AMONG.items()
    ]  # fmt: skip
    context = {
        "rows": page.rows,
        "tabs": tabs,
        "next": f"{here}&cursor={page.next}" if page.next else "",
        "previous": f"{here}&cursor={page.previous}" if page.previous else "",
        "now": db_now(),
    }
    return render(request, "incidents/contacts/unreachable.html", context)


def _page(
    request: HttpRequest,
    *,
    form: WayForm | None = None,
    add: object = None,
    rules_form: RulesForm | None = None,
    hours_form: HoursForm | None = None,
) -> HttpResponse:
    me, now = person_of(request), db_now()
    told = queries.told(me, now=now)
    chosen = [one.row for one in told.confirmed]
    forms = [
        rules_form if rules_form is not None and rules_form.urgency == urgency
        else RulesForm(None, urgency=urgency, methods=chosen, rules=list(told.rules.get(urgency, ())))
        for urgency in Urgency.values
    ]  # fmt: skip
    wrong = any(one is not None and one.errors for one in (form, rules_form, hours_form))
    context = {
        "now": now,
        "told": told,
        "ways": ways.values(),
        "form": form,
        "add": add,
        "secret": once.take(request, "contact", now=now).get("secret", ""),
        "rules": [(one, told.words[one.urgency]) for one in forms],
        "hours": hours_form or HoursForm(None, hours=told.hours, zone=me.time_zone),
        "wishes": bool(told.confirmed) or wrong,  # without a way to be reached there is nothing to wish for
        "to_hand_on": handing_on.theirs(me).count(),
        "mail_missing": bool(me.email) and not any(one.row.channel == "email" for one in told.methods),
        "admin": me.platform_admin,
    }
    answer = render(request, PAGE, context, status=400 if wrong else 200)
    add_never_cache_headers(answer)  # a secret must not come back with the back button
    return answer


def _acted(request: HttpRequest, pk: int, act: Act, done: str = "") -> HttpResponse:
    method = queries.method_of(person_of(request), pk)
    try:
        act(method, actor_of(request), db_now())
    except Missing:
        raise
    except Expected as error:
        messages.error(request, str(error))
    else:
        if done:
            messages.success(request, done)
    return redirect("incidents:contacts")


urlpatterns = [
    path("me/paging", mine, name="contacts"),
    path("me/paging/methods", methods, name="contact-methods"),
    path("me/paging/methods/<int:pk>/confirm", confirm, name="contact-confirm"),
    path("me/paging/methods/<int:pk>/code", ask_code, name="contact-code"),
    path("me/paging/methods/<int:pk>/test", test, name="contact-test"),
    path("me/paging/methods/<int:pk>/move", move, name="contact-move"),
    path("me/paging/methods/<int:pk>/label", label, name="contact-label"),
    path("me/paging/methods/<int:pk>/remove", remove, name="contact-remove"),
    path("me/paging/rules/<str:urgency>", rules, name="contact-rules"),
    path("me/paging/hours", hours, name="contact-hours"),
    path("me/paging/hand-on", overwhelmed, name="hand-on"),
    path("paging/unreachable", unreachable, name="unreachable"),
]
