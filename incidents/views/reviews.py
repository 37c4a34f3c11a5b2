"""Reviews as pages: all, one with what is known by itself, writing it, what it said before, publishing, as Markdown."""

import secrets
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access import actor_of
from catalog.models import Team
from catalog.queries import Page, page
from incidents import access_reviews as access
from incidents import operations, queries
from incidents.boards import KINDS
from incidents.impact import measured
from incidents.intake.own import full_ref
from incidents.item_lines import lines
from incidents.lookback import facts_of
from incidents.models import SECTIONS, ActionItem, Review, ReviewVersion
from incidents.models.incident import Severity
from incidents.operations.reviews import Conflict, IsPublished, fingerprint
from incidents.outcomes import outcomes_of
from incidents.queries import reviews as read
from incidents.review_text import TITLES, changes, to_markdown
from portal.lib.clock import db_now, now_of
from portal.lib.errors import Expected, Invalid, Missing
from portal.lib.posted import posted
from portal.lib.words import plural

SIZE = 30
VERSIONS = 50
PLAIN = ("circle-dot", "none")
FILTERS = ("q", "team", "component", "severity", "view")
VIEWS = (("", "All"), ("mine", "My teams"), ("draft", "Drafts"), ("published", "Published"))
HINTS = {
    "summary": "What happened, in a few sentences that somebody from another team understands.",
    "impact": "Who could not do what, and for how long. What was measured can be the beginning of it.",
    "causes": "What made it possible, and what made it last. More than one, and no names.",
    "went_well": "What helped, and should be kept.",
    "went_badly": "What was missing, slow, or luck.",
}


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Of the newest incident first, a page at a time."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    view = asked["view"]
    found = read.reviews(
        state=view if view in Review.State.values else "",
        text=asked["q"],
        team=asked["team"],
        component=full_ref(asked["component"]),
        severities=[int(asked["severity"])] if asked["severity"] in {"1", "2", "3", "4", "5"} else [],
        teams=actor_of(request).team_ids() if view == "mine" else None,
    )
    rows = page(found, ("-pk",), cursor=request.GET.get("cursor", ""), size=SIZE)
    context = {
        "now": now_of(request),
        "rows": rows.rows,
        "summary": f"{plural(_count(found, rows), 'review')} in all, last drafted first",
        "filters": asked,
        "filtered": any(asked.values()),
        "tabs": [_tab(asked, key, title) for key, title in VIEWS],
        "teams": Team.objects.filter(retired_at=None).order_by("called", "pk"),
        "severities": Severity.choices,
        "next": _address(asked, cursor=rows.next) if rows.next else "",
        "previous": _address(asked, cursor=rows.previous) if rows.previous else "",
    }
    return render(request, "incidents/reviews/list.html", context)


def _count(found: QuerySet[Review], rows: Page[Review]) -> int:
    """How many there are on all pages of the list; asked only where there are more than one."""
    return found.count() if rows.next or rows.previous else len(rows.rows)


@login_required
@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One review: what was written, what is known, what is to be done."""
    review, now, actor = read.review_by_number(number), now_of(request), actor_of(request)
    facts = facts_of(review.incident, now=now)
    items = list(_items(review, now=now))
    may = access.may_review(actor, review.incident, facts.pages)
    context = {
        "review": review,
        "incident": review.incident,
        "facts": facts,
        "sections": [(name, title, getattr(review, name)) for name, title in TITLES.items()],
        "measured": "" if review.impact else measured(facts),
        "empty": [title for name, title in TITLES.items() if not getattr(review, name)],
        "items": lines(items, now=now, outcomes=outcomes_of(items, now=now)),
        "timeline": [(one, *KINDS.get(one.kind, PLAIN)) for one in facts.timeline],
        "may_write": may,
        "ready": bool(review.summary and review.causes),
        "now": now,
    }
    return render(request, "incidents/reviews/review.html", context)


@login_required
@require_safe
def export(request: HttpRequest, number: int) -> HttpResponse:
    """The whole of it as Markdown."""
    review, now = read.review_by_number(number), now_of(request)
    items = list(_items(review, now=now))
    text = to_markdown(review, facts_of(review.incident, now=now), items, outcomes_of(items, now=now))
    answer = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{review.incident.label}-review.md"'
    return answer


@login_required
@require_safe
def history(request: HttpRequest, number: int) -> HttpResponse:
    """Every version, newest first, and what one changed; `?version=` is one of them."""
    review = read.review_by_number(number)
    versions = list(review.versions.select_related("person")[: VERSIONS + 1])
    shown = _chosen(versions, request.GET.get("version", ""))
    place = versions.index(shown)
    before = versions[place + 1] if place + 1 < len(versions) else None
    context = {
        "review": review,
        "incident": review.incident,
        "trail": trail(review, "History"),
        "versions": versions[:VERSIONS],
        "more": len(versions) > VERSIONS,
        "shown": shown,
        "before": before,
        "changes": changes(before.sections if before else {}, shown.sections),
        "now": now_of(request),
    }
    return render(request, "incidents/reviews/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Writing it. What is typed is saved by itself; without script the button does."""
    if not request.user.is_authenticated and request.headers.get("HX-Request"):
        was = [(name, request.POST.get(f"was-{name}", "")) for name in SECTIONS]
        return render(request, "incidents/reviews/edit.html#signed_out", {"was": was}, status=401)
    return _edit(request, number)


@login_required
def _edit(request: HttpRequest, number: int) -> HttpResponse:
    review, actor = read.review_by_number(number), actor_of(request)
    access.require_review(actor, review.incident)
    if request.method != "POST":
        if review.is_published:
            messages.info(request, "It is published: take it back before you change it.")
            return redirect(review)
        return _form(request, review, review.sections, token=secrets.token_hex(8))
    auto = bool(request.headers.get("HX-Request"))
    typed = {name: posted(request, name) for name in SECTIONS if name in request.POST}
    if takes := "measured" in request.POST and not typed.get("impact", review.impact).strip():
        typed["impact"] = measured(facts_of(review.incident, now=db_now()))
    token = request.POST.get("form", "")[:40]
    try:
        saved = operations.save_review(
            review=review, sections=typed, version=_version(request), by=actor, now=db_now(), form=token, auto=auto,
            opened={name: request.POST.get(f"was-{name}", "") for name in SECTIONS},
        )  # fmt: skip
    except (Conflict, IsPublished, Invalid) as error:
        return _refused(request, review, typed, error, auto=auto, token=token)
    if auto:
        return render(
            request, "incidents/reviews/edit.html#saved", {"review": saved, "was": _was(saved), "now": db_now()}
        )
    messages.success(request, "Saved: what was measured is the text of Impact now." if takes else "Saved.")
    there = f"{reverse('incidents:edit-review', args=[number])}#impact" if takes else f"{saved.get_absolute_url()}#main"
    return redirect(there)  # which says a place, for a browser would else keep the one it was at


@login_required
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Begin the review of an incident that is over, or go to the one that is there."""
    incident, actor = queries.incident_by_number(number), actor_of(request)
    access.require_review(actor, incident)
    made = operations.draft_review(incident=incident, by=actor, now=db_now())
    return redirect("incidents:review" if made.is_published else "incidents:edit-review", number)


@login_required
@require_POST
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """Everybody reads it as it is."""
    review, actor = read.review_by_number(number), actor_of(request)
    access.require_review(actor, review.incident)
    version = _version(request) if "version" in request.POST else None
    operations.publish_review(review=review, by=actor, now=db_now(), version=version)
    messages.success(request, "Published. Those who followed the incident and its owner's team are told.")
    return redirect(review)


@login_required
@require_POST
def unpublish(request: HttpRequest, number: int) -> HttpResponse:
    """A draft again."""
    review, actor = read.review_by_number(number), actor_of(request)
    access.require_review(actor, review.incident)
    operations.unpublish_review(review=review, reason=posted(request, "reason"), by=actor, now=db_now())
    messages.success(request, "Taken back. It is a draft again, and its history says why.")
    return redirect(review)


def trail(review: Review, here: str) -> list[tuple[str, str]]:
    """From all reviews by this one to `here`."""
    return [("Reviews", reverse("incidents:reviews")), (review.incident.label, review.get_absolute_url()), (here, "")]


def _items(review: Review, *, now: datetime) -> QuerySet[ActionItem]:
    return read.action_items(review=review.pk, now=now).prefetch_related("objectives")


def _form(request: HttpRequest, review: Review, typed: dict[str, str], **more: Any) -> HttpResponse:  # noqa: ANN401
    """The form with `typed` in it; `theirs` are sections that somebody else wrote meanwhile."""
    status, faults = more.pop("status", 200), more.pop("faults", {})
    texts = {**review.sections, **typed}
    context = {
        "review": review,
        "incident": review.incident,
        "trail": trail(review, "Write"),
        "was": _was(review),
        "fields": [(name, title, texts[name], HINTS[name], faults.get(name, "")) for name, title in TITLES.items()],
        "measured": "" if texts["impact"].strip() else measured(facts_of(review.incident, now=db_now())),
        "now": db_now(),
        **more,
    }
    return render(request, "incidents/reviews/edit.html", context, status=status)


def _refused(
    request: HttpRequest, review: Review, typed: dict[str, str], error: Expected, *, auto: bool, token: str
) -> HttpResponse:
    """Nothing that was typed is lost: it stands in the form again, beside what somebody else wrote."""
    if auto:
        context = {
            "review": review,
            "was": [(name, request.POST.get(f"was-{name}", "")) for name in SECTIONS],
            "error": error,
            "conflict": isinstance(error, Conflict),
        }
        return render(request, "incidents/reviews/edit.html#not_saved", context, status=error.status)
    if isinstance(error, Conflict):
        theirs, mine = error.current, error.mine
        differs = changes(theirs.sections, {**theirs.sections, **mine})
        return _form(
            request, theirs, mine, token=token, error=error, differs=differs, theirs=theirs, status=error.status
        )
    faults = {one.field: one.message for one in error.errors}
    return _form(request, review, typed, token=token, error=error, faults=faults, status=error.status)


def _was(review: Review) -> list[tuple[str, str]]:
    """Fingerprints of what stands in the form when it is opened, or was saved from it."""
    return [(name, fingerprint(text)) for name, text in review.sections.items()]


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise Invalid("The form does not say which version it was opened with; open it again.")
    return int(text)


def _chosen(versions: list[ReviewVersion], number: str) -> ReviewVersion:
    if not number:
        return versions[0]
    found = [one for one in versions if str(one.number) == number]
    if not found:
        raise Missing("There is no such version of this review.")
    return found[0]


def _tab(asked: dict[str, str], key: str, title: str) -> dict[str, object]:
    return {"title": title, "url": _address(asked, view=key), "count": None, "active": key == asked["view"]}


def _address(asked: dict[str, str], **more: str) -> str:
    query = {name: value for name, value in {**asked, **more}.items() if value}
    return f"{reverse('incidents:reviews')}?{urlencode(query)}" if query else reverse("incidents:reviews")


HERE = "reviews/<int:number>"

urlpatterns = [
    path("reviews", listing, name="reviews"),
    path(HERE, show, name="review"),
    path(f"{HERE}.md", export, name="review-markdown"),
    path(f"{HERE}/edit", edit, name="edit-review"),
    path(f"{HERE}/history", history, name="review-history"),
    path(f"{HERE}/publish", publish, name="publish-review"),
    path(f"{HERE}/unpublish", unpublish, name="unpublish-review"),
    path("incidents/<int:number>/review", draft, name="draft-review"),
]
