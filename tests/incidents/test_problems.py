"""What is wrong with schedules, found purely: gaps, people twice, not to be reached, away; and what of it is news."""

from datetime import UTC, datetime, time, timedelta

import pytest

from incidents.oncall.problems import Kind, Problem, Span, find, is_news
from incidents.oncall.rotation import Layer, Override, Schedule, Unit, Window

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
END = NOW + 4 * WEEK


def rota(*people: str, **options: object) -> Schedule:
    """People by turns of a day, from noon to noon."""
    fields: dict[str, object] = {"unit": Unit.DAY, "start": NOW - DAY * len(people), "zone": "UTC", "handoff": time(12)}
    overrides = options.pop("overrides", ())
    return Schedule("UTC", (Layer("Primary", people, **(fields | options)),), overrides)  # type: ignore[arg-type]


def found(
    rotas: dict[str, Schedule], *, reachable: str = "ada bo cy", away: dict[str, list[Span]] | None = None
) -> list[Problem]:
    return find(rotas, NOW, END, reachable=reachable.split(), away=away or {})


def span(start: datetime, end: datetime) -> Span:
    return Span(start, end)


def test_nothing_is_wrong_with_a_rotation_of_people_who_are_there() -> None:
    assert found({"ci": rota("ada", "bo")}) == []


def test_a_gap_every_night_is_one_problem_with_a_span_for_each() -> None:
    by_day = rota("ada", restrictions=(Window(time(8), time(20)),))
    (one,) = found({"ci": by_day})
    assert (one.kind, one.key, one.person, len(one.spans)) == (Kind.GAP, "gap:ci", "", 28)
    assert one.first == span(NOW + 8 * HOUR, NOW + 20 * HOUR)


def test_a_rotation_that_ends_leaves_a_gap_without_end_and_a_decided_one_is_none() -> None:
    over = Override(None, NOW + DAY, NOW + 2 * DAY, key="1")
    (one,) = found({"ci": rota("ada", end=NOW + WEEK, overrides=(over,))})
    assert (one.spans, one.lasting) == ((span(NOW + WEEK, END),), True)


def test_somebody_without_a_method_is_one_problem_whatever_the_shifts() -> None:
    (one,) = found({"ci": rota("ada", "dan")})
    assert (one.kind, one.person, len(one.spans)) == (Kind.UNREACHABLE, "dan", 14)


def test_away_is_where_a_shift_and_an_absence_overlap() -> None:
    absent = [span(NOW - DAY, NOW + 6 * HOUR), span(NOW + 2 * DAY + HOUR, NOW + 3 * DAY + HOUR)]
    (one,) = found({"ci": rota("ada", "bo")}, away={"ada": absent, "cy": absent})
    assert (one.kind, one.person) == (Kind.AWAY, "ada")
    assert one.spans == (span(NOW, NOW + 6 * HOUR), span(NOW + 2 * DAY + HOUR, NOW + 3 * DAY))


def test_twice_is_on_two_schedules_at_one_moment_and_not_one_after_the_other() -> None:
    assert found({"ci": rota("ada", "bo"), "net": rota("bo", "ada")}) == []
    both = found({"net": rota("bo", "cy"), "ci": rota("ada", "bo", "cy")})
    assert {(one.schedules, one.person) for one in both} == {(("ci", "net"), "bo"), (("ci", "net"), "cy")}
    assert all(one.kind is Kind.TWICE for one in both)


def problem(*spans: Span, kind: Kind = Kind.GAP, lasting: bool = False) -> Problem:
    return Problem(kind, ("ci",), "", spans, lasting)


TOLD = [span(NOW + DAY, NOW + DAY + 4 * HOUR), span(NOW + 2 * WEEK, END)]


@pytest.mark.parametrize(
    ("spans", "news"),
    [
        ([span(NOW + DAY, NOW + DAY + 4 * HOUR)], False),
        ([span(NOW + DAY + HOUR, NOW + DAY + 2 * HOUR)], False),
        ([span(NOW + DAY, NOW + DAY + 5 * HOUR)], True),
        ([span(NOW + DAY - HOUR, NOW + DAY + 4 * HOUR)], True),
        ([span(NOW + 5 * DAY, NOW + 5 * DAY + HOUR)], True),
        ([span(NOW + DAY + 3 * WEEK, NOW + DAY + 3 * WEEK + 4 * HOUR)], False),
        ([span(NOW + 2 * WEEK, END + 3 * DAY)], False),
    ],
    ids=["the same", "less", "longer", "earlier", "another", "again weeks later", "the rest of what was cut off"],
)
def test_only_what_has_become_more_is_news(spans: list[Span], news: bool) -> None:
    assert is_news(problem(*spans), TOLD, END) is news


def test_a_gap_every_night_is_told_once_however_the_days_pass() -> None:
    rotas = {"ci": rota("ada", restrictions=(Window(time(8), time(20)),))}
    for day in range(40):
        start = NOW + day * DAY
        (before,) = find(rotas, start, start + 4 * WEEK, reachable=["ada"], away={})
        (after,) = find(rotas, start + DAY, start + DAY + 4 * WEEK, reachable=["ada"], away={})
        assert not is_news(after, before.spans, start + 4 * WEEK), day


def test_that_somebody_cannot_be_reached_is_no_news_a_second_time() -> None:
    assert not is_news(problem(span(NOW, END), kind=Kind.UNREACHABLE), [], NOW)
