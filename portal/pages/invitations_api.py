"""Invitations over HTTP, for people with a session; tokens invite nobody."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import queries
from catalog.access import actor_of
from catalog.models import Invitation, Membership, Person, Team
from catalog.operations import invite, renew_invitation, revoke_invitation
from catalog.operations.invitations import Invited, visible_invitations
from catalog.refs import BadReference, parse
from portal.lib.api import KeysetPagination
from portal.lib.clock import db_now
from portal.lib.errors import FieldError, Invalid
from portal.lib.problems import refusals
from portal.lib.strict import StrictSerializer
from portal.pages import letters


class InvitationIn(StrictSerializer):
    """Whom, and into which team."""

    email = serializers.CharField(max_length=254)
    team = serializers.CharField(required=False, allow_blank=True, help_text="Reference; only admins may leave it out")
    role = serializers.ChoiceField(Membership.Role.choices, default=Membership.Role.MEMBER)
    person = serializers.CharField(
        required=False, allow_blank=True, help_text="Who it is, where several have the address"
    )


class InvitationOut(serializers.Serializer[Any]):
    """An invitation."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    team = serializers.CharField(help_text="Empty: none")
    role = serializers.ChoiceField(Membership.Role.choices)
    person = serializers.CharField(help_text="Who is joined; empty: somebody new")
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class SentOut(InvitationOut):
    """One that was just made or sent anew."""

    link = serializers.CharField(help_text="Shown this once")
    sent = serializers.BooleanField(help_text="Whether the mail server took the letter")
    failure = serializers.CharField(help_text="Why it did not; the invitation holds all the same")


class ById(KeysetPagination):
    """Newest first."""

    ordering = "-pk"


class InvitationList(APIView):
    """Those you may know of."""

    pagination_class = ById

    @extend_schema(operation_id="invitations_list", responses={200: InvitationOut(many=True), **refusals(400)})
    def get(self, request: Request) -> Response:
        """List invitations, newest first; platform admins see all, leads those of their teams."""
        pages = ById()
        page = pages.paginate_queryset(visible_invitations(actor_of(request)), request, view=self) or []
        return pages.get_paginated_response([invitation_json(row) for row in page])

    @extend_schema(
        operation_id="invitations_create", request=InvitationIn, responses={201: SentOut, **refusals(400, 403, 404)}
    )
    def post(self, request: Request) -> Response:
        """Invite somebody by e-mail; the link works once, for a week."""
        shape = InvitationIn(data=request.data)
        shape.is_valid(raise_exception=True)
        given = shape.validated_data
        invited = invite(
            email=given["email"],
            role=given["role"],
            team=_team(given.get("team", "")),
            person=_person(given.get("person", "")),
            actor=actor_of(request),
            now=db_now(),
        )
        return Response(_sent(invited), status=201)


class OneInvitation(APIView):
    """One invitation."""

    @extend_schema(operation_id="invitations_revoke", responses={200: InvitationOut, **refusals(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Withdraw an invitation: its link ends at once."""
        return Response(invitation_json(revoke_invitation(invitation_id=pk, actor=actor_of(request), now=db_now())))


class SendAgain(APIView):
    """One invitation, once more."""

    @extend_schema(operation_id="invitations_resend", request=None, responses={200: SentOut, **refusals(403, 404)})
    def post(self, request: Request, pk: int) -> Response:
        """Send another letter with a new link for another week; the old link is over."""
        return Response(_sent(renew_invitation(invitation_id=pk, actor=actor_of(request), now=db_now())))


def invitation_json(row: Invitation) -> dict[str, Any]:
    """As `InvitationOut`."""
    names = ("email", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    others = {"team": row.team, "person": row.person, "created_by": row.created_by}
    refs = {name: other.ref if other else "" for name, other in others.items()}
    return {"id": row.pk, **{name: getattr(row, name) for name in names}, **refs}


def _sent(invited: Invited) -> dict[str, Any]:
    failure = letters.send_invitation(invited.row, invited.secret)
    link = letters.invitation_link(invited.secret)
    return {**invitation_json(invited.row), "link": link, "sent": not failure, "failure": failure}


def _team(text: str) -> Team | None:
    return queries.team_by_ref(_ref("team", text, "group")) if text.strip() else None


def _person(text: str) -> Person | None:
    return queries.person_by_ref(_ref("person", text, "user")) if text.strip() else None


def _ref(field: str, text: str, kind: str) -> str:
    try:
        return str(parse(text, kind=kind))
    except BadReference as error:
        raise Invalid(f"{field}: {error}.", errors=(FieldError(field, "invalid_reference", f"{error}."),)) from error
