"""The whole API against its own description: no 5xx, no status it does not name, no answer of another shape."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from catalog.models import ApiToken
from portal.wsgi import application
from tests import make
from tests.effort import EFFORT, examples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KNOWN = {"kind": "component", "namespace": "default", "name": "ci-runners"}


def described() -> Any:
    """The description as clients get it, of requests that go straight into the application."""
    raw = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found = schemathesis.openapi.from_dict(json.loads(json.dumps(raw, default=str)))
    found.app = application
    # each edge of each parameter of each request is asked for with all effort; drawn requests on every run
    found.config.phases.coverage.enabled = EFFORT >= 1
    return found


schema = described()


@pytest.fixture
def token(db: None) -> Iterator[dict[str, str]]:
    """A token that may do everything a token may, and something to do it to; requests run in the test's transaction."""
    ada = make.person("ada", admin=True)
    make.component("ci-runners", owner=make.team("build-ci", ada))
    for signal in (request_started, request_finished):  # they would close the connection that the test's data is in
        signal.disconnect(close_old_connections)
    yield {"Authorization": f"Bearer {make.token(*ApiToken.Scope.values)[1]}", "Accept-Encoding": "identity"}
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()  # type: ignore[untyped-decorator]
@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_every_answer_is_as_described(case: Any, token: dict[str, str]) -> None:
    """Half of the requests name what is there, for made-up names are mostly 404."""
    if case.path_parameters and sum(map(len, map(str, case.path_parameters.values()))) % 2:
        case.path_parameters.update({key: value for key, value in KNOWN.items() if key in case.path_parameters})
    for name in [name for name in case.headers or {} if name.lower() == "host"]:
        del case.headers[name]  # a made-up Host is refused before there is an API to answer
    one_document = not case.path.endswith(".yaml")  # the library reads no streams of several
    case.call_and_validate(checks=CHECKS if one_document else CHECKS[:2], headers=token)
