"""One real Prometheus with a past, for all evaluation tests of a run."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.slo import past as world
from tests.slo.past import Past
from tests.slo.tsdb import prometheus_with


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """Five hours that have passed, answered for by a real Prometheus."""
    begin = world.past_beginning(datetime.now(UTC))
    with prometheus_with(tmp_path_factory.mktemp("past") / "prometheus", world.series(begin)) as prometheus:
        yield Past(begin, prometheus.url, world.truth())
