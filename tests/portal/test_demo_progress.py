"""What comes of a break is told in the order in which it came."""

from datetime import timedelta

from portal.demo.faults import SCENARIOS
from portal.demo.progress import Run, Step
from tests.make import NOW

SECOND = timedelta(seconds=1)


def test_what_happened_is_told_by_its_times_and_then_what_is_to_come() -> None:
    steps = (
        Step("Broken", "", at=NOW),
        Step("Paged", "", at=NOW + 60 * SECOND),
        Step("Escalated", "", at=NOW + 300 * SECOND),
        Step("Taken", "", at=NOW + 120 * SECOND),
        Step("Repaired", ""),
        Step("Recovered", ""),
    )
    run = Run(SCENARIOS["ci-runners-stall"], NOW, None, steps)
    assert [step.title for step in run.told] == ["Broken", "Paged", "Taken", "Escalated", "Repaired", "Recovered"]
    assert run.waits_for == steps[4]
