"""How far the setup is, over HTTP."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import actor_of
from portal.lib.problems import refusals
from portal.pages import setup


class SetupStepOut(serializers.Serializer[Any]):
    """One thing to do once."""

    key = serializers.ChoiceField([part.key for part in setup.PARTS])
    title = serializers.CharField()
    text = serializers.CharField(help_text="What it is for")
    done = serializers.BooleanField()
    url = serializers.CharField(help_text="The page on which it is done")
    docs = serializers.CharField(help_text="The page of the documentation, below /docs/")


class SetupOut(serializers.Serializer[Any]):
    """The checklist in the order in which it makes sense."""

    done = serializers.IntegerField(help_text="How many steps are")
    next = serializers.CharField(help_text="The key of the first that is not; empty: all are")
    steps = SetupStepOut(many=True)


class Setup(APIView):
    """The setup checklist."""

    @extend_schema(operation_id="setup_get", responses={200: SetupOut, **refusals()})
    def get(self, request: Request) -> Response:
        """Show which steps from an empty portal to the first answered page are done."""
        person = actor_of(request).person
        found = setup.steps(setup.known(admin=bool(person and person.platform_admin)))
        left = [step for step in found if not step.done]
        names = ("key", "title", "text", "done", "url", "docs")
        told = [{name: value for name, value in asdict(step).items() if name in names} for step in found]
        return Response({"done": len(found) - len(left), "next": left[0].key if left else "", "steps": told})
