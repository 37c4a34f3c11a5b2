"""Trying the set-up over HTTP: a mail to oneself. Data sources and severity rules have theirs beside them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import person_of
from portal.lib.clock import db_now
from portal.lib.problems import refusals
from portal.pages import trials


class TriedOut(serializers.Serializer[Any]):
    """What came of it."""

    ok = serializers.BooleanField()
    words = serializers.CharField(help_text="What the other side said")


class MailTest(APIView):
    """Whether mail leaves."""

    @extend_schema(
        operation_id="settings_mail_test", request=None, responses={200: TriedOut, **refusals(403, 409, 429)}
    )
    def post(self, request: Request) -> Response:
        """Send a mail to yourself, at once; a person's session, for a token has no mailbox."""
        tried = trials.mail_to_self(person=person_of(request), now=db_now())
        return Response(TriedOut(tried).data)
