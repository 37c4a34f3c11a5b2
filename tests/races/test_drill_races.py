"""Fire drills at once: two clicks are one drill, a real incident stands beside it, an answer and the end agree."""

from datetime import timedelta
from functools import partial

import pytest

from catalog.access import Actor
from incidents import operations
from incidents.firing import Firing
from incidents.models import Drill, Incident, Page
from incidents.operations import drills, raise_alert
from incidents.paging import advance_due
from tests import make, make_incidents
from tests.make import NOW
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor(system="test", via="system")


def test_clicks_at_once_are_one_drill_and_a_real_incident_is_none_of_it() -> None:
    ada = make_incidents.reachable()
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    component = make.component(owner=team, tier=1)
    firing = Firing(key="real", source="api", summary="Down", component=component)
    answers = together(
        *[lambda: drills.begin_drill(component=component, by=SYSTEM, now=NOW) for _ in range(4)],
        lambda: raise_alert(firing=firing, now=NOW),
    )
    assert not [one for one in answers if isinstance(one, Exception)]
    begun = [one for one in answers if isinstance(one, drills.Begun)]
    assert sorted(one.new for one in begun) == [False, False, False, True]
    assert {one.drill.pk for one in begun} == {Drill.objects.get().pk}
    assert sorted(Incident.objects.values_list("is_drill", flat=True)) == [False, True]
    assert Page.objects.count() == 2


def test_an_answer_and_the_end_at_once_leave_one_outcome_that_the_report_bears_out() -> None:
    ada = make_incidents.reachable()
    team = make_incidents.paged(make.team(), make_incidents.step(ada))
    late = NOW + timedelta(hours=2)
    for _ in range(5):
        drill = drills.begin_drill(component=make.component(owner=team), by=SYSTEM, now=NOW).drill
        while advance_due(now=NOW):
            pass
        page = drill.incident.pages.get()
        together(
            partial(operations.acknowledge, page=page, by=ada, via="link", now=late),
            lambda: drills.end_due(now=late),
            lambda: drills.end_due(now=late),
        )
        drills.end_due(now=late)
        drill.refresh_from_db()
        answered = bool(drill.report["teams"][0]["answered_by"])
        assert (drill.outcome == Drill.Outcome.ANSWERED) is answered
        assert not Page.objects.exclude(state="resolved").exists()
