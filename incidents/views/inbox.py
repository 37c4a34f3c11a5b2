"""My inbox, and everything that was ever sent to me."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from catalog import queries as catalog_queries
from catalog.access import person_of
from incidents.operations import inbox as operations
from incidents.queries import attempts
from incidents.queries import contacts as queries
from incidents.queries.attempts import OF_STATE, STATES
from portal.lib.clock import db_now

NEWEST = ("-at", "-pk")


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What I was paged and told, newest first; `?show=unread` what still wants me."""
    me, unread = person_of(request), request.GET.get("show") == "unread"
    page = catalog_queries.page(queries.inbox(me, unread=unread), NEWEST, cursor=request.GET.get("cursor", ""))
    here = reverse("incidents:inbox")
    more = f"{here}?show={'unread' if unread else 'all'}&cursor="
    count = queries.unread_count(me)
    context = {
        "now": db_now(),
        "rows": page.rows,
        "unread": unread,
        "count": count,
        "tabs": [
            {"title": "All", "url": here, "active": not unread, "count": None},
            {"title": "Wants you", "url": f"{here}?show=unread", "active": unread, "count": count},
        ],
        "next": more + page.next if page.next else "",
        "previous": more + page.previous if page.previous else "",
    }
    return render(request, "incidents/inbox.html", context)


@login_required
@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Read, and on to what it is about."""
    found = operations.mark_read(person=person_of(request), pk=pk, now=db_now())
    if request.POST.get("stay") or found.incident is None:
        return redirect("incidents:inbox")
    return redirect(found.incident.get_absolute_url())


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Everything is read."""
    count = operations.mark_all_read(person=person_of(request), now=db_now())
    messages.success(request, f"{count} marked as read." if count else "Everything was read already.")
    return redirect("incidents:inbox")


@login_required
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """Every message that was sent to me, with its tries."""
    me, state = person_of(request), request.GET.get("state", "")
    rows = queries.sent_to(me)
    if state in OF_STATE:
        rows = rows.filter(state__in=OF_STATE[state])
    page = catalog_queries.page(rows, ("-pk",), cursor=request.GET.get("cursor", ""))
    here = reverse("incidents:message-history")
    more = f"{here}?state={state if state in OF_STATE else ''}&cursor="
    context = {
        "now": db_now(),
        "rows": [(row, attempts.attempts_in([row], reader=me)) for row in page.rows],
        "tabs": [
            {"title": title, "url": f"{here}?state={key}" if key else here, "active": key == state, "count": None}
            for key, title in STATES.items()
        ],
        "next": more + page.next if page.next else "",
        "previous": more + page.previous if page.previous else "",
    }
    return render(request, "incidents/messages_sent.html", context)


urlpatterns = [
    path("inbox", inbox, name="inbox"),
    path("inbox/read", read_all, name="inbox-read-all"),
    path("inbox/<int:pk>/read", read, name="inbox-read"),
    path("me/messages", history, name="message-history"),
]
