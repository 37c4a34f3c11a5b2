"""How somebody is paged: channels, methods, codes, tests, rules, hours; handing on; who can't be paged."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries as catalog_queries
from catalog.access import Actor, require_admin
from catalog.models import Person
from incidents.api import contacts_shapes as io
from incidents.api.incidents import actor_of_api
from incidents.channels.ways import ways
from incidents.models import ContactMethod, Urgency
from incidents.operations import contacts as operations
from incidents.operations import handing_on, wishes
from incidents.queries import contacts as queries
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid, Missing
from portal.lib.problems import listed, refusals
from portal.lib.strict import StrictSerializer

PERSON = "people/<str:namespace>/<str:name>"
ONE_METHOD = f"{PERSON}/contact-methods/<int:pk>"
AMONG = ("on-call", "members", "all")


class ByName(KeysetPagination):
    """In order of their names."""

    ordering = ("name", "pk")


class Channels(APIView):
    """What can be added."""

    @extend_schema(operation_id="contact_channels", responses=listed(io.WayOut))
    def get(self, request: Request) -> Response:
        """List every channel with the fields that it wants."""
        found: Any = list(ways.values())
        return Response({"results": io.WayOut(found, many=True).data})


class Methods(APIView):
    """Somebody's contact methods; theirs and platform admins' to see."""

    @extend_schema(operation_id="contact_methods", responses={200: listed(io.MethodWithTrialOut), **refusals(403)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """List the person's contact methods in the order in which they are tried, each with its last test."""
        person, _ = _whose(request, namespace, name)
        return Response({"results": [_with_trial(one) for one in queries.told(person, now=db_now()).methods]})

    @extend_schema(operation_id="contact_method_add", request=io.MethodIn, responses={201: io.AddedOut})
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Add a contact method; a code is sent there, and it counts once the code was entered."""
        person, actor = _whose(request, namespace, name)
        given = _read(io.MethodIn, request)
        added = operations.add_method(
            person=person, channel=given["channel"], given=given["fields"], label=given.get("label", ""), by=actor,
            now=db_now(),
        )  # fmt: skip
        told = {**io.MethodOut(added.method).data, "secret": added.secret}
        return Response(told, status=status.HTTP_201_CREATED)


class OneMethod(APIView):
    """One contact method."""

    @extend_schema(operation_id="contact_method", responses={200: io.MethodWithTrialOut, **refusals(403)})
    def get(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Show a contact method, with its last test."""
        method, _ = _mine(request, namespace, name, pk)
        return Response(_found(method))

    @extend_schema(operation_id="contact_method_change", request=io.MethodChange, responses=io.MethodWithTrialOut)
    def patch(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Give a contact method another name, or another place in the order."""
        method, actor = _mine(request, namespace, name, pk)
        given, now = _read(io.MethodChange, request), db_now()
        if "label" in given:
            operations.label_method(method=method, label=given["label"], by=actor, now=now)
        if "position" in given:
            operations.move_method(method=method, to=given["position"], by=actor, now=now)
        return Response(_found(method))

    @extend_schema(
        operation_id="contact_method_remove",
        parameters=[OpenApiParameter("sure", bool, description="Remove it though it is the last confirmed one")],
        responses={204: None},
    )
    def delete(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Remove a contact method. The last confirmed one goes only with `?sure=true`."""
        method, actor = _mine(request, namespace, name, pk)
        sure = request.query_params.get("sure", "").lower() in ("1", "true", "yes")
        operations.remove_method(method=method, by=actor, now=db_now(), sure=sure)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Code(APIView):
    """The code that confirms a method."""

    @extend_schema(operation_id="contact_method_code", request=None, responses={202: None})
    def post(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Send a new code; the one before is over. At most five an hour."""
        method, actor = _mine(request, namespace, name, pk)
        operations.ask_code(method=method, by=actor, now=db_now())
        return Response(status=status.HTTP_202_ACCEPTED)


class Confirm(APIView):
    """Entering the code."""

    @extend_schema(operation_id="contact_method_confirm", request=io.CodeIn, responses=io.MethodWithTrialOut)
    def post(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Confirm a contact method by the code; it counts from now on. Five wrong guesses end a code."""
        method, actor = _mine(request, namespace, name, pk)
        operations.confirm(method=method, code=_read(io.CodeIn, request)["code"], by=actor, now=db_now())
        return Response(_found(method))


class Test(APIView):
    """Page me now."""

    @extend_schema(operation_id="contact_method_test", request=None, responses={202: io.TrialOut})
    def post(self, request: Request, namespace: str, name: str, pk: int) -> Response:
        """Send a test by this method; what becomes of it is the method's `trial`."""
        method, actor = _mine(request, namespace, name, pk)
        sent = operations.send_test(method=method, by=actor, now=db_now())
        return Response(io.TrialOut(sent).data, status=status.HTTP_202_ACCEPTED)


class Rules(APIView):
    """Somebody's rules for `high` or `low` urgency."""

    @extend_schema(operation_id="contact_rules", responses={200: io.RulesOut, **refusals(403)})
    def get(self, request: Request, namespace: str, name: str, urgency: str) -> Response:
        """List when the person is told by which method, the soonest first, and in words."""
        person, _ = _whose(request, namespace, name)
        return Response(_rules(person, _urgency(urgency)))

    @extend_schema(operation_id="contact_rules_put", request=io.RulesIn, responses=io.RulesOut)
    def put(self, request: Request, namespace: str, name: str, urgency: str) -> Response:
        """Replace all of the person's rules by these."""
        person, actor = _whose(request, namespace, name)
        given = [
            wishes.Wish(rule["method"], wishes.MINUTE * rule["after_minutes"])
            for rule in _read(io.RulesIn, request)["rules"]
        ]
        wishes.set_rules(person=person, urgency=_urgency(urgency), wishes=given, by=actor, now=db_now())
        return Response(_rules(person, urgency))


class WorkingHours(APIView):
    """When what is not urgent may come."""

    @extend_schema(operation_id="working_hours", responses={200: io.HoursOut, 204: None, **refusals(403)})
    def get(self, request: Request, namespace: str, name: str) -> Response:
        """Show when what is not urgent may come; 204 where that is at any time."""
        person, _ = _whose(request, namespace, name)
        hours = queries.told(person, now=db_now()).hours
        return Response(io.HoursOut(hours).data) if hours else Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="working_hours_put", request=io.HoursIn, responses=io.HoursOut)
    def put(self, request: Request, namespace: str, name: str) -> Response:
        """Set working hours; outside of them, what is not urgent waits."""
        person, actor = _whose(request, namespace, name)
        given = _read(io.HoursIn, request)
        days = frozenset(io.DAYS.index(day) for day in given.pop("days"))
        kept = wishes.set_hours(person=person, hours=wishes.Hours(**given, days=days), by=actor, now=db_now())
        return Response(io.HoursOut(kept).data)

    @extend_schema(operation_id="working_hours_remove", responses={204: None})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Remove working hours: what is not urgent comes at any time."""
        person, actor = _whose(request, namespace, name)
        wishes.set_hours(person=person, hours=None, by=actor, now=db_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class HandOn(APIView):
    """Overwhelmed."""

    @extend_schema(operation_id="hand_on", request=None, responses=io.HandedOnOut)
    def post(self, request: Request, namespace: str, name: str) -> Response:
        """Hand on every open page of the person: each goes to its next step now; twice is once."""
        person, _ = _whose(request, namespace, name)
        return Response(io.HandedOnOut(handing_on.hand_on(person=person, via="api", now=db_now())).data)


class Unreachable(APIView):
    """Whom no page can reach."""

    pagination_class = ByName

    @extend_schema(
        operation_id="unreachable",
        parameters=[OpenApiParameter("among", enum=AMONG)],
        responses={200: io.ReachOut(many=True), **refusals(403)},
    )
    def get(self, request: Request) -> Response:
        """List people without a confirmed contact method; only platform admins may ask."""
        require_admin(actor_of_api(request))
        among = request.query_params.get("among") or "on-call"
        if among not in AMONG:
            raise Invalid(errors=(FieldError("among", "invalid", f"Use one of {', '.join(AMONG)}."),))
        pager = ByName()
        rows: Any = pager.paginate_queryset(queries.unreachable(among=among), request, view=self)
        return pager.get_paginated_response(io.ReachOut(rows or [], many=True).data)


def _whose(request: Request, namespace: str, name: str) -> tuple[Person, Actor]:
    """The person, if the one who asks may see and say how they are told. Raises Missing, Forbidden."""
    actor = actor_of_api(request)
    person = catalog_queries.person_by_ref(f"user:{namespace}/{name}")
    operations.require_own(person, actor)
    return person, actor


def _mine(request: Request, namespace: str, name: str, pk: int) -> tuple[ContactMethod, Actor]:
    person, actor = _whose(request, namespace, name)
    return queries.method_of(person, pk), actor


def _found(method: ContactMethod) -> dict[str, Any]:
    told = queries.told(method.person, now=db_now()).methods
    return _with_trial(next(one for one in told if one.row.pk == method.pk))


def _with_trial(one: queries.Method) -> dict[str, Any]:
    trial = io.TrialOut(one.trial).data if one.trial is not None else None
    return {**io.MethodOut(one.row).data, "trial": trial}


def _rules(person: Person, urgency: str) -> dict[str, Any]:
    told = queries.told(person, now=db_now())
    rules: Any = told.rules.get(urgency, [])
    return {"urgency": urgency, "rules": io.ContactRuleOut(rules, many=True).data, "words": told.words[urgency]}


def _urgency(text: str) -> str:
    if text not in Urgency.values:
        raise Missing("There is no such urgency; there are high and low.")
    return text


def _read(kind: type[StrictSerializer], request: Request) -> dict[str, Any]:
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


urlpatterns = [
    path("contact-channels", Channels.as_view(), name="contact-channels"),
    path("people/unreachable", Unreachable.as_view(), name="unreachable"),
    path(f"{PERSON}/contact-methods", Methods.as_view(), name="contact-methods"),
    path(ONE_METHOD, OneMethod.as_view(), name="contact-method"),
    path(f"{ONE_METHOD}/code", Code.as_view(), name="contact-code"),
    path(f"{ONE_METHOD}/confirm", Confirm.as_view(), name="contact-confirm"),
    path(f"{ONE_METHOD}/test", Test.as_view(), name="contact-test"),
    path(f"{PERSON}/contact-rules/<str:urgency>", Rules.as_view(), name="contact-rules"),
    path(f"{PERSON}/working-hours", WorkingHours.as_view(), name="working-hours"),
    path(f"{PERSON}/hand-on", HandOn.as_view(), name="hand-on"),
]
